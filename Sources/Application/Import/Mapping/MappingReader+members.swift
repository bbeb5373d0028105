import Kernel
import Yams

// MARK: Where does a member's value come from?

extension MappingReader {
    /// The members of a body, in the order of the mapping.
    mutating func body(_ node: Node, _ form: EntityFacts.Form, of entity: EntityFacts) -> [MemberRule] {
        var rules: [MemberRule] = []
        for (key, value) in pairs(node, "`fields`") {
            guard let name = key.string, let (path, field) = field(name, form, of: entity, at: key) else { continue }
            guard !rules.contains(where: { $0.path == path }) else {
                note(key, "duplicate", "`\(name)` is given twice")
                continue
            }
            if var rule = member(value, path, field.kind, of: entity), rule.isTold {
                rule.field = field
                rules.append(rule)
            }
        }
        return rules
    }

    /// The members that another system has, too, by its own names for them, where the file has these columns.
    mutating func known(to system: Field.System, _ entity: EntityFacts, but told: Set<String>) -> [MemberRule] {
        entity.creation.takes.compactMap { field -> MemberRule? in
            guard !told.contains(field.name), let name = field.elsewhere[system] else { return nil }
            guard let column = Header.one(of: header.columns(name)) else { return nil }
            if let target = Self.targets(field.kind)?.first {
                guard case .record = field.kind else {
                    guard let facts = EntityFacts.all[target] else { return nil }
                    let rule = ReferenceRule(
                        entity: facts, source: defaults.source, key: .columns([column]), missing: .empty)
                    return MemberRule(path: [field.name], value: .reference(rule), field: field)
                }
                return nil
            }
            guard field.kind != .id, isRead(field.kind), let reading = reading(field.kind, [:], at: Node("")) else {
                return nil
            }
            return MemberRule(
                path: [field.name], value: .cell(CellRule(column: column, reading: reading)), field: field)
        }
    }

    /// The values of custom fields, read as the organization or the mapping itself defines these; where neither does,
    /// as `parse` says.
    mutating func custom(_ node: Node, of entity: EntityFacts) -> [MemberRule] {
        guard entity.creation.takes.contains(where: { $0.kind == .custom }) else {
            note(node, "not_allowed", "`\(entity.name)` takes no custom fields")
            return []
        }
        return pairs(node, "`custom`").compactMap { key, value -> MemberRule? in
            guard let name = key.string else { return nil }
            let made = defaults.prepares.custom.first { $0.entity == entity.name && $0.key == name }?.kind
            let isTold = value.mapping?.contains { $0.key.string == "parse" } == true
            let kind = made ?? (isTold ? nil : settings.custom[entity.name]?[name])
            guard var rule = member(value, ["custom", name], kind, of: entity), rule.isTold else { return nil }
            rule.field = kind.map { Field(name, $0) }
            return rule
        }
    }

    /// The field that a name means: a member, an alias, or a member of an object (`billing_address.country`).
    private mutating func field(
        _ name: String, _ form: EntityFacts.Form, of entity: EntityFacts, at node: Node
    ) -> (path: [String], Field)? {
        let parts = name.split(separator: ".", maxSplits: 1).map(String.init)
        if let first = parts.first, let field = form.field(first) {
            if parts.count == 1 { return ([field.name], field) }
            if case .object(let inner) = field.kind {
                if let member = inner.first(where: { $0.name == parts[1] }) {
                    return ([field.name, member.name], member)
                }
                note(
                    node, "field_unknown",
                    "`\(first)` has no `\(parts[1])`\(Nearest.hint(parts[1], in: inner.map(\.name)))")
                return nil
            }
            // A member that takes anything is put together of columns.
            if field.kind == .anything { return ([field.name, parts[1]], Field(parts[1], .text(10_000))) }
        }
        let names = form.takes.flatMap { [$0.name] + $0.aliases }
        note(
            node, "field_unknown", "`\(form.act)` of \(entity.name) takes no `\(name)`\(Nearest.hint(name, in: names))")
        return nil
    }

    private static let forms = ["column", "value", "template", "reference", "stage"]

    /// - Parameter kind: what the member takes; nil where only the organization knows (a custom field made earlier).
    private mutating func member(
        _ node: Node, _ path: [String], _ kind: Field.Kind?, of entity: EntityFacts
    ) -> MemberRule? {
        guard node.mapping != nil else {
            guard let column = column(node), let reading = reading(kind, [:], at: node) else { return nil }
            return MemberRule(path: path, value: .cell(CellRule(column: column, reading: reading)))
        }
        let form = Self.forms.filter { name in node.mapping?.contains { $0.key.string == name } == true }
        // A reference may have its key as `value` or `template` of another kind; the first form of the list leads.
        let lead = form.contains("reference") ? "reference" : form.first
        guard let lead else {
            note(
                node, "malformed",
                "a value is the name of a column, or has one of \(Self.forms.joined(separator: ", "))")
            return nil
        }
        var rule: MemberRule?
        var members: [String: Node]
        switch lead {
        case "reference":
            members = self.members(
                node, "a reference", known: ["reference", "key", "id", "value", "source", "missing", "create", "when"])
            rule = reference(members, node, kind).map { MemberRule(path: path, value: .reference($0)) }
        case "stage":
            members = self.members(node, "a stage", known: ["stage", "pipeline", "translate", "unknown", "when"])
            rule = stage(members, node).map { MemberRule(path: path, value: .stage($0)) }
        case "value":
            members = self.members(node, "a constant", known: ["value", "when", "currency"])
            rule = constant(members, node, kind).map { MemberRule(path: path, value: .constant($0)) }
        case "template":
            members = self.members(node, "a template", known: ["template", "when", "empty"])
            rule = template(members, node, kind).map { MemberRule(path: path, value: $0) }
        case let other:
            let options = [
                other, "member", "when", "empty", "default", "translate", "unknown", "parse", "currency", "multiply",
                "days", "separator", "ids",
            ]
            members = self.members(node, "a value", known: options)
            rule = cell(members, node, kind).map { MemberRule(path: path, value: .cell($0)) }
        }
        if let when = members["when"] { rule?.when = conditions(when) }
        if let empty = members["empty"] { rule?.clears = word(empty, "`empty`", Empty.self) == .clear }
        return rule
    }

    private enum Empty: String, CaseIterable { case leave, clear }

    private mutating func cell(_ members: [String: Node], _ node: Node, _ kind: Field.Kind?) -> CellRule? {
        guard let name = members["column"], let column = column(name), let reading = reading(kind, members, at: node)
        else { return nil }
        var rule = CellRule(column: column, reading: reading)
        rule.member = members["member"].flatMap { text($0, "`member`") }
        rule.fallback = members["default"].flatMap { text($0, "`default`") }
        rule.translation = translation(members)
        rule.hasIDs = members["ids"]?.bool == true
        // A column where no currency has this code.
        if let node = members["currency"], let code = node.scalar?.string, Currency(code.uppercased()) == nil {
            rule.currency = self.column(node)
        }
        return rule
    }

    private mutating func translation(_ members: [String: Node]) -> Translation {
        var translation = Translation()
        if let node = members["translate"] {
            for (key, value) in pairs(node, "`translate`") {
                guard let from = key.string.flatMap({ Normal.key($0) }), let to = text(value, "a translation") else {
                    continue
                }
                translation.words[from] = to
            }
        }
        if let node = members["unknown"] {
            translation.others = word(node, "`unknown`", Translation.Others.self) ?? .keep
        }
        return translation
    }

    private mutating func stage(_ members: [String: Node], _ node: Node) -> StageRule? {
        guard !defaults.prepares.pipelines.isEmpty || defaults.lacksColumns else {
            note(node, "required", "a stage is one of the pipeline in `creates`, and there is none")
            return nil
        }
        guard let name = members["stage"] else { return nil }
        var rule = StageRule(name: .columns([]), translation: translation(members))
        rule.pipeline = members["pipeline"].flatMap { column($0) }
        let names = defaults.prepares.pipelines.flatMap { $0.stages.map(\.name) }
        for (_, to) in rule.translation.words where !names.contains(to) {
            note(node, "stage_unknown", "the pipeline has no stage `\(to)`\(Nearest.hint(to, in: names))")
        }
        guard name.mapping != nil else {
            guard let column = column(name) else { return nil }
            rule.name = .columns([column])
            return rule
        }
        let inner = self.members(name, "a stage", known: ["value"])
        guard let value = inner["value"], let text = text(value, "the stage's name") else { return nil }
        guard names.contains(text) else {
            note(value, "stage_unknown", "the pipeline has no stage `\(text)`\(Nearest.hint(text, in: names))")
            return nil
        }
        rule.name = .constant(text)
        return rule
    }
}
