/// What the data of one event type look like in one version of their shape: derived from the event's code and the
/// entity's fields, written to `schemas/events`, and what projections are checked against when they are loaded.
public struct EventShape: Sendable, Hashable {
    /// "deal.moved".
    public let type: String
    /// The version of the shape, from 1.
    public let schema: Int16
    /// The members of `data`.
    public let members: [Member]

    /// One member of an event's data, or of the patch in it.
    public struct Member: Sendable, Hashable {
        /// Its name.
        public let name: String
        /// What it holds.
        public let content: Content
        /// Whether it is always written. What is sealed is not: with its person's key it is gone.
        public let isRequired: Bool
        /// Whether it tells something about a person, and is therefore sealed.
        public let isPersonal: Bool
    }

    /// What a member holds.
    public indirect enum Content: Sendable, Hashable {
        /// A value in its normal form.
        case value(Field.Kind)
        /// Some members of a map: null removes one.
        case change(Field.Kind)
        /// A merge patch over these members: null clears one.
        case patch([Member])
    }

    /// `deal.moved@1`.
    public var storedName: String { "\(type)@\(schema)" }
}

extension Entity {
    /// The shapes of its events, in the order of their stored names. An event whose shape cannot be told is missing,
    /// which a law of all entities refuses.
    public static var eventShapes: [EventShape] {
        EventShape.all(of: Event.self, fields: fields, derived: derived, aside: aside)
    }
}

// MARK: - How is a shape derived?

extension EventShape {
    /// The shapes of all events of a kind. A payload without labels has the entity's fields for members; of the others
    /// those that are named as a field hold what that field holds. What is `derived` stands beside the fields, and is
    /// never in a patch; what is told `aside` is only where it is named.
    public static func all<M: Message>(
        of _: M.Type, fields: [Field], derived: [Field] = [], aside: [Field] = []
    ) -> [EventShape] {
        ((try? M.payloads()) ?? []).compactMap { name, payload in
            guard let (type, schema) = Stored.parts(of: name) else { return nil }
            var members: [Member] = []
            for recorded in payload {
                guard let more = EventShape.members(of: recorded, fields, derived, aside) else { return nil }
                members += more
            }
            return EventShape(type: type, schema: schema, members: members)
        }
    }

    private static func members(
        of recorded: RecordedMember, _ fields: [Field], _ derived: [Field], _ aside: [Field]
    ) -> [Member]? {
        let field = (fields + derived + aside).first { $0.name == recorded.name }
        switch (recorded.value, field) {
        case (.record, _) where recorded.name == "_0": return (fields + derived).map { Member($0, .value($0.kind)) }
        case (.patch, nil) where recorded.name == "set":
            let inner = fields.map { Member($0, $0.isMap ? .change($0.kind) : .value($0.kind), isRequired: false) }
            return [Member(recorded, .patch(inner), isPersonal: false)]
        case (.patch, let field?): return [Member(recorded, .change(field.kind), isPersonal: field.isSealed)]
        case (_, let field?) where recorded.value.fits(field.kind):
            return [Member(recorded, .value(field.kind), isPersonal: field.isSealed)]
        case (let value, _): return value.kind.map { [Member(recorded, .value($0), isPersonal: false)] }
        }
    }
}

extension EventShape.Member {
    fileprivate init(_ field: Field, _ content: EventShape.Content, isRequired: Bool? = nil) {
        (name, self.content, isPersonal) = (field.name, content, field.isSealed)
        self.isRequired = !field.isSealed && isRequired ?? field.isRequired
    }
    fileprivate init(_ recorded: RecordedMember, _ content: EventShape.Content, isPersonal: Bool) {
        (name, self.content, self.isPersonal) = (recorded.name, content, isPersonal)
        isRequired = recorded.isRequired && !isPersonal
    }
}

extension RecordedMember.Value {
    /// What it is where no field says more.
    fileprivate var kind: Field.Kind? {
        switch self {
        case .text: .paragraph(.max)
        case .flag: .flag
        case .integer: .integer(.min ... .max)
        case .decimal: .decimal(-.greatestFiniteMagnitude ... .greatestFiniteMagnitude)
        case .id: .id
        case .day: .day
        case .instant: .instant
        case .money: .money
        case .record, .patch, .object, .list: nil
        }
    }

    /// Whether a field's values are written as this.
    fileprivate func fits(_ kind: Field.Kind) -> Bool {
        switch kind {
        case .text, .paragraph, .choice, .email, .phone, .link, .slug, .currency, .zone: self == .text
        case .integer: self == .integer
        case .decimal: self == .decimal
        case .flag: self == .flag
        case .money: self == .money
        case .day: self == .day
        case .instant: self == .instant
        case .reference, .id: self == .id
        case .object, .map, .entries, .custom, .record, .anything: self == .object || self == .record
        case .list: self == .list
        case .value: true
        }
    }
}
