import FoundationEssentials
import Kernel
import Postgres

extension Questions {
    // MARK: - Which statements ask?

    /// Heads before all else, so that nothing else is older than they are.
    var statements: [Statement] {
        var all: [Statement] = []
        if !locks.isEmpty { all.append(Statement("BEGIN")) }
        if isImpatient { all.append(.impatience) }
        if !locks.isEmpty { all.append(Statement(SQL.lockLogs) { $0.uuids(locks) }) }
        if !sequels.isEmpty { all.append(.sequels(sequels)) }
        if !heads.isEmpty { all.append(.tips(of: heads)) }
        if !streams.isEmpty { all.append(.versions(of: streams)) }
        if !claims.isEmpty { all.append(.places(of: claims)) }
        if !outcomes.isEmpty { all.append(.outcomes(of: outcomes)) }
        return all
    }

    /// The facts in what those statements answered.
    func facts(_ results: [Result]) throws(PostgresError) -> Facts {
        var facts = Facts()
        var rest = results.dropFirst((locks.isEmpty ? 0 : 2) + (isImpatient ? 1 : 0))
        if !sequels.isEmpty, let result = rest.popFirst() { facts.sequels = try result.sequels() }
        if !heads.isEmpty, let result = rest.popFirst() { facts.tips = try result.tips() }
        if !streams.isEmpty, let result = rest.popFirst() {
            for row in result {
                let key = StreamKey(organization: try row.uuid(0), stream: try row.uuid(1))
                facts.streams[key] = StreamFact(
                    version: try row.int(orNil: 2) ?? 0,
                    occurredAt: try row.timestamptz(orNil: 3).map(Instant.init(microseconds:)))
            }
        }
        if !claims.isEmpty, let result = rest.popFirst() { facts.claims = try result.places() }
        if !outcomes.isEmpty, let result = rest.popFirst() { facts.outcomes = try result.outcomes() }
        return facts
    }
}

// MARK: - How are the rows read?

extension Result {
    /// Of `read_heads`, and of the first columns of `read_tips`.
    func heads() throws(PostgresError) -> [UUID: Head] {
        var heads: [UUID: Head] = [:]
        for row in self {
            let organization = try row.uuid(0)
            guard let position = try row.bigint(orNil: 1) else {
                heads[organization] = .empty
                continue
            }
            heads[organization] = Head(
                position: position, leaf: try row.bytea(2), recordedAt: Instant(microseconds: try row.timestamptz(3)))
        }
        return heads
    }

    /// Of `read_tips`.
    func tips() throws(PostgresError) -> [UUID: Tip] {
        let heads = try heads()
        var tips: [UUID: Tip] = [:]
        for row in self {
            let organization = try row.uuid(0)
            guard let head = heads[organization], head.position > 0 else {
                tips[organization] = .empty
                continue
            }
            let peaks = try row.bytea(orNil: 4) ?? []
            let hashes = stride(from: 0, to: peaks.count, by: MerkleTree.length).map { Array(peaks[$0...].prefix(32)) }
            guard let frontier = Frontier(size: head.position, peaks: hashes) else {
                throw PostgresError(.unexpectedResult, "the log of \(organization.text) lacks hashes of its tree")
            }
            tips[organization] = Tip(head: head, frontier: frontier)
        }
        return tips
    }

    /// Of `read_sequels`.
    func sequels() throws(PostgresError) -> [UUID: [Step]] {
        var sequels: [UUID: [Step]] = [:]
        for row in self {
            sequels[try row.uuid(0), default: []].append(
                Step(
                    position: try row.bigint(1), stream: try row.uuid(2),
                    fact: StreamFact(
                        version: try row.int(3), occurredAt: Instant(microseconds: try row.timestamptz(4))),
                    recordedAt: Instant(microseconds: try row.timestamptz(5)), leaf: try row.bytea(6)))
        }
        return sequels
    }

    /// Of `read_claims`.
    func places() throws(PostgresError) -> [ClaimKey: UUID] {
        var places: [ClaimKey: UUID] = [:]
        for row in self {
            let claim = try row.claim(from: 1)
            places[ClaimKey(try row.uuid(0), claim)] = claim.stream
        }
        return places
    }

    /// Of `read_holders`.
    func holders() throws(PostgresError) -> [Claim] {
        var holders: [Claim] = []
        for row in self { holders.append(try row.claim(from: 0)) }
        return holders
    }

    /// Of `read_outcomes`.
    func outcomes() throws(PostgresError) -> [OutcomeKey: StoredOutcome] {
        var outcomes: [OutcomeKey: StoredOutcome] = [:]
        for row in self {
            let outcome = Outcome(
                actor: try row.uuid(1), keyDigest: try row.bytea(2), requestHash: try row.bytea(3),
                status: try row.smallint(4), code: try row.text(orNil: 5), detail: try row.bytea(6))
            outcomes[OutcomeKey(try row.uuid(0), outcome)] = StoredOutcome(
                outcome: outcome, position: try row.bigint(7), leaf: try row.bytea(orNil: 9) ?? Head.empty.leaf,
                recordedAt: Instant(microseconds: try row.timestamptz(8)))
        }
        return outcomes
    }
}

extension Row {
    /// Scope, digest, holder, and whether it is held beside others, in columns from this one on.
    fileprivate func claim(from column: Int) throws(PostgresError) -> Claim {
        Claim(
            scope: try text(column), digest: try bytea(column + 1), stream: try uuid(column + 2),
            isShared: try bool(column + 3))
    }
}
