public import Kernel

/// Compares a value with a JSON Schema, over the words that ours use: type, properties, required, additionalProperties,
/// items, enum, anyOf, pattern. Stricter than the standard in one thing: a member that no property names is a flaw,
/// because what we write ourselves has only members that we have told.
public struct SchemaCheck {
    /// What does not fit, each with its place.
    public private(set) var flaws: [String] = []

    /// Compares.
    public init(_ value: JSON, with schema: JSON) { check(value, schema, at: "") }

    private static let words: Set = [
        "$schema", "$id", "title", "description", "format", "type", "properties", "required", "additionalProperties",
        "items", "enum", "anyOf", "pattern", "x-personal",
    ]

    private mutating func check(_ value: JSON, _ schema: JSON, at place: String) {
        guard let words = schema.object else { return flaws.append("\(place): no schema") }
        for word in words.keys where !Self.words.contains(word) { flaws.append("\(place): the word \(word)") }
        if let any = schema["anyOf"]?.array {
            let fits = any.contains { SchemaCheck(value, with: $0).flaws.isEmpty }
            if !fits { flaws.append("\(place): none of anyOf takes \(value.text)") }
        }
        if let type = schema["type"], !(type.array ?? [type]).contains(where: { value.isOf($0.string ?? "") }) {
            return flaws.append("\(place): \(value.kind) where \(type.text) is due")
        }
        if let words = schema["enum"]?.array, !words.contains(value) { flaws.append("\(place): \(value.text)") }
        if let pattern = schema["pattern"]?.string, let text = value.string {
            let matches = (try? Regex(pattern)).map { text.contains($0) } ?? false
            if !matches { flaws.append("\(place): \(text) does not match \(pattern)") }
        }
        if let items = value.array, let each = schema["items"] {
            for (index, item) in items.enumerated() { check(item, each, at: "\(place)/\(index)") }
        }
        if let members = value.object { check(members, schema, at: place) }
    }

    private mutating func check(_ members: [String: JSON], _ schema: JSON, at place: String) {
        for name in schema["required"]?.array ?? [] where members[name.string ?? ""] == nil {
            flaws.append("\(place): \(name.text) is missing")
        }
        let isFree = schema["properties"] == nil && schema["additionalProperties"] == nil && schema["title"] == nil
        for (name, value) in members {
            if let property = schema["properties"]?[name] ?? schema["additionalProperties"] {
                check(value, property, at: "\(place)/\(name)")
            } else if !isFree {
                flaws.append("\(place): the member \(name)")
            }
        }
    }
}

extension JSON {
    fileprivate func isOf(_ type: String) -> Bool {
        switch self {
        case .null: type == "null"
        case .bool: type == "boolean"
        case .integer: type == "integer" || type == "number"
        case .number: type == "number"
        case .string: type == "string"
        case .array: type == "array"
        case .object: type == "object"
        }
    }
}
