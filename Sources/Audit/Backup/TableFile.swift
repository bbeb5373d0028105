import Glibc
import Postgres
import Vault

/// A table's rows in a file, in Postgres' binary COPY format.
struct TableFile {
    private static let head: [UInt8] =
        Array("PGCOPY\n".utf8) + [0xFF, 0x0D, 0x0A, 0x00] + Array(repeating: 0, count: 8)
    private static let trailer: [UInt8] = [0xFF, 0xFF]
    let folder: String

    private func path(_ table: String) -> String { "\(folder)/\(table).copy.lz4" }

    /// Writes the rows that the connection's snapshot shows.
    func write(_ table: String, _ columns: [String], from connection: BlockingConnection) throws -> Manifest.Table {
        let file = try FrameWriter(path(table), mode: 0o600)
        var rows: Int64 = 0
        try file.write(Self.head)
        try connection.copyOut("COPY \(table) (\(Self.list(columns))) TO STDOUT (FORMAT binary)") { bytes in
            try file.write(bytes)
            rows += 1
        }
        try file.write(Self.trailer)
        try file.finish()
        return Manifest.Table(name: table, columns: columns, rows: rows, digest: try digest(table))
    }

    /// Puts the rows into the table, which has the columns and is empty; those that it has got since the backup take
    /// their defaults. Row-level security lets nobody COPY into a table, so the rows go through a temporary one.
    func read(_ table: Manifest.Table, into connection: BlockingConnection) throws {
        guard try digest(table.name) == table.digest else { throw FileError(.damaged, path(table.name)) }
        let columns = Self.list(table.columns)
        try connection.execute(
            "CREATE TEMP TABLE backup_rows ON COMMIT DROP AS SELECT \(columns) FROM \(table.name) WITH NO DATA")
        let reader = try FrameReader(path(table.name))
        let rows = try connection.copyIn("COPY pg_temp.backup_rows (\(columns)) FROM STDIN (FORMAT binary)") { write in
            while let bytes = try reader.next() { try bytes.withUnsafeBytes { try write($0) } }
        }
        guard rows == table.rows else { throw FileError(.damaged, path(table.name)) }
        try connection.execute("INSERT INTO \(table.name) (\(columns)) SELECT \(columns) FROM pg_temp.backup_rows")
        try connection.execute("DROP TABLE pg_temp.backup_rows")
    }

    /// Shows each row's fields, in the order of the columns, without a database.
    func scan(_ table: Manifest.Table, _ body: ([[UInt8]?]) -> Void) throws(FileError) {
        let reader = try FrameReader(path(table.name))
        var ahead: ArraySlice<UInt8> = []
        func take(_ count: Int) throws(FileError) -> [UInt8] {
            while ahead.count < count {
                guard let more = try reader.next() else { throw FileError(.damaged, path(table.name)) }
                ahead += more
            }
            defer { ahead = ahead.dropFirst(count) }
            return Array(ahead.prefix(count))
        }
        guard try take(Self.head.count) == Self.head else { throw FileError(.damaged, path(table.name)) }
        while true {
            let count = try take(2)
            if count == Self.trailer { return }
            guard count == [0, UInt8(table.columns.count)] else { throw FileError(.damaged, path(table.name)) }
            var fields: [[UInt8]?] = []
            for _ in table.columns {
                let length = try take(4).reduce(0 as UInt32) { $0 << 8 | UInt32($1) }
                fields.append(length == .max ? nil : try take(Int(length)))
            }
            body(fields)
        }
    }

    private static func list(_ columns: [String]) -> String {
        columns.map { "\"\($0.replacing("\"", with: "\"\""))\"" }.joined(separator: ", ")
    }

    private func digest(_ table: String) throws(FileError) -> [UInt8] {
        let file = open(path(table), O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw FileError(.cannotRead, path(table)) }
        defer { close(file) }
        var hash = SHA256()
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            guard count >= 0 else { throw FileError(.cannotRead, path(table)) }
            if count == 0 { return hash.finish() }
            buffer.withUnsafeBytes { hash.update(UnsafeRawBufferPointer(rebasing: $0.prefix(count))) }
        }
    }
}
