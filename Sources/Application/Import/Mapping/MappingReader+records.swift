import Kernel
import Yams

// MARK: What does a row make?

extension MappingReader {
    private static let recordMembers = [
        "entity", "act", "key", "id", "made", "when", "occurred", "start", "fields", "names", "custom", "then", "steps",
        "history",
    ]

    mutating func record(_ node: Node) -> RecordRule? {
        let members = members(node, "a record", known: Self.recordMembers)
        guard let name = text(members["entity"], "the record's `entity`", in: node),
            let facts = facts(name, at: members["entity"] ?? node),
            let entity = members["act"].map({ begun(facts, by: $0) }) ?? facts
        else { return nil }
        var rule: RecordRule
        switch (members["key"], members["id"]) {
        case (let key?, nil): rule = RecordRule(entity: entity, key: items(key).compactMap { column($0) })
        case (nil, let id?): rule = RecordRule(entity: entity, key: column(id).map { [$0] } ?? [], namesID: true)
        case (nil, nil), (.some, .some):
            note(node, "required", "a record has a `key` (columns that name it) or an `id` (a column of Daybook's)")
            return nil
        }
        if let node = members["made"] { rule.isElsewhere = word(node, "`made`", Made.self) == .elsewhere }
        if let node = members["when"] { rule.when = conditions(node) }
        if let node = members["occurred"] { rule.occurred = moments(node) }
        if let node = members["start"] { rule.start = body(node, entity.creation, of: entity) }
        if let node = members["fields"] { rule.fields = body(node, entity.creation, of: entity) }
        if let node = members["custom"] { rule.fields += custom(node, of: entity) }
        if let node = members["history"] { rule.history = past(node) }
        if defaults.lacksColumns, !rule.key.contains(where: \.isThere) {
            let names = rule.key.map { "`\($0.name)`" }.joined(separator: ", ")
            note(node, "column_unknown", "the file has no column \(names), which says what a row is about")
        }
        for item in members["then"].map({ items($0) }) ?? [] {
            if let step = step(item, of: entity) { rule.then.append(step) }
        }
        for item in members["steps"].map({ items($0) }) ?? [] {
            if let step = step(item, of: entity) { rule.steps.append(step) }
        }
        let told = Set((rule.start + rule.fields + (rule.then + rule.steps).flatMap(\.with)).compactMap(\.path.first))
        if let node = members["names"], let system = word(node, "`names`", Field.System.self) {
            rule.fields += known(to: system, entity, but: told)
        }
        let given = named(members["start"], entity.creation).union(named(members["fields"], entity.creation))
            .union(rule.fields.compactMap(\.path.first))
        // Where columns may be missing it is told of each row.
        let isNeeded = !rule.isElsewhere && !defaults.lacksColumns
        for field in entity.creation.takes where field.isRequired && !given.contains(field.name) && isNeeded {
            note(node, "required", "\(entity.name) needs a value for `\(field.name)`")
        }
        for path in Set(rule.start.map(\.path)).intersection(rule.fields.map(\.path)) {
            note(node, "duplicate", "`\(path.joined(separator: "."))` is given both in `start` and in `fields`")
        }
        return rule
    }

    /// The entity whose records another act makes than the usual one.
    private mutating func begun(_ facts: EntityFacts, by node: Node) -> EntityFacts? {
        guard let act = text(node, "`act`") else { return nil }
        if let other = facts.made(by: act) { return other }
        note(node, "act_unknown", "no act `\(act)` makes a \(facts.name)\(Nearest.hint(act, in: facts.beginnings))")
        return nil
    }

    /// The column with a record's past. One that is worked out is there only where a folder tells of the past.
    private mutating func past(_ node: Node) -> FileColumn? {
        let name = node.scalar?.string ?? ""
        return name.hasPrefix("~") && header.columns(name).isEmpty ? nil : column(node)
    }

    private enum Made: String, CaseIterable { case here, elsewhere }

    /// The members that a body names, whatever it says of them.
    private func named(_ node: Node?, _ form: EntityFacts.Form) -> Set<String> {
        let names = (node?.mapping ?? [:]).compactMap { $0.key.string?.split(separator: ".").first }
        return Set(names.compactMap { form.field(String($0))?.name })
    }

    private mutating func step(_ node: Node, of entity: EntityFacts) -> StepRule? {
        let members = members(node, "a step", known: ["act", "when", "occurred", "with", "later", "each"])
        guard let act = text(members["act"], "the step's `act`", in: node) else { return nil }
        guard let form = entity.steps.first(where: { $0.act == act }) else {
            note(
                members["act"] ?? node, "act_unknown",
                "a \(entity.name) has no act `\(act)`\(Nearest.hint(act, in: entity.steps.map(\.act)))")
            return nil
        }
        var step = StepRule(act: act)
        if let node = members["when"] { step.when = conditions(node) }
        if let node = members["occurred"] { step.occurred = moments(node) }
        if let node = members["with"] { step.with = body(node, form, of: entity) }
        if let node = members["later"] {
            step.isLater = node.bool == true
            if node.bool == nil { note(node, "malformed", "`later` is true or false") }
        }
        if let node = members["each"] { step.each = column(node) }
        let given = named(members["with"], form)
        // What is told elsewhere says it there.
        let isTold = step.isLater || step.each != nil
        for field in form.takes where field.isRequired && !given.contains(field.name) && !isTold {
            note(node, "required", "`\(act)` needs a value for `\(field.name)`")
        }
        return step
    }

    private mutating func moments(_ node: Node) -> [MomentRule] {
        items(node).compactMap { item -> MomentRule? in
            guard item.mapping != nil else {
                return column(item).map { MomentRule(column: $0, pattern: defaults.days) }
            }
            let members = members(item, "`occurred`", known: ["column", "days"])
            guard let node = members["column"] else {
                note(item, "required", "`column` must be given")
                return nil
            }
            let pattern = members["days"].flatMap { self.pattern($0) } ?? defaults.days
            return column(node).map { MomentRule(column: $0, pattern: pattern) }
        }
    }

    mutating func conditions(_ node: Node) -> [RowCondition] {
        pairs(node, "`when`").compactMap { key, value -> RowCondition? in
            guard let column = column(key) else { return nil }
            guard value.mapping != nil else { return RowCondition(column: column, test: .isOne(keys(value))) }
            let members = members(value, "a condition", known: ["not", "empty"])
            if let not = members["not"], members.count == 1 {
                return RowCondition(column: column, test: .isNone(keys(not)))
            }
            guard let empty = members["empty"]?.bool, members.count == 1 else {
                note(value, "malformed", "a condition is a value, a list of values, {not: …} or {empty: true}")
                return nil
            }
            return RowCondition(column: column, test: .isEmpty(empty))
        }
    }

    private mutating func keys(_ node: Node) -> Set<String> {
        Set(items(node).compactMap { $0.scalar.flatMap { Normal.key($0.string) } })
    }
}
