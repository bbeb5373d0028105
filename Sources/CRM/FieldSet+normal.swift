public import Kernel

// MARK: Which values fit the fields an organization defined?

extension FieldSet.State {
    /// The fields in use, as if they were ours.
    public var fields: [Field] {
        inUse.sorted { $0.key < $1.key }.map { key, definition in
            let field = Field(key, definition.kind)
            return definition.required == true ? field.required() : field
        }
    }

    /// The normal form of a `custom` object; each flaw is told with its place. What a new record does not speak of has
    /// its default. With `partial` (a merge patch) nothing is missed and null clears, also a value of a field that was
    /// retired.
    public func normal(
        _ custom: [String: JSON], partial: Bool, at pointer: String = "/custom", flaws: inout [Flaw]
    ) -> [String: JSON] {
        let cleared = partial ? custom.filter { $0.value == .null && retired[$0.key] != nil } : [:]
        var given = custom.filter { cleared[$0.key] == nil }
        if !partial { given.merge(inUse.compactMapValues(\.default)) { given, _ in given } }
        return fields.normal(given, at: pointer, partial: partial, flaws: &flaws).merging(cleared) { $1 }
    }
}

extension FieldSet.Definition {
    /// The same as the revision has it.
    func revised(by revision: FieldSet.Revision) -> FieldSet.Definition {
        var new = self
        new.label = revision.label ?? label
        new.choices = revision.choices ?? choices
        if let required = revision.required { new.required = required ? true : nil }
        if let personal = revision.personal { new.personal = personal ? true : nil }
        if let value = revision.default { new.default = value == .null ? nil : value }
        return new
    }

    /// What values it takes, in the kernel's words.
    public var kind: Field.Kind {
        switch type {
        case .text: .text(1000)
        case .number: .decimal(-1e15...1e15)
        case .money: .money
        case .day: .day
        case .instant: .instant
        case .choice: .choice(choices ?? [])
        case .choices: .list(of: .choice(choices ?? []), 200)
        case .link: .link
        case .reference: .reference(entity ?? "")
        case .checkbox: .flag
        }
    }
}
