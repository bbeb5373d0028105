/// Two batches that take turns: while one is written, the other reads what comes next.
///
/// Not Sendable: it belongs to one task.
final class BatchPair {
    private(set) var current: Batch
    private(set) var other: Batch
    var deployment: Deployment { current.deployment }

    init(_ deployment: Deployment) { (current, other) = (Batch(deployment), Batch(deployment)) }

    func turn() { swap(&current, &other) }
}

// MARK: - What if the batch before is still being written?

extension Batch {
    /// Takes the rows that the batch before has changed as it left them: what was read may be older. Where that batch
    /// is not written in the end, neither is this one: it compares the progress with what that one makes of it.
    func take(rowsOf previous: Batch) {
        for (own, theirs) in zip(engine.projections, previous.engine.projections) {
            for n in 0..<own.rows.table.count {
                if let row = theirs.rows.table.find(own.rows.table[n].key) { own.take(row, of: theirs) }
            }
        }
    }
}

extension Projection {
    /// Takes a row as another engine of the same plan has it.
    fileprivate func take(_ row: Row, of other: Projection) {
        let own = rows.table.row(row.key)
        own.update(from: row, count: rows.table.stride)
        for (i, column) in definition.columns.enumerated() where row.has(i) {
            switch column.type {
            case .text, .numeric, .json:
                let text = row.column(i)
                own.set(i, rows.arena.text(other.rows.arena.start(text), text.pointee.length))
            case .bigint, .boolean, .uuid, .date, .timestamptz: break
            }
        }
    }
}
