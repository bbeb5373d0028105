import EventLog
import FoundationEssentials
import Kernel
import Postgres

/// Everything of a database that cannot be derived, in files, as of one snapshot: the logs as exports, and the tables
/// of keys, credentials, claims and outcomes. Keys are in it as they are stored, wrapped; the master key is not.
public struct Backup: Sendable {
    /// What was written or read.
    public struct Summary: Sendable, Hashable {
        /// How many logs.
        public let organizations: Int
        /// How many events in all of them.
        public let events: Int64
        /// How many rows of other tables.
        public let rows: Int64
        /// When the snapshot was taken.
        public let takenAt: Instant
    }

    private let folder: String

    /// - Parameter folder: that is made, or there and empty.
    public init(_ folder: String) { self.folder = folder }

    /// Runs on a connection of the owner, as a transaction of its own.
    /// - Parameters:
    ///   - now: the time that the manifest tells.
    ///   - sign: the head of a log, signed: a snapshot may hold events that no head is signed over yet.
    public func write(
        _ connection: BlockingConnection, at now: Instant,
        sign: @escaping (_ organization: UUID, _ tree: Frontier) throws -> String,
        progress: (_ events: Int64) -> Void = { _ in }
    ) throws -> Summary {
        try Disk.makeFolder(folder, mode: 0o700)
        try Disk.makeFolder("\(folder)/logs", mode: 0o700)
        try Disk.makeFolder("\(folder)/tables", mode: 0o700)
        var manifest = Manifest(takenAt: now)
        try connection.transaction(.repeatableRead, readOnly: true) {
            var events: Int64 = 0
            for row in try connection.query(Statement(SQL.backupOrganizations)) {
                let organization = try row.uuid(0)
                let export = Export(organization, to: "\(folder)/logs/\(organization.text)")
                let done = try export.run(connection, sign: sign) { done, _ in progress(events + done) }
                events += done.size
                manifest.logs.append(Manifest.Log(organization: organization, size: done.size, root: done.root))
            }
            let tables = TableFile(folder: "\(folder)/tables")
            for row in try connection.query(Statement(SQL.backupTables)) {
                let columns = try row.texts(1).compactMap(\.self)
                manifest.tables.append(try tables.write(try row.text(0), columns, from: connection))
            }
        }
        try manifest.write(to: folder)
        return manifest.summary
    }

    /// Puts a backup into a database that holds nothing but its schema. Runs on a connection of the owner, in a
    /// transaction that is open.
    /// - Throws: `AuditError.notEmpty`; `AuditError.notVerified` where a log is not the one that was signed.
    public func read(into connection: BlockingConnection, progress: @escaping (_ events: Int64) -> Void = { _ in })
        throws -> Summary
    {
        let manifest = try Manifest(folder)
        var there: [String: [String]] = [:]
        for row in try connection.query(Statement(SQL.backupTables)) {
            there[try row.text(0)] = try row.texts(1).compactMap(\.self)
        }
        for table in ["log.event", "log.checkpoint"] + there.keys.sorted() {
            let rows = try connection.query(Statement("SELECT EXISTS (SELECT FROM \(table))"))
            if try rows[0].bool(0) { throw AuditError.notEmpty(table: table) }
        }
        for table in manifest.tables {
            guard let columns = there[table.name], Set(table.columns).isSubset(of: columns) else {
                throw AuditError.otherSchema(table: table.name)
            }
        }
        var events: Int64 = 0
        for log in manifest.logs {
            let restoration = Restoration("\(folder)/logs/\(log.organization.text)")
            let before = events
            let report = try restoration.run(connection) { progress(before + $0) }
            guard report.organization == log.organization, report.size == log.size, report.root == log.root else {
                throw AuditError.notVerified([Finding(.headForged, at: log.size, "the manifest tells another head")])
            }
            events += log.size
        }
        let tables = TableFile(folder: "\(folder)/tables")
        for table in manifest.tables { try tables.read(table, into: connection) }
        return manifest.summary
    }
}

extension Manifest {
    fileprivate var summary: Backup.Summary {
        Backup.Summary(
            organizations: logs.count, events: logs.reduce(0) { $0 + $1.size },
            rows: tables.reduce(0) { $0 + $1.rows }, takenAt: takenAt)
    }
}
