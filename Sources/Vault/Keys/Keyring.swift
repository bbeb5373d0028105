import FoundationEssentials
import Postgres
import Synchronization

/// The keys of organizations, read once each.
public final class Keyring: Sendable {
    private let connection: PipelinedConnection
    private let master: any KeyWrapping
    private let known = Mutex<[UUID: OrganizationKeys]>([:])

    /// Reads over a connection of `daybook_worker`, who alone may; `master` wrapped them.
    public init(_ connection: PipelinedConnection, master: any KeyWrapping) {
        (self.connection, self.master) = (connection, master)
    }

    /// An organization's keys; nil where no such organization was created.
    /// - Throws: `PostgresError`, `KeyError`.
    public func keys(_ organization: UUID) async throws -> OrganizationKeys? {
        if let keys = known.withLock({ $0[organization] }) { return keys }
        return try keep(try await connection.query(Self.read(organization)), organization)
    }

    /// The keys of an organization that is being created: made now, unless they are there.
    ///
    /// To be called, and awaited, before the organization's first unit is appended. A crash in between leaves keys
    /// without events, which harm nobody and are found by the next attempt.
    /// - Throws: `PostgresError`, `KeyError`.
    public func create(_ organization: UUID) async throws -> OrganizationKeys {
        let (claim, imports) = (Random.bytes(OrganizationKeys.length), Random.bytes(OrganizationKeys.length))
        let insert = Statement(SQL.createKeys) {
            $0.uuid(organization)
            $0.bytea(master.wrap(claim, context: Self.context("claim", organization)))
            $0.bytea(master.wrap(imports, context: Self.context("import", organization)))
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

    private func keep(_ result: Result, _ organization: UUID) throws -> OrganizationKeys? {
        guard let row = result.first else { return nil }
        let keys = OrganizationKeys(
            claim: try master.unwrap(try row.bytea(1), context: Self.context("claim", organization)),
            imports: try master.unwrap(try row.bytea(2), context: Self.context("import", organization)))
        known.withLock { $0[organization] = keys }
        return keys
    }

    /// What a wrapped key is bound to: moved to another organization or use, it does not unwrap.
    static func context(_ use: String, _ organization: UUID) -> [UInt8] {
        Array(use.utf8) + withUnsafeBytes(of: organization.uuid) { [UInt8]($0) }
    }
}
