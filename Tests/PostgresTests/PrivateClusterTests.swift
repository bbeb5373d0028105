import FoundationEssentials
import Glibc
import PostgresTesting
import Testing

@testable import Postgres

@Suite struct PrivateClusterTests {
    private func cluster(_ name: String = "") -> PrivateCluster {
        var options = PrivateCluster.Options()
        options.fsync = false
        options.sharedBuffers = 16
        let folder = "/tmp/daybook-test-\(getpid())-c\(UInt32.random(in: 0 ... .max))\(name)"
        return PrivateCluster(folder: folder, options: options, log: quiet)
    }
    private func query(_ cluster: PrivateCluster, _ sql: String) async throws -> String {
        let pool = BlockingPool(ConnectionSettings(url: cluster.url), size: 1, log: quiet)
        let text = try await pool.run { try $0.query(Statement(sql))[0].text(0) }
        await pool.close()
        return text
    }

    @Test func `a new folder becomes a cluster, whose login is no superuser, and continues after a stop`() async throws
    {
        let cluster = cluster()
        try await cluster.start()
        #expect(cluster.isRunning)
        let facts = try await query(
            cluster,
            """
            SELECT concat_ws(' ', rolsuper, rolcreaterole, pg_encoding_to_char(encoding), datcollate, datname,
                current_setting('wal_recycle'), current_setting('listen_addresses') = '')
            FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()
            """)
        #expect(facts == "f t UTF8 C.UTF-8 daybook off t")
        try await cluster.stop()
        #expect(!cluster.isRunning)
        try await cluster.start()
        #expect(try await query(cluster, "SELECT 'here'") == "here")
        try cluster.destroy()
        #expect(!FileManager.default.fileExists(atPath: cluster.folder))
    }

    @Test func `nobody but its own user and root reaches the socket, and the server is not root`() async throws {
        let cluster = cluster()
        try await cluster.start()
        let status = try #require(Files.status(cluster.socketFolder))
        #expect(status.st_mode & 0o777 == 0o700)
        #expect(status.st_uid != 0)
        let process = try #require(cluster.processIdentifier)
        #expect(Files.status("/proc/\(process)")?.st_uid == status.st_uid)
        try cluster.destroy()
    }

    @Test func `a server that outlived its Daybook is adopted`() async throws {
        let first = cluster()
        try await first.start()
        let process = first.processIdentifier
        first.releaseLock()  // what the system does when a process is killed
        let second = PrivateCluster(folder: first.folder, options: first.options, log: quiet)
        try await second.start()
        #expect(second.processIdentifier == process)
        try second.destroy()
    }

    @Test func `two at once are told apart`() async throws {
        let first = cluster()
        try await first.start()
        let second = PrivateCluster(folder: first.folder, options: first.options, log: quiet)
        let error = await #expect(throws: ClusterError.self) { try await second.start() }
        #expect(error == .inUse(folder: first.folder, process: getpid()))
        #expect(try await query(second, "SELECT 'yes'") == "yes", "the one without the folder may use its URL")
        try await second.stop()
        #expect(first.isRunning, "and may not stop it")
        try first.destroy()
    }

    @Test func `a server that died by kill -9 is started again by the supervisor, with its data`() async throws {
        let cluster = cluster()
        try await cluster.start()
        let pool = BlockingPool(ConnectionSettings(url: cluster.url), size: 1, log: quiet)
        try await pool.run { try $0.execute("CREATE TABLE t AS SELECT 'kept' AS v") }
        // A session that computes outlives its server, and holds the shared memory.
        let busy = Task { try await pool.run { try $0.execute("SELECT count(*) FROM generate_series(1, 300000000)") } }
        try await Task.sleep(for: .milliseconds(100))
        let supervisor = Task { await cluster.supervise() }
        let first = try #require(cluster.processIdentifier)
        kill(first, SIGKILL)
        _ = try? await busy.value
        #expect(try await query(cluster, "SELECT v FROM t") == "kept")
        #expect(cluster.processIdentifier != first)
        await withTaskGroup(of: Void.self) { group in
            kill(cluster.processIdentifier ?? 0, SIGKILL)
            for _ in 0..<4 { group.addTask { try? await cluster.ensureRunning() } }
        }
        #expect(try await query(cluster, "SELECT v FROM t") == "kept", "however many start it at once")
        await pool.close()
        try await cluster.stop()
        await supervisor.value
        #expect(!cluster.isRunning, "what was stopped stays so")
        try cluster.destroy()
    }

    @Test func `a stale postmaster.pid with the number of a living process is no obstacle`() async throws {
        let cluster = cluster()
        try await cluster.start()
        kill(try #require(cluster.processIdentifier), SIGKILL)
        while cluster.isRunning { usleep(1000) }
        let file = "\(cluster.cluster)/postmaster.pid"
        let text = try #require(Files.read(file))
        let rest = text.drop { $0 != "\n" }
        try Files.write("1" + rest, to: file, owner: Account.forData(in: cluster.cluster))
        cluster.releaseLock()
        try await cluster.start()
        #expect(try await query(cluster, "SELECT 'up'") == "up")
        try cluster.destroy()
    }

    @Test func `a stale lock of the socket with the number of a living process is no obstacle`() async throws {
        let (cluster, other) = (self.cluster(), self.cluster())
        try await cluster.start()
        try await other.start()
        kill(try #require(cluster.processIdentifier), SIGKILL)
        while cluster.isRunning { usleep(1000) }
        let file = "\(cluster.socketFolder)/.s.PGSQL.5432.lock"
        let text = try #require(Files.read(file))
        // A process of the same user, as numbers are given out again.
        let number = try #require(other.processIdentifier)
        try Files.write(
            "\(number)" + text.drop { $0 != "\n" }, to: file, owner: Account.forData(in: cluster.cluster))
        cluster.releaseLock()
        try await cluster.start()
        #expect(try await query(cluster, "SELECT 'up'") == "up")
        try cluster.destroy()
        try other.destroy()
    }

    @Test func `a folder with a long name, spaces and quotes works too`() async throws {
        let cluster = cluster(" it's " + String(repeating: "long", count: 25))
        #expect(cluster.socketFolder.utf8.count < 80)
        try await cluster.start()
        #expect(try await query(cluster, "SELECT 'up'") == "up")
        try cluster.destroy()
        #expect(Files.status(cluster.socketFolder) == nil)
    }

    @Test func `no statement, no value of a parameter and no row reaches the server's log`() async throws {
        let cluster = cluster()
        try await cluster.start()
        let connection = PipelinedConnection(ConnectionSettings(url: cluster.url), log: quiet)
        _ = try await connection.query(Statement("CREATE TABLE t (v text PRIMARY KEY, n int)"))
        let insert = Statement("INSERT INTO t VALUES ($1, 1 / (length($1) - 6))") { $0.text("tresor") }
        _ = try? await connection.query(insert)
        let twice = Statement("INSERT INTO t VALUES ($1)") { $0.text("geheim") }
        _ = try? await connection.run([twice, twice])
        _ = try? await connection.query(Statement("SELECT $1::text::uuid") { $0.text("tresor") })
        _ = try? await connection.query(Statement("SELECT 'geheim'::json, /* tresor */ nothing"))
        await connection.close()
        try await cluster.stop()
        let folder = "\(cluster.cluster)/log"
        let logs = Files.names(in: folder).compactMap { Files.read("\(folder)/\($0)") }.joined()
        #expect(logs.contains("database system is ready"))
        #expect(!logs.contains("tresor") && !logs.contains("geheim"))
        try cluster.destroy()
    }

    @Test func `what is missing is told with what to do`() throws {
        let error = #expect(throws: ClusterError.self) { try Programs.find(version: 99) }
        #expect(error == .postgresMissing(version: 99))
        #expect(error?.description.contains("apt-get install postgresql-99") == true)
        #expect(throws: ClusterError.tooOld(version: 14)) { try Programs.find(version: 14) }
    }

    @Test func `a folder that the server's user cannot enter is refused`() async throws {
        guard geteuid() == 0 else { return }
        let above = "/tmp/daybook-test-\(getpid())-closed"
        try Files.makeFolder(above, mode: 0o700, owner: nil)
        defer { Files.remove(above) }
        let cluster = PrivateCluster(folder: "\(above)/data", log: quiet)
        let error = await #expect(throws: ClusterError.self) { try await cluster.start() }
        #expect(error == .unreachable(folder: "\(above)/data", user: "postgres"))
    }
}
