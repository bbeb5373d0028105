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

    /// The normal form of a `custom` object; each flaw is told with its place. With `partial` (a merge patch) nothing
    /// is missed and null clears, also a value of a field that was retired.
    public func normal(
        _ custom: [String: JSON], partial: Bool, at pointer: String = "/custom", flaws: inout [Flaw]
    ) -> [String: JSON] {
        let cleared = partial ? custom.filter { $0.value == .null && retired[$0.key] != nil } : [:]
        let given = custom.filter { cleared[$0.key] == nil }
        return fields.normal(given, at: pointer, partial: partial, flaws: &flaws).merging(cleared) { $1 }
    }
}

extension FieldSet.Definition {
    /// What values it takes, in the kernel's words.
    var kind: Field.Kind {
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
