import EventLog
import FoundationEssentials
import Kernel
import Postgres

/// Verifies an organization's log where it is, in one snapshot: what is stored against what can be computed from it.
///
/// Memory depends on the number of streams, not of events: rows come by COPY.
public struct Verification: Sendable {
    private let organization: UUID
    private let trusted: String?
    private let kept: String?

    /// - Parameters:
    ///   - key: a vkey that the auditor trusts: it must be one of the log's own.
    ///   - checkpoint: the text of a head that the auditor kept; what became of the log since then must agree with it.
    public init(_ organization: UUID, key: String? = nil, checkpoint: String? = nil) {
        (self.organization, trusted, kept) = (organization, key, checkpoint)
    }

    /// Runs on a connection of the worker, as a transaction of its own.
    /// - Parameters:
    ///   - now: the time: what was recorded more than an hour before must be under a signed head.
    ///   - claims: what is wrong with the claims, read in the same snapshot; the domain knows.
    ///   - progress: told from time to time how far it is, and how far it goes.
    /// - Throws: `AuditError` where the key or the checkpoint is none.
    public func run(
        _ connection: BlockingConnection, at now: Instant,
        claims: (BlockingConnection) throws -> [Finding] = { _ in [] },
        progress: (_ done: Int64, _ all: Int64) -> Void = { _, _ in }
    ) throws -> AuditReport {
        let trusted = try trusted.map(AuditError.key)
        let kept = try kept.map { [try AuditError.kept($0)] } ?? []
        return try connection.transaction(.repeatableRead, readOnly: true) {
            let all = try head(connection)
            var check = LogCheck(organization, trusted: trusted, kept: kept, progress: try marks(connection))
            let sql = SQL.auditEvents.replacing("{organization}", with: organization.text)
            try connection.copyOut(sql) { bytes in
                var row = CopyRow(bytes)
                let event = try RecordedEvent(&row)
                let root = try row.next().map { [UInt8]($0) }
                let note = try row.next().map { String(decoding: $0, as: UTF8.self) }
                check.take(event, head: note.map { SignedHead(size: event.position, root: root, note: $0) })
                if event.position % 10_000 == 0 { progress(event.position, all) }
            }
            var beyond: [SignedHead] = []
            let heads = Statement(SQL.headsBeyond) {
                $0.uuid(organization)
                $0.bigint(check.size)
            }
            for row in try connection.query(heads) {
                beyond.append(SignedHead(size: try row.bigint(0), root: try row.bytea(1), note: try row.text(2)))
            }
            var findings = check.finish(beyond: beyond, at: now) + check.trust()
            // Claims follow from what the lines say, so a log that says something else has no right ones.
            if findings.isEmpty { findings += try claims(connection) }
            return AuditReport(
                organization: organization, size: check.size, root: check.lines?.root,
                key: check.keys.inForce(at: check.size)?.text,
                findings: findings.sorted { ($0.position, $0.kind.rawValue) < ($1.position, $1.kind.rawValue) })
        }
    }

    private func head(_ connection: BlockingConnection) throws -> Int64 {
        let sql = "SELECT max(position) FROM log.event WHERE organization_id = $1"
        return try connection.query(Statement(sql) { $0.uuid(organization) })[0].bigint(orNil: 0) ?? 0
    }

    private func marks(_ connection: BlockingConnection) throws -> ProgressCheck {
        var marks: [ProgressCheck.Mark] = []
        for row in try connection.query(Statement(SQL.progressMarks) { $0.uuid(organization) }) {
            marks.append(
                ProgressCheck.Mark(
                    projection: try row.text(0), position: try row.bigint(1), events: try row.bigint(2),
                    leafSum: try row.bytea(3)))
        }
        var holds: [ProgressCheck.Hold] = []
        for row in try connection.query(Statement(SQL.progressHolds) { $0.uuid(organization) }) {
            holds.append(
                ProgressCheck.Hold(
                    projection: try row.text(0), stream: try row.uuid(1), position: try row.bigint(2)))
        }
        return ProgressCheck(marks, holds)
    }
}
