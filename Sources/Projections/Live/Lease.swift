import FoundationEssentials
import Postgres
import Synchronization

/// One projector's part in the work of a database. It is renewed while the process lives. Whoever was killed has lost
/// the session behind it, whoever is frozen or cut off lets it run out, and the others share what was its.
final class Lease: Sendable {
    private struct State {
        var shares = Shares(holders: [])
        /// After this the others may have taken over: it runs out here before it does in the database.
        var end = ContinuousClock.now
    }

    let holder = UUID()
    /// How long it is good for once it was renewed.
    let duration: Duration
    private let state = Mutex(State())

    /// A lease that nobody holds yet.
    init(_ duration: Duration) { self.duration = duration }

    /// Whether an organization is this projector's just now.
    func covers(_ organization: UUID) -> Bool {
        state.withLock { $0.end > .now && $0.shares.holder(of: organization) == holder }
    }

    /// Begins it or goes on with it.
    /// - Returns: whether what it covers has changed by that.
    func renew(_ connection: PipelinedConnection) async throws(PostgresError) -> Bool {
        let asked = ContinuousClock.now
        let others = try await connection.query(
            Statement(SQL.renewLease) {
                $0.uuid(holder)
                $0.bigint(Int64(duration / .milliseconds(1)))
            })
        var holders: Set = [holder]
        for row in others { holders.insert(try row.uuid(0)) }
        let shares = Shares(holders: holders)
        return state.withLock { state in
            defer { state = State(shares: shares, end: asked + duration) }
            return state.shares != shares || state.end < .now
        }
    }

    /// Gives it up, so that the others need not wait for its end; without a database they do. Also where it has run
    /// out: its row would stay until somebody else renews.
    func release(_ connection: PipelinedConnection) async {
        state.withLock { $0.end = .now }
        guard connection.session != nil else { return }
        // In a task of its own: the one that ends is cancelled.
        await Task { _ = try? await connection.query(Statement(SQL.releaseLease) { $0.uuid(holder) }) }.value
    }
}
