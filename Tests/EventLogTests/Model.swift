import FoundationEssentials
import Kernel
import Postgres

@testable import EventLog

/// The database as the planner may imagine it: the tables' keys, transactions, advisory locks, and nothing else.
struct Model {
    var logs: [UUID: [RecordedEvent]] = [:]
    /// What the logs' leaves amount to.
    private var frontiers: [UUID: Frontier] = [:]
    var claims: [ClaimKey: UUID] = [:]
    var outcomes: [OutcomeKey: StoredOutcome] = [:]
    /// Which session holds an organization's advisory lock.
    var locks: [UUID: Int] = [:]

    func head(_ organization: UUID) -> Head {
        guard let last = logs[organization]?.last else { return .empty }
        return Head(position: last.position, leaf: last.leaf, recordedAt: last.recordedAt)
    }
    func tip(_ organization: UUID) -> Tip {
        Tip(head: head(organization), frontier: frontiers[organization] ?? .empty)
    }
    func version(_ organization: UUID, _ stream: UUID) -> Int32 {
        logs[organization]?.last { $0.stream == stream }?.version ?? 0
    }

    /// Nil: the session waits for a lock.
    mutating func answer(_ questions: Questions, session: Int) -> Facts? {
        if questions.locks.contains(where: { locks[$0, default: session] != session }) { return nil }
        for organization in questions.locks { locks[organization] = session }
        var facts = Facts()
        for sequel in questions.sequels {
            let rest = (logs[sequel.organization] ?? []).drop { $0.position < sequel.from }
            facts.sequels[sequel.organization] = rest.prefix(sequel.limit).map {
                Step(
                    position: $0.position, stream: $0.stream,
                    fact: StreamFact(version: $0.version, occurredAt: $0.occurredAt), recordedAt: $0.recordedAt,
                    leaf: $0.leaf)
            }
        }
        for organization in questions.heads { facts.tips[organization] = tip(organization) }
        for key in questions.streams {
            let last = logs[key.organization]?.last { $0.stream == key.stream }
            facts.streams[key] = StreamFact(version: last?.version ?? 0, occurredAt: last?.occurredAt)
        }
        for key in questions.claims { facts.claims[key] = claims[key] }
        for key in questions.outcomes { facts.outcomes[key] = outcomes[key] }
        return facts
    }

    /// One transaction: all of the batch or, with the error that Postgres would give, nothing.
    mutating func write(_ batch: Batch, session: Int) throws(PostgresError) {
        defer { unlock(session) }
        if batch.givesWay.contains(where: { self.locks[$0, default: session] != session }) {
            throw PostgresError(.divisionByZero, "somebody queues")
        }
        var copy = self
        for row in batch.rows {
            let unique = PostgresError(.uniqueViolation, "position or version")
            if row.position <= copy.head(row.organization).position { throw unique }
            if row.version <= copy.version(row.organization, row.stream) { throw unique }
            precondition(row.position == copy.head(row.organization).position + 1, "a hole: the guard would refuse it")
            copy.logs[row.organization, default: []].append(row)
            _ = copy.frontiers[row.organization, default: .empty].append(leaf: row.leaf)
        }
        for (organization, var claim) in batch.releases {
            for isShared in [false, true] {
                claim.isShared = isShared
                let key = ClaimKey(organization, claim)
                if copy.claims[key] == claim.stream { copy.claims[key] = nil }
            }
        }
        for (organization, claim) in batch.takes {
            if copy.claims[ClaimKey(organization, claim)] != nil { throw PostgresError(.uniqueViolation, "claim") }
            copy.claims[ClaimKey(organization, claim)] = claim.stream
        }
        for (organization, outcome, position, recordedAt) in batch.outcomes {
            let key = OutcomeKey(organization, outcome)
            if copy.outcomes[key] != nil { throw PostgresError(.uniqueViolation, "command") }
            copy.outcomes[key] = StoredOutcome(
                outcome: outcome, position: position, leaf: Head.empty.leaf, recordedAt: recordedAt)
        }
        for (organization, head) in batch.checks where copy.head(organization).position != head {
            throw PostgresError(.divisionByZero, "head")
        }
        let locks = self.locks
        self = copy
        self.locks = locks
    }

    mutating func unlock(_ session: Int) { locks = locks.filter { $0.value != session } }

    func has(_ mark: Batch.Mark?) -> Bool {
        switch mark {
        case .event(let organization, let position, let leaf):
            logs[organization]?.first { $0.position == position }?.leaf == leaf
        case .outcome(let key, let recordedAt): outcomes[key]?.recordedAt == recordedAt
        case .none: false
        }
    }
}

/// SplitMix64: the same numbers for the same seed.
struct Seeded: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
