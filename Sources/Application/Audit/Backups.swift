public import Audit
import EventLog
public import Files
import FoundationEssentials
public import Kernel
public import Logging
public import Postgres
public import Vault

/// Backup and restore as one act: logs, keys, credentials, claims and outcomes, of one snapshot, and the files of
/// records, sealed as they are. Read tables are not in it, since they are derived, nor is the master key.
public struct Backups: Sendable {
    private let settings: ConnectionSettings
    private let master: any KeyWrapping
    private let store: (any FileStore)?
    private let log: Logger

    /// - Parameters:
    ///   - database: where it is; the role is chosen here.
    ///   - master: wraps the keys in it.
    ///   - store: where files of records lie; nil leaves them out.
    public init(_ database: ConnectionSettings, master: any KeyWrapping, store: (any FileStore)? = nil, log: Logger) {
        (settings, self.master, self.store, self.log) = (database.with(role: "daybook_owner"), master, store, log)
    }

    /// What was written.
    public struct Written: Sendable {
        /// What is in it.
        public let summary: Backup.Summary
        /// Attachments whose bytes are not, since the store does not have them: they are in no later backup either.
        public let lacking: [FileName]
    }

    /// Writes a backup, while whoever works on the database goes on.
    /// - Parameters:
    ///   - folder: that is made, or there and empty; an absolute path.
    ///   - expiry: until when it will be kept.
    ///   - register: where it is noted; without that it is not complete.
    /// - Throws: `AuditError`, `FileError`, `PostgresError`, `RegisterError`.
    public func write(
        to folder: String, at now: Instant, until expiry: Instant, noting register: BackupRegister,
        progress: @escaping @Sendable (_ events: Int64) -> Void = { _ in }
    ) async throws -> Written {
        // Should it be unreadable, that is better said before the work than after it.
        _ = try register.entries()
        let backup = Backup(folder)
        let written = try await connected { [master] connection in
            try backup.write(
                connection, at: now, sign: { try Self.note($0, $1, master, connection) }, progress: progress)
        }
        // Files that the snapshot knows are there: they come before their events, and go after them.
        var (files, lacking): (FileList.Totals?, [FileName]) = (nil, [])
        if let store {
            let copied = try await FileCopies(in: folder).write(from: store)
            files = copied.totals
            lacking = try await connected { try Self.expected(written.logs, $0) }.filter { !copied.names.contains($0) }
        }
        let summary = try backup.complete(written, files: files) { done in
            try register.note(
                BackupRegister.Entry(
                    takenAt: now, expiresAt: expiry, keys: done.keys, organizations: done.organizations,
                    folder: folder))
        }
        return Written(summary: summary, lacking: lacking)
    }

    /// Whose bytes must be in the store: of attachments in these logs that were not taken away until now.
    private static func expected(
        _ logs: [(organization: UUID, size: Int64)], _ connection: BlockingConnection
    ) throws -> [FileName] {
        try logs.flatMap { log in
            let statement = Statement(SQL.attachmentsWithBytes) {
                $0.uuid(log.organization)
                $0.bigint(log.size)
            }
            return try connection.query(statement).map { FileName(log.organization, try $0.uuid(0)) }
        }
    }

    /// Puts a backup into a database that holds nothing yet, all of it or nothing; every log is verified first.
    /// - Throws: `KeyError.notOurs` where the backup's keys were wrapped with another master key; `AuditError`.
    public func restore(
        from folder: String, progress: @escaping @Sendable (_ events: Int64) -> Void = { _ in }
    ) async throws -> Backup.Summary {
        try await connected { connection in try Backup.refuseUnlessEmpty(connection) }
        try await FileCopies(in: folder).read(try Backup(folder).files(), into: store)
        return try await connected { [master] connection in
            try connection.transaction {
                // Which master key it is, is told by the backup.
                try connection.query(Statement("DELETE FROM vault.master_key"))
                let done = try Backup(folder).read(into: connection, progress: progress)
                let noted = try connection.query(Statement("SELECT wrapped FROM vault.master_key"))
                guard let row = noted.first, master.isNoted(as: try row.bytea(0)) else { throw KeyError.notOurs }
                return done
            }
        }
    }

    private func connected<R: Sendable>(_ body: @escaping @Sendable (BlockingConnection) throws -> R) async throws -> R
    {
        let pool = BlockingPool(settings, size: 1, name: "backup", log: log)
        do {
            let value = try await pool.run(body)
            await pool.close()
            return value
        } catch {
            await pool.close()
            throw error
        }
    }

    /// The head of a log as of the snapshot, signed with the key that is in force there.
    private static func note(
        _ organization: UUID, _ tree: Frontier, _ master: any KeyWrapping, _ connection: BlockingConnection
    ) throws -> String {
        var history = KeyHistory()
        for row in try connection.query(Statement(SQL.backupLogKeys) { $0.uuid(organization) }) {
            history.take(type: try row.text(0), data: try row.bytea(1), at: try row.bigint(2))
        }
        guard let origin = history.origin, let verifier = history.inForce(at: tree.size) else {
            throw AuditError.emptyLog
        }
        let seed = Statement(SQL.backupSeed) {
            $0.uuid(organization)
            $0.bytea(verifier.publicKey)
        }
        guard let row = try connection.query(seed).first,
            let key = SigningKeys.unwrap(try row.bytea(0), master, organization, verifier.publicKey)
        else { throw KeyError.notOurs }
        return Checkpoint(origin: origin, size: tree.size, root: tree.root).signed(with: key).text
    }
}
