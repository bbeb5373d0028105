import Application
import FoundationEssentials
import HTTPTypes
import Kernel

// MARK: What if the same is asked of many records?

extension Routes {
    /// `/bulk`: one act on the records that are named or that a list finds, each with a result of its own; how far it
    /// is; and taking it back.
    var bulk: [Route] {
        let path = "\(Self.base)/bulk"
        let bulk = acts
        return [
            Route(
                .post, path,
                "Ask the same of many records, \(Bulk.page) in a request. Each is decided by itself, or, all_or_none, "
                    + "all are one unit.",
                body: .document(Schema.bulk, limit: Limits.body), answer: .json(Schema.bulkResults, position: true),
                handler: .known { exchange, caller throws(Problem) in
                    let request = try BulkRequest(exchange.body, offered: Exposure.offered)
                    return Self.outcome(try await bulk.run(request, by: caller, key: exchange.conditions.key))
                }),
            Route(
                .get, "\(path)/{id}", "How far an act on many records is.",
                answer: .json(Schema.bulkProgress, position: true),
                handler: .known { exchange, caller throws(Problem) in
                    Self.outcome(try await bulk.progress(try exchange.id(of: "bulk"), by: caller))
                }),
            Route(
                .post, "\(path)/{id}/undo",
                "Bring every record that an act on many changed back to what it was before, where nobody changed it "
                    + "since.",
                body: .members(Bulk.undoing, optional: true), answer: .json(Schema.bulkResults, position: true),
                handler: .known { exchange, caller throws(Problem) in
                    let request = try Self.read(exchange.body, Bulk.undoing)
                    let id = try exchange.id(of: "bulk")
                    return Self.outcome(
                        try await bulk.undo(id, request, by: caller, key: exchange.conditions.key))
                }),
        ]
    }

    /// What carries acts on many records out.
    var acts: Bulk {
        Bulk(commands: services.commands, queries: services.queries) { filter throws(Problem) in
            try QueryItems.parse(Substring(filter))
        }
    }

    private static func outcome(_ told: Told) -> Outcome { Outcome(told.body, position: told.position) }
}

extension Schema {
    /// One act on many records.
    static let bulk: JSON = [
        "type": "object", "required": ["entity", "act"], "additionalProperties": false,
        "properties": [
            "entity": ["type": "string"], "act": ["type": "string", "description": "As the entity's own routes say."],
            "body": ["type": "object", "description": "As the act's own route takes it."],
            "ids": [
                "type": "array", "maxItems": .integer(Int64(Bulk.most)), "items": ["type": "string", "format": "uuid"],
            ],
            "filter": [
                "type": "string", "description": "Parameters of the entity's list, as in an address. Instead of ids.",
            ],
            "all_or_none": ["type": "boolean"], "dry_run": ["type": "boolean"],
            "from": ["type": "integer", "description": "What `next` said, to go on; needs the same Idempotency-Key."],
        ],
    ]

    private static let act: [String: JSON] = [
        "id": ["type": ["string", "null"], "format": "uuid"], "entity": ["type": "string"], "act": ["type": "string"],
        "undoes": ["type": "string", "format": "uuid"], "asked": ["type": "integer"], "done": ["type": "integer"],
        "position": ["type": "integer"],
    ]

    /// How far an act on many records is.
    static let bulkProgress: JSON = ["type": "object", "properties": .object(act)]

    /// What became of a page of the records.
    static let bulkResults: JSON = [
        "type": "object", "properties": .object(act.merging(pageResults) { $1 }),
    ]

    /// What became of a page of the records that an import wrote to.
    static let reverted: JSON = [
        "type": "object",
        "properties": .object(
            pageResults.merging([
                "id": ["type": "string", "format": "uuid"], "import": ["type": "string", "format": "uuid"],
                "done": ["type": "integer"], "position": ["type": "integer"],
            ]) { $1 }),
    ]

    private static let pageResults: [String: JSON] = [
        "dry_run": ["type": "boolean"], "from": ["type": "integer"], "unchanged": ["type": "integer"],
        "refused": ["type": "integer"], "next": ["type": ["integer", "null"]],
        "results": [
            "type": "array",
            "items": [
                "type": "object", "required": ["id", "result"],
                "properties": [
                    "id": ["type": "string", "format": "uuid"], "entity": ["type": "string"],
                    "result": ["enum": ["done", "unchanged", "refused"]], "version": ["type": "integer"],
                    "position": ["type": "integer"], "warnings": ["type": "array"],
                    "problem": ["$ref": "#/components/schemas/Problem"],
                ],
            ],
        ],
    ]
}
