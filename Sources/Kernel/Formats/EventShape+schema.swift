import FoundationEssentials

// MARK: - What does the world see of a shape?

extension EventShape {
    /// The JSON Schema (2020-12) of `data`, opened parts merged into it. Members marked `x-personal` are not in the
    /// line's `data`: they are sealed, and absent once their person is erased. Others than the listed may come without
    /// a new version, so none is refused.
    public var jsonSchema: JSON {
        var schema = EventShape.object(members)
        schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
        schema["$id"] = .string("urn:daybook:event:\(storedName)")
        schema["title"] = .string(storedName)
        return .object(schema)
    }

    private static func object(_ members: [Member]) -> [String: JSON] {
        var schema: [String: JSON] = ["type": "object"]
        if !members.isEmpty {
            schema["properties"] = .object(Dictionary(members.map { ($0.name, .object($0.schema)) }) { $1 })
        }
        let required = members.filter(\.isRequired).map(\.name).sorted()
        if !required.isEmpty { schema["required"] = .array(required.map(JSON.string)) }
        return schema
    }

    /// Data of this shape in which every member has a value.
    public var example: JSON { .object(EventShape.values(members)) }

    fileprivate static func values(_ members: [Member]) -> [String: JSON] {
        Dictionary(members.map { ($0.name, $0.content.example($0.name)) }) { $1 }
    }

    /// A place in the data.
    public struct Path: Sendable, Hashable {
        /// The names that lead to it.
        public let names: [String]
        /// What is found there.
        public let kind: Field.Kind
        /// Whether it is sealed.
        public let isPersonal: Bool
        /// Whether members of any name lie below it.
        public let isOpen: Bool
    }

    /// All places in the data that have a name of ours, those included that lead on to others.
    public var paths: [Path] { members.flatMap { $0.paths(below: []) } }
}

extension EventShape.Member {
    fileprivate var schema: [String: JSON] {
        var schema: [String: JSON]
        switch content {
        case .value(let kind): schema = kind.schema(.stored)
        case .change(let kind): schema = kind.schema(.stored, change: true)
        case .patch(let members):
            let inner = members.map { ($0.name, JSON.object($0.orNull)) }
            schema = ["type": "object", "properties": .object(Dictionary(inner) { $1 })]
        }
        if isPersonal { schema["x-personal"] = true }
        return schema
    }

    /// In a patch null clears.
    private var orNull: [String: JSON] {
        var schema = Field.Kind.orNull(self.schema)
        if isPersonal { schema["x-personal"] = true }
        return schema
    }

    fileprivate func paths(below: [String]) -> [EventShape.Path] {
        switch content {
        case .value(let kind), .change(let kind): EventShape.paths(of: kind, at: below + [name], isPersonal)
        case .patch(let members):
            EventShape.paths(of: .object([]), at: below + [name], false) + members.flatMap { $0.paths(below: [name]) }
        }
    }
}

extension EventShape {
    fileprivate static func paths(of kind: Field.Kind, at names: [String], _ isPersonal: Bool) -> [Path] {
        let inner: [Field]
        var isOpen = false
        switch kind {
        case .object(let fields): inner = fields
        case .record(let entities): inner = Field.Kind.record(entities)
        case .money: inner = Field.Kind.amount
        case .map, .entries, .custom, .anything: (inner, isOpen) = ([], true)
        case .text, .paragraph, .integer, .decimal, .flag, .day, .instant, .choice, .reference, .email, .phone, .link,
            .slug, .currency, .zone, .id, .list, .value:
            inner = []
        }
        return [Path(names: names, kind: kind, isPersonal: isPersonal, isOpen: isOpen)]
            + inner.flatMap { paths(of: $0.kind, at: names + [$0.name], isPersonal) }
    }
}

// MARK: - What would a value be?

extension EventShape.Content {
    fileprivate func example(_ name: String) -> JSON {
        switch self {
        case .value(let kind): return kind.example(name)
        case .change(let kind):
            // One that is set, and one that goes.
            var members = kind.example(name).object ?? [:]
            for key in members.keys.sorted().prefix(1) { members[Field.Kind.other(than: key)] = .null }
            return .object(members)
        case .patch(let members): return .object(EventShape.values(members))
        }
    }
}

extension Field.Kind {
    fileprivate func example(_ name: String) -> JSON {
        switch self {
        case .text: .string("An example of \(name.replacing("_", with: " "))")
        case .paragraph: .string("An example of \(name.replacing("_", with: " ")),\non two lines.")
        case .integer(let range): .integer(min(max(12, range.lowerBound), range.upperBound))
        case .decimal(let range): .number(min(max(0.5, range.lowerBound), range.upperBound))
        case .flag: true
        case .money: ["minor": 105_400, "currency": "EUR"]
        case .day: "2026-01-15"
        case .instant: "2026-01-15T09:30:00.000000Z"
        case .choice(let words): .string(words.first ?? "")
        case .reference, .id: .string(Field.Kind.id(of: name))
        case .email: "ada@example.com"
        case .phone: "+442079460018"
        case .link: "https://example.com/about"
        case .slug: "an-example"
        case .currency: "EUR"
        case .zone: "Europe/Paris"
        case .object(let fields): .object(Dictionary(fields.map { ($0.name, $0.kind.example($0.name)) }) { $1 })
        case .map(let kind, let keys): .object([keys.example(name): kind.example(name)])
        case .entries(let fields, let keys, _): Field.Kind.map(of: .object(fields), keys: keys).example(name)
        case .custom, .anything: ["segment": "A"]
        case .value: "A"
        case .record(let entities): ["entity": .string(entities.first ?? ""), "id": .string(Field.Kind.id(of: name))]
        case .list(let kind, _): [kind.example(name)]
        }
    }

    /// An id that looks like one of its name, and like no other.
    fileprivate static func id(of name: String) -> String {
        UUID.v8(Array(name.utf8) + Array(repeating: 0, count: 16)).text
    }
    fileprivate static func other(than key: String) -> String { key.contains("-") ? id(of: "another") : "another" }
}

extension Field.Keys {
    fileprivate func example(_ name: String) -> String {
        switch self {
        case .name: "main"
        case .id, .reference, .record: Field.Kind.id(of: name)
        }
    }
}
