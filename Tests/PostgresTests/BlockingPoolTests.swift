import Glibc
import Postgres
import PostgresTesting
import Synchronization
import Testing

/// Something that one tells another, or so many do.
final class Flag: Sendable {
    private let lacking: Mutex<Int>
    init(tellers: Int = 1) { lacking = Mutex(tellers) }
    var isUp: Bool { lacking.withLock { $0 <= 0 } }
    func raise() { lacking.withLock { $0 -= 1 } }
    /// Blocks the thread until it is up, or for a minute.
    func block() {
        for _ in 0..<60_000 where !isUp { usleep(1_000) }
    }
}

@Suite struct BlockingPoolTests {
    private struct Oops: Error {}

    private func pool(
        _ sql: String = "", size: Int = 1, settings: [String: String] = [:]
    ) async throws -> BlockingPool {
        let database = try await TestCluster.shared.database(migrated: false)
        let pool = BlockingPool(database.settings().with(settings: settings), size: size, log: quiet)
        try await pool.run { try $0.execute(sql) }
        return pool
    }
    private func count(_ pool: BlockingPool) async throws -> Int64 {
        try await pool.run { try $0.query(Statement("SELECT count(*) FROM t"))[0].bigint(0) }
    }
    private func kind(_ body: () async throws -> Void) async -> PostgresError.Kind? {
        do { try await body() } catch { return (error as? PostgresError)?.kind }
        return nil
    }

    @Test func `a transaction commits, and one that throws does not`() async throws {
        let pool = try await pool("CREATE TABLE t (n bigint)")
        try await pool.run { connection in
            try connection.transaction {
                for number in 0..<3 {
                    try connection.query(Statement("INSERT INTO t VALUES ($1)") { $0.bigint(Int64(number)) })
                }
            }
        }
        await #expect(throws: Oops.self) {
            try await pool.run { connection in
                try connection.transaction {
                    try connection.execute("DELETE FROM t")
                    throw Oops()
                }
            }
        }
        #expect(try await count(pool) == 3)
        await pool.close()
    }

    @Test func `a transaction whose body swallowed an error is not taken for committed`() async throws {
        let pool = try await pool("CREATE TABLE t (n bigint)")
        let kind = await kind {
            try await pool.run { connection in
                try connection.transaction {
                    try connection.execute("INSERT INTO t VALUES (1)")
                    _ = try? connection.execute("SELECT 1/0")
                }
            }
        }
        #expect(kind == .unexpectedResult)
        #expect(try await count(pool) == 0)
        await pool.close()
    }

    @Test func `a transaction left open is rolled back, and its neighbour's session is clean`() async throws {
        let pool = try await pool("CREATE TABLE t (n bigint)")
        try await pool.run { try $0.execute("BEGIN; INSERT INTO t VALUES (1)") }
        #expect(try await count(pool) == 0)
        await pool.close()
    }

    @Test func `transactions see what their isolation says`() async throws {
        let pool = try await pool("CREATE TABLE t (n bigint)")
        let shown = try await pool.run { connection in
            try connection.transaction(.repeatableRead, readOnly: true) {
                try ["transaction_isolation", "transaction_read_only"].map { name in
                    try connection.query(Statement("SELECT current_setting($1)") { $0.text(name) })[0].text(0)
                }
            }
        }
        #expect(shown == ["repeatable read", "on"])
        await pool.close()
    }

    @Test func `a cancelled task's statement is cancelled on the server, and the pool goes on`() async throws {
        let pool = try await pool()
        let task = Task { try await pool.run { try $0.execute("SELECT pg_sleep(30)") } }
        try await Task.sleep(for: .milliseconds(200))
        let start = ContinuousClock.now
        task.cancel()
        let error = await #expect(throws: PostgresError.self) { try await task.value }
        #expect(error?.kind == .cancelled)
        #expect(ContinuousClock.now - start < .seconds(5))
        #expect(try await pool.run { try $0.query(Statement("SELECT 1"))[0].int(0) } == 1)
        await pool.close()
    }

    @Test func `a cancelled task's next statement is not sent`() async throws {
        let pool = try await pool("CREATE TABLE t (n bigint)")
        let task = Task {
            try await pool.run { connection in
                while true { try connection.query(Statement("INSERT INTO t SELECT 1 FROM pg_sleep(0.001)")) }
            }
        }
        try await Task.sleep(for: .milliseconds(100))
        task.cancel()
        #expect(await kind { try await task.value } == .cancelled)
        let before = try await count(pool)
        try await Task.sleep(for: .milliseconds(50))
        #expect(try await count(pool) == before)
        await pool.close()
    }

    @Test func `a job that waits when its task is cancelled never begins`() async throws {
        let pool = try await pool("CREATE TABLE t (n bigint)")
        let (begun, mayEnd) = (Flag(), Flag())
        async let busy: Void = pool.run { _ in
            begun.raise()
            mayEnd.block()
        }
        while !begun.isUp { try await Task.sleep(for: .milliseconds(5)) }
        let waiting = Task { try await pool.run { try $0.execute("INSERT INTO t VALUES (1)") } }
        try await Task.sleep(for: .milliseconds(50))
        waiting.cancel()
        #expect(await kind { try await waiting.value } == .cancelled)
        mayEnd.raise()
        try await busy
        #expect(try await count(pool) == 0)
        await pool.close()
    }

    @Test func `a statement runs out of its time`() async throws {
        let pool = try await pool(settings: ["statement_timeout": "50ms"])
        #expect(await kind { try await pool.run { try $0.execute("SELECT pg_sleep(5)") } } == .statementTimeout)
        await pool.close()
    }

    @Test func `a lock is not waited for longer than said`() async throws {
        let pool = try await pool("CREATE TABLE t (n bigint)", size: 2, settings: ["lock_timeout": "50ms"])
        let (held, mayEnd) = (Flag(), Flag())
        async let holder: Void = pool.run { connection in
            try connection.transaction {
                try connection.execute("LOCK TABLE t")
                held.raise()
                mayEnd.block()
            }
        }
        while !held.isUp { try await Task.sleep(for: .milliseconds(5)) }
        #expect(await kind { try await pool.run { try $0.execute("SELECT * FROM t") } } == .lockTimeout)
        mayEnd.raise()
        try await holder
        await pool.close()
    }

    @Test func `jobs run on as many connections as the pool has, and no more`() async throws {
        let pool = try await pool(size: 3)
        let begun = Flag(tellers: 3)
        let processes = try await withThrowingTaskGroup(of: Int32.self) { group in
            for _ in 0..<12 {
                group.addTask {
                    try await pool.run { connection in
                        // None ends before three have begun.
                        begun.raise()
                        begun.block()
                        return try connection.query(Statement("SELECT pg_backend_pid() FROM pg_sleep(0.05)"))[0].int(0)
                    }
                }
            }
            var processes: Set<Int32> = []
            for try await process in group { processes.insert(process) }
            return processes
        }
        #expect(processes.count == 3)
        await pool.close()
    }

    @Test func `a connection that the server has ended is replaced`() async throws {
        let pool = try await pool()
        let kind = await kind { try await pool.run { try $0.execute("SELECT pg_terminate_backend(pg_backend_pid())") } }
        #expect(kind == .connectionLost)
        #expect(try await pool.run { try $0.query(Statement("SELECT 1"))[0].int(0) } == 1)
        await pool.close()
        #expect(await self.kind { try await pool.run { try $0.execute("SELECT 1") } } == .closed)
    }

    @Test func `statements in a pipeline share a transaction, and 16 MiB go both ways`() async throws {
        let pool = try await pool("CREATE TABLE t (n bigint PRIMARY KEY)")
        let insert = Statement("INSERT INTO t VALUES ($1)") { $0.bigint(1) }
        #expect(await kind { try await pool.run { _ = try $0.runPipelined([insert, insert]) } } == .uniqueViolation)
        #expect(try await count(pool) == 0)
        let sizes = try await pool.run { connection in
            try connection.runPipelined(
                (0..<16).map { fill in
                    Statement("SELECT $1") { $0.bytea([UInt8](repeating: fill, count: 1 << 20)) }
                }
            ).map { try $0[0].bytea(0).count }
        }
        #expect(sizes == [Int](repeating: 1 << 20, count: 16))
        await pool.close()
    }

    @Test func `after an error in a pipeline its statements can be used again`() async throws {
        let pool = try await pool("CREATE TABLE t (n bigint PRIMARY KEY)")
        let count = try await pool.run { connection in
            let insert = Statement("INSERT INTO t VALUES ($1)") { $0.bigint(1) }
            let select = Statement("SELECT count(*) FROM t")
            for _ in 0..<2 {
                #expect(throws: PostgresError.self) {
                    try connection.runPipelined([Statement("SELECT 1/0"), insert, select])
                }
            }
            return try connection.transaction {
                _ = try connection.runPipelined([insert])
                return try connection.runPipelined([select, select, select]).map { try $0[0].bigint(0) }
            }
        }
        #expect(count == [1, 1, 1])
        await pool.close()
    }

    @Test func `a prepared statement whose result changed its shape is prepared anew`() async throws {
        let pool = try await pool("CREATE TABLE t (n bigint)")
        let columns = try await pool.run { connection in
            let select = Statement("SELECT * FROM t")
            var columns = try (0..<3).map { _ in try connection.query(select).columnCount }
            try connection.execute("ALTER TABLE t ADD m text")
            columns.append(try connection.query(select).columnCount)
            return columns
        }
        #expect(columns == [1, 1, 1, 2])
        await pool.close()
    }
}
