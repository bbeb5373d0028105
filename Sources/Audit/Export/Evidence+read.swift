import EventLog
import FoundationEssentials
import Kernel
import Postgres

extension Evidence {
    /// The evidence for an event, by the last signed head: some twenty lookups, however long the log is.
    /// - Parameter connection: of the worker, in an open transaction that is the snapshot.
    /// - Throws: `AuditError.noSuchPosition`, `.notSigned`, `.incomplete`.
    public init(
        _ organization: UUID, at position: Position, _ connection: BlockingConnection
    ) throws {
        let event = Statement(SQL.oneEvent) {
            $0.uuid(organization)
            $0.bigint(position)
        }
        guard let row = try connection.query(event).first else { throw AuditError.noSuchPosition(position) }
        let line = try RecordedEvent(row).line
        guard let row = try connection.query(Statement(SQL.latestHead) { $0.uuid(organization) }).first,
            case let size = try row.bigint(0), size >= position
        else { throw AuditError.notSigned(position) }
        let note = try row.text(2)
        let plan = ProofPlan.inclusion(of: position - 1, in: size)
        let hashes = try connection.hashes(of: plan.nodes, organization)
        guard let path = plan.hashes({ hashes[$0] }) else { throw AuditError.incomplete }
        var keys = KeyHistory()
        for row in try connection.query(Statement(SQL.keyEvents) { $0.uuid(organization) }) {
            keys.take(try RecordedEvent(row))
        }
        self.init(
            line: line, index: position - 1, size: size, proof: path, checkpoint: note,
            key: keys.inForce(at: size)?.text ?? "")
    }
}
