public import Audit
import EventLog
public import FoundationEssentials
import Kernel
import Postgres
import Vault

/// What an auditor does: verifies logs, takes them along, proves single events, brings them back.
public struct Audits: Sendable {
    private let connections: BlockingPool
    private let keyring: Keyring
    private let master: any KeyWrapping
    private let clock: @Sendable () -> Instant

    init(
        _ connections: BlockingPool, _ keyring: Keyring, master: any KeyWrapping,
        clock: @escaping @Sendable () -> Instant
    ) {
        (self.connections, self.keyring, self.master, self.clock) = (connections, keyring, master, clock)
    }

    /// Verifies a log, its heads, its claims and how far the read tables are, in one snapshot.
    /// - Parameters:
    ///   - key: a vkey that the auditor trusts.
    ///   - checkpoint: the text of a head that the auditor kept.
    public func verify(
        _ organization: UUID, key: String? = nil, checkpoint: String? = nil,
        progress: @escaping @Sendable (_ done: Int64, _ all: Int64) -> Void = { _, _ in }
    ) async throws -> AuditReport {
        let keys = try await keyring.keys(organization)
        let verification = Verification(organization, key: key, checkpoint: checkpoint)
        return try await connections.run { [clock, master] connection in
            try verification.run(
                connection, at: clock(),
                claims: { connection in
                    // A log that was restored without its keys has no claims either.
                    guard let keys else { return [] }
                    var audit = ClaimAudit(connection, organization, keys, master)
                    return try audit.run()
                }, progress: progress)
        }
    }

    /// Writes a log to files, up to the last signed head.
    /// - Parameter folder: that is made, or there and empty.
    public func export(
        _ organization: UUID, to folder: String, eventsPerFile: Int64 = 100_000,
        progress: @escaping @Sendable (_ done: Int64, _ all: Int64) -> Void = { _, _ in }
    ) async throws -> Export.Summary {
        let export = Export(organization, to: folder, eventsPerFile: eventsPerFile)
        return try await connections.run { connection in
            try connection.transaction(.repeatableRead, readOnly: true) {
                try export.run(connection, progress: progress)
            }
        }
    }

    /// Puts an export into this database, where there is no such organization.
    /// - Parameter key: a vkey that must be one of the log's own.
    public func restore(
        _ folder: String, key: String? = nil, progress: @escaping @Sendable (_ done: Int64) -> Void = { _ in }
    ) async throws -> AuditReport {
        let restoration = Restoration(folder, key: key)
        return try await connections.run { connection in
            try connection.transaction { try restoration.run(connection, progress: progress) }
        }
    }

    /// The evidence that an event is in a log, by the last signed head.
    public func evidence(_ organization: UUID, at position: Position) async throws -> Evidence {
        try await connections.run { connection in
            try connection.transaction(.repeatableRead, readOnly: true) {
                try Evidence(organization, at: position, connection)
            }
        }
    }
}
