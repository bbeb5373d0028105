import Kernel

/// JSON Schemas (2020-12, as OpenAPI 3.1 takes them) of what is sent and answered, read from the fields.
enum Schema {
    /// The name of an entity's schema: "Deal".
    static func title(_ entity: any Entity.Type) -> String {
        entity.name.split(separator: "_").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined()
    }

    /// A pointer to an entity's schema.
    static func reference(_ entity: any Entity.Type) -> JSON {
        ["$ref": .string("#/components/schemas/\(title(entity))")]
    }

    /// A page of a list.
    static func page(of entity: any Entity.Type) -> JSON {
        [
            "type": "object",
            "properties": [
                "items": ["type": "array", "items": reference(entity)], "next": ["type": ["string", "null"]],
                "position": ["type": "integer"], "total": ["type": "integer"],
            ],
        ]
    }

    /// A record as it is read: its fields, and what every record has. Views may add more.
    static func record(_ entity: any Entity.Type) -> JSON {
        var properties = properties(of: entity.fields, nullable: true)
        properties["id"] = ["type": "string", "format": "uuid"]
        properties["version"] = ["type": "integer"]
        return ["type": "object", "properties": .object(properties), "additionalProperties": true]
    }

    /// The members of a body. In a patch nothing is required and null clears.
    static func object(_ fields: [Field], patch: Bool = false) -> JSON {
        var schema: [String: JSON] = [
            "type": "object", "properties": .object(properties(of: fields, nullable: patch)),
            "additionalProperties": false,
        ]
        let required = fields.filter(\.isRequired).map { JSON.string($0.name) }
        if !patch, !required.isEmpty { schema["required"] = .array(required) }
        return .object(schema)
    }

    private static func properties(of fields: [Field], nullable: Bool) -> [String: JSON] {
        Dictionary(
            fields.map { field in
                var schema = schema(of: field.kind)
                if nullable, !field.isRequired { schema = orNull(schema) }
                if !field.aliases.isEmpty {
                    schema["description"] = .string("Also accepted as \(field.aliases.joined(separator: ", ")).")
                }
                return (field.name, .object(schema))
            }, uniquingKeysWith: { $1 })
    }

    private static func orNull(_ schema: [String: JSON]) -> [String: JSON] {
        guard case .string(let type) = schema["type"] else {
            return ["anyOf": [.object(schema), ["type": "null"]]]
        }
        var schema = schema
        schema["type"] = [.string(type), "null"]
        if case .array(let words) = schema["enum"] { schema["enum"] = .array(words + [.null]) }
        return schema
    }

    private static func text(_ format: String? = nil, _ more: [String: JSON] = [:]) -> [String: JSON] {
        var schema: [String: JSON] = ["type": "string"]
        if let format { schema["format"] = .string(format) }
        return schema.merging(more) { $1 }
    }

    private static func schema(of kind: Field.Kind) -> [String: JSON] {
        switch kind {
        case .text(let limit), .paragraph(let limit): return text(nil, ["maxLength": .integer(Int64(limit))])
        case .integer(let range):
            return ["type": "integer", "minimum": .integer(range.lowerBound), "maximum": .integer(range.upperBound)]
        case .decimal(let range):
            return ["type": "number", "minimum": .number(range.lowerBound), "maximum": .number(range.upperBound)]
        case .flag: return ["type": "boolean"]
        case .money:
            let fields = [
                Field("minor", .integer(-9_007_199_254_740_991...9_007_199_254_740_991)).required(),
                Field("currency", .currency).required(),
            ]
            return object(fields).object ?? [:]
        case .day: return text("date")
        case .instant: return text("date-time")
        case .choice(let words): return text(nil, ["enum": .array(words.map(JSON.string))])
        case .reference(let entity): return text("uuid", ["description": .string("The id of a \(entity).")])
        case .id: return text("uuid")
        case .email: return text("email")
        case .phone: return text(nil, ["pattern": #"^\+[1-9][0-9]{6,14}$"#])
        case .link: return text("uri")
        case .slug: return text(nil, ["pattern": "^[a-z0-9]+(-[a-z0-9]+)*$"])
        case .currency: return text(nil, ["pattern": "^[A-Z]{3}$"])
        case .zone: return text(nil, ["description": "An IANA time zone."])
        case .object(let fields): return object(fields).object ?? [:]
        case .map(let kind, _): return ["type": "object", "additionalProperties": .object(orNull(schema(of: kind)))]
        case .entries(let fields, _, let by):
            let items: JSON = ["anyOf": [["type": "string"], object(fields)]]
            return [
                "anyOf": [
                    ["type": "object", "additionalProperties": .object(orNull(object(fields).object ?? [:]))],
                    ["type": "array", "items": items], ["type": "string"],
                ],
                "description": .string("By id; or an array of all of them; or only the \(by) of the first."),
            ]
        case .custom: return ["type": "object", "description": "Fields of the organization's own; see /api/v1/fields."]
        case .list(let kind, let limit):
            return ["type": "array", "items": .object(schema(of: kind)), "maxItems": .integer(Int64(limit))]
        }
    }
}
