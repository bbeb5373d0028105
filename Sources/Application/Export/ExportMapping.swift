import CRM
import Kernel

/// The mapping by which an import reads a sheet again: in the same organization it finds each record by its id and
/// changes what was changed in the file; in another it makes them, once, and the fields of the organization's own with
/// them.
struct ExportMapping {
    /// In YAML.
    let text: String

    /// - Throws: `export.no_mapping` where a column is missing, or a value that a new record needs is in none.
    init(
        of entity: any Entity.Type, _ sheet: Sheet, _ defined: [(key: String, definition: FieldSet.Definition)]
    ) throws(Problem) {
        guard let facts = EntityFacts.all[entity.name] else { throw .noMapping("Rows make no \(entity.name).") }
        let columns = Set(sheet.columns.map(\.name))
        func isThere(_ column: String) -> Bool { columns.contains(column) }
        guard isThere("id") else { throw .noMapping("It needs the column id.") }
        let custom = defined.filter { isThere("custom.\($0.key)") }
        var lines = [
            "# Reads what was exported beside it. A record that a row refers to and that is not here is left out.",
            "mapping: daybook-\(entity.plural.replacing("_", with: "-"))", "source: daybook",
        ]
        if !custom.isEmpty {
            lines += ["creates:", "  custom:"] + custom.map { ExportMapping.definition(entity.name, $0, $1) }
        }
        lines.append("records:")
        let lives = ExportedLife.of(entity).filter { $0.needs.allSatisfy(isThere) }
        if lives.isEmpty {
            let needed = ExportedLife.of(entity)[0].needs.joined(separator: ", ")
            throw .noMapping("It needs the columns \(needed).")
        }
        for var life in lives {
            let begun = life.act.flatMap { facts.made(by: $0) } ?? facts
            // What is away takes no reference any more.
            if !ExportMapping.forward(facts, life, custom).isEmpty { life.isHolder = !facts.holdsNames }
            lines += try ExportMapping.record(begun, life, custom, isThere)
        }
        text = lines.joined(separator: "\n") + "\n"
    }

    /// A record as a row tells it.
    private static func record(
        _ facts: EntityFacts, _ life: ExportedLife, _ custom: [(key: String, definition: FieldSet.Definition)],
        _ isThere: (String) -> Bool
    ) throws(Problem) -> [String] {
        let told = facts.creation.takes.filter { !life.skips.contains($0.name) }
        var fields: [String] = []
        var given = Set(life.start.map { String($0.prefix { $0 != ":" }) })
        for field in told where !given.contains(field.name) {
            let read =
                life.fields[field.name].map { ["\(quoted(field.name)): \($0)"] }
                ?? ExportMapping.lines(field.kind, field.name, column: field.name, isThere)
            if !read.isEmpty { given.insert(field.name) }
            fields += read
        }
        if let missing = told.first(where: { $0.isRequired && !given.contains($0.name) }) {
            throw .noMapping(
                "A \(facts.name) needs \(missing.name), which no column holds in a form that can be read.")
        }
        var lines = ["  - entity: \(facts.name)", "    id: id"]
        if let act = life.act { lines.append("    act: \(act)") }
        if let when = life.when { lines.append("    when: \(when)") }
        if isThere(life.occurred) { lines.append("    occurred: \(life.occurred)") }
        if !life.start.isEmpty { lines += ["    start:"] + life.start.map { "      " + $0 } }
        lines += ["    fields:"] + fields.map { "      " + $0 }
        let own = custom.flatMap { key, definition in
            ExportMapping.lines(definition.kind, key, column: "custom.\(key)", isThere)
        }
        if !own.isEmpty { lines += ["    custom:"] + own.map { "      " + $0 } }
        if !life.then.isEmpty { lines += ["    then:"] + life.then.map { "      - \($0)" } }
        if isThere(Sheet.past) { lines.append("    history: \(Sheet.past)") }
        var steps = life.steps
        if isThere(Sheet.past) { steps += life.told.map { "{act: \($0), later: true}" } }
        if isThere("tags"), facts.steps.contains(where: { $0.act == "tag" }) {
            steps.append("{act: tag, when: {tags: {empty: false}}, with: {tags: tags}}")
        }
        if isThere("archived_at"), let act = facts.archiving.first {
            let later = life.isHolder ? ", later: true" : ""
            steps.append("{act: \(act), when: {archived_at: {empty: false}}\(later)}")
        }
        if !steps.isEmpty { lines += ["    steps:"] + steps.map { "      - \($0)" } }
        return lines
    }

    /// The mapping of what ends records, or refers on to those of the files behind this one: imported when all others
    /// are there.
    /// - Throws: `export.no_mapping` where nothing does.
    init(
        closing entity: any Entity.Type, _ sheet: Sheet,
        _ defined: [(key: String, definition: FieldSet.Definition)]
    ) throws(Problem) {
        let columns = Set(sheet.columns.map(\.name))
        func isThere(_ column: String) -> Bool { columns.contains(column) }
        guard let facts = EntityFacts.all[entity.name], let life = ExportedLife.of(entity).first, isThere("id") else {
            throw .noMapping("It needs the column id.")
        }
        let forward = ExportMapping.forward(facts, life, defined)
        let fields = forward.fields.flatMap { ExportMapping.lines($0.kind, $0.name, column: $0.name, isThere) }
        let own = forward.custom.flatMap { key, definition in
            ExportMapping.lines(definition.kind, key, column: "custom.\(key)", isThere)
        }
        var steps = life.ending.filter { isThere($0.column) }.map(\.step)
        if isThere(Sheet.past) { steps += life.told.map { "{act: \($0), each: \(Sheet.past)}" } }
        let isHolder = life.isHolder || !forward.isEmpty && !facts.holdsNames
        if isHolder, isThere("archived_at"), let act = facts.archiving.first {
            steps.append("{act: \(act), when: {archived_at: {empty: false}}}")
        }
        guard !(fields + own + steps).isEmpty else { throw .noMapping("Nothing of \(entity.plural) comes later.") }
        var lines = [
            "# What ends what was exported beside it, or refers on: import it when all others are there.",
            "mapping: daybook-\(entity.plural.replacing("_", with: "-"))-after", "source: daybook", "records:",
            "  - entity: \(entity.name)", "    id: id", "    made: elsewhere",
        ]
        if !isHolder, isThere("archived_at") { lines.append("    when: {archived_at: {empty: true}}") }
        if !fields.isEmpty { lines += ["    fields:"] + fields.map { "      " + $0 } }
        if !own.isEmpty { lines += ["    custom:"] + own.map { "      " + $0 } }
        if !steps.isEmpty { lines += ["    steps:"] + steps.map { "      - \($0)" } }
        text = lines.joined(separator: "\n") + "\n"
    }

    /// Members that name records of files that are imported later: of a whole export they are set at its end.
    private struct Forward {
        var fields: [Field] = []
        var custom: [(key: String, definition: FieldSet.Definition)] = []
        var isEmpty: Bool { fields.isEmpty && custom.isEmpty }
    }
    private static func forward(
        _ facts: EntityFacts, _ life: ExportedLife, _ custom: [(key: String, definition: FieldSet.Definition)]
    ) -> Forward {
        let order = ForeignSystem.ours.map { $0.name }
        let own = order.firstIndex(of: facts.name) ?? order.endIndex
        func isLater(_ name: String) -> Bool { order.firstIndex(of: name).map { $0 > own } ?? false }
        func leadsOn(_ kind: Field.Kind) -> Bool {
            switch kind {
            case .reference(let name): isLater(name)
            case .record(let names): names.contains(where: isLater)
            case _: false
            }
        }
        return Forward(
            fields: facts.creation.takes.filter { !life.skips.contains($0.name) && leadsOn($0.kind) },
            custom: custom.filter { leadsOn($0.definition.kind) })
    }

    /// How a member is read of its columns; nothing where none of them is there, or no cell tells its value.
    private static func lines(
        _ kind: Field.Kind, _ member: String, column: String, _ isThere: (String) -> Bool
    ) -> [String] {
        func line(_ column: String, _ value: String) -> [String] {
            isThere(column) ? ["\(quoted(member)): \(value)"] : []
        }
        switch kind {
        case .text, .paragraph, .integer, .decimal, .flag, .day, .instant, .choice, .email, .phone, .link, .slug,
            .currency, .zone, .anything, .map(of: _, keys: .name), .entries(_, .name, _):
            return line(column, quoted(column))
        case .entries(let parts, .id, _):
            // A deal's lines name products; a contact's addresses name nothing.
            let refers = parts.contains { if case .reference = $0.kind { true } else { false } }
            return line(column, refers ? "{column: \(quoted(column)), ids: true}" : quoted(column))
        case .list(of: let item, _): return lines(item, member, column: column, isThere)
        case .money:
            let currency = quoted("\(column).currency")
            return line(column, "{column: \(quoted(column)), currency: \(currency)}")
        case .reference(let entity): return line(column, reference(entity, column))
        case .entries(_, .reference, _), .map(of: _, keys: .record):
            return line(column, "{column: \(quoted(column)), ids: true}")
        case .record:
            guard isThere("\(column).entity"), isThere("\(column).id") else { return [] }
            let entity = quoted("\(column).entity")
            return [
                "\(quoted(member)): {reference: {column: \(entity)}, id: \(quoted("\(column).id")), missing: empty}"
            ]
        case .object(let parts):
            return parts.flatMap { lines($0.kind, "\(member).\($0.name)", column: "\(column).\($0.name)", isThere) }
        case .id, .map, .entries(_, .record, _), .custom, .value: return []
        }
    }
    private static func reference(_ entity: String, _ column: String) -> String {
        "{reference: \(entity), id: \(quoted(column)), missing: empty}"
    }

    private static func definition(_ entity: String, _ key: String, _ definition: FieldSet.Definition) -> String {
        var members = [
            "entity: \(entity)", "key: \(quoted(key))", "label: \(quoted(definition.label))",
            "type: \(definition.type.rawValue)",
        ]
        if let words = definition.choices {
            members.append("choices: \(String(decoding: JSON.array(words.map(JSON.string)).bytes, as: UTF8.self))")
        }
        if let target = definition.entity { members.append("target: \(target)") }
        if definition.personal == true { members.append("personal: true") }
        return "    - {\(members.joined(separator: ", "))}"
    }
    /// A text as YAML takes it: a plain name as it is, others as strings of JSON.
    private static func quoted(_ text: String) -> String {
        let isName = text.wholeMatch(of: /[a-z][a-z0-9_.]*/) != nil && !words.contains(text)
        return isName ? text : String(decoding: JSON.string(text).bytes, as: UTF8.self)
    }
    /// Names that YAML takes for values.
    private static let words: Set = ["y", "n", "yes", "no", "on", "off", "true", "false", "null"]
}

extension EntityFacts {
    /// Whether its records hold what only one may have, as an address. What is away has given that back, to whoever has
    /// it now: it is put away as soon as it is made, and what refers on from it is lost.
    fileprivate var holdsNames: Bool {
        [Account.name, Contact.name, Member.name, Product.name, Tag.name].contains(name)
    }
}

extension Problem {
    /// These rows cannot be imported as they stand.
    static func noMapping(_ why: String) -> Problem {
        Problem("export.no_mapping", 422, "\(why) Write a mapping for these rows: docs/imports.md.")
    }
}
