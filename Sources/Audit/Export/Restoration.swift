import EventLog
import FoundationEssentials
import Kernel
import Postgres

/// Puts an export's lines into a database again, byte for byte: the same positions, times, commands and hashes, and so
/// the same root. What is not exactly what was signed is refused, and nothing of it stays.
///
/// Sealed parts stay sealed: keys are not in an export.
public struct Restoration: Sendable {
    private static let rowsAtOnce = 1_000
    private static let bytesAtOnce = 4 << 20
    private let folder: String
    private let key: String?

    /// - Parameter key: a vkey that must be one of the log's own.
    public init(_ folder: String, key: String? = nil) { (self.folder, self.key) = (folder, key) }

    /// Runs on a connection of the worker, in a transaction that is open.
    /// - Throws: `AuditError.exists`, `AuditError.notVerified`, `FileError`; the transaction must then be rolled back.
    public func run(_ connection: BlockingConnection, progress: @escaping (Int64) -> Void = { _ in }) throws
        -> AuditReport
    {
        var rows: [RecordedEvent] = []
        var heads: [ExportedHead] = []
        var bytes = 0
        func flush() throws {
            if let first = rows.first { try put(rows, heads, first.organization, connection) }
            (rows, heads, bytes) = ([], [], 0)
        }
        var offline = try OfflineVerification(folder: folder, key: key, progress: progress)
        let report = try offline.run { event, head in
            if event.position == 1 { try refuseExisting(event.organization, connection) }
            rows.append(event)
            if let head { heads.append(head) }
            bytes += event.data.count + (event.private?.count ?? 0)
            if rows.count >= Self.rowsAtOnce || bytes >= Self.bytesAtOnce { try flush() }
        }
        guard report.isClean else { throw AuditError.notVerified(report.findings) }
        try flush()
        if let organization = report.organization {
            // What is restored has had its consequences: they are in it.
            try connection.query(
                Statement(SQL.restorePolicies) {
                    $0.uuid(organization)
                    $0.bigint(report.size)
                })
        }
        return report
    }

    private func refuseExisting(_ organization: UUID, _ connection: BlockingConnection) throws {
        // Nobody may begin the same log meanwhile: this is the lock of its appenders.
        try connection.query(
            Statement("SELECT pg_advisory_xact_lock(uuid_hash_extended($1, 0))") { $0.uuid(organization) })
        let isThere = try connection.query(Statement(SQL.logIsThere) { $0.uuid(organization) })[0].bool(0)
        if isThere { throw AuditError.exists(organization.text) }
    }

    private func put(
        _ rows: [RecordedEvent], _ heads: [ExportedHead], _ organization: UUID, _ connection: BlockingConnection
    ) throws {
        try connection.query(
            Statement(SQL.restoreEvents) {
                $0.uuids(rows.lazy.map(\.organization))
                $0.bigints(rows.lazy.map(\.position))
                $0.uuids(rows.lazy.map(\.stream))
                $0.ints(rows.lazy.map(\.version))
                $0.texts(rows.lazy.map(\.type))
                $0.smallints(rows.lazy.map(\.schema))
                $0.jsons(rows.lazy.map(\.data))
                $0.byteas(rows.lazy.map(\.private))
                $0.jsons(rows.lazy.map(\.meta))
                $0.timestamptzs(rows.lazy.map(\.occurredAt.microseconds))
                $0.timestamptzs(rows.lazy.map(\.recordedAt.microseconds))
                $0.uuids(rows.lazy.map(\.actor))
                $0.uuids(rows.lazy.map(\.command))
                $0.smallints(rows.lazy.map(\.index))
                $0.byteas(rows.lazy.map(\.merkle))
            })
        let signed = heads.compactMap { head in SignedHead(note: head.note)?.root.map { (head, $0) } }
        if signed.isEmpty { return }
        try connection.query(
            Statement(SQL.restoreHeads) {
                $0.uuid(organization)
                $0.bigints(signed.map(\.0.size))
                $0.byteas(signed.map(\.1))
                $0.texts(signed.map(\.0.note))
                $0.timestamptzs(signed.map(\.0.signedAt.microseconds))
            })
    }
}
