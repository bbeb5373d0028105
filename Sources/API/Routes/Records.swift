import Application
import CRM
import FoundationEssentials
import HTTPTypes
import Kernel

// MARK: What can be asked of every entity?

extension Routes {
    /// The routes of one entity: its list, its records, their history, and what it can be asked to do. The organization
    /// and the definitions of custom fields have paths of their own.
    func records(of entity: any Entity.Type) -> [Route] {
        guard Exposure.isCollection(entity) else { return [] }
        return queries(of: entity) + Exposure.acts(of: entity).flatMap { routes(of: $0, entity) }
    }

    private func queries(of entity: any Entity.Type) -> [Route] {
        let (name, plural) = (entity.name, entity.plural)
        let words = plural.replacing("_", with: " ")
        return [
            Self.query("/\(plural)", "Lists \(words).", .grammar(Describing.listing), Schema.page(of: entity)) {
                [queries = services.queries] exchange, caller throws(Problem) in
                try await queries.list(name, exchange.query, by: caller, min: exchange.conditions.minimum)
            },
            export(of: entity),
            one(of: entity),
            Self.query(
                "/\(plural)/{id}/timeline", "What happened with one of the \(words), newest first.",
                .only(Describing.paging), ["type": "object"]
            ) { [queries = services.queries] exchange, caller throws(Problem) in
                let id = try exchange.id(of: name)
                return try await queries.timeline(
                    name, id, exchange.query, by: caller, min: exchange.conditions.minimum)
            },
            Self.query(
                "/\(plural)/{id}/history", "The events of one of the \(words), with what each changed.",
                .only(Describing.paging),
                ["type": "object"]
            ) { [queries = services.queries] exchange, caller throws(Problem) in
                let id = try exchange.id(of: name)
                return try await queries.history(name, id, exchange.query, by: caller)
            },
        ]
    }

    /// A record's document. Where another stands for it, that one's, and `Content-Location` says so.
    private func one(of entity: any Entity.Type) -> Route {
        let (name, path) = (entity.name, "\(Self.base)/\(entity.plural)")
        return Route(
            .get, "\(path)/{id}", "One of the \(entity.plural.replacing("_", with: " ")).",
            parameters: .only(Describing.record), answer: .json(Schema.reference(entity), position: true),
            handler: .known { [queries = services.queries] exchange, caller throws(Problem) in
                let id = try exchange.id(of: name)
                let reply = try await queries.record(
                    name, id, exchange.query, by: caller, min: exchange.conditions.minimum)
                var outcome = Self.pass(reply)
                outcome.contentLocation = reply.winner.map { "\(path)/\($0.text)" }
                return outcome
            })
    }

    private func export(of entity: any Entity.Type) -> Route {
        let words = entity.plural.replacing("_", with: " ")
        return Route(
            .get, "\(Self.base)/\(entity.plural)/export", "All \(words) that a list would show, as a file.",
            parameters: .grammar(Describing.exporting),
            answer: .rows(["text/csv", "application/jsonl", "application/yaml"]),
            handler: .known { [queries = services.queries] exchange, caller throws(Problem) in
                let export = try await queries.export(
                    entity.name, exchange.query, by: caller, min: exchange.conditions.minimum)
                var outcome = Outcome(body: [], position: export.position)
                (outcome.contentType, outcome.fileName) = (export.contentType, export.fileName)
                outcome.pieces = { send in try await export.write(send) }
                return outcome
            })
    }

    private func routes(of act: Exposure.Act, _ entity: any Entity.Type) -> [Route] {
        let record = "\(Self.base)/\(entity.plural)/{id}"
        switch act.form {
        case .creates:
            // What a record can also begin with has a path of its own; ids are UUIDs, so that it hides none.
            let isFirst = Exposure.acts(of: entity).first { $0.form == .creates }?.name == act.name
            return [creating(act, entity, at: isFirst ? "" : "/\(act.name)")]
        case .edits:
            let patch = Route(
                .patch, record, act.summary, body: .patch(act.takes), answer: .command(200),
                handler: .known { exchange, caller throws(Problem) in
                    try await carryOut(act.name, of: entity, exchange, caller)
                })
            let put = Route(
                .put, record, "\(act.summary). What is not given is cleared. Needs If-Match.",
                body: .members(act.takes, optional: false), answer: .command(200),
                handler: .known { exchange, caller throws(Problem) in
                    try await replace(act.name, of: entity, exchange, caller)
                })
            return [patch, put]
        case .archives:
            return [
                verb(.delete, record, act, entity),
                verb(.post, "\(record)/\(act.name)", act, entity),
            ]
        case .verb:
            return [verb(.post, "\(record)/\(act.name)", act, entity)]
        }
    }

    private func creating(_ act: Exposure.Act, _ entity: any Entity.Type, at segment: String) -> Route {
        let path = "\(Self.base)/\(entity.plural)"
        return Route(
            .post, path + segment, act.summary, body: .members(act.takes, optional: false), answer: .command(201),
            handler: .known { exchange, caller throws(Problem) in
                let ask = Ask(entity.name, .new, act.name, exchange.body, ifMatch: exchange.conditions.match.version)
                return try await carryOut(ask, exchange, caller, below: path)
            })
    }

    private func verb(
        _ method: HTTPRequest.Method, _ path: String, _ act: Exposure.Act, _ entity: any Entity.Type
    ) -> Route {
        let isBare = !act.takes.contains(where: \.isRequired)
        return Route(
            method, path, act.summary, parameters: .only(Merging.acts.contains(act.name) ? [Self.dryRun] : []),
            body: .members(act.takes, optional: isBare), answer: .command(200),
            handler: .known { exchange, caller throws(Problem) in
                try await carryOut(act.name, of: entity, exchange, caller)
            })
    }

    private func carryOut(
        _ act: String, of entity: any Entity.Type, _ exchange: Exchange, _ caller: Caller
    ) async throws(Problem) -> Outcome {
        let id = try exchange.id(of: entity.name)
        let version = exchange.conditions.match.version
        return try await carryOut(Ask(entity.name, .id(id), act, exchange.body, ifMatch: version), exchange, caller)
    }

    private func replace(
        _ act: String, of entity: any Entity.Type, _ exchange: Exchange, _ caller: Caller
    ) async throws(Problem) -> Outcome {
        let id = try exchange.id(of: entity.name)
        try Self.requireMatch(exchange)
        let version = exchange.conditions.match.version
        let ask = Ask(entity.name, .id(id), act, exchange.body, ifMatch: version, replaces: true)
        return try await carryOut(ask, exchange, caller)
    }

    /// Refuses a replacement of what the client may not have seen.
    static func requireMatch(_ exchange: Exchange) throws(Problem) {
        guard exchange.conditions.match != .unsaid else {
            throw Problem(
                "precondition.required", 428,
                "PUT replaces the whole record: say with If-Match which version you have seen, or *.")
        }
    }
}
