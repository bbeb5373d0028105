import Logging
import Postgres
import PostgresTesting
import Testing

@Suite struct ReconnectTests {
    private func insert(_ number: Int64) -> Statement { Statement("INSERT INTO t VALUES ($1)") { $0.bigint(number) } }

    @Test(.timeLimit(.minutes(2)))
    func `after kill -9 of the server, units in flight fail as unknown and everything goes on`() async throws {
        let cluster = TestCluster(fsync: true)
        let database = try await cluster.database(migrated: false)
        let connection = PipelinedConnection(
            database.settings(), reconnect: Reconnect(patience: .seconds(60)), log: quiet)
        let pool = BlockingPool(database.settings(), size: 1, reconnect: Reconnect(patience: .seconds(60)), log: quiet)
        _ = try await connection.query(Statement("CREATE TABLE t (n bigint PRIMARY KEY)"))

        let running = Task { try await connection.query(Statement("SELECT pg_sleep(30)")) }
        let blocked = Task { try await pool.run { try $0.execute("SELECT pg_sleep(30)") } }
        let watch = BlockingPool(database.superuser, size: 1, log: quiet)
        let sleeping = Statement("SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep'")
        while try await watch.run({ try $0.query(sleeping).count }) < 2 {
            try await Task.sleep(for: .milliseconds(10))
        }
        await watch.close()
        try await cluster.kill()
        for task in [Task { _ = try await running.value }, Task { try await blocked.value }] {
            let error = await #expect(throws: PostgresError.self) { try await task.value }
            #expect(error?.kind == .connectionLost)
            #expect(error?.outcomeUnknown == true)
        }

        let waiting = Task { try await connection.query(insert(1)) }
        let waitingJob = Task { try await pool.run { try $0.query(Statement("SELECT 5"))[0].int(0) } }
        try await Task.sleep(for: .milliseconds(300))
        try await cluster.server.ensureRunning()
        #expect(try await waiting.value.affected == 1)
        #expect(try await waitingJob.value == 5)

        try await cluster.restart()
        #expect(try await connection.query(Statement("SELECT count(*) FROM t"))[0].bigint(0) == 1)
        #expect(try await pool.run { try $0.query(Statement("SELECT 5"))[0].int(0) } == 5)
        await connection.close()
        await pool.close()
        await cluster.stop()
    }

    @Test(.timeLimit(.minutes(1)))
    func `what is meant for one session does not run on the next`() async throws {
        let database = try await TestCluster.shared.database(migrated: false)
        let connection = PipelinedConnection(database.settings(), log: quiet)
        _ = try await connection.query(Statement("CREATE TABLE t (n bigint PRIMARY KEY)"))
        let session = try #require(connection.session)
        #expect(try await connection.run([insert(1)], on: session)[0].affected == 1)
        _ = try? await connection.query(Statement("SELECT pg_terminate_backend(pg_backend_pid())"))
        // At once, and when there is a connection again.
        for number in 2...3 {
            let error = await #expect(throws: PostgresError.self) {
                _ = try await connection.run([insert(Int64(number))], on: session)
            }
            #expect(error?.kind == .connectionLost && error?.outcomeUnknown == false)
            #expect(try await connection.query(Statement("SELECT count(*) FROM t"))[0].bigint(0) == 1)
        }
        let next = try #require(connection.session)
        #expect(next != session)
        #expect(try await connection.run([insert(4)], on: next)[0].affected == 1)
        await connection.close()
        #expect(connection.session == nil)
    }

    @Test(.timeLimit(.minutes(1)))
    func `what acknowledged inserts said is there after kill -9`() async throws {
        let cluster = TestCluster(fsync: true)
        let database = try await cluster.database(migrated: false)
        let connection = PipelinedConnection(
            database.settings(), reconnect: Reconnect(patience: .milliseconds(200)), log: quiet)
        _ = try await connection.query(Statement("CREATE TABLE t (n bigint PRIMARY KEY)"))
        let outcomes = Task {
            await withTaskGroup(of: (Int64, PostgresError?).self) { group in
                for worker in 0..<Int64(8) {
                    group.addTask {
                        for number in 0... {
                            let value = worker * 1_000_000 + Int64(number)
                            do throws(PostgresError) { _ = try await connection.query(insert(value)) } catch {
                                return (Int64(number), error)
                            }
                        }
                        return (0, nil)
                    }
                }
                return await group.reduce(into: []) { $0.append($1) }
            }
        }
        try await Task.sleep(for: .milliseconds(400))
        try await cluster.kill()
        let ended = await outcomes.value
        #expect(ended.allSatisfy { $0.1?.kind == .connectionLost })
        try await cluster.server.ensureRunning()
        let later = PipelinedConnection(database.settings(), log: quiet)
        let there = try await later.query(Statement("SELECT count(*) FROM t"))[0].bigint(0)
        let acknowledged = ended.map(\.0).reduce(0, +)
        #expect(acknowledged > 0)
        #expect(there >= acknowledged && there <= acknowledged + 8, "each caller has at most one that is unknown")
        await connection.close()
        await later.close()
        await cluster.stop()
    }

    @Test(.timeLimit(.minutes(1)))
    func `without a server what waits fails when its patience ends, and can be cancelled before`() async throws {
        let settings = ConnectionSettings(url: "postgresql:///d?host=/nonexistent")
        let connection = PipelinedConnection(
            settings, reconnect: Reconnect(patience: .milliseconds(300), jitter: { 1 }), log: quiet)
        let pool = BlockingPool(settings, reconnect: Reconnect(patience: .milliseconds(300), jitter: { 1 }), log: quiet)
        let start = ContinuousClock.now
        let error = await #expect(throws: PostgresError.self) { _ = try await connection.query(insert(1)) }
        #expect(error?.kind == .connectionLost)
        #expect(error?.outcomeUnknown == false, "it was never sent")
        let refused = await #expect(throws: PostgresError.self) { try await pool.run { try $0.execute("SELECT 1") } }
        #expect(refused?.kind == .connectionLost)
        #expect(ContinuousClock.now - start > .milliseconds(250))
        await connection.close()
        await pool.close()

        let patient = PipelinedConnection(settings, reconnect: Reconnect(patience: .seconds(600)), log: quiet)
        let task = Task { _ = try await patient.query(insert(1)) }
        try await Task.sleep(for: .milliseconds(100))
        task.cancel()
        let cancelled = await #expect(throws: PostgresError.self) { try await task.value }
        #expect(cancelled?.kind == .cancelled && cancelled?.outcomeUnknown == false)
        await patient.close()
    }
}
