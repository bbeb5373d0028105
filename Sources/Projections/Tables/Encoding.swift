import Postgres

extension Projection {
    /// One column of a row as a field.
    @inline(__always) func field(_ row: Row, _ column: Int, into out: inout Bytes) {
        if !row.has(column) { return out.null() }
        let cell = row.column(column)
        switch definition.columns[column].type {
        case .bigint, .timestamptz: out.field(cell.pointee.number)
        case .boolean: out.field(UInt8(truncatingIfNeeded: cell.pointee.number))
        case .date: out.field(Int32(truncatingIfNeeded: cell.pointee.number))
        case .uuid: out.field(cell.pointee)
        case .text: out.field(rows.arena.start(cell), cell.pointee.length)
        case .json:
            out.append(Int32(cell.pointee.length + 1))
            out.append(UInt8(1))  // jsonb, version 1
            out.append(rows.arena.start(cell), cell.pointee.length)
        case .numeric: out.numeric(rows.arena.start(cell), cell.pointee.length)
        }
    }

    /// A field of `ReadTable.fields` by its number; 0 is the organization, which a row does not hold.
    @inline(__always) func tableField(_ row: Row, _ number: Int, into out: inout Bytes) {
        if number == 1 { return out.field(row.key) }
        switch number - 2 - definition.columns.count + (hasStreamRows ? 0 : 1) {
        case 0 where hasStreamRows: out.field(row.version)
        case 1: out.field(row.position)
        case 2: out.field(row.createdAt)
        case 3: out.field(row.updatedAt)
        case _: field(row, number - 2, into: &out)
        }
    }

    /// A whole row for COPY.
    func copyRow(_ row: Row, _ organization: Cell, into out: inout Bytes) {
        out.append(Int16(fields))
        out.field(organization)
        for number in 1..<fields { tableField(row, number, into: &out) }
    }

    /// Takes a row as it lies in the table: what `ReadTable.select` answers.
    func take(_ stored: Postgres.Row) {
        let first = hasStreamRows ? 2 : 1
        guard let id = stored.bytes(0)?.baseAddress, let version = stored.bytes(1)?.baseAddress,
            let position = stored.bytes(first)?.baseAddress, let created = stored.bytes(first + 1)?.baseAddress,
            let updated = stored.bytes(first + 2)?.baseAddress
        else { return }
        let row = rows.table.row(Cell(uuid: id))
        if hasStreamRows { row.version = load(version) }
        row.position = load(position)
        row.createdAt = load(created)
        row.updatedAt = load(updated)
        for (i, column) in definition.columns.enumerated() {
            guard let bytes = stored.bytes(first + 3 + i) else { continue }
            guard let start = bytes.baseAddress, !bytes.isEmpty else {
                row.set(i, .zero)  // an empty text
                continue
            }
            switch column.type {
            case .bigint, .timestamptz: row.set(i, Cell(load(start, as: Int64.self)))
            case .boolean: row.set(i, Cell(Int64(load(start, as: UInt8.self))))
            case .date: row.set(i, Cell(Int64(load(start, as: Int32.self))))
            case .uuid: row.set(i, Cell(uuid: start))
            case .text, .numeric, .json:
                row.set(i, rows.arena.text(start.assumingMemoryBound(to: UInt8.self), bytes.count))
            }
        }
    }
}

/// The frame of a binary COPY.
enum CopyFrame {
    static let head: [UInt8] = Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0x00] + [UInt8](repeating: 0, count: 8)
    static let trailer: [UInt8] = [0xFF, 0xFF]
}
