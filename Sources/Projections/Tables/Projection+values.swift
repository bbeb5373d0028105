import FoundationEssentials
import Kernel

extension Projection {
    /// What a row holds, by column; what is empty is absent.
    func values(_ row: Row) -> [String: JSON] {
        var values: [String: JSON] = [:]
        for (i, column) in definition.columns.enumerated() where row.has(i) { values[column.name] = value(row, i) }
        return values
    }

    private func value(_ row: Row, _ column: Int) -> JSON {
        let cell = row.column(column)
        switch definition.columns[column].type {
        case .bigint: return .integer(cell.pointee.number)
        case .boolean: return .bool(cell.pointee.number != 0)
        case .uuid: return .string(cell.pointee.uuid.text)
        // Both count from 2000-01-01.
        case .date: return .string(Day(number: Int32(truncatingIfNeeded: cell.pointee.number + 10_957)).text)
        case .timestamptz:
            return .string(Instant(Day(number: 10_957), microseconds: cell.pointee.number).text)
        case .text: return .string(text(cell))
        case .json, .numeric: return (try? JSON(parsing: text(cell))) ?? .string(text(cell))
        }
    }

    private func text(_ cell: UnsafePointer<Cell>) -> String {
        String(
            decoding: UnsafeBufferPointer(start: rows.arena.start(cell), count: cell.pointee.length), as: UTF8.self)
    }
}
