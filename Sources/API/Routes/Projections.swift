import Application
import HTTPTypes
import Kernel

// MARK: How are the read tables, and what can be done with them?

extension Routes {
    /// `/projections`: their state for owners and auditors, work on them for administrators of the server.
    var projections: [Route] {
        let tables = services.readTables
        let path = "\(Self.base)/projections"
        return [
            Route(
                .get, path, "The read tables: what they are, and how far each is in the log.",
                answer: .json(Schema.projections, position: false),
                handler: .known { _, caller throws(Problem) in Outcome(try await tables.list(by: caller)) }),
            Route(
                .get, "\(path)/{name}", "One of the read tables; for administrators with the progress of its rebuild.",
                answer: .json(Schema.projection, position: false),
                handler: .known { exchange, caller throws(Problem) in
                    Outcome(try await tables.one(exchange.captured["name"] ?? "", by: caller))
                }),
            rebuild(path),
            act(
                path, "verify", "Compare a read table with the log. What is found stands in its state.", begins: true
            ) { name, caller throws(Problem) in try await tables.verify(name, by: caller)
            },
            act(path, "swap", "Bring a table into service that was built beside the one that serves.") {
                name, caller throws(Problem) in try await tables.swap(name, by: caller)
            },
            act(path, "rollback", "Bring the table back into service that served before the last swap.") {
                name, caller throws(Problem) in try await tables.rollback(name, by: caller)
            },
            act(path, "heal", "Apply what is held of a projection again.") { name, caller throws(Problem) in
                try await tables.heal(name, by: caller)
            },
            act(path, "drop", "Take a read table away, or NAME__old or NAME__new beside it. The logs stay.") {
                name, caller throws(Problem) in try await tables.drop(name, by: caller)
            },
        ]
    }

    private func rebuild(_ path: String) -> Route {
        Route(
            .post, "\(path)/{name}/rebuild", "Build a read table anew from the log, beside the one that serves.",
            parameters: .only([
                Route.Described(name: "swap", detail: "false leaves the old table in service until `swap`."),
                Route.Described(name: "fresh", detail: "true begins anew, whatever an earlier rebuild left."),
            ]), body: .members([], optional: true), answer: .accepted(["type": "object"]),
            handler: .known { [tables = services.readTables] exchange, caller throws(Problem) in
                _ = try Self.read(exchange.body, [])
                let name = exchange.captured["name"] ?? ""
                let begun = try await tables.rebuild(
                    name, swaps: try exchange.flag("swap") ?? true, isFresh: try exchange.flag("fresh") ?? false,
                    by: caller)
                var outcome = Outcome(status: 202, begun)
                outcome.location = "\(path)/\(name)"
                return outcome
            })
    }

    /// `begins`: what goes on behind its answer.
    private func act(
        _ path: String, _ act: String, _ summary: String, begins: Bool = false,
        _ body: @escaping @Sendable (String, Caller) async throws(Problem) -> JSON
    ) -> Route {
        Route(
            .post, "\(path)/{name}/\(act)", summary, body: .members([], optional: true),
            answer: begins ? .accepted(["type": "object"]) : .json(["type": "object"], position: false),
            handler: .known { exchange, caller throws(Problem) in
                _ = try Self.read(exchange.body, [])
                let name = exchange.captured["name"] ?? ""
                var outcome = Outcome(status: begins ? 202 : 200, try await body(name, caller))
                if begins { outcome.location = "\(path)/\(name)" }
                return outcome
            })
    }
}

extension Exchange {
    /// A parameter that is true or false.
    fileprivate func flag(_ name: String) throws(Problem) -> Bool? {
        switch query.first(where: { $0.name == name })?.value {
        case nil: return nil
        case "true": return true
        case "false": return false
        default: throw Problem("parameter.invalid", 400, "The parameter \(name) is true or false.")
        }
    }
}

extension Schema {
    /// A read table as it is.
    static let projection: JSON = [
        "type": "object", "required": ["projection", "state", "events", "events_behind", "held"],
        "properties": [
            "projection": ["type": "string"], "description": ["type": ["string", "null"]],
            "state": ["type": "string", "enum": ["live", "stopped", "dropped", "building"]],
            "generation": ["type": ["integer", "null"]], "events": ["type": "integer"],
            "events_behind": ["type": "integer"], "seconds_behind": ["type": "number"],
            "heartbeat_age": ["type": "number"], "held": ["type": "integer"],
            "versions": ["type": "array", "items": ["type": "object"]], "rebuild": ["type": ["object", "null"]],
            "verification": ["type": ["object", "null"]],
        ],
    ]
    /// All of them.
    static let projections: JSON = [
        "type": "object", "required": ["items"], "properties": ["items": ["type": "array", "items": projection]],
    ]
}
