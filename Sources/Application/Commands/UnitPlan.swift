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
    private(set) var drafts: [Draft] = []
    private(set) var results: [Answer.Result] = []
    private(set) var taken: [Claimed] = []
    private(set) var released: [Claimed] = []
    private(set) var expected: [UUID: Int32] = [:]
    private(set) var readAt: Position = 0

    /// A claim with the record that takes or gives it.
    struct Claimed: Sendable, Hashable {
        let claim: Kernel.Claim
        let stream: UUID
    }

    /// Decides all commands on `known`, from the first.
    /// - Returns: streams that must be read first, or none: then it is decided.
    mutating func decide(on known: WorkingSet) throws(Problem) -> [Reference] {
        (drafts, results, taken, released, expected) = ([], [], [], [], [:])
        readAt = known.readAt
        var set = known
        for (ask, id) in zip(asks, ids) {
            guard let entity = CRM.entity(named: ask.entity) else {
                throw Problem("entity.unknown", 404, "There is no entity \(ask.entity).")
            }
            switch try entity.attempt(ask, id: id, on: set, circumstances) {
            case .needs(let references): return references
            case .decided(let decision): try take(decision, of: ask, known, &set)
            }
        }
        return []
    }

    private mutating func take(
        _ decision: Decision, of ask: Ask, _ known: WorkingSet, _ set: inout WorkingSet
    ) throws(Problem) {
        guard var loaded = set.streams[decision.id] else { throw .fault }
        for stream in decision.read + [decision.id] { expected[stream] = known.streams[stream]?.version ?? 0 }
        let meta = Metadata.bytes(act: "\(ask.entity).\(decision.act)", circumstances.caller)
        for event in decision.events {
            loaded.version += 1
            drafts.append(
                Draft(
                    stream: decision.id, version: loaded.version, type: event.type, schema: event.schema,
                    data: event.data.bytes, meta: meta, occurredAt: ask.occurredAt, actor: circumstances.caller.actor,
                    command: command, index: Int16(clamping: drafts.count)))
        }
        if !decision.events.isEmpty {
            loaded.state = decision.state
            loaded.last = ask.occurredAt ?? circumstances.now
            set.streams[decision.id] = loaded
        }
        for claim in decision.taken { Self.settle(Claimed(claim: claim, stream: decision.id), &released, &taken) }
        for claim in decision.released { Self.settle(Claimed(claim: claim, stream: decision.id), &taken, &released) }
        let made = decision.isNew ? 201 : 200
        results.append(
            Answer.Result(status: made, id: decision.id, version: loaded.version, events: decision.events.count))
    }

    /// What one command of a unit takes and a later one gives back (or the reverse) never happened.
    private static func settle(_ claimed: Claimed, _ opposite: inout [Claimed], _ list: inout [Claimed]) {
        if let index = opposite.firstIndex(of: claimed) { opposite.remove(at: index) } else { list.append(claimed) }
    }

    /// The unit to append.
    func unit(_ keys: OrganizationKeys, outcome: Outcome?, lane: Lane) -> Unit {
        func digests(_ list: [Claimed]) -> [EventLog.Claim] {
            list.map {
                let digest = keys.claimDigest(scope: $0.claim.scope, value: $0.claim.value)
                return EventLog.Claim(scope: $0.claim.scope, digest: digest, stream: $0.stream)
            }
        }
        return Unit(
            organization: circumstances.caller.organization, drafts: drafts, expected: expected, readAt: readAt,
            takes: digests(taken), releases: digests(released), outcome: outcome, lane: lane)
    }
}

/// What every event says beside its columns. Closed and hashed: members in this order, absent when empty (DESIGN §3).
enum Metadata {
    static func bytes(act: String, _ caller: Caller) -> [UInt8] {
        let members = [
            ("act", act), ("actor_kind", caller.kind.rawValue), ("channel", caller.channel.rawValue),
            ("request", caller.request),
        ]
        var out: [UInt8] = [UInt8(ascii: "{")]
        for (index, (name, value)) in members.enumerated() {
            if index > 0 { out.append(UInt8(ascii: ",")) }
            JSON.write(name, to: &out)
            out.append(UInt8(ascii: ":"))
            JSON.write(value, to: &out)
        }
        out.append(UInt8(ascii: "}"))
        return out
    }
}
