import FoundationEssentials
import Kernel
import Postgres
import Vault

extension Batch {
    // MARK: - Which statements write a batch?

    /// One transaction, in this order: events with outcomes and keys, claims, comparison of heads. The events first: a
    /// batch in doubt that is sent again waits there for the transaction that it may already be.
    func encoding() -> [Statement] {
        var all: [Statement] = []
        if isImpatient { all.append(.impatience) }
        if rows.isEmpty {
            if !outcomes.isEmpty { all.append(Statement(SQL.keepOutcomes) { fillOutcomes(&$0) }) }
        } else if releases.isEmpty {
            all.append(appending(takes))
        } else {
            // Released before taken, by a statement of its own: parts of one statement do not see each other's work.
            all.append(appending([]))
            all.append(Statement(SQL.releaseClaims) { fill(releases, &$0) })
            if !takes.isEmpty { all.append(Statement(SQL.takeClaims) { fillTaken(takes, &$0) }) }
        }
        let checks = checks
        if !checks.isEmpty {
            all.append(
                Statement(SQL.compareHeads) { parameters in
                    parameters.uuids(checks.map(\.organization))
                    parameters.bigints(checks.map(\.head))
                })
        }
        if isLocked { all.append(Statement("COMMIT")) }
        return all
    }

    /// The least statement that does it: each table that it may write to costs, also where nothing is written there.
    private func appending(_ takes: [(organization: UUID, claim: Claim)]) -> Statement {
        let isBare = takes.isEmpty && keys.isEmpty
        return Statement(isBare ? outcomes.isEmpty ? SQL.appendEvents : SQL.appendCommands : SQL.appendUnits) {
            fillEvents(&$0)
            if !isBare || !outcomes.isEmpty { fillOutcomes(&$0) }
            if !isBare {
                fillTaken(takes, &$0)
                fillKeys(&$0)
            }
            $0.uuids(givesWay)
        }
    }

    private func fillEvents(_ parameters: inout Parameters) {
        let count = rows.count
        rows.withUnsafeBufferPointer { rows in
            parameters.array(of: .uuid, .uuids, count: count) { $0.uuid(rows[$1].organization) }
            parameters.array(of: .bigint, .bigints, count: count) { $0.bigint(rows[$1].position) }
            parameters.array(of: .uuid, .uuids, count: count) { $0.uuid(rows[$1].stream) }
            parameters.array(of: .int, .ints, count: count) { $0.int(rows[$1].version) }
            parameters.array(of: .text, .texts, count: count) { $0.text(rows[$1].type) }
            parameters.array(of: .smallint, .smallints, count: count) { $0.smallint(rows[$1].schema) }
            parameters.array(of: .json, .jsons, count: count) { $0.json(rows[$1].data) }
            parameters.array(of: .bytea, .byteas, count: count) { $0.bytea(rows[$1].private) }
            parameters.array(of: .json, .jsons, count: count) { $0.json(rows[$1].meta) }
            parameters.array(of: .timestamptz, .timestamptzs, count: count) {
                $0.timestamptz(rows[$1].occurredAt.microseconds)
            }
            parameters.array(of: .timestamptz, .timestamptzs, count: count) {
                $0.timestamptz(rows[$1].recordedAt.microseconds)
            }
            parameters.array(of: .uuid, .uuids, count: count) { $0.uuid(rows[$1].actor) }
            parameters.array(of: .uuid, .uuids, count: count) { $0.uuid(rows[$1].command) }
            parameters.array(of: .smallint, .smallints, count: count) { $0.smallint(rows[$1].index) }
            parameters.array(of: .bytea, .byteas, count: count) { $0.bytea(rows[$1].merkle) }
        }
    }

    private func fillOutcomes(_ parameters: inout Parameters) {
        let count = outcomes.count
        outcomes.withUnsafeBufferPointer { kept in
            parameters.array(of: .uuid, .uuids, count: count) { $0.uuid(kept[$1].organization) }
            parameters.array(of: .uuid, .uuids, count: count) { $0.uuid(kept[$1].outcome.actor) }
            parameters.array(of: .bytea, .byteas, count: count) { $0.bytea(kept[$1].outcome.keyDigest) }
            parameters.array(of: .bytea, .byteas, count: count) { $0.bytea(kept[$1].outcome.requestHash) }
            parameters.array(of: .smallint, .smallints, count: count) { $0.smallint(kept[$1].outcome.status) }
            parameters.array(of: .text, .texts, count: count) { $0.text(kept[$1].outcome.code) }
            parameters.array(of: .json, .jsons, count: count) { $0.json(kept[$1].outcome.detail) }
            parameters.array(of: .bigint, .bigints, count: count) { $0.bigint(kept[$1].position) }
            parameters.array(of: .timestamptz, .timestamptzs, count: count) {
                $0.timestamptz(kept[$1].recordedAt.microseconds)
            }
        }
    }

    private func fillKeys(_ parameters: inout Parameters) {
        parameters.uuids(keys.map(\.organization))
        parameters.uuids(keys.map(\.key.person))
        parameters.byteas(keys.map(\.key.bytes))
    }

    private func fillTaken(_ claims: [(organization: UUID, claim: Claim)], _ parameters: inout Parameters) {
        fill(claims, &parameters)
        parameters.uuids(claims.map(\.claim.sharer))
    }
    private func fill(_ claims: [(organization: UUID, claim: Claim)], _ parameters: inout Parameters) {
        parameters.uuids(claims.map(\.organization))
        parameters.texts(claims.map(\.claim.scope))
        parameters.byteas(claims.map(\.claim.digest))
        parameters.uuids(claims.map(\.claim.stream))
    }
}

extension Statement {
    /// For units that were in the way before: what is still locked is not worth a long wait.
    static let impatience = Statement("SELECT set_config('lock_timeout', '200ms', true)")

    static func heads(of organizations: [UUID]) -> Statement {
        Statement(SQL.readHeads) { $0.uuids(organizations) }
    }
    static func tips(of organizations: [UUID]) -> Statement {
        Statement(SQL.readTips) { $0.uuids(organizations) }
    }
    static func sequels(_ sequels: [Questions.Sequel]) -> Statement {
        Statement(SQL.readSequels) {
            $0.uuids(sequels.map(\.organization))
            $0.bigints(sequels.map(\.from))
            $0.bigints(sequels.map { Int64($0.limit) })
        }
    }
    static func versions(of streams: [StreamKey]) -> Statement {
        Statement(SQL.readStreams) {
            $0.uuids(streams.map(\.organization))
            $0.uuids(streams.map(\.stream))
        }
    }
    static func places(of claims: [ClaimKey]) -> Statement {
        Statement(SQL.readClaims) {
            $0.uuids(claims.map(\.organization))
            $0.texts(claims.map(\.scope))
            $0.byteas(claims.map(\.digest))
            $0.uuids(claims.map(\.sharer))
        }
    }
    static func holders(_ organization: UUID, of values: [(scope: String, digest: [UInt8])]) -> Statement {
        Statement(SQL.readHolders) {
            $0.uuid(organization)
            $0.texts(values.map(\.scope))
            $0.byteas(values.map(\.digest))
        }
    }
    static func outcomes(of keys: [OutcomeKey]) -> Statement {
        Statement(SQL.readOutcomes) {
            $0.uuids(keys.map(\.organization))
            $0.uuids(keys.map(\.actor))
            $0.byteas(keys.map(\.digest))
        }
    }
    static func leaf(of organization: UUID, at position: Position) -> Statement {
        Statement(SQL.readLeaf) {
            $0.uuid(organization)
            $0.bigint(position)
        }
    }
}
