/// One plain field of an entity, or one member of a command's body: what it is, and all that is true of it, said once.
/// Validation, forms, import mappings, OpenAPI and the fuzzer read this.
public struct Field: Sendable, Hashable {
    /// The member's name in bodies, in events and in read tables.
    public let name: String
    /// What values it takes.
    public let kind: Kind
    /// Whether a record cannot be without it.
    public private(set) var isRequired = false
    /// Other names under which a body may give it.
    public private(set) var aliases: [String] = []
    /// Whom its value concerns.
    public private(set) var dataClass = DataClass.public
    /// Whether search looks into it, and how much a hit there counts.
    public private(set) var weight: Weight?
    /// Other words for those of a choice, in small letters: `done` for `completed`.
    public private(set) var synonyms: [String: String] = [:]
    /// Its names in other systems, by which mappings know it.
    public private(set) var elsewhere: [System: String] = [:]

    /// A field.
    public init(_ name: String, _ kind: Kind) { (self.name, self.kind) = (name, kind) }

    /// What values a field takes. Each has one normal form (`Field.normal`).
    public indirect enum Kind: Sendable, Hashable {
        /// One line of at most so many characters (Unicode scalars).
        case text(Int)
        /// Several lines.
        case paragraph(Int)
        case integer(ClosedRange<Int64>)
        case decimal(ClosedRange<Double>)
        case flag
        case money
        case day
        case instant
        /// One of a few words.
        case choice([String])
        /// The id of another record of this entity.
        case reference(String)
        /// A record of one of these entities, named by both: `{"entity": "deal", "id": "…"}`.
        case record(of: [String])
        case email, phone, link, slug, currency, zone
        /// Any id.
        case id
        /// An object of these members, replaced as a whole.
        case object([Field])
        /// An object keyed by name or id whose members are set and removed one by one; null removes one.
        case map(of: Kind, keys: Keys)
        /// Several things of which one comes first: a contact's addresses, its accounts. As in a map an object keyed by
        /// id sets and removes them one by one; an array stands for all of them, each an object or only its member
        /// `by`; a lone `by` stands for the first. Where the keys are references, `by` names the key itself.
        case entries(of: [Field], keys: Keys, by: String)
        /// Values of fields that the organization defined for itself; checked against those definitions.
        case custom
        /// An object of any members, kept as they are, those that are null left out. It may hold anything, so it is
        /// sealed.
        case anything
        /// One value of any kind, which whoever takes it looks at.
        case value
        /// At most so many values.
        case list(of: Kind, Int)
    }
    /// What keys a map.
    public enum Keys: Sendable, Hashable {
        case name, id, reference(String)
        /// The id of a record of one of these entities; the entry's member `entity` says of which.
        case record(of: [String])
    }
    /// How private a value is (R108).
    public enum DataClass: String, Sendable { case `public`, personal, sensitive }
    /// How much a hit counts in search, in PostgreSQL's words.
    public enum Weight: String, Sendable { case a = "A", b = "B", c = "C", d = "D" }
    /// A system whose names we know.
    public enum System: String, Sendable, CaseIterable { case salesforce, dynamics, suitecrm, hubspot }
}

// MARK: What can be said of a field?

extension Field {
    /// A record cannot be without it.
    public func required() -> Field { changed { $0.isRequired = true } }
    /// A record can be without it, or a body need not name it.
    public func optional() -> Field { changed { $0.isRequired = false } }
    /// A body may also give it under these names.
    public func alias(_ names: String...) -> Field { changed { $0.aliases += names } }
    /// A body may also give a word of its choice so.
    public func spelled(_ words: [String: String]) -> Field { changed { $0.synonyms.merge(words) { $1 } } }
    /// It tells something about a person.
    public func personal() -> Field { changed { $0.dataClass = .personal } }
    /// Search looks into it.
    public func searchable(_ weight: Weight) -> Field { changed { $0.weight = weight } }
    /// Its names in other systems.
    public func known(as names: [System: String]) -> Field { changed { $0.elsewhere = names } }

    private func changed(_ change: (inout Field) -> Void) -> Field {
        var field = self
        change(&field)
        return field
    }

    /// Whether an event tells single members of its value (`{"custom": {"a": 1}}` leaves `b` alone).
    public var isMap: Bool {
        switch kind {
        case .map, .entries, .custom: true
        case .text, .paragraph, .integer, .decimal, .flag, .money, .day, .instant, .choice, .reference, .email, .phone,
            .link, .slug, .currency, .zone, .id, .object, .record, .anything, .list,
            .value:
            false
        }
    }
}
