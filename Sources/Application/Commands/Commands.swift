import CRM
import EventLog
import FoundationEssentials
import Kernel
import Postgres
import Synchronization
import Vault

/// Carries out commands: authorise, load, decide, append. What is decided is the entities' business; what is stored is
/// the log's; this is the way between them.
public final class Commands: Sendable {
    let reader: LogReader
    let appender: Appender
    let keyring: Keyring
    let persons: PersonKeys
    /// As `daybook_worker`.
    let database: PipelinedConnection
    let upcasts: Upcasts
    let clock: @Sendable () -> Instant
    let running = RunningKeys()
    let reads = Rounds<UUID, [Reference], FoldedStreams>(limit: 64)
    let lookups = Rounds<UUID, OutcomeKey, [OutcomeKey: StoredOutcome]>(limit: 256)
    let settled = SettledStreams()
    let written = WrittenStreams()
    /// Told of what a unit wrote, after its commit.
    private let listeners = Mutex<[@Sendable (UUID, [Draft]) -> Void]>([])

    /// - Parameters:
    ///   - database: a connection as `daybook_worker`, who sees which members have a password.
    ///   - upcasts: what became of older shapes of events.
    ///   - clock: the time at which a request is handled.
    public init(
        reader: LogReader, appender: Appender, keyring: Keyring, persons: PersonKeys, database: PipelinedConnection,
        upcasts: Upcasts, clock: @escaping @Sendable () -> Instant
    ) {
        (self.reader, self.appender, self.keyring, self.persons) = (reader, appender, keyring, persons)
        (self.database, self.upcasts, self.clock) = (database, upcasts, clock)
    }

    /// Tells `listener` what each unit of this process wrote, sealed as it is, with its organization, after the commit.
    /// It must not wait.
    public func onCommit(_ listener: @escaping @Sendable (UUID, [Draft]) -> Void) {
        listeners.withLock { $0.append(listener) }
    }

    /// How often a unit is decided again because a stream that it read has moved.
    public static let attempts = 5

    /// Carries out `asks` as one unit: all or nothing.
    /// - Parameters:
    ///   - filings: files whose commands are among them.
    ///   - key: the Idempotency-Key; under the same key the same request gets the first answer.
    ///   - request: by what a request is the same, where that is not `asks`.
    /// - Throws: a problem; nothing is written then.
    public func execute(
        _ asks: [Ask], filing filings: [Attachments.Filing] = [], by caller: Caller, key: String? = nil,
        comparing request: [Ask]? = nil, lane: Lane = .interactive, dryRun: Bool = false
    ) async throws(Problem) -> Answer {
        let keys = try await organizationKeys(of: caller.organization)
        guard let key else {
            return try await settle(
                named(asks, keys, caller.organization), filing: filings, by: caller, command: fresh(), keys,
                repeatable: nil, lane: lane, dryRun: dryRun)
        }
        let repeatable = Repeatable(key: key, asks: request ?? filings.anew(asks), caller: caller, keys: keys)
        if let answer = try await earlier(repeatable, caller.organization) { return answer }
        let command = keys.commandID(actor: caller.actor, idempotencyKey: key)
        return try await running.once(repeatable.digest) { () throws(Problem) in
            try await settle(
                named(asks, keys, caller.organization), filing: filings, by: caller, command: command, keys,
                repeatable: repeatable, lane: lane, dryRun: dryRun)
        }
    }

    /// Decides and appends, again while others are faster.
    func settle(
        _ asks: [Ask], filing filings: [Attachments.Filing] = [], by caller: Caller, command: UUID,
        _ keys: OrganizationKeys, repeatable: Repeatable?, lane: Lane, dryRun: Bool
    ) async throws(Problem) -> Answer {
        let circumstances = Circumstances(caller: caller, now: clock(), minted: filings.keys, fresh: fresh)
        let ids = try targets(asks, keys)
        var mayRecall = !dryRun
        for _ in 0..<Self.attempts {
            var plan = UnitPlan(asks: asks, ids: ids, circumstances: circumstances, command: command)
            var known = WorkingSet(readAt: .max)
            if mayRecall {
                let likely = plan.likely(caller.organization).map(\.id)
                settled.recall(likely, of: caller.organization, into: &known)
                written.recall(ids, of: caller.organization, into: &known)
            }
            mayRecall = false
            do throws(Problem) {
                try await decide(&plan, &known, caller.organization)
                try await share(&plan, keys)
            } catch {
                // What was remembered may be why.
                if !known.recalled.isEmpty { continue }
                switch try await standing(error, repeatable, known, caller.organization) {
                case .refused: throw try await explained(error, asks, ids, caller.organization)
                case .answered(let answer): return answer
                case .moved: continue
                }
            }
            if dryRun {
                let position = PositionToken(position: plan.readAt, hash: nil)
                return Answer(results: plan.results, position: position, preview: plan.preview)
            }
            // Nothing is written, so that nothing would compare what was remembered.
            if plan.events.isEmpty, !known.recalled.isEmpty { continue }
            switch try await append(plan, keys, repeatable, lane) {
            case .done(let answer):
                settled.keep(known, of: caller.organization)
                settled.confirm(
                    plan.expected, except: plan.events.map(\.stream), of: caller.organization,
                    at: answer.position.position)
                return answer
            case .moved:
                settled.forget(caller.organization)
                written.forget(ids, of: caller.organization)
            }
        }
        throw .conflict
    }

    /// Reads what deciding asks for until it asks for nothing more.
    func decide(_ plan: inout UnitPlan, _ known: inout WorkingSet, _ organization: UUID) async throws(Problem) {
        if known.streams.count == known.recalled.count {
            for (id, nothing) in plan.born { known.streams[id] = nothing }
            let rest = plan.likely(organization).filter { known.streams[$0.id] == nil }
            if !rest.isEmpty { try await load(rest, into: &known, organization) }
        }
        while true {
            let needed = try plan.decide(on: known)
            if needed.isEmpty {
                for id in known.recalled { plan.rely(on: id, known) }
                return try await leaveAnOwner(&plan, &known, organization)
            }
            try await load(needed, into: &known, organization)
        }
    }

    enum Appended {
        case done(Answer)
        case moved
    }

    func append(
        _ plan: UnitPlan, _ keys: OrganizationKeys, _ repeatable: Repeatable?, _ lane: Lane, turn: Turns.Turn? = nil
    ) async throws(Problem) -> Appended {
        let outcome = repeatable?.outcome(of: plan.results)
        if plan.events.isEmpty && outcome == nil {
            let head = try await head(of: plan.circumstances.caller.organization)
            return .done(Answer(results: plan.results, position: head))
        }
        let seals = try await seals(for: plan)
        let unit = plan.unit(keys, seals, outcome: outcome, lane: lane)
        await turn?.come()
        do {
            let receipt = try await carry(unit) { turn?.pass() }
            // Of what many are made at a time hardly one is changed next, and it would displace those that are.
            if lane == .interactive {
                persons.keep(seals.minted, of: unit.organization)
                written.keep(plan.written, of: unit.organization, at: receipt.last)
            }
            return .done(
                Answer(results: plan.results, position: PositionToken(position: receipt.last, hash: receipt.leaf)))
        } catch {
            switch error {
            // Where somebody was faster with a value, it is looked at again: refused then, or taken beside.
            case .moved, .claimed: return .moved
            case .repeated(let stored):
                guard let repeatable else { throw .fault }
                return .done(try repeatable.answer(stored))
            default: throw Problem(error)
            }
        }
    }

    /// Appends a unit and tells who listens.
    func carry(
        _ unit: Unit, whenQueued: @escaping @Sendable () -> Void = {}
    ) async throws(AppendError) -> Receipt {
        let receipt = try await appender.append(unit, whenQueued: whenQueued)
        for listener in listeners.withLock({ $0 }) { listener(unit.organization, unit.drafts) }
        return receipt
    }

    func fresh() -> UUID { UUID.v7(at: clock(), random: Random.words()) }

    func targets(_ asks: [Ask], _ keys: OrganizationKeys) throws(Problem) -> [UUID] {
        var ids: [UUID] = []
        for ask in asks {
            switch ask.target {
            case .new: ids.append(CRM.entity(named: ask.entity)?.id(for: ask.body) ?? fresh())
            case .id(let id): ids.append(id)
            case .external(let source, let external):
                guard let key = Normal.key(external), !key.isEmpty, let from = Normal.key(source), !from.isEmpty else {
                    throw .invalid([
                        Flaw("/external", "malformed", "an external id and its source are one line of text")
                    ])
                }
                ids.append(keys.importID(source: from, entity: ask.entity, externalID: key))
            }
        }
        return ids
    }
}
