import EventLog
import FoundationEssentials
import Kernel
import Postgres

/// Everything of a database that cannot be derived, in files, as of one snapshot: the logs as exports, and the tables
/// of keys, credentials, claims and outcomes. Keys are in it as they are stored, wrapped; the master key is not.
public struct Backup: Sendable {
    /// What was written or read.
    public struct Summary: Sendable, Hashable {
        /// Whose logs.
        public let organizations: [UUID]
        /// How many events in all of them.
        public let events: Int64
        /// How many rows of other tables.
        public let rows: Int64
        /// How many files of records; nil where they are not in it.
        public let files: Int64?
        /// SHA-256 of the file of persons' keys.
        public let keys: [UInt8]
        /// When the snapshot was taken.
        public let takenAt: Instant
    }

    private let folder: String

    /// - Parameter folder: that is made, or there and empty.
    public init(_ folder: String) { self.folder = folder }

    /// A backup of which all is written but the manifest, without which it is none.
    public struct Incomplete: Sendable {
        fileprivate var manifest: Manifest

        /// The logs in it, and how long they are.
        public var logs: [(organization: UUID, size: Int64)] { manifest.logs.map { ($0.organization, $0.size) } }
    }

    /// Runs on a connection of the owner, as a transaction of its own.
    /// - Parameters:
    ///   - now: the time that the manifest tells.
    ///   - sign: the head of a log, signed: a snapshot may hold events that no head is signed over yet.
    public func write(
        _ connection: BlockingConnection, at now: Instant,
        sign: @escaping (_ organization: UUID, _ tree: Frontier) throws -> String,
        progress: (_ events: Int64) -> Void = { _ in }
    ) throws -> Incomplete {
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
        return Incomplete(manifest: manifest)
    }

    /// Writes the manifest.
    /// - Parameters:
    ///   - files: the list of files of records that lie beside it, where there is one.
    ///   - note: told what is in it before it is complete: what is not noted cannot be restored.
    public func complete(
        _ written: Incomplete, files: FileList.Totals? = nil, note: (Summary) throws -> Void = { _ in }
    ) throws -> Summary {
        var manifest = written.manifest
        manifest.files = files
        try note(manifest.summary)
        try manifest.write(to: folder)
        return manifest.summary
    }

    /// Refuses a database that holds events already, before anything is brought back.
    public static func refuseUnlessEmpty(_ connection: BlockingConnection) throws {
        let rows = try connection.query(Statement("SELECT EXISTS (SELECT FROM log.event)"))
        if try rows[0].bool(0) { throw AuditError.notEmpty(table: "log.event") }
    }

    /// What the manifest says of files of records; nil where they are not in it.
    public func files() throws -> FileList.Totals? { try Manifest(folder).files }

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

// MARK: - Whose keys are in it?

extension Backup {
    /// Whether it holds the key of one of these persons. Nil: there is no such backup here, or it cannot be read.
    /// - Parameters:
    ///   - takenAt: when its snapshot was taken.
    ///   - keys: SHA-256 of its file of persons' keys.
    public func holds(
        keyOf persons: some Sequence<(organization: UUID, person: UUID)>, takenAt: Instant, keys digest: [UInt8]
    ) -> Bool? {
        guard let manifest = try? Manifest(folder), manifest.takenAt == takenAt, let keys = manifest.keys,
            keys.digest == digest,
            let organization = keys.columns.firstIndex(of: "organization_id"),
            let person = keys.columns.firstIndex(of: "person_id"), let wrapped = keys.columns.firstIndex(of: "wrapped")
        else { return nil }
        let wanted = Set(persons.map { $0.organization.bytes + $0.person.bytes })
        var holds = false
        do {
            try TableFile(folder: "\(folder)/tables").scan(keys) { fields in
                guard fields[wrapped] != nil, let whose = fields[organization], let who = fields[person] else { return }
                if wanted.contains(whose + who) { holds = true }
            }
        } catch { return nil }
        return holds
    }
}

extension UUID {
    fileprivate var bytes: [UInt8] { withUnsafeBytes(of: uuid) { [UInt8]($0) } }
}

extension Manifest {
    /// The file of persons' keys.
    fileprivate var keys: Table? { tables.first { $0.name == "vault.person_key" } }

    fileprivate var summary: Backup.Summary {
        Backup.Summary(
            organizations: logs.map(\.organization), events: logs.reduce(0) { $0 + $1.size },
            rows: tables.reduce(0) { $0 + $1.rows }, files: files?.count, keys: keys?.digest ?? [], takenAt: takenAt)
    }
}
