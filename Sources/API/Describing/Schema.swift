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
        var properties = entity.fields.properties(.body, nullable: true)
        properties["id"] = ["type": "string", "format": "uuid"]
        properties["version"] = ["type": "integer"]
        return ["type": "object", "properties": .object(properties), "additionalProperties": true]
    }
}
