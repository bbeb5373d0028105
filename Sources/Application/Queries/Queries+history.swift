import EventLog
public import FoundationEssentials
import Kernel
import Postgres

extension Queries {
    /// The events of a record, from the first on, each with what it changed of the record's fields:
    /// `{"items":[…],"next":…,"position":…}`. Parameters: `limit` (1 to 200, 100 where not given), `cursor`.
    /// - Throws: `<entity>.not_found` where it is not there or not the caller's.
    public func history(_ entity: String, _ id: UUID, _ parameters: [Parameter], by caller: Caller)
        async throws(Problem) -> Reply
    {
        let entity = try self.entity(entity)
        let request = try HistoryRequest(parameters)
        let statement = Statement(SQL.history) {
            $0.uuid(caller.organization)
            $0.uuid(id)
            $0.bigint(request.after + Int64(request.limit) + 1)
        }
        let question = Question(organization: caller.organization, projections: [], statements: [statement])
        let answer = try await ask(question, on: lists)
        let events = try reading { try answer.results[0].events() }
        let opening = try await surroundings.opening(caller.organization, events)
        let showsOrigin = caller.role == .owner || caller.role == .auditor
        return try reading {
            guard let first = events.first, first.type.hasPrefix("\(entity.name).") else {
                throw Problem.absent(entity.name)
            }
            var document = Document()
            document += "{\"items\":["
            var story = telling(entity)
            var isFirst = true
            for event in events.prefix(Int(request.after) + request.limit) {
                let stored = try opening.stored(event)
                let changes = story.changes(of: stored)
                guard event.version > request.after else { continue }
                if !isFirst { document += "," }
                isFirst = false
                let origin = showsOrigin ? try opening.origin(event) : nil
                try document.append(event, stored, changes, from: origin)
            }
            let last = request.after + Int64(request.limit)
            document += "],\"next\":" + (Int64(events.count) > last ? "\"\(last)\"" : "null")
            document.end(answer)
            return Reply(body: document.bytes, position: answer.position)
        }
    }
}

/// Which part of a history is asked for.
private struct HistoryRequest {
    var limit = 100
    /// The version of the last event of the page before.
    var after: Int64 = 0

    init(_ parameters: [Parameter]) throws(Problem) {
        try ListRequest.refuseDoubles(parameters)
        for parameter in parameters {
            switch parameter.name {
            case "limit":
                guard let number = Int(parameter.value), (1...200).contains(number) else {
                    throw .parameter("limit", "limit is a number from 1 to 200.")
                }
                limit = number
            case "cursor":
                guard let version = Int64(parameter.value), (1...1_000_000).contains(version) else {
                    throw .badCursor("It is not one that a history gave.")
                }
                after = version
            case _: throw .unknownParameter(parameter.name, known: ["limit", "cursor"])
            }
        }
    }
}

private func telling<E: Entity>(_: E.Type) -> any Telling { Story<E>() }

/// A record as its events go by.
private protocol Telling {
    /// What the event changed of the fields: `[{"field":"amount","from":…,"to":…}]`; nil for the first event, which
    /// tells all itself, and for one that this version does not understand.
    mutating func changes(of stored: Stored) -> JSON?
}

private struct Story<E: Entity>: Telling {
    private var state = E.initial

    mutating func changes(of stored: Stored) -> JSON? {
        guard let event = try? stored.decode(E.Event.self) else { return nil }
        let before = E.record(state)
        E.evolve(&state, event)
        guard let before, let after = E.record(state) else { return nil }
        var changes: [JSON] = []
        for name in Set(before.values.keys).union(after.values.keys).sorted() {
            changes += Story.changes(of: name, from: before[name], to: after[name])
        }
        return .array(changes)
    }

    /// One change, or one for each member of a map: `custom.segment`.
    private static func changes(of name: String, from: JSON?, to: JSON?) -> [JSON] {
        guard from != to else { return [] }
        if (E.fields + E.aside).contains(where: { $0.name == name && $0.isMap }) {
            let (old, new) = (from?.object ?? [:], to?.object ?? [:])
            return Set(old.keys).union(new.keys).sorted().filter { old[$0] != new[$0] }
                .map { change(of: "\(name).\($0)", from: old[$0], to: new[$0]) }
        }
        return [change(of: name, from: from, to: to)]
    }
    private static func change(of name: String, from: JSON?, to: JSON?) -> JSON {
        ["field": .string(name), "from": from ?? .null, "to": to ?? .null]
    }
}

extension Document {
    /// An event as a history shows it: in its newest shape, and where the log holds an older one, which.
    fileprivate mutating func append(
        _ event: RecordedEvent, _ newest: Stored, _ changes: JSON?, from origin: JSON?
    ) throws {
        let meta = try JSON(parsing: event.meta)
        self += "{\"position\":\(event.position),\"version\":\(event.version),\"type\":\"\(newest.type)\""
        self += ",\"schema\":\(newest.schema)"
        let stored = "\(event.type)@\(event.schema)"
        if newest.name != stored { self += ",\"stored\":\"\(stored)\"" }
        self += ",\"occurred_at\":\"\(event.occurredAt.text)\""
        self += ",\"recorded_at\":\"\(event.recordedAt.text)\""
        self += ",\"actor\":\"\(event.actor.text)\",\"command\":\"\(event.command.text)\""
        let told = [
            "actor_kind", "behalf", "act", "channel", "cause", "correlation", "request", "import", "reason_code",
        ]
        for name in told {
            guard let value = meta[name] else { continue }
            self += ",\"\(name)\":"
            self += value.bytes
        }
        if let origin {
            self += ",\"origin\":"
            self += origin.bytes
        }
        self += ",\"data\":"
        self += newest.data.bytes
        if let changes {
            self += ",\"changes\":"
            self += changes.bytes
        }
        self += "}"
    }
}
