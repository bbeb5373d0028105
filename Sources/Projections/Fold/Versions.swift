import Glibc

/// When a version of a row ends, and where the row notes since when it is as it is.
struct VersionRule: Sendable {
    /// The columns whose change ends it, and whether they hold texts; nil: every event does.
    let watched: [(column: Int, isText: Bool)]?
    /// The first of the columns that note it.
    let marks: Int

    init?(_ definition: Definition) {
        guard let history = definition.history else { return nil }
        marks = definition.marks
        switch history {
        case .all: watched = nil
        case .columns(let columns):
            watched = columns.map { column in
                switch definition.columns[column].type {
                case .text, .numeric, .json: (column, true)
                case .bigint, .boolean, .uuid, .date, .timestamptz: (column, false)
                }
            }
        }
    }
}

/// Versions of rows that have ended: the cells of the row as it was, and of the event that ended it when it occurred,
/// when it was recorded, and its position. Blocks that never move, as in `Table`.
struct Versions: ~Copyable {
    private let row: Int
    private(set) var count = 0
    private var blocks: [Row] = []
    private static let perBlock = 256
    private var stride: Int { row + 2 }

    /// `stride`: of the rows.
    init(stride: Int) { row = stride }
    deinit { for block in blocks { block.deallocate() } }

    @inline(__always) subscript(_ n: Int) -> Row { blocks[n / Versions.perBlock] + n % Versions.perBlock * stride }
    func untilAt(_ n: Int) -> Int64 { Int64(bitPattern: self[n][row].low) }
    func untilRecordedAt(_ n: Int) -> Int64 { Int64(bitPattern: self[n][row].high) }
    func untilPosition(_ n: Int) -> Int64 { self[n][row + 1].number }

    mutating func end(_ version: Row, by event: borrowing Event) {
        if count == blocks.count * Versions.perBlock {
            blocks.append(.allocate(capacity: Versions.perBlock * stride))
        }
        count += 1
        let kept = self[count - 1]
        kept.update(from: version, count: row)
        kept[row] = Cell(low: UInt64(bitPattern: event.occurredAt), high: UInt64(bitPattern: event.recordedAt))
        kept[row + 1] = Cell(event.position)
    }

    /// Forgets all; the memory of a few is kept.
    mutating func removeAll() {
        let kept = min(blocks.count, 1)
        for block in blocks[kept...] { block.deallocate() }
        blocks.removeSubrange(kept...)
        count = 0
    }
}

extension Rows {
    /// After an event was applied: where it ended the version that `before` is, that one is kept, and the row says
    /// since when it is as it is.
    mutating func keepVersion(_ rule: VersionRule, _ before: Row, _ row: Row, _ event: borrowing Event) {
        let (was, isThere) = (before.position != 0, row.position != 0)
        if was, isThere, let watched = rule.watched, !watched.contains(where: { differ(before, row, $0) }) { return }
        if was { versions.end(before, by: event) }
        if !isThere { return }
        if rule.watched == nil { return row.set(rule.marks, Cell(event.recordedAt)) }
        row.set(rule.marks, Cell(event.occurredAt))
        row.set(rule.marks + 1, Cell(event.recordedAt))
        row.set(rule.marks + 2, Cell(event.position))
    }

    /// By what is said, not by where it lies.
    private func differ(_ a: Row, _ b: Row, _ watched: (column: Int, isText: Bool)) -> Bool {
        let column = watched.column
        if a.has(column) != b.has(column) { return true }
        let (one, other) = (a.column(column), b.column(column))
        if one.pointee == other.pointee { return false }
        if !watched.isText || one.pointee.length != other.pointee.length { return true }
        return memcmp(arena.start(one), arena.start(other), one.pointee.length) != 0
    }
}
