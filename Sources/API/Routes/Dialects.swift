import Application
import CRM
import FoundationEssentials
import HTTPTypes
import Kernel

// MARK: What is asked in the words of the sources?

extension Routes {
    /// The routes of all dialects: each stands for canonical ones, whose handlers answer.
    func dialects(of canonical: [Route]) -> [Route] {
        Dialect.all.flatMap { dialect in
            dialect.rows.map { row in
                let targets = row.targets.map { target in
                    let path = Self.base + target.path
                    let found = canonical.first { $0.method == target.method && $0.path == path }
                    guard let found else { preconditionFailure("\(dialect.name): no route \(target.method) \(path)") }
                    return Dialect.Bound(target, found, in: dialect)
                }
                return route(row, dialect, targets)
            }
        }
    }

    private func route(_ row: Dialect.Row, _ dialect: Dialect, _ targets: [Dialect.Bound]) -> Route {
        let last = targets[targets.count - 1]
        let handler: Route.Handler =
            switch last.route.handler {
            case .open: last.route.handler
            case .known:
                .known { exchange, caller throws(Problem) in
                    try await answer(dialect, row, targets, exchange, caller)
                }
            case .upload(let receive):
                .upload { exchange, caller, inflow throws(Problem) in
                    try await upload((dialect, last), receive, exchange, caller, inflow)
                }
            }
        var route = Route(
            row.method, dialect.prefix + row.path, last.route.summary,
            parameters: dialect.describe(last.route, last.target), body: dialect.body(row, targets),
            answer: dialect.answer(last.route, last.target), handler: handler)
        route.origin = Route.Origin(dialect: dialect.name, method: last.route.method, path: last.route.path)
        return route
    }

    /// What is said of a file, in the source's words.
    private func upload(
        _ what: (dialect: Dialect, bound: Dialect.Bound), _ receive: Route.Receiving,
        _ exchange: Exchange, _ caller: Caller, _ inflow: Inflow
    ) async throws(Problem) -> @Sendable () async throws(Problem) -> Outcome {
        var inflow = inflow
        @Sendable func translation(_ body: JSON) -> Translation {
            Translation(what.dialect, what.bound, services, exchange.saying(body), caller)
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

    /// What it stands for follows from stages, currencies and records as they are just now. So it is the same as an
    /// earlier one by what the source's client sent, and is looked for before anything else is.
    private func answer(
        _ dialect: Dialect, _ row: Dialect.Row, _ targets: [Dialect.Bound], _ exchange: Exchange, _ caller: Caller
    ) async throws(Problem) -> Outcome {
        var exchange = exchange
        if row.method != .get { exchange.said = exchange.ask(row, of: dialect) }
        let meant = targets.filter { bound in
            bound.target.isMeant { name in
                exchange.body[name]?.string ?? exchange.query.first { $0.name == name }?.value
            }
        }
        let translations = meant.map { Translation(dialect, $0, services, exchange, caller) }
        if let first = translations.first, let outcome = try await answered(first) { return outcome }
        // Where only the log tells of which kind a record is, each is asked until one has it; one that does not know a
        // parameter may not be it, either.
        var (absent, refused): (Problem?, Problem?)
        for translation in translations {
            do throws(Problem) {
                return try await answer(translation, isOnly: translations.count == 1)
            } catch {
                if error.code.hasPrefix("parameter.") {
                    refused = refused ?? error
                } else if let entity = translation.entity, error.code == Problem.absent(entity.name).code {
                    absent = error
                } else {
                    throw error
                }
            }
        }
        throw refused ?? absent ?? .fault
    }

    /// What the same request was answered before.
    private func answered(_ translation: Translation) async throws(Problem) -> Outcome? {
        let exchange = translation.exchange
        guard let said = exchange.said else { return nil }
        let answer = try await services.commands.answered([said], by: translation.caller, key: exchange.conditions.key)
        guard let answer else { return nil }
        let path = translation.entity.map { "\(Self.base)/\($0.plural)" }
        return translation.answer(try Self.outcome(of: answer, below: path))
    }

    /// Again while others change what it was translated by, as long as the client names no version itself.
    private func answer(_ untouched: Translation, isOnly: Bool) async throws(Problem) -> Outcome {
        for _ in 0..<Commands.attempts {
            var translation = untouched
            if translation.target.method != .get { try translation.entity?.permit(translation.caller) }
            let parameters = try await translation.parameters()
            let asked: Translation.Asked?
            do throws(Problem) {
                if !isOnly, translation.isEdit { _ = try await translation.present() }
                asked = try await translation.takesBody ? translation.asked() : nil
            } catch {
                // What it meets may be what it did itself, where it came twice at once.
                if let outcome = try await answered(untouched) { return outcome }
                throw error
            }
            do throws(Problem) {
                return translation.answer(try await carryOut(translation, asked, parameters.map(\.ours)))
            } catch {
                let hasMoved = error.status == 412 && translation.exchange.conditions.match.version == nil
                guard hasMoved, translation.isSettledByRecord else {
                    throw translation.refusal(error, asked: parameters)
                }
            }
        }
        throw .conflict
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
            token: exchange.token, bytes: exchange.bytes, body: asked.map { .object($0.body) } ?? exchange.body,
            said: exchange.said)
        return try await handler(canonical, caller)
    }

    /// An edit, and the acts that it stands for besides, as one unit, on the version by which it was translated.
    private func carryOut(
        _ asked: Translation.Asked, _ translation: Translation, _ entity: any Entity.Type
    ) async throws(Problem) -> Outcome {
        let exchange = translation.exchange
        let id = try exchange.id(of: entity.name)
        let replaces = translation.target.method == .put
        if replaces { try Self.requireMatch(exchange) }
        guard let edit = Exposure.acts(of: entity).first(where: { $0.form == .edits }) else { throw .fault }
        let isEdit = replaces || asked.then.isEmpty || !asked.body.isEmpty
        let version = exchange.conditions.match.version ?? translation.version
        func ask(_ act: String, _ body: JSON, isFirst: Bool, replaces: Bool = false) -> Ask {
            Ask(entity.name, .id(id), act, body, ifMatch: isFirst ? version : nil, replaces: replaces)
        }
        var asks = isEdit ? [ask(edit.name, .object(asked.body), isFirst: true, replaces: replaces)] : []
        for step in asked.then { asks.append(ask(step.act, .object(step.body), isFirst: asks.isEmpty)) }
        let answer = try await services.commands.execute(
            asks, by: translation.caller, key: exchange.conditions.key, comparing: exchange.said.map { [$0] })
        return try Self.outcome(of: answer)
    }
}

extension Exchange {
    /// The request in the source's words, as one command.
    fileprivate func ask(_ row: Dialect.Row, of dialect: Dialect) -> Ask {
        let id = captured["id"].flatMap(UUID.init(text:))
        return Ask(
            dialect.name, id.map { .id($0) } ?? .new, "\(row.method.rawValue) \(row.path)", body,
            ifMatch: conditions.match.version, replaces: row.method == .put)
    }
}
