import Application
import CRM
import FoundationEssentials
import HTTPTypes
import Kernel

// MARK: What if there are many commands?

extension Routes {
    /// `/commands`: each command is a unit of its own with its own result, or, `atomic`, all of them are one.
    var batches: [Route] {
        [
            Route(
                .post, "\(Self.base)/commands",
                "Carry out many commands: each by itself, or all as one unit where atomic is true.",
                body: .document(Schema.batch, limit: Limits.body), answer: .json(Schema.results, position: true),
                handler: .known { exchange, caller throws(Problem) in
                    let batch = try Batch(exchange.body, services.entities, caller)
                    return try await batch.isAtomic
                        ? whole(batch, exchange, caller) : single(batch, exchange, caller)
                })
        ]
    }

    private func whole(_ batch: Batch, _ exchange: Exchange, _ caller: Caller) async throws(Problem) -> Outcome {
        let answer = try await services.commands.execute(
            batch.commands.map(\.ask), by: caller, key: exchange.conditions.key)
        let results = answer.results.map { Self.result($0, answer.position) }
        return Outcome(["results": .array(results)], position: answer.position)
    }

    /// One after the other, since a later command may build on an earlier one.
    private func single(_ batch: Batch, _ exchange: Exchange, _ caller: Caller) async throws(Problem) -> Outcome {
        var results: [JSON] = []
        var position: PositionToken?
        for (index, command) in batch.commands.enumerated() {
            // A repeated batch repeats each of its commands.
            let key = command.key ?? exchange.conditions.key.map { "\($0)/\(index)" }
            do {
                let answer = try await services.commands.execute(
                    [command.ask], by: caller, key: key)
                position = answer.position
                results += answer.results.map { Self.result($0, answer.position) }
            } catch {
                results.append(error.json(request: exchange.id))
            }
        }
        return Outcome(["results": .array(results)], position: position)
    }

    private static func result(_ result: Answer.Result, _ position: PositionToken) -> JSON {
        var members = body(of: result, position).object ?? [:]
        members["status"] = .integer(Int64(result.status))
        return .object(members)
    }
}

/// A body of `/commands`, read strictly.
struct Batch {
    struct Command {
        let ask: Ask
        let key: String?
    }
    let isAtomic: Bool
    let commands: [Command]

    /// - Throws: `body.invalid` with the place of every flaw; then nothing is carried out.
    init(_ json: JSON, _ entities: [any Entity.Type], _ caller: Caller) throws(Problem) {
        var flaws: [Flaw] = []
        guard case .object(let object) = json else {
            throw .invalid([Flaw("", "wrong_type", "an object is expected, not \(json.kind)")])
        }
        for name in object.keys where name != "atomic" && name != "commands" {
            flaws.append(Flaw("/\(Pointer.escape(name))", "unknown_member", "known are atomic, commands"))
        }
        let atomic = object["atomic"] ?? false
        if atomic.bool == nil { flaws.append(Flaw("/atomic", "wrong_type", "true or false is expected")) }
        isAtomic = atomic.bool ?? false
        guard let items = object["commands"]?.array, (1...Limits.commands).contains(items.count) else {
            throw .invalid(flaws + [Flaw("/commands", "out_of_range", "an array of 1 to \(Limits.commands) commands")])
        }
        let reader = BatchReader(entities: entities, caller: caller, isAtomic: isAtomic)
        commands = items.enumerated().compactMap { reader.command($1, at: "/commands/\($0)", flaws: &flaws) }
        guard flaws.isEmpty else { throw .invalid(flaws) }
    }
}

/// Reads one command of a batch.
private struct BatchReader {
    let entities: [any Entity.Type]
    let caller: Caller
    let isAtomic: Bool

    private static let members = [
        Field("entity", .text(60)).required(), Field("command", .text(60)).required(), Field("id", .id),
        Field("external", .object([Field("source", .text(60)).required(), Field("id", .text(200)).required()])),
        Field("occurred_at", .instant), Field("key", .text(200)), Field("if_match", .integer(1...Int64(Int32.max))),
    ]

    func command(_ json: JSON, at place: String, flaws: inout [Flaw]) -> Batch.Command? {
        guard case .object(var object) = json else {
            flaws.append(Flaw(place, "wrong_type", "an object is expected, not \(json.kind)"))
            return nil
        }
        let before = flaws.count
        let body = object.removeValue(forKey: "body") ?? [:]
        let read = Body(Self.members.normal(object, at: place, partial: false, flaws: &flaws))
        guard flaws.count == before else { return nil }
        if let key = read.text("key") {
            if isAtomic {
                flaws.append(Flaw("\(place)/key", "not_allowed", "an atomic batch has one key: send Idempotency-Key"))
            } else if !Conditions.isKey(key) {
                flaws.append(Flaw("\(place)/key", "malformed", "1 to 200 visible ASCII characters"))
            }
        }
        guard let entity = entities.first(where: { $0.name == read.text("entity") }) else {
            flaws.append(Flaw("\(place)/entity", "not_allowed", "there is no such entity"))
            return nil
        }
        guard let act = Exposure.acts(of: entity).first(where: { $0.name == read.text("command") }) else {
            let names = Exposure.acts(of: entity).map(\.name).joined(separator: ", ")
            flaws.append(Flaw("\(place)/command", "not_allowed", "\(entity.name) has \(names)"))
            return nil
        }
        guard let target = target(read, body, entity, act, at: place, flaws: &flaws), flaws.count == before else {
            return nil
        }
        let ask = Ask(
            entity.name, target, act.name, body, occurredAt: read.text("occurred_at").flatMap { Instant($0) },
            ifMatch: read.integer("if_match").map { Int32($0) })
        return Batch.Command(ask: ask, key: read.text("key"))
    }

    /// Which record is meant. The organization is the caller's, a definition of fields belongs to its entity.
    private func target(
        _ read: Body, _ body: JSON, _ entity: any Entity.Type, _ act: Exposure.Act, at place: String,
        flaws: inout [Flaw]
    ) -> Ask.Target? {
        let external = read.values["external"].flatMap { json -> Ask.Target? in
            guard let source = json["source"]?.string, let id = json["id"]?.string else { return nil }
            return .external(source: source, id: id)
        }
        let given = read.id("id").map(Ask.Target.id)
        func flaw(_ member: String, _ code: String, _ detail: String) -> Ask.Target? {
            flaws.append(Flaw("\(place)/\(member)", code, detail))
            return nil
        }
        if given != nil, external != nil { return flaw("external", "not_allowed", "give id or external, not both") }
        if entity.name == Organization.name {
            guard external == nil, given == nil || given == .id(caller.organization) else {
                return flaw("id", "not_allowed", "only the caller's own organization can be meant; leave it out")
            }
            return .id(caller.organization)
        }
        if entity.name == FieldSet.name {
            guard given == nil, external == nil else { return flaw("id", "not_allowed", "body.entity says which") }
            guard let name = body["entity"]?.string else {
                return flaw("body/entity", "required", "entity must be given")
            }
            return .id(FieldSet.id(of: name.lowercased()))
        }
        switch (act.form, given, external) {
        case (.creates, nil, let external): return external ?? .new
        case (.creates, _?, _): return flaw("id", "not_allowed", "a new record gets its id; use external to choose one")
        case (_, let id?, _): return id
        case (_, nil, let external?): return external
        case (_, nil, nil): return flaw("id", "required", "say which record by id or external")
        }
    }
}
