import Application
import FoundationEssentials
import HTTPTypes
import Kernel

// MARK: How do rows of other systems' files come in?

extension Routes {
    /// `/imports`: a mapping opens one, rows follow in batches. Each batch is complete in itself; one sent again finds
    /// its rows unchanged. What came by one is taken back.
    var imports: [Route] {
        let path = "\(Self.base)/imports"
        let (imports, acts) = (services.imports, acts)
        return [
            Route(
                .post, path, "Open an import: a mapping, and the header of the file that it is for.",
                body: .document(Schema.opening, limit: Limits.rows), answer: .json(["type": "object"], position: true),
                handler: .known { exchange, caller throws(Problem) in
                    let opened = try await imports.open(exchange.body, by: caller)
                    var outcome = Outcome(status: 201, opened.body, position: opened.position)
                    outcome.location = opened.body["id"]?.string.map { "\(path)/\($0)" }
                    return outcome
                }),
            Route(
                .post, "\(path)/{id}/rows", "Take the next rows of an import.",
                body: .document(Schema.rows, limit: Limits.rows), answer: .json(["type": "object"], position: true),
                handler: .known { exchange, caller throws(Problem) in
                    let id = try exchange.id(of: "import")
                    let taken = try await imports.take(id, exchange.body, by: caller)
                    return Outcome(taken.body, position: taken.position)
                }),
            Route(
                .post, "\(path)/{id}/revert",
                "Bring every record that an import wrote to back to what it was before, where nobody changed it since.",
                body: .members(Bulk.reverting, optional: true), answer: .json(Schema.reverted, position: true),
                handler: .known { exchange, caller throws(Problem) in
                    let request = try Self.read(exchange.body, Bulk.reverting)
                    let told = try await acts.revert(try exchange.id(of: "import"), request, by: caller)
                    return Outcome(told.body, position: told.position)
                }),
        ]
    }
}

extension Schema {
    /// What opens an import.
    static let opening: JSON = [
        "type": "object", "required": ["mapping", "header"], "additionalProperties": false,
        "properties": [
            "mapping": ["type": "string", "description": "The text of a mapping file (YAML)."],
            "header": ["type": "array", "items": ["type": "string"]], "file": ["type": "string"],
            "dry_run": ["type": "boolean"],
            "part_of": ["type": "string", "format": "uuid", "description": "The import of which this file is a part."],
            "pipelines": ["type": "array", "items": ["type": "object"]],
            "same": [
                "type": "array", "items": ["type": "object"],
                "description": "Records that have other ids here (id), or other keys there (as): entity, key.",
            ],
            "filled": ["type": "array", "items": ["type": "string"], "description": "Columns that hold something."],
            "define_fields": ["type": "boolean"],
            "calling_code": [
                "type": "integer", "description": "Of telephone numbers that name no country. With a lenient mapping.",
            ],
            "content": [
                "type": "string", "maxLength": 100,
                "description": "What the rows are, such as a hash of the file: with another it is another import.",
            ],
        ],
    ]

    /// Rows of an import.
    static let rows: JSON = [
        "type": "object", "required": ["rows"], "additionalProperties": false,
        "properties": [
            "rows": [
                "type": "array", "minItems": 1, "maxItems": 500,
                "items": ["type": "array", "items": ["type": "string"]],
            ],
            "first": ["type": "integer", "description": "The line of the first row."],
            "lines": ["type": "array", "items": ["type": "integer"], "description": "The line of each row."],
            "final": ["type": "boolean", "description": "What rows refer to will not come any more."],
            "taken": ["type": "array", "items": ["type": "integer"]],
        ],
    ]
}
