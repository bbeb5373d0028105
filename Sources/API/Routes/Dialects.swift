import Application
import CRM
import HTTPTypes
import Kernel

// MARK: What is asked in the words of the sources?

extension Routes {
    /// The routes of all dialects: each stands for canonical ones, whose handlers answer.
    func dialects(of canonical: [Route]) -> [Route] {
        Dialect.all.flatMap { dialect in
            dialect.rows.map { row in
                let targets = row.targets.map { target -> (Dialect.Target, Route) in
                    let path = Self.base + target.path
                    let found = canonical.first { $0.method == target.method && $0.path == path }
                    guard let found else { preconditionFailure("\(dialect.name): no route \(target.method) \(path)") }
                    return (target, found)
                }
                return route(row, dialect, targets)
            }
        }
    }

    private func route(_ row: Dialect.Row, _ dialect: Dialect, _ targets: [(Dialect.Target, Route)]) -> Route {
        let (target, first) = targets[targets.count - 1]
        let handler: Route.Handler =
            switch first.handler {
            case .open: first.handler
            case .known:
                .known { exchange, caller throws(Problem) in
                    try await answer(dialect, targets, exchange, caller)
                }
            case .upload(let receive):
                .upload { exchange, caller, inflow throws(Problem) in
                    try await upload((dialect, target, first), receive, exchange, caller, inflow)
                }
            }
        var route = Route(
            row.method, dialect.prefix + row.path, first.summary, parameters: dialect.describe(first, target),
            body: dialect.body(row, targets), answer: dialect.answer(first, target), handler: handler)
        route.origin = Route.Origin(dialect: dialect.name, method: first.method, path: first.path)
        return route
    }

    /// What is said of a file, in the source's words.
    private func upload(
        _ what: (dialect: Dialect, target: Dialect.Target, route: Route), _ receive: Route.Receiving,
        _ exchange: Exchange, _ caller: Caller, _ inflow: Inflow
    ) async throws(Problem) -> @Sendable () async throws(Problem) -> Outcome {
        var inflow = inflow
        @Sendable func translation(_ body: JSON) -> Translation {
            Translation(what.dialect, what.target, what.route, services, exchange.saying(body), caller)
        }
        inflow.translate = { body throws(Problem) in
            var asked = translation(body)
            return .object(try await asked.asked().body)
        }
        let finish = try await receive(exchange, caller, inflow)
        return { () throws(Problem) in
            let answered = translation([:])
            do throws(Problem) { return answered.answer(try await finish()) } catch {
                throw answered.refusal(error, asked: [])
            }
        }
    }

    // MARK: How is one answered?

    private func answer(
        _ dialect: Dialect, _ targets: [(Dialect.Target, Route)], _ exchange: Exchange, _ caller: Caller
    ) async throws(Problem) -> Outcome {
        var translation = try await translation(dialect, targets, exchange, caller)
        let parameters = try await translation.parameters()
        let asked = try await translation.takesBody ? translation.asked() : nil
        do throws(Problem) {
            return translation.answer(try await carryOut(translation, asked, parameters))
        } catch { throw translation.refusal(error, asked: parameters) }
    }

    /// The target that is meant: by what the request says, and by the kind of the record that it names.
    private func translation(
        _ dialect: Dialect, _ targets: [(Dialect.Target, Route)], _ exchange: Exchange, _ caller: Caller
    ) async throws(Problem) -> Translation {
        let meant = targets.filter { target, _ in
            target.isMeant { name in
                exchange.body[name]?.string ?? exchange.query.first { $0.name == name }?.value
            }
        }
        var last: Problem?
        for (target, route) in meant {
            var translation = Translation(dialect, target, route, services, exchange, caller)
            guard meant.count > 1, target.path.contains("{id}") else { return translation }
            do throws(Problem) {
                _ = try await translation.present()
                return translation
            } catch {
                guard error.status == 404 else { throw error }
                last = error
            }
        }
        throw last ?? .fault
    }

    private func carryOut(
        _ translation: Translation, _ asked: Translation.Asked?, _ parameters: [Parameter]
    ) async throws(Problem) -> Outcome {
        let (exchange, caller) = (translation.exchange, translation.caller)
        if let asked, translation.isSettledByRecord, let entity = translation.entity {
            return try await carryOut(asked, translation, entity)
        }
        guard case .known(let handler) = translation.route.handler else { throw .fault }
        let canonical = Exchange(
            id: exchange.id, captured: exchange.captured, query: parameters, conditions: exchange.conditions,
            token: exchange.token, bytes: exchange.bytes, body: asked.map { .object($0.body) } ?? exchange.body)
        return try await handler(canonical, caller)
    }

    /// An edit, and the acts that it stands for besides, as one unit.
    private func carryOut(
        _ asked: Translation.Asked, _ translation: Translation, _ entity: any Entity.Type
    ) async throws(Problem) -> Outcome {
        let exchange = translation.exchange
        let id = try exchange.id(of: entity.name)
        let replaces = translation.target.method == .put
        if replaces { try Self.requireMatch(exchange) }
        guard let edit = Exposure.acts(of: entity).first(where: { $0.form == .edits }) else { throw .fault }
        let isEdit = replaces || asked.then.isEmpty || !asked.body.isEmpty
        let version = exchange.conditions.match.version
        func ask(_ act: String, _ body: JSON, isFirst: Bool, replaces: Bool = false) -> Ask {
            Ask(entity.name, .id(id), act, body, ifMatch: isFirst ? version : nil, replaces: replaces)
        }
        var asks = isEdit ? [ask(edit.name, .object(asked.body), isFirst: true, replaces: replaces)] : []
        for step in asked.then { asks.append(ask(step.act, .object(step.body), isFirst: asks.isEmpty)) }
        // A repeated request is the same although the record has changed, by itself or otherwise.
        let request = ask(edit.name, exchange.body, isFirst: true, replaces: replaces)
        let answer = try await services.commands.execute(
            asks, by: translation.caller, key: exchange.conditions.key, comparing: [request])
        guard let result = answer.results.last else { throw .fault }
        var outcome = Outcome(Self.body(of: result, answer.position), position: answer.position)
        outcome.version = result.version
        return outcome
    }
}
