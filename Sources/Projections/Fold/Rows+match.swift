import Kernel

// MARK: - By what is a row found as another that may be the same?

extension Rows {
    /// Puts in the keys of the columns' texts: lists by what they are. Nothing where there are none.
    mutating func match(_ row: Row, _ column: Int, _ texts: [MatchTexts]) {
        var keys: [String: JSON] = [:]
        for one in texts {
            var found: [String] = []
            for (column, isEntries) in one.columns where row.has(column) {
                found += isEntries ? addresses(row.column(column)) : [text(row.column(column))]
            }
            for (key, list) in Match.keys(of: one.form, found) { keys[key] = .array(list.map(JSON.string)) }
        }
        if keys.isEmpty { return row.clear(column) }
        constant(row, column, JSON.object(keys).bytes)
    }

    private func text(_ cell: UnsafePointer<Cell>) -> String {
        String(decoding: UnsafeBufferPointer(start: arena.start(cell), count: cell.pointee.length), as: UTF8.self)
    }

    /// The addresses of entries by id.
    private func addresses(_ cell: UnsafePointer<Cell>) -> [String] {
        let entries = (try? JSON(parsing: text(cell)))?.object ?? [:]
        return entries.values.compactMap { $0["address"]?.string }
    }
}
