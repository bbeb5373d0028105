public import FoundationEssentials
public import Kernel

/// The fields an organization defined for itself on one kind of record: one stream per entity, with a constant id.
public enum FieldSet: Entity {
    /// `field_set`.
    public static let name = "field_set"
    /// `field_sets`.
    public static let plural = "field_sets"
    /// Owners shape the organization.
    public static let audience = Audience.owners

    /// The stream in which an entity's fields are defined: a UUIDv8 of `fields:` and the entity's name, of which nine
    /// letters have room.
    public static func id(of entity: String) -> UUID { ids[entity] ?? derived(from: entity) }
    private static let ids = Dictionary(uniqueKeysWithValues: customizable.map { ($0, derived(from: $0)) })
    private static func derived(from entity: String) -> UUID {
        UUID.v8(Array("fields:\(entity)".utf8) + Array(repeating: 0, count: 16))
    }
    /// The entities that take fields of an organization's own.
    public static let customizable = entities.filter { $0.fields.contains { $0.kind == .custom } }.map { $0.name }

    // MARK: What is known of one?

    /// The definitions by key.
    public static let fields = [Field("fields", .map(of: .object(definition), keys: .name))]
    private static let label = Field("label", .text(100)).required()
    private static let type = Field("type", .choice(Definition.Kind.allCases.map(\.rawValue))).required()
    private static let choices = Field("choices", .list(of: .text(100), 200))
    private static let required = Field("required", .flag)
    private static let standard = Field("default", .value)
    private static let personal = Field("personal", .flag)
    private static let definition = [label, type, choices, required, Field("entity", .text(40)), standard, personal]

    /// One field that an organization defined.
    public struct Definition: Codable, Sendable, Equatable {
        /// What people call it.
        public var label: String
        /// What values it takes; it never changes.
        public let type: Kind
        /// The words of a choice.
        public var choices: [String]?
        /// Whether a new record must have it.
        public var required: Bool?
        /// To which entity a reference points.
        public var entity: String?
        /// What a new record has that says nothing else.
        public var `default`: JSON?
        /// Whether it tells something about a person. All values are sealed, whatever is said here.
        public var personal: Bool?

        /// A definition.
        public init(
            label: String, type: Kind, choices: [String]? = nil, required: Bool? = nil, entity: String? = nil,
            default: JSON? = nil,
            personal: Bool? = nil
        ) {
            (self.label, self.type, self.choices, self.required, self.entity) = (label, type, choices, required, entity)
            (self.default, self.personal) = (`default`, personal)
        }

        /// What values it takes.
        public enum Kind: String, Codable, Sendable, CaseIterable {
            case text, number, money, day, instant, choice, choices, link, reference, checkbox
        }
    }

    /// The definitions, those in use and those retired.
    public struct State: Sendable, Equatable {
        /// By key.
        public fileprivate(set) var inUse: [String: Definition] = [:]
        /// By key: still in old events, no longer given to records.
        public fileprivate(set) var retired: [String: Definition] = [:]
    }
    /// Nothing is defined.
    public static let initial = State()

    // MARK: What can be asked?

    /// What can be asked; the entity is named because the stream's id does not tell it.
    public enum Command: Sendable, Equatable {
        case define(entity: String, key: String, Definition)
        case revise(entity: String, key: String, Revision)
        case retire(entity: String, key: String)
    }
    /// What becomes otherwise of a definition; nil stays.
    public struct Revision: Sendable, Equatable {
        /// What people call it: a field is renamed by this; its key stays, for the log and for programs.
        public var label: String?
        /// The words of a choice. Records keep words that are not among them any more.
        public var choices: [String]?
        /// Whether a new record must have it.
        public var required: Bool?
        /// What a new record has; null: nothing.
        public var `default`: JSON?
        /// Whether it tells something about a person.
        public var personal: Bool?

        /// A revision.
        public init(
            label: String? = nil, choices: [String]? = nil, required: Bool? = nil, default: JSON? = nil,
            personal: Bool? = nil
        ) {
            (self.label, self.choices, self.required) = (label, choices, required)
            (self.default, self.personal) = (`default`, personal)
        }
    }
    /// How it is asked.
    public static let acts: [Act<Command>] = [
        Act(
            "define", .verb, "Define a field",
            takes: [entity, Field("key", .slug), label, type, choices, required, target, standard, personal]
        ) { body throws(Flaw) in try FieldSet.define(body) },
        Act(
            "revise", .verb, "Change the label, the choices, the default of a field, or whether it is required",
            takes: [
                entity, key, Field("label", .text(100)), choices, required, standard, Field("clear_default", .flag),
                personal,
            ]
        ) { body throws(Flaw) in
            .revise(
                entity: try body.required(body.text("entity"), "entity"), key: try FieldSet.key(body),
                Revision(
                    label: body.text("label"), choices: FieldSet.words(body), required: body.flag("required"),
                    default: body.flag("clear_default") == true ? .null : body.values["default"],
                    personal: body.flag("personal")))
        },
        Act("retire", .verb, "Give a field to records no longer", takes: [entity, key]) { body throws(Flaw) in
            .retire(entity: try body.required(body.text("entity"), "entity"), key: try FieldSet.key(body))
        },
    ]
    private static let entity = Field("entity", .choice(customizable)).required()
    private static let key = Field("key", .slug).required()
    private static let target = Field("target", .choice(entities.map { $0.name }))

    private static func define(_ body: Body) throws(Flaw) -> Command {
        let kind = try body.required(body.text("type").flatMap(Definition.Kind.init), "type")
        let choices = words(body)
        let isChoice = kind == .choice || kind == .choices
        if isChoice, choices?.isEmpty ?? true { throw Flaw("/choices", "required", "a choice needs its words") }
        if kind == .reference, body.text("target") == nil {
            throw Flaw("/target", "required", "name the entity to which the field refers")
        }
        let definition = Definition(
            label: try body.required(body.text("label"), "label"), type: kind, choices: isChoice ? choices : nil,
            required: body.flag("required") == true ? true : nil,
            entity: kind == .reference ? body.text("target") : nil,
            default: body.values["default"].flatMap { $0 == .null ? nil : $0 },
            personal: body.flag("personal") == true ? true : nil)
        return .define(entity: try body.required(body.text("entity"), "entity"), key: try key(body), definition)
    }
    /// The key as given, else made of the label: lower case, digits, underscores.
    private static func key(_ body: Body) throws(Flaw) -> String {
        let slug = body.text("key") ?? body.text("label").flatMap(Normal.slug)
        let key = try body.required(slug, "key").replacing("-", with: "_")
        guard key.count <= 40 else { throw Flaw("/key", "too_long", "at most 40 characters") }
        return key
    }
    /// The words of a choice, each once; none is as good as nothing said.
    private static func words(_ body: Body) -> [String]? {
        var seen: Set<String?> = []
        let words = body.values["choices"]?.array?.compactMap(\.string)
            .filter { seen.insert(Normal.key($0)).inserted }
        return words?.isEmpty == true ? nil : words
    }

    // MARK: What can have happened?

    /// What can have happened. Definitions are told whole, by key.
    public enum Event: Message {
        case defined(fields: [String: Definition])
        case revised(fields: [String: Definition])
        /// `fields` says the same as a patch, as read tables take it: null for the key.
        case retired(key: String, fields: Patch?)
        /// Stored names; append-only.
        public enum CodingKeys: String, CodingKey, CaseIterable {
            case defined = "field_set.defined@1"
            case revised = "field_set.revised@1"
            case retired = "field_set.retired@1"
        }
    }

    // MARK: What is refused, and what to do then?

    /// Why not.
    public enum Rejection: String, Refusal {
        case misplaced = "field_set.misplaced"
        case keyTaken = "field_set.key_taken"
        case keyUnknown = "field_set.key_unknown"
        case notAChoice = "field_set.not_a_choice"
        case full = "field_set.full"
        case defaultUnfit = "field_set.default_unfit"

        /// What to do.
        public var detail: String {
            switch self {
            case .misplaced: "The fields of this entity are defined elsewhere; leave the id to the server."
            case .keyTaken: "This key has another definition; revise that one or choose another key."
            case .keyUnknown: "There is no field of this key in use."
            case .notAChoice: "Only a choice has words to choose from; leave choices out."
            case .full: "An entity takes at most 200 fields of your own; retire one first."
            case .defaultUnfit: "The default is no value of this field; a reference has none."
            }
        }
        /// What kind of refusal.
        public var reason: RefusalReason {
            switch self {
            case .misplaced, .keyUnknown, .notAChoice, .defaultUnfit: .invalid
            case .keyTaken, .full: .conflict
            }
        }
    }

    // MARK: What happens?

    /// What happens. A key keeps its type for ever, since values of that type are in the log.
    public static func decide(_ command: Command, given state: State, in context: Context) throws(Rejection) -> [Event]
    {
        switch command {
        case .define(let entity, let key, let definition):
            try check(entity, context)
            let definition = try fitting(definition)
            if let known = state.inUse[key] {
                guard known == definition else { throw .keyTaken }
                return []
            }
            if let known = state.retired[key], known.type != definition.type { throw .keyTaken }
            guard state.inUse.count < 200 else { throw .full }
            return [.defined(fields: [key: definition])]
        case .revise(let entity, let key, let revision):
            try check(entity, context)
            guard let known = state.inUse[key] else { throw .keyUnknown }
            guard revision.choices == nil || known.choices != nil else { throw .notAChoice }
            let new = try fitting(known.revised(by: revision))
            return new == known ? [] : [.revised(fields: [key: new])]
        case .retire(let entity, let key):
            try check(entity, context)
            if state.retired[key] != nil { return [] }
            guard state.inUse[key] != nil else { throw .keyUnknown }
            return [.retired(key: key, fields: Patch([key: .null]))]
        }
    }
    /// The definition with its default in the form of its type.
    private static func fitting(_ definition: Definition) throws(Rejection) -> Definition {
        guard let given = definition.default else { return definition }
        var flaws: [Flaw] = []
        let value = Field("default", definition.kind).normal(given, at: "/default", flaws: &flaws)
        guard let value, value != .null, definition.type != .reference else { throw .defaultUnfit }
        var fitting = definition
        fitting.default = value
        return fitting
    }
    private static func check(_ entity: String, _ context: Context) throws(Rejection) {
        guard customizable.contains(entity), context.id == id(of: entity) else { throw .misplaced }
    }

    // MARK: What does it mean?

    /// What it means.
    public static func evolve(_ state: inout State, _ event: Event) {
        switch event {
        case .defined(let fields), .revised(let fields):
            state.inUse.merge(fields) { $1 }
            for key in fields.keys { state.retired[key] = nil }
        case .retired(let key, _): state.retired[key] = state.inUse.removeValue(forKey: key) ?? state.retired[key]
        }
    }
}
