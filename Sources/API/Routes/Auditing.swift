import Application
import HTTPTypes
import Kernel

// MARK: How is the log proved to somebody who trusts nobody here?

extension Routes {
    /// `/audit`: signed heads, and proofs against them (C2SP tlog-checkpoint, RFC 6962 §2.1).
    var auditing: [Route] { [checkpoint, inclusion, consistency, rotation] }

    private var checkpoint: Route {
        Route(
            .get, "\(Self.base)/audit/checkpoint",
            "The last signed head of the log: a C2SP signed note, or an object with its parts.",
            answer: .textOrJSON(Schema.checkpoint),
            handler: .known { [queries = services.queries] exchange, caller throws(Problem) in
                let head = try await queries.checkpoint(by: caller, min: exchange.conditions.minimum)
                if exchange.conditions.prefersJSON { return Outcome(head.json, position: head.position) }
                var outcome = Outcome(body: Array(head.note.utf8), position: head.position)
                outcome.contentType = "text/plain; charset=utf-8"
                return outcome
            })
    }

    private var inclusion: Route {
        Self.question(
            "/audit/proofs/inclusion", "The evidence that an event is in the log. For owners and auditors.",
            .only([
                Route.Described(name: "position", detail: "The event's position."),
                Route.Described(name: "size", detail: "Events of the signed head to prove it by; the last one's."),
            ]), answer: Schema.evidence, services.queries.inclusion)
    }

    private var consistency: Route {
        Self.question(
            "/audit/proofs/consistency", "The proof that an earlier log is the beginning of a later one.",
            .only([
                Route.Described(name: "from", detail: "How many events the earlier log has."),
                Route.Described(name: "to", detail: "How many the later one has; those of the last signed head."),
            ]), answer: Schema.consistency, services.queries.consistency)
    }

    private var rotation: Route {
        Route(
            .post, "\(Self.base)/audit/rotate_key", "Let a new key sign the log from now on. For owners.",
            body: .members([], optional: true), answer: .command(200),
            handler: .known { [logKeys = services.logKeys] exchange, caller throws(Problem) in
                _ = try Self.read(exchange.body, [])
                let answer = try await logKeys.rotate(by: caller, key: exchange.conditions.key)
                guard let result = answer.results.first else { throw .fault }
                var outcome = Outcome(Self.body(of: result, answer.position), position: answer.position)
                outcome.version = result.version
                return outcome
            })
    }
}

extension Schema {
    private static let hashes: JSON = [
        "type": "array", "items": ["type": "string", "contentEncoding": "base64"],
        "description": "Hashes of 32 bytes (RFC 6962 §2.1), in its order.",
    ]

    /// A signed head and its parts.
    static let checkpoint: JSON = [
        "type": "object", "required": ["origin", "size", "root", "checkpoint", "key", "signed_at"],
        "properties": [
            "origin": ["type": "string"], "size": ["type": "integer"],
            "root": ["type": "string", "contentEncoding": "base64"], "checkpoint": ["type": "string"],
            "key": ["type": ["string", "null"]], "signed_at": ["type": "string", "format": "date-time"],
        ],
    ]

    /// What proves an event.
    static let evidence: JSON = [
        "type": "object", "required": ["line", "index", "size", "proof", "checkpoint", "key"],
        "properties": [
            "line": ["type": "string"], "index": ["type": "integer"], "size": ["type": "integer"], "proof": hashes,
            "checkpoint": ["type": "string"], "key": ["type": "string"],
        ],
    ]

    /// What proves that a log is the beginning of another.
    static let consistency: JSON = [
        "type": "object", "required": ["from", "to", "proof", "checkpoint", "key"],
        "properties": [
            "from": ["type": "integer"], "to": ["type": "integer"], "proof": hashes,
            "checkpoint": ["type": ["string", "null"]], "key": ["type": ["string", "null"]],
        ],
    ]
}
