import FoundationEssentials
import Kernel
import Postgres

extension Batch {
    // MARK: - Which statements write a batch?

    /// One transaction, in this order: events and outcomes, claims, comparison of heads. The events first: a batch in
    /// doubt that is sent again waits there for the transaction that it may already be.
    var statements: [Statement] {
        var all: [Statement] = []
        if isImpatient { all.append(.impatience) }
        if rows.isEmpty {
            if !outcomes.isEmpty { all.append(Statement(SQL.keepOutcomes) { fillOutcomes(&$0) }) }
        } else if !releases.isEmpty {
            // Released before taken, by a statement of its own: parts of one statement do not see each other's work.
            all.append(
                Statement(SQL.appendUnits) {
                    fillEvents(&$0)
                    fillOutcomes(&$0)
                    fill([], &$0)
                })
            all.append(Statement(SQL.releaseClaims) { fill(releases, &$0) })
            if !takes.isEmpty { all.append(Statement(SQL.takeClaims) { fill(takes, &$0) }) }
        } else if !outcomes.isEmpty || !takes.isEmpty {
            all.append(
                Statement(SQL.appendUnits) {
                    fillEvents(&$0)
                    fillOutcomes(&$0)
                    fill(takes, &$0)
                })
        } else {
            all.append(Statement(SQL.appendEvents) { fillEvents(&$0) })
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

    private func fillEvents(_ parameters: inout Parameters) {
        parameters.uuids(rows.lazy.map(\.organization))
        parameters.bigints(rows.lazy.map(\.position))
        parameters.uuids(rows.lazy.map(\.stream))
        parameters.ints(rows.lazy.map(\.version))
        parameters.texts(rows.lazy.map(\.type))
        parameters.smallints(rows.lazy.map(\.schema))
        parameters.jsons(rows.lazy.map(\.data))
        parameters.byteas(rows.lazy.map(\.private))
        parameters.jsons(rows.lazy.map(\.meta))
        parameters.timestamptzs(rows.lazy.map(\.occurredAt.microseconds))
        parameters.timestamptzs(rows.lazy.map(\.recordedAt.microseconds))
        parameters.uuids(rows.lazy.map(\.actor))
        parameters.uuids(rows.lazy.map(\.command))
        parameters.smallints(rows.lazy.map(\.index))
        parameters.byteas(rows.lazy.map(\.merkle))
    }

    private func fillOutcomes(_ parameters: inout Parameters) {
        parameters.uuids(outcomes.map(\.organization))
        parameters.uuids(outcomes.map(\.outcome.actor))
        parameters.byteas(outcomes.map(\.outcome.keyDigest))
        parameters.byteas(outcomes.map(\.outcome.requestHash))
        parameters.smallints(outcomes.map(\.outcome.status))
        parameters.texts(outcomes.map(\.outcome.code))
        parameters.jsons(outcomes.map(\.outcome.detail))
        parameters.bigints(outcomes.map(\.position))
        parameters.timestamptzs(outcomes.map(\.recordedAt.microseconds))
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
    static func versions(of streams: [StreamKey]) -> Statement {
        Statement(SQL.readStreams) {
            $0.uuids(streams.map(\.organization))
            $0.uuids(streams.map(\.stream))
        }
    }
    static func holders(of claims: [ClaimKey]) -> Statement {
        Statement(SQL.readClaims) {
            $0.uuids(claims.map(\.organization))
            $0.texts(claims.map(\.scope))
            $0.byteas(claims.map(\.digest))
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
