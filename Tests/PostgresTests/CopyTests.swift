import Postgres
import PostgresTesting
import Testing

@Suite struct CopyTests {
    private struct Oops: Error {}

    private func pool(_ sql: String) async throws -> BlockingPool {
        let database = try await TestCluster.shared.database(migrated: false)
        let pool = BlockingPool(database.settings(), size: 1, log: quiet)
        try await pool.run { try $0.execute(sql) }
        return pool
    }
    private func count(_ pool: BlockingPool) async throws -> Int64 {
        try await pool.run { try $0.query(Statement("SELECT count(*) FROM t"))[0].bigint(0) }
    }

    @Test func `what is copied in by binary fields comes out by binary fields`() async throws {
        let pool = try await pool("CREATE TABLE t (n bigint, note text)")
        let rows = 20_000
        let copied = try await pool.run { connection in
            try connection.copyIn("COPY t FROM STDIN (FORMAT binary)") { write in
                var writer = FieldWriter(capacity: 1 << 16)
                writer.copyHeader()
                for number in 0..<rows {
                    writer.copyRow(fields: 2)
                    writer.bigint(Int64(number))
                    writer.text(number % 7 == 0 ? nil : "row \(number)")
                    if writer.bytes.count > 60_000 {
                        try writer.bytes.withUnsafeBytes(write)
                        writer.removeAll()
                    }
                }
                writer.copyTrailer()
                try writer.bytes.withUnsafeBytes(write)
            }
        }
        #expect(copied == rows)
        let (sum, nulls) = try await pool.run { connection in
            var sum: Int64 = 0
            var nulls = 0
            try connection.copyOut("COPY (SELECT n, note FROM t ORDER BY n) TO STDOUT (FORMAT binary)") { bytes in
                var row = CopyRow(bytes)
                guard row.count == 2, let number = try row.next() else { throw Oops() }
                sum += Int64(bigEndian: number.loadUnaligned(as: Int64.self))
                if try row.next() == nil { nulls += 1 }
            }
            return (sum, nulls)
        }
        #expect(sum == Int64(rows * (rows - 1) / 2))
        #expect(nulls == (rows + 6) / 7)
        await pool.close()
    }

    @Test func `text goes both ways in lines`() async throws {
        let pool = try await pool("CREATE TABLE t (n bigint, note text)")
        let lines = try await pool.run { connection in
            _ = try connection.copyIn("COPY t FROM STDIN") { write in
                // Cut in the middle of a row.
                for piece in ["1\to", "ne\n2", "\t\\N\n"] { try Array(piece.utf8).withUnsafeBytes(write) }
            }
            var lines: [String] = []
            try connection.copyOut("COPY t TO STDOUT") { lines.append(String(decoding: $0, as: UTF8.self)) }
            return lines
        }
        #expect(lines == ["1\tone\n", "2\t\\N\n"])
        await pool.close()
    }

    @Test func `an empty table copies out no row in either format`() async throws {
        let pool = try await pool("CREATE TABLE t (n bigint)")
        let rows = try await pool.run { connection in
            var rows = 0
            try connection.copyOut("COPY t TO STDOUT (FORMAT binary)") { _ in rows += 1 }
            try connection.copyOut("COPY t TO STDOUT") { _ in rows += 1 }
            return rows
        }
        #expect(rows == 0)
        await pool.close()
    }

    @Test func `a copy out that its reader ends leaves the connection in order`() async throws {
        let pool = try await pool("CREATE TABLE t AS SELECT n::bigint FROM generate_series(1, 300000) n")
        let process = try await pool.run { connection in
            let process = try connection.query(Statement("SELECT pg_backend_pid()"))[0].int(0)
            var seen = 0
            do {
                try connection.copyOut("COPY t TO STDOUT") { _ in
                    seen += 1
                    if seen == 10 { throw Oops() }
                }
                return Int32(0)
            } catch is Oops {}
            #expect(seen == 10)
            return try connection.query(Statement("SELECT pg_backend_pid()"))[0].int(0) == process ? process : 0
        }
        #expect(process != 0)
        #expect(try await count(pool) == 300_000)
        await pool.close()
    }

    @Test func `a copy in that its writer ends copies nothing`() async throws {
        let pool = try await pool("CREATE TABLE t (n bigint)")
        await #expect(throws: Oops.self) {
            try await pool.run { connection in
                try connection.copyIn("COPY t FROM STDIN") { write in
                    try Array("1\n2\n".utf8).withUnsafeBytes(write)
                    throw Oops()
                }
            }
        }
        #expect(try await count(pool) == 0)
        await pool.close()
    }

    @Test(arguments: [1, 2_000_000])
    func `what the server refuses is told by SQLSTATE, at the end or in the middle`(further: Int) async throws {
        let pool = try await pool("CREATE TABLE t (n bigint)")
        let error = await #expect(throws: PostgresError.self) {
            try await pool.run { connection in
                try connection.copyIn("COPY t FROM STDIN") { write in
                    try Array("1\nx\n".utf8).withUnsafeBytes(write)
                    let rows = Array(String(repeating: "3\n", count: 1000).utf8)
                    for _ in 0..<max(1, further / 1000) { try rows.withUnsafeBytes(write) }
                }
            }
        }
        #expect(error?.kind == .invalidValue)
        #expect(error?.sqlstate == "22P02")
        #expect(try await count(pool) == 0)
        await pool.close()
    }

    @Test func `SQL that is no COPY is refused, and COPY is by execute`() async throws {
        let pool = try await pool("CREATE TABLE t (n bigint)")
        for sql in ["SELECT 1", "COPY t FROM STDIN"] {
            let error = await #expect(throws: PostgresError.self) {
                try await pool.run { try $0.copyOut(sql) { _ in } }
            }
            #expect(error?.kind == .unexpectedResult)
        }
        let error = await #expect(throws: PostgresError.self) {
            try await pool.run { try $0.execute("COPY t TO STDOUT") }
        }
        #expect(error?.kind == .unexpectedResult)
        #expect(try await count(pool) == 0)
        await pool.close()
    }

    @Test func `a copy is cancelled with its task`() async throws {
        let pool = try await pool("CREATE TABLE t (n bigint)")
        let task = Task {
            try await pool.run { connection in
                try connection.copyOut("COPY (SELECT pg_sleep(0.01) FROM generate_series(1, 100000)) TO STDOUT") { _ in
                }
            }
        }
        try await Task.sleep(for: .milliseconds(200))
        task.cancel()
        let error = await #expect(throws: PostgresError.self) { try await task.value }
        #expect(error?.kind == .cancelled)
        await pool.close()
    }
}
