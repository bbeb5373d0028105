import FoundationEssentials
import Kernel
import Postgres

/// The plain projector: for each event one prepared statement that names its columns only, a transaction for a thousand
/// events, which does not wait for the disk.
struct RowByRow: Sendable {
    private static let statements = [
        "deal.opened": SQL.rowOpened, "deal.moved": SQL.rowMoved, "deal.edited": SQL.rowEdited,
        "deal.assigned": SQL.rowAssigned, "deal.repriced": SQL.rowRepriced, "deal.customized": SQL.rowCustomized,
        "deal.archived": SQL.rowArchived, "deal.restored": SQL.rowRestored,
    ]
    let organization: UUID

    /// Applies the events after a position, at most so many.
    /// - Returns: how many there were.
    func follow(after position: Int64, limit: Int, _ connection: BlockingConnection) throws -> Int {
        var last = position
        while last < position + Int64(limit) {
            let page = try connection.query(
                Statement(SQL.rowPage) {
                    $0.uuid(organization)
                    $0.bigint(last)
                })
            guard let end = page.last else { break }
            try connection.transaction {
                for row in page { try apply(row, connection) }
                try connection.query(Statement(SQL.rowProgress) { [last = try end.bigint(0)] in $0.bigint(last) })
            }
            last = try end.bigint(0)
        }
        return Int(last - position)
    }

    private func apply(_ row: Row, _ connection: BlockingConnection) throws {
        guard let sql = Self.statements[try row.text(3)] else { return }
        let (position, stream, version) = (try row.bigint(0), try row.uuid(1), try row.int(2))
        let (data, at) = (try row.bytea(4), try row.timestamptz(5))
        try connection.query(
            Statement(sql) {
                $0.uuid(organization)
                $0.uuid(stream)
                $0.bigint(position)
                $0.int(version)
                $0.json(data)
                $0.timestamptz(at)
            })
    }
}
