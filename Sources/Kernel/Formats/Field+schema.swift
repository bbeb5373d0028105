/// What a JSON Schema (2020-12) of fields is for.
public enum SchemaUse: Sendable {
    /// What a client may send: limits are told, members that nobody knows are refused, and all ways to give a value
    /// are there.
    case body
    /// What the log holds: values in their normal form. It tells no limits, since yesterday's were others, and lets
    /// more members stand, since tomorrow's fields will.
    case stored
}

extension [Field] {
    /// An object of these members. In a patch nothing is required and null clears.
    public func schema(_ use: SchemaUse, patch: Bool = false) -> JSON {
        var schema: [String: JSON] = ["type": "object", "properties": .object(properties(use, nullable: patch))]
        let required = filter(\.isRequired).map { JSON.string($0.name) }
        if !patch, !required.isEmpty { schema["required"] = .array(required) }
        switch use {
        case .body: schema["additionalProperties"] = false
        case .stored: break
        }
        return .object(schema)
    }

    /// The members one by one. What is required cannot be null.
    public func properties(_ use: SchemaUse, nullable: Bool) -> [String: JSON] {
        Dictionary(map { ($0.name, .object($0.schema(use, nullable: nullable))) }, uniquingKeysWith: { $1 })
    }
}

extension Field {
    fileprivate func schema(_ use: SchemaUse, nullable: Bool) -> [String: JSON] {
        var schema = kind.schema(use, change: nullable)
        switch use {
        case .body where !synonyms.isEmpty:
            schema["enum"] = .array((schema["enum"]?.array ?? []) + synonyms.keys.sorted().map { .string($0) })
        case .body, .stored: break
        }
        if nullable, !isRequired { schema = Field.Kind.orNull(schema) }
        switch use {
        case .body where !aliases.isEmpty:
            schema["description"] = .string("Also accepted as \(aliases.joined(separator: ", ")).")
        case .body, .stored: break
        }
        return schema
    }
}

extension Field.Kind {
    /// The schema of a value. `change`: it stands in a merge patch, where null removes a member of a map.
    public func schema(_ use: SchemaUse, change: Bool = false) -> [String: JSON] {
        switch use {
        case .body: limited
        case .stored: stored(change)
        }
    }

    static func orNull(_ schema: [String: JSON]) -> [String: JSON] {
        guard case .string(let type) = schema["type"] else {
            return ["anyOf": [.object(schema), ["type": "null"]]]
        }
        var schema = schema
        schema["type"] = [.string(type), "null"]
        if case .array(let words) = schema["enum"] { schema["enum"] = .array(words + [.null]) }
        return schema
    }

    // MARK: - What may a client send?

    private var limited: [String: JSON] {
        switch self {
        case .text(let limit), .paragraph(let limit): return plain.merging(["maxLength": .integer(Int64(limit))]) { $1 }
        case .integer(let range):
            return plain.merging(["minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound)]) { $1 }
        case .decimal(let range):
            return plain.merging(["minimum": .number(range.lowerBound), "maximum": .number(range.upperBound)]) { $1 }
        case .money: return Field.Kind.amount.schema(.body).object ?? [:]
        case .object(let fields): return fields.schema(.body).object ?? [:]
        case .record(let entities): return Field.Kind.record(entities).schema(.body).object ?? [:]
        case .map(let kind, _):
            return ["type": "object", "additionalProperties": .object(Field.Kind.orNull(kind.schema(.body)))]
        case .entries(let fields, _, let by):
            let entry = fields.schema(.body)
            return [
                "anyOf": [
                    [
                        "type": "object",
                        "additionalProperties": .object(Field.Kind.orNull(entry.object ?? [:])),
                    ],
                    ["type": "array", "items": ["anyOf": [["type": "string"], entry]]], ["type": "string"],
                ],
                "description": .string("By id; or an array of all of them; or only the \(by) of the first."),
            ]
        case .custom: return ["type": "object", "description": "Fields of the organization's own; see /api/v1/fields."]
        case .anything: return ["type": "object", "description": "Any members, kept as they are."]
        case .value: return plain
        case .list(let kind, let limit):
            return ["type": "array", "items": .object(kind.schema(.body)), "maxItems": .integer(Int64(limit))]
        case .flag, .day, .instant, .choice, .reference, .id, .email, .phone, .link, .slug, .currency, .zone:
            return plain
        }
    }

    // MARK: - What does the log hold?

    private func stored(_ change: Bool) -> [String: JSON] {
        switch self {
        case .money: return Field.Kind.amount.schema(.stored).object ?? [:]
        case .object(let fields): return fields.schema(.stored).object ?? [:]
        case .record(let entities): return Field.Kind.record(entities).schema(.stored).object ?? [:]
        case .map(let kind, _):
            let value = kind.schema(.stored)
            return ["type": "object", "additionalProperties": .object(change ? Field.Kind.orNull(value) : value)]
        case .entries(let fields, let keys, _): return Field.Kind.map(of: .object(fields), keys: keys).stored(change)
        case .custom: return ["type": "object", "description": "Fields of the organization's own, by key."]
        case .anything: return ["type": "object", "description": "Any members."]
        case .value: return plain
        case .list(let kind, _): return ["type": "array", "items": .object(kind.schema(.stored))]
        case .text, .paragraph, .integer, .decimal, .flag, .day, .instant, .choice, .reference, .id, .email, .phone,
            .link, .slug, .currency, .zone:
            return plain
        }
    }

    // MARK: - What is the same in both?

    /// A scalar's type and form.
    private var plain: [String: JSON] {
        switch self {
        case .integer: ["type": "integer"]
        case .decimal: ["type": "number"]
        case .flag: ["type": "boolean"]
        case .day: ["type": "string", "format": "date"]
        case .instant: ["type": "string", "format": "date-time"]
        case .choice(let words): ["type": "string", "enum": .array(words.map(JSON.string))]
        case .reference(let entity):
            ["type": "string", "format": "uuid", "description": .string("The id of a \(entity).")]
        case .id: ["type": "string", "format": "uuid"]
        case .email: ["type": "string", "format": "email"]
        case .phone: ["type": "string", "pattern": #"^\+[1-9][0-9]{6,14}$"#]
        case .link: ["type": "string", "format": "uri"]
        case .slug: ["type": "string", "pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"]
        case .currency: ["type": "string", "pattern": "^[A-Z]{3}$"]
        case .zone: ["type": "string", "description": "An IANA time zone."]
        case .text, .paragraph: ["type": "string"]
        case .money, .object, .map, .entries, .custom, .record, .anything: ["type": "object"]
        case .list: ["type": "array"]
        case .value: ["description": "A value of any kind."]
        }
    }
}
