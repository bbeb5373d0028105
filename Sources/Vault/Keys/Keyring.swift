import FoundationEssentials
import Postgres
import Synchronization

/// The keys of organizations, read once each.
public final class Keyring: Sendable {
    private let connection: PipelinedConnection
    private let known = Mutex<[UUID: OrganizationKeys]>([:])

    /// Reads over a connection of `daybook_worker`, who alone may.
    public init(_ connection: PipelinedConnection) { self.connection = connection }

    /// An organization's keys; nil where no such organization was created.
    public func keys(_ organization: UUID) async throws(PostgresError) -> OrganizationKeys? {
        if let keys = known.withLock({ $0[organization] }) { return keys }
        return try keep(try await connection.query(Self.read(organization)), organization)
    }

    /// The keys of an organization that is being created: made now, unless they are there.
    ///
    /// To be called, and awaited, before the organization's first unit is appended. A crash in between leaves keys
    /// without events, which harm nobody and are found by the next attempt.
    public func create(_ organization: UUID) async throws(PostgresError) -> OrganizationKeys {
        let insert = Statement(SQL.createKeys) {
            $0.uuid(organization)
            $0.bytea(Random.bytes(OrganizationKeys.length))
            $0.bytea(Random.bytes(OrganizationKeys.length))
        }
        // A statement of its own sees what a competitor committed while the insert waited for it.
        let results = try await connection.run([insert, Self.read(organization)])
        guard let keys = try keep(results[1], organization) else {
            throw PostgresError(.unexpectedResult, "an organization's keys were stored and are not there")
        }
        return keys
    }

    private static func read(_ organization: UUID) -> Statement {
        Statement(SQL.readKeys) { $0.uuid(organization) }
    }

    private func keep(_ result: Result, _ organization: UUID) throws(PostgresError) -> OrganizationKeys? {
        guard let row = result.first else { return nil }
        let keys = OrganizationKeys(claim: try row.bytea(1), imports: try row.bytea(2))
        known.withLock { $0[organization] = keys }
        return keys
    }
}
