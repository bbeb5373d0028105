import CRM
import EventLog
import FoundationEssentials
import Kernel
import Vault

/// The commands of one unit on their way: decided one after the other, each on what the ones before it left.
struct UnitPlan: Sendable {
    let asks: [Ask]
    let ids: [UUID]
    let circumstances: Circumstances
    let command: UUID
    /// What is wrong with the state in which it leaves its last record; nil where nothing is.
    var objection: (@Sendable (any Sendable) -> Problem?)?
    private(set) var events: [PlannedEvent] = []
    var results: [Answer.Result] = []
    var taken: [Claimed] = []
    private(set) var released: [Claimed] = []
    private(set) var expected: [UUID: Int32] = [:]
    private(set) var readAt: Position = 0
    /// The streams that it writes, as they are afterwards.
    private(set) var written: [UUID: Loaded] = [:]
    /// Members who were owners and are none any more.
    private(set) var dethroned: Set<UUID> = []
    /// Members who are owners after it.
    private(set) var crowned: Set<UUID> = []

    /// The last command's record, as it is then: what it tells is for a preview only.
    private(set) var last: (entity: any Entity.Type, state: any Sendable)?
    /// What would be.
    var preview: Answer.Preview {
        let events = events.map { event -> JSON in
            ["record": .string(event.stream.text), "type": .string(event.stored.type), "data": event.stored.data]
        }
        return Answer.Preview(record: last.map { $0.entity.told($0.state) } ?? .null, events: .array(events))
    }

    /// What it does about addresses, once it is done.
    var policy = EmailPolicy.reject

    /// A claim with the record that takes or gives it.
    struct Claimed: Sendable {
        let claim: Kernel.Claim
        let stream: UUID
        /// By which of the commands.
        let ask: Int
        /// Taken beside those who have it.
        var isShared = false
    }

    /// Decides all commands on `known`, from the first.
    /// - Returns: streams that must be read first, or none: then it is decided.
    mutating func decide(on known: WorkingSet) throws(Problem) -> [Reference] {
        (events, results, taken, released, expected, written) = ([], [], [], [], [:], [:])
        readAt = known.readAt
        var set = known
        for (ask, named) in zip(asks, ids) {
            let id = standing(ask, named, known)
            guard let entity = CRM.entity(named: ask.entity) else {
                throw Problem("entity.unknown", 404, "There is no entity \(ask.entity).")
            }
            let needed = try decide(ask, id, entity, known, &set)
            guard needed.isEmpty else { return needed }
        }
        if let objection, let last = ids.last.flatMap({ set.streams[$0] }), let problem = objection(last.state) {
            throw problem
        }
        let members = Set(zip(asks, ids).filter { $0.0.entity == Member.name }.map(\.1))
        crowned = members.filter { set.streams[$0].flatMap(Access.role) == .owner }
        dethroned = members.subtracting(crowned).filter { known.streams[$0].flatMap(Access.role) == .owner }
        obeyPolicy(known, set)
        return []
    }

    /// The record that is asked: who names one by its id elsewhere means the one that stands for it now.
    private func standing(_ ask: Ask, _ id: UUID, _ known: WorkingSet) -> UUID {
        switch ask.target {
        case .external: (known.streams[id]?.state as? any Replaceable)?.mergedInto ?? id
        case .new, .id: id
        }
    }

    /// Decides one command: what it asks of other records first, and then its own events.
    private mutating func decide(
        _ ask: Ask, _ id: UUID, _ entity: any Entity.Type, _ known: WorkingSet, _ set: inout WorkingSet
    ) throws(Problem) -> [Reference] {
        let decision: Decision
        switch try entity.attempt(ask, id: id, on: set, circumstances) {
        case .needs(let references): return references
        case .decided(let decided): decision = decided
        }
        let act = "\(ask.entity).\(decision.act)"
        var made: [Answer.Made] = []
        for step in decision.steps {
            guard let other = CRM.entity(named: step.entity) else { throw .fault }
            // What a step makes has a fresh id: there is nothing to read.
            if other.begins(by: step.act), set.streams[step.id] == nil { set.streams[step.id] = other.nothing }
            let part = Ask(
                step.entity, .id(step.id), step.act, .object(step.body), occurredAt: decision.occurredAt)
            switch try Self.attempt(part, step, other, set, circumstances) {
            case .needs(let references): return references
            case .decided(let decided):
                let version = try take(decided, step.entity, by: act, known, &set)
                if decided.isNew { made.append(Answer.Made(entity: step.entity, id: step.id, version: version)) }
            }
        }
        let version = try take(decision, ask.entity, by: act, known, &set)
        last = (entity, decision.state)
        results.append(
            Answer.Result(
                status: decision.isNew ? 201 : 200, id: decision.id, version: version, events: decision.events.count,
                made: made))
        return []
    }

    /// A step is refused in the words of the record that it concerns, at the place of the body that asked for it.
    private static func attempt(
        _ ask: Ask, _ step: Step, _ entity: any Entity.Type, _ set: WorkingSet, _ circumstances: Circumstances
    ) throws(Problem) -> Attempt {
        do { return try entity.attempt(ask, id: step.id, on: set, circumstances) } catch { throw error.at(step.member) }
    }

    /// It holds only as long as this stream does not change, either.
    mutating func rely(on stream: UUID, _ known: WorkingSet) {
        expected[stream] = known.streams[stream]?.version ?? 0
    }

    /// - Returns: the record's version afterwards.
    private mutating func take(
        _ decision: Decision, _ entity: String, by act: String, _ known: WorkingSet, _ set: inout WorkingSet
    ) throws(Problem) -> Int32 {
        guard var loaded = set.streams[decision.id] else { throw .fault }
        for stream in decision.read + [decision.id] { expected[stream] = known.streams[stream]?.version ?? 0 }
        let meta = Metadata.bytes(act: act, circumstances.caller)
        for (event, person) in zip(decision.events, decision.persons) {
            loaded.version += 1
            events.append(
                PlannedEvent(
                    stream: decision.id, version: loaded.version, stored: event,
                    personal: personalNames(of: entity), ofRecord: namesSealedByRecord(of: entity), person: person,
                    meta: meta, occurredAt: decision.occurredAt, index: Int16(clamping: events.count)))
        }
        if !decision.events.isEmpty {
            loaded.state = decision.state
            loaded.last = decision.occurredAt ?? circumstances.now
            set.streams[decision.id] = loaded
            written[decision.id] = loaded
        }
        for claim in decision.taken {
            Self.settle(Claimed(claim: claim, stream: decision.id, ask: results.count), &released, &taken)
        }
        for claim in decision.released {
            Self.settle(Claimed(claim: claim, stream: decision.id, ask: results.count), &taken, &released)
        }
        return loaded.version
    }

    /// What one command of a unit takes and a later one gives back (or the reverse) never happened.
    private static func settle(_ claimed: Claimed, _ opposite: inout [Claimed], _ list: inout [Claimed]) {
        if let index = opposite.firstIndex(where: { $0.claim == claimed.claim && $0.stream == claimed.stream }) {
            opposite.remove(at: index)
        } else {
            list.append(claimed)
        }
    }

    /// The unit to append, its events sealed.
    func unit(_ keys: OrganizationKeys, _ seals: Seals, outcome: Outcome?, lane: Lane) -> Unit {
        let (takes, releases) = claims(keys)
        let caller = circumstances.caller
        return Unit(
            organization: caller.organization,
            drafts: events.map { seals.draft(of: $0, command: command, by: caller) }, expected: expected,
            readAt: readAt, takes: takes, releases: releases, keys: seals.born, outcome: outcome, lane: lane)
    }
}

extension Entity {
    /// The fields of a record in a state of it.
    fileprivate static func told(_ state: any Sendable) -> JSON {
        .object(((state as? State).flatMap(record) ?? Record()).values)
    }
}

/// What every event says beside its columns. Closed and hashed: members in this order, absent when empty (DESIGN §3).
enum Metadata {
    static func bytes(act: String, _ caller: Caller) -> [UInt8] {
        let members: [(String, JSON?)] = [
            ("act", .string(act)), ("actor_kind", .string(caller.kind.rawValue)),
            ("channel", .string(caller.channel.rawValue)), ("cause", caller.cause.map { .integer($0) }),
            ("correlation", caller.correlation.map { .string($0) }), ("request", .string(caller.request)),
            ("import", caller.importing.map { .string($0.text) }),
        ]
        var out: [UInt8] = [UInt8(ascii: "{")]
        for (name, value) in members {
            guard let value else { continue }
            if out.count > 1 { out.append(UInt8(ascii: ",")) }
            JSON.write(name, to: &out)
            out.append(UInt8(ascii: ":"))
            value.write(to: &out)
        }
        out.append(UInt8(ascii: "}"))
        return out
    }
}
