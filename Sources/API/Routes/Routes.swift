import Application
import FoundationEssentials
import HTTPTypes
import Kernel

/// All routes there are, made of the list of entities. The order is that of the description.
struct Routes {
    let services: Services
    let metrics: Metrics

    /// Those of `/openapi.json` included, which describes all of them.
    var all: [Route] {
        let described =
            sessions + organization + services.entities.flatMap(records(of:)) + attachments + sublists + duplicates
            + pipelines
            + campaigns + fields + leads + workday + persons + reports + batches + bulk + emails + imports + auditing
            + projections + operations + mailPane
        let all = described + dialects(of: described)
        return all + [OpenAPI.route(for: all, entities: services.entities)]
    }

    static let base = "/api/v1"

    // MARK: How are commands and queries answered?

    /// Carries out one command. What it made is found below `path`; where that has no page of its own, at `page`, and
    /// then any event counts as something made.
    func carryOut(
        _ ask: Ask, _ exchange: Exchange, _ caller: Caller, below path: String? = nil, at page: String? = nil
    ) async throws(Problem) -> Outcome {
        if try Self.isDryRun(exchange) { return try await preview(ask, caller) }
        let answer = try await services.commands.execute(
            [ask], by: caller, key: exchange.conditions.key, comparing: exchange.said.map { [$0] })
        return try Self.outcome(of: answer, below: path, at: page)
    }

    /// What commands about one record answer.
    static func outcome(
        of answer: Answer, below path: String? = nil, at page: String? = nil
    ) throws(Problem) -> Outcome {
        guard let result = answer.joined else { throw .fault }
        let status = page != nil ? (result.events > 0 ? 201 : 200) : result.status
        var outcome = Outcome(status: status, body(of: result, answer.position), position: answer.position)
        outcome.version = result.version
        if status == 201 { outcome.location = page ?? path.map { "\($0)/\(result.id.text)" } }
        return outcome
    }

    /// Whether nothing is to be written.
    private static func isDryRun(_ exchange: Exchange) throws(Problem) -> Bool {
        switch exchange.query.first(where: { $0.name == dryRun.name })?.value {
        case nil, "false": return false
        case "true": return true
        case _?: throw Problem("parameter.invalid", 400, "\(dryRun.name) is true or false.")
        }
    }
    /// The parameter of commands that can be tried.
    static let dryRun = Route.Described(name: "dry_run", detail: "true: only tell what would be.")

    /// What a command would do: `{"id","version","position","dry_run":true,"record":{…},"events":[…]}`.
    private func preview(_ ask: Ask, _ caller: Caller) async throws(Problem) -> Outcome {
        let answer = try await services.commands.execute([ask], by: caller, dryRun: true)
        guard let result = answer.results.first, let preview = answer.preview else { throw .fault }
        let body = Self.body(of: result, answer.position).object ?? [:]
        let record = try await services.queries.shown(preview, of: ask.entity, by: caller, min: answer.position)
        let told: [String: JSON] = ["dry_run": true, "record": record, "events": preview.events]
        return Outcome(.object(body.merging(told) { $1 }), position: answer.position)
    }

    /// What a command answers: `{"id","version","position"}`, `made` where it made other records, and `warnings` where
    /// somebody should look at what it did.
    static func body(of result: Answer.Result, _ position: PositionToken) -> JSON {
        var members: [String: JSON] = [
            "id": .string(result.id.text), "version": .integer(Int64(result.version)),
            "position": .integer(position.position),
        ]
        if !result.made.isEmpty { members["made"] = .array(result.made.map(\.json)) }
        if !result.warnings.isEmpty { members["warnings"] = .array(result.warnings.map(\.json)) }
        return .object(members)
    }

    /// Passes a document on as it is.
    static func pass(_ reply: Reply) -> Outcome {
        Outcome(body: reply.body, position: reply.position, version: reply.version)
    }

    /// A route that asks the read tables something.
    static func query(
        _ path: String, _ summary: String, _ parameters: Route.Parameters, _ schema: JSON,
        _ ask: @escaping @Sendable (Exchange, Caller) async throws(Problem) -> Reply
    ) -> Route {
        Route(
            .get, base + path, summary, parameters: parameters, answer: .json(schema, position: true),
            handler: .known { exchange, caller throws(Problem) in pass(try await ask(exchange, caller)) })
    }
    /// The same where nothing but the request's own parameters is asked.
    static func question(
        _ path: String, _ summary: String, _ parameters: Route.Parameters, answer schema: JSON = ["type": "object"],
        _ ask: @escaping @Sendable ([Parameter], Caller, PositionToken?) async throws(Problem) -> Reply
    ) -> Route {
        query(path, summary, parameters, schema) { exchange, caller throws(Problem) in
            try await ask(exchange.query, caller, exchange.conditions.minimum)
        }
    }

    /// The same of the record that the path names.
    static func question(
        _ path: String, of entity: String, _ summary: String, _ parameters: Route.Parameters,
        answer schema: JSON = ["type": "object"],
        _ ask: @escaping @Sendable (UUID, [Parameter], Caller, PositionToken?) async throws(Problem) -> Reply
    ) -> Route {
        query(path, summary, parameters, schema) { exchange, caller throws(Problem) in
            try await ask(try exchange.id(of: entity), exchange.query, caller, exchange.conditions.minimum)
        }
    }
}
