import FoundationEssentials
import Kernel
import Postgres

/// Deletes the outcomes of commands that nobody will repeat any more.
public struct OutcomeRetention: Sendable {
    /// For how long an outcome is kept.
    public static let period = Duration.seconds(30 * 86_400)

    private let connection: PipelinedConnection

    /// Deletes over a connection of `daybook_worker`, best one that nobody waits on.
    public init(_ connection: PipelinedConnection) { self.connection = connection }

    /// Deletes what is older than the period at the moment `now`.
    /// - Returns: how many outcomes were deleted.
    @discardableResult
    public func sweep(at now: Instant) async throws(PostgresError) -> Int {
        let oldest = now.microseconds - Self.period.components.seconds * 1_000_000
        return try await connection.query(Statement(SQL.forgetOutcomes) { $0.timestamptz(oldest) }).affected
    }
}
