import CRM
import Kernel
import Yams

// MARK: How is a text read?

extension MappingReader {
    private enum Parse: String, CaseIterable {
        case text, integer, decimal, money, day, instant, flag, json, list, entries
    }

    /// How cells become values of this kind, as the options beside the column say.
    mutating func reading(_ kind: Field.Kind?, _ members: [String: Node], at node: Node) -> Reading? {
        let asked = members["parse"].flatMap { word($0, "`parse`", Parse.self) }
        let isWhole = members["ids"]?.bool == true
        guard let parse = isWhole ? Parse.entries : own(kind) ?? asked ?? (kind == nil ? .text : nil) else {
            note(node, "not_allowed", kind.map { "\(Self.described($0)) cannot be read from a column" } ?? "")
            return nil
        }
        if let asked, asked != parse {
            note(node, "not_allowed", "this member is read as `\(parse.rawValue)`, not as `\(asked.rawValue)`")
        }
        var reading = Reading(kind: .text, numbers: defaults.numbers, days: defaults.days, zone: settings.zone)
        reading.times = defaults.times ?? settings.zone
        if let node = members["days"] { reading.days = pattern(node) ?? .iso }
        if let node = members["multiply"] { reading.multiply = integer(node, "`multiply`", 1...1_000_000_000) ?? 1 }
        if let node = members["separator"] { reading.separator = character(node, "`separator`") ?? ";" }
        let code = members["currency"]?.scalar.flatMap { Currency($0.string.uppercased()) }
        switch parse {
        case .text: reading.kind = .text
        case .integer: reading.kind = .integer
        case .decimal: reading.kind = .decimal
        case .flag: reading.kind = .flag
        case .json: reading.kind = .json
        case .list: reading.kind = .list
        case .entries: reading.kind = .entries
        case .day: reading.kind = .day
        case .instant: reading.kind = .instant
        case .money:
            guard let currency = code ?? defaults.currency else {
                note(node, "required", "an amount needs a `currency`, here or for the whole mapping")
                return nil
            }
            reading.kind = .money(currency)
        }
        return reading
    }

    /// How a kind of field is read; nil where a cell does not tell or the kind is not known.
    private func own(_ kind: Field.Kind?) -> Parse? {
        switch kind {
        case .text, .paragraph, .choice, .email, .phone, .link, .slug, .currency, .zone, .id: .text
        case .entries(_, .id, _), .entries(_, .name, _): .entries
        // Tags are named by their names.
        case .list(of: let item, _): item == .reference(Tag.name) || own(item) == .text ? .list : nil
        case .integer: .integer
        case .decimal: .decimal
        case .flag: .flag
        case .money: .money
        case .day: .day
        case .instant: .instant
        case .anything, .map(of: _, keys: .name): .json
        case .reference, .record, .object, .map, .entries(_, .reference, _), .entries(_, .record, _), .custom,
            .value, nil:
            nil
        }
    }

    /// Whether a cell tells a value of this kind.
    func isRead(_ kind: Field.Kind) -> Bool { own(kind) != nil }

    static func described(_ kind: Field.Kind) -> String {
        switch kind {
        case .reference(let entity):
            "the id of a record of \(entity) (write {reference: \(entity), key: COLUMN}), which"
        case .record(let entities):
            "a record (write {reference: \(entities.first ?? "")), key: COLUMN}), which"
        case .id: "an id, which"
        case .object: "an object (name its members: address.city), which"
        case .text, .paragraph, .integer, .decimal, .flag, .money, .day, .instant, .choice, .email, .phone, .link,
            .slug, .currency, .zone, .map, .entries, .custom, .anything, .value, .list:
            "a value of this kind"
        }
    }

    // MARK: What stands there whatever the row?

    mutating func constant(_ members: [String: Node], _ node: Node, _ kind: Field.Kind?) -> JSON? {
        guard let value = members["value"], let text = text(value, "`value`") else { return nil }
        guard let reading = reading(kind, members, at: node) else { return nil }
        do { return try reading.value(text) } catch {
            note(value, "malformed", error.detail)
            return nil
        }
    }

    // MARK: Which columns make a text?

    mutating func template(_ members: [String: Node], _ node: Node, _ kind: Field.Kind?) -> ValueRule? {
        guard let value = members["template"], let text = value.scalar?.string,
            let reading = reading(kind, [:], at: node)
        else { return nil }
        var rest = Substring(text)
        guard let parts = parts(&rest, at: value, inside: false) else { return nil }
        return .template(Template(parts: parts), reading)
    }

    private mutating func parts(_ rest: inout Substring, at node: Node, inside: Bool) -> [Template.Part]? {
        var parts: [Template.Part] = []
        while let first = rest.first {
            switch first {
            case "{":
                let name = rest.dropFirst().prefix { $0 != "}" }
                guard rest.dropFirst(name.count + 1).first == "}" else {
                    note(node, "malformed", "`{` is not closed by `}`")
                    return nil
                }
                let columns = name.split(separator: "|").compactMap { column(String($0), at: node) }
                guard !columns.isEmpty else { return nil }
                parts.append(.columns(columns))
                rest = rest.dropFirst(name.count + 2)
            case "[" where !inside:
                rest = rest.dropFirst()
                guard let inner = self.parts(&rest, at: node, inside: true) else { return nil }
                guard rest.first == "]" else {
                    note(node, "malformed", "`[` is not closed by `]`")
                    return nil
                }
                parts.append(.optional(inner))
                rest = rest.dropFirst()
            case "]" where inside: return parts
            case _:
                let text = rest.prefix { !"{[]".contains($0) }
                parts.append(.text(text.isEmpty ? String(first) : String(text)))
                rest = rest.dropFirst(max(1, text.count))
            }
        }
        return parts
    }

    // MARK: Which record is meant?

    mutating func reference(_ members: [String: Node], _ node: Node, _ kind: Field.Kind?) -> ReferenceRule? {
        guard let name = members["reference"] else { return nil }
        if name.mapping != nil { return self.record(members, name, kind) }
        guard let entity = text(name, "`reference`").flatMap({ facts($0, at: name) }) else { return nil }
        if let expected = kind.flatMap(Self.targets), !expected.contains(entity.name) {
            let wanted = expected.joined(separator: ", ")
            note(name, "not_allowed", "this member refers to a record of \(wanted), not of \(entity.name)")
            return nil
        }
        let key: TextRule
        switch (members["key"], members["id"], members["value"]) {
        case (let columns?, nil, nil): key = .columns(items(columns).compactMap { column($0) })
        case (nil, let id?, nil): key = .columns(column(id).map { [$0] } ?? [])
        case (nil, nil, let value?): key = .constant(text(value, "`value`") ?? "")
        case (_, _, _):
            note(node, "required", "a reference has a `key` (columns), an `id` (a column) or a `value`")
            return nil
        }
        let source = members["source"].flatMap { text($0, "`source`") }.flatMap { Normal.key($0) } ?? defaults.source
        let missing = members["missing"].map { word($0, "`missing`", ReferenceRule.Missing.self) } ?? .refuse
        var rule = ReferenceRule(entity: entity, source: source, key: key, missing: missing ?? .refuse)
        if case .record? = kind { rule.namesEntity = true }
        rule.namesID = members["id"] != nil
        guard rule.missing == .create else { return rule }
        rule.creates = members["create"].map { body($0, entity.creation, of: entity) } ?? named(entity, key, at: node)
        let given = Set(rule.creates.compactMap(\.path.first))
        for field in entity.creation.takes where field.isRequired && !given.contains(field.name) {
            note(node, "required", "to create a \(entity.name), `create` must give `\(field.name)`")
        }
        return rule
    }

    /// A record of which a column tells the entity: `{reference: {column: C}, key: K}`.
    private mutating func record(_ members: [String: Node], _ name: Node, _ kind: Field.Kind?) -> ReferenceRule? {
        let inner = self.members(name, "a reference", known: ["column"])
        guard case .record(let entities)? = kind, let first = entities.lazy.compactMap({ EntityFacts.all[$0] }).first
        else {
            note(name, "not_allowed", "this member does not refer to records of several entities")
            return nil
        }
        let columns = members["id"].map { [$0] } ?? members["key"].map { items($0) } ?? []
        guard let node = inner["column"], let column = column(node), !columns.isEmpty else {
            note(name, "required", "name the column that tells the entity, and a `key` (columns) or an `id` (a column)")
            return nil
        }
        let missing = members["missing"].flatMap { word($0, "`missing`", ReferenceRule.Missing.self) } ?? .refuse
        var rule = ReferenceRule(
            entity: first, source: defaults.source, key: .columns(columns.compactMap { self.column($0) }),
            missing: missing == .create ? .refuse : missing)
        rule.entityColumn = column
        rule.namesEntity = true
        rule.namesID = members["id"] != nil
        return rule
    }

    /// What a record created by name has: its name.
    private mutating func named(_ entity: EntityFacts, _ key: TextRule, at node: Node) -> [MemberRule] {
        guard entity.creation.field("name") != nil, let path = entity.creation.field("name").map({ [$0.name] }) else {
            note(node, "required", "\(entity.name) has no name; say in `create` what a new one holds")
            return []
        }
        switch key {
        case .constant(let text): return [MemberRule(path: path, value: .constant(.string(text)))]
        case .columns(let columns):
            return columns.first.map {
                [MemberRule(path: path, value: .cell(CellRule(column: $0, reading: Reading(kind: .text))))]
            } ?? []
        }
    }

    /// The entities to whose records a member may refer; nil where it refers to none.
    static func targets(_ kind: Field.Kind) -> [String]? {
        switch kind {
        case .reference(let entity), .entries(_, .reference(let entity), _): [entity]
        case .record(let entities): entities
        case .text, .paragraph, .integer, .decimal, .flag, .money, .day, .instant, .choice, .email, .phone, .link,
            .slug, .currency, .zone, .id, .object, .map, .entries, .custom, .anything, .value, .list:
            nil
        }
    }
}
