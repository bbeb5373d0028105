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
        if entity == Pipeline.self { throw .noMapping("A pipeline is its stages, which no column holds.") }
        guard isThere("id") else { throw .noMapping("It needs the column id.") }

        let skipped = ExportMapping.skipped[entity.name] ?? []
        let told = facts.creation.takes.filter { !skipped.contains($0.name) }
        var fields: [String] = []
        var given: Set<String> = []
        for field in told {
            let lines = ExportMapping.lines(field.kind, field.name, column: field.name, isThere)
            if !lines.isEmpty { given.insert(field.name) }
            fields += lines
        }
        if let missing = told.first(where: { $0.isRequired && !given.contains($0.name) }) {
            throw .noMapping(
                "A \(entity.name) needs \(missing.name), which no column holds in a form that can be read.")
        }
        let custom = defined.filter { isThere("custom.\($0.key)") }
        let ownFields = custom.flatMap { key, definition in
            ExportMapping.lines(definition.kind, key, column: "custom.\(key)", isThere)
        }

        var lines = [
            "# Reads what was exported beside it. A record that a row refers to and that is not here is left out.",
            "mapping: daybook-\(entity.plural.replacing("_", with: "-"))", "source: daybook",
        ]
        if !custom.isEmpty {
            lines += ["creates:", "  custom:"] + custom.map { ExportMapping.definition(entity.name, $0, $1) }
        }
        lines += ["records:", "  - entity: \(entity.name)", "    id: id"]
        if isThere("created_at") { lines.append("    occurred: created_at") }
        lines += ["    fields:"] + fields.map { "      " + $0 }
        if !ownFields.isEmpty { lines += ["    custom:"] + ownFields.map { "      " + $0 } }
        if entity == Deal.self, ["status", "closed_at", "actual_close", "lost_reason", "lost_to"].allSatisfy(isThere) {
            lines += ExportMapping.closings
        }
        text = lines.joined(separator: "\n") + "\n"
    }

    /// What a file does not carry over: where a deal stands in a pipeline of that organization, and what closing it
    /// tells.
    private static let skipped: [String: Set<String>] = [
        Deal.name: ["pipeline_id", "stage_id", "lines", "actual_close", "lost_reason", "lost_to"]
    ]
    private static let closings = [
        "    steps:",
        "      - {act: win, when: {status: won}, occurred: closed_at, with: {actual_close: actual_close}}",
        "      - act: lose", "        when: {status: lost}", "        occurred: closed_at",
        "        with: {lost_reason: lost_reason, lost_to: lost_to, actual_close: actual_close}",
    ]

    /// How a member is read of its columns; nothing where none of them is there, or no cell tells its value.
    private static func lines(
        _ kind: Field.Kind, _ member: String, column: String, _ isThere: (String) -> Bool
    ) -> [String] {
        func line(_ column: String, _ value: String) -> [String] {
            isThere(column) ? ["\(quoted(member)): \(value)"] : []
        }
        switch kind {
        case .text, .paragraph, .integer, .decimal, .flag, .day, .instant, .choice, .email, .phone, .link, .slug,
            .currency, .zone, .anything, .map(of: _, keys: .name), .entries(_, .id, _), .entries(_, .name, _):
            return line(column, quoted(column))
        case .list(of: let item, _): return lines(item, member, column: column, isThere)
        case .money:
            let currency = quoted("\(column).currency")
            return line(column, "{column: \(quoted(column)), currency: \(currency)}")
        case .reference(let entity): return line(column, reference(entity, column))
        case .entries(_, .reference(let entity), let by):
            return line("primary_\(by)", reference(entity, "primary_\(by)"))
        case .object(let parts):
            return parts.flatMap { lines($0.kind, "\(member).\($0.name)", column: "\(column).\($0.name)", isThere) }
        case .record, .id, .map, .entries(_, .record, _), .custom, .value: return []
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

extension Problem {
    /// These rows cannot be imported as they stand.
    static func noMapping(_ why: String) -> Problem {
        Problem("export.no_mapping", 422, "\(why) Write a mapping for these rows: docs/imports.md.")
    }
}
