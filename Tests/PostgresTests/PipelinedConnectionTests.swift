import Postgres
import PostgresTesting
import Testing

@Suite struct PipelinedConnectionTests {
    private func connection(
        _ sql: String = "", settings: [String: String] = [:]
    ) async throws -> PipelinedConnection {
        let database = try await TestCluster.shared.database(migrated: false)
        let pool = BlockingPool(database.settings(), size: 1, log: quiet)
        try await pool.run { try $0.execute(sql) }
        await pool.close()
        return PipelinedConnection(database.settings().with(settings: settings), log: quiet)
    }
    /// Statements of the same database wait before it until it is opened.
    private struct Gate {
        static let pass = Statement("SELECT 7 FROM pg_advisory_xact_lock_shared(1)")
        let holder: PipelinedConnection

        /// Waits until a statement stands before it.
        func isAwaited() async throws {
            let waiting = Statement(
                """
                SELECT 1 FROM pg_locks l JOIN pg_database d ON d.oid = l.database
                WHERE datname = current_database() AND locktype = 'advisory' AND NOT granted
                """)
            while try await holder.query(waiting).isEmpty { try await Task.sleep(for: .milliseconds(5)) }
        }
        func open() async { await holder.close() }
    }
    private func gated(_ sql: String = "") async throws -> (PipelinedConnection, Gate) {
        let database = try await TestCluster.shared.database(migrated: false)
        let holder = PipelinedConnection(database.settings(), log: quiet)
        if !sql.isEmpty { _ = try await holder.query(Statement(sql)) }
        _ = try await holder.query(Statement("SELECT pg_advisory_lock(1)"))
        return (PipelinedConnection(database.settings(), log: quiet), Gate(holder: holder))
    }
    private func insert(_ number: Int64) -> Statement { Statement("INSERT INTO t VALUES ($1)") { $0.bigint(number) } }
    private func count(_ connection: PipelinedConnection) async throws -> Int64 {
        try await connection.query(Statement("SELECT count(*) FROM t"))[0].bigint(0)
    }
    private func kind(_ body: () async throws -> Void) async -> PostgresError.Kind? {
        do { try await body() } catch { return (error as? PostgresError)?.kind }
        return nil
    }

    @Test func `a unit answers each statement, in order`() async throws {
        let connection = try await connection()
        let results = try await connection.run([
            Statement("SELECT $1::bigint + 1, current_user::text") { $0.bigint(41) },
            Statement("SELECT n FROM generate_series(1, 3) n"),
            Statement("SELECT set_config('a.b', 'c', true)"),
            Statement("SELECT current_setting('a.b')"),
        ])
        #expect(try results[0][0].bigint(0) == 42)
        #expect(try results[0][0].text(1) == "daybook")
        #expect(try results[1].map { row throws(PostgresError) in try row.int(0) } == [1, 2, 3])
        #expect(results[1].columns == ["n"])
        #expect(try results[3][0].text(0) == "c", "a unit is one transaction")
        #expect(try await connection.run([]).isEmpty)
        await connection.close()
    }

    @Test func `a unit is all or nothing`() async throws {
        let connection = try await connection("CREATE TABLE t (n bigint PRIMARY KEY)")
        let kind = await kind { _ = try await connection.run([insert(1), insert(1)]) }
        #expect(kind == .uniqueViolation)
        #expect(try await count(connection) == 0)
        await connection.close()
    }

    @Test func `of 200 callers at once a tenth fail, and nobody else notices`() async throws {
        let connection = try await connection("CREATE TABLE t (n bigint PRIMARY KEY)")
        let kinds = await withTaskGroup(of: (Int64, PostgresError.Kind?).self) { group in
            for number in 0..<Int64(200) {
                group.addTask {
                    let unit = number % 10 == 0 ? [insert(number), insert(number)] : [insert(number)]
                    return (number, await kind { _ = try await connection.run(unit) })
                }
            }
            return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
        }
        #expect(kinds.keys.allSatisfy { $0 % 10 == 0 })
        #expect(kinds.count == 20 && kinds.values.allSatisfy { $0 == .uniqueViolation })
        #expect(try await count(connection) == 180)
        await connection.close()
    }

    @Test func `the error says constraint and table, and its description keeps the row to itself`() async throws {
        let connection = try await connection("CREATE TABLE t (n bigint CONSTRAINT positive CHECK (n > 0))")
        let error = await #expect(throws: PostgresError.self) { _ = try await connection.query(insert(-7)) }
        #expect(error?.kind == .checkViolation)
        #expect(error?.sqlstate == "23514")
        #expect(error?.constraint == "positive")
        #expect(error?.table == "t")
        #expect(error?.detail?.contains("-7") == true)
        #expect(error?.description.contains("-7") == false)
        await connection.close()
    }

    @Test func `8 MiB go both ways at once`() async throws {
        let connection = try await connection()
        let sizes = try await withThrowingTaskGroup(of: Int.self) { group in
            for fill in UInt8(1)...4 {
                group.addTask {
                    let bytes = [UInt8](repeating: fill, count: 8 << 20)
                    let back = try await connection.query(Statement("SELECT $1") { $0.bytea(bytes) })[0].bytea(0)
                    return back == bytes ? back.count : 0
                }
            }
            var sizes: [Int] = []
            for try await size in group { sizes.append(size) }
            return sizes
        }
        #expect(sizes == [Int](repeating: 8 << 20, count: 4))
        await connection.close()
    }

    @Test func `a statement that cannot be prepared tells everybody why, and can be later`() async throws {
        let connection = try await connection()
        let select = Statement("SELECT n FROM later")
        let kinds = await withTaskGroup(of: PostgresError.Kind?.self) { group in
            for _ in 0..<50 { group.addTask { await kind { _ = try await connection.query(select) } } }
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(kinds.allSatisfy { $0 == .undefinedTable })
        _ = try await connection.query(Statement("CREATE TABLE later (n bigint)"))
        #expect(try await connection.query(select).isEmpty)
        await connection.close()
    }

    @Test func `a statement whose result changed its shape is prepared anew`() async throws {
        let connection = try await connection("CREATE TABLE t (n bigint)")
        let select = Statement("SELECT * FROM t")
        #expect(try await connection.query(select).columnCount == 1)
        _ = try await connection.query(Statement("ALTER TABLE t ADD m text"))
        #expect(try await connection.query(select).columnCount == 2)
        _ = try await connection.query(Statement("DEALLOCATE ALL"))
        #expect(try await connection.query(select).columnCount == 2)
        await connection.close()
    }

    @Test func `more statements than the server should keep are forgotten, the oldest first`() async throws {
        let connection = try await connection()
        for number in 0..<700 {
            _ = try await connection.query(Statement("SELECT \(number)"))
        }
        let kept = try await connection.query(Statement("SELECT count(*) FROM pg_prepared_statements"))
        #expect(try kept[0].bigint(0) <= 501)
        #expect(try await connection.query(Statement("SELECT 1"))[0].int(0) == 1)
        await connection.close()
    }

    @Test func `one SQL with parameters of two types is two statements`() async throws {
        let connection = try await connection()
        for _ in 0..<2 {
            #expect(try await connection.query(Statement("SELECT $1") { $0.bigint(5) })[0].bigint(0) == 5)
            #expect(try await connection.query(Statement("SELECT $1") { $0.text("five") })[0].text(0) == "five")
        }
        await connection.close()
    }

    @Test func `a BEGIN in a unit costs the connection, not its neighbours' transactions`() async throws {
        let connection = try await connection("CREATE TABLE t (n bigint)")
        let kind = await kind { _ = try await connection.query(Statement("BEGIN")) }
        #expect(kind == .connectionLost)
        _ = try await connection.query(insert(1))
        #expect(try await count(connection) == 1)
        await connection.close()
    }

    @Test func `a statement that takes too long fails alone`() async throws {
        let connection = try await connection(settings: ["statement_timeout": "300ms"])
        async let slow = kind { _ = try await connection.query(Statement("SELECT pg_sleep(5)")) }
        async let quick = connection.query(Statement("SELECT 1"))
        #expect(await slow == .statementTimeout)
        #expect(try await quick[0].int(0) == 1)
        await connection.close()
    }

    @Test func `what was not sent when its task is cancelled never is`() async throws {
        let (connection, gate) = try await gated("CREATE TABLE t (n bigint)")
        let numbers = Int64(0)..<600
        let errors = await withTaskGroup(of: PostgresError?.self) { group in
            group.addTask {
                _ = try? await connection.query(Gate.pass)
                return nil
            }
            try? await gate.isAwaited()
            for number in numbers {
                group.addTask {
                    do throws(PostgresError) { _ = try await connection.query(insert(number)) } catch { return error }
                    return nil
                }
            }
            try? await Task.sleep(for: .milliseconds(200))
            group.cancelAll()
            return await group.reduce(into: []) { $0.append($1) }.compactMap(\.self)
        }
        #expect(errors.allSatisfy { $0.kind == .cancelled })
        let unsent = errors.filter { !$0.outcomeUnknown }.count
        #expect(unsent > 300)
        await gate.open()
        #expect(try await count(connection) == 600 - Int64(unsent), "what was sent ran on")
        await connection.close()
    }

    @Test(.timeLimit(.minutes(2)))
    func `a caller whose statement runs is let go at once when its task is cancelled`() async throws {
        let (connection, gate) = try await gated("CREATE TABLE t (n bigint)")
        let task = Task { _ = try await connection.run([Gate.pass, insert(1)]) }
        try await gate.isAwaited()
        task.cancel()
        // The statement does not end before the gate is opened.
        let error = await #expect(throws: PostgresError.self) { try await task.value }
        #expect(error?.kind == .cancelled && error?.outcomeUnknown == true)
        await gate.open()
        #expect(try await count(connection) == 1, "it ran on")
        await connection.close()
    }

    @Test func `close lets what was submitted end, and refuses the rest`() async throws {
        let (connection, gate) = try await gated()
        async let slow = connection.query(Gate.pass)
        try await gate.isAwaited()
        let closing = Task { await connection.close() }
        try await Task.sleep(for: .milliseconds(50))
        await gate.open()
        await closing.value
        #expect(try await slow[0].int(0) == 7)
        #expect(await kind { _ = try await connection.query(Statement("SELECT 1")) } == .closed)
    }

    @Test func `a URL that is none is told at once, without what it says`() async throws {
        let connection = PipelinedConnection(ConnectionSettings(url: "postgres://u:secret@h/d?x=y=z"), log: quiet)
        let start = ContinuousClock.now
        let error = await #expect(throws: PostgresError.self) { _ = try await connection.query(Statement("SELECT 1")) }
        #expect(error?.kind == .invalidSettings)
        #expect(error?.description.contains("secret") == false)
        #expect(ContinuousClock.now - start < .seconds(2))
        await connection.close()
    }

    @Test func `settings and role are the session's own`() async throws {
        let database = try await TestCluster.shared.database()
        let settings = ConnectionSettings(
            url: database.url + "&options=-c%20work_mem%3D5MB", role: "daybook_app",
            settings: ["daybook.organization": #"a b\c"#, "statement_timeout": "1234"])
        let connection = PipelinedConnection(settings, log: quiet)
        let row = try await connection.query(
            Statement(
                """
                SELECT current_user::text, current_setting('daybook.organization'), current_setting('statement_timeout'),
                    current_setting('work_mem')
                """))[0]
        #expect(try row.text(0) == "daybook_app")
        #expect(try row.text(1) == #"a b\c"#)
        #expect(try row.text(2) == "1234ms")
        #expect(try row.text(3) == "5MB")
        let complete = PipelinedConnection(ConnectionSettings(url: try settings.completeURL()), log: quiet)
        let same = try await complete.query(
            Statement("SELECT current_user::text, current_setting('daybook.organization')"))[0]
        #expect(try same.text(0) == "daybook_app")
        #expect(try same.text(1) == #"a b\c"#)
        await complete.close()
        await connection.close()
    }
}
