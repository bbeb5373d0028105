import CLibPQ
import Glibc
import Logging

/// What happens at a start. All of this blocks.
extension PrivateCluster {
    func startServer() throws {
        let account = try Account.forData(in: cluster)
        let version = Files.read("\(cluster)/PG_VERSION").flatMap { Int($0.trimmed) }
        let programs = try Programs.find(version: version)
        try Files.makeFolder(socketFolder, mode: 0o700, owner: account)
        try checkSocketFolder(account)
        try checkReach(account)
        if version == nil { try initialise(account, programs) }
        try run(account, programs)
        try makeDatabase()
    }

    // MARK: - Is the place right?

    private func checkSocketFolder(_ account: Account) throws(ClusterError) {
        guard let status = Files.status(socketFolder), status.st_mode & S_IFMT == S_IFDIR,
            status.st_uid == account.user, status.st_mode & 0o077 == 0
        else { throw .unsafeFolder(socketFolder) }
    }

    private func checkReach(_ account: Account) throws(ClusterError) {
        guard geteuid() == 0 else { return }
        let reaches = try Spawn.run(account.running(["test", "-x", folder]), in: "/", output: "/dev/null") == 0
        if !reaches { throw .unreachable(folder: folder, user: account.name) }
    }

    // MARK: - How is the cluster made?

    /// initdb works in a folder that is renamed when it is complete, so a crash leaves nothing half made.
    private func initialise(_ account: Account, _ programs: Programs) throws {
        log.info("making the database cluster", metadata: ["folder": "\(cluster)"])
        let new = "\(cluster).new"
        Files.remove(new)
        // Where `cluster` exists without a PG_VERSION it is not ours to remove; the rename below then fails.
        try Files.makeFolder(new, mode: 0o700, owner: account)
        var arguments = [
            programs("initdb"), "--pgdata", new, "--username", "postgres", "--auth", "trust", "--encoding", "UTF8",
            "--locale", "C.UTF-8", "--no-instructions",
        ]
        if !options.fsync { arguments.append("--no-sync") }
        try command(account.running(arguments), named: "initdb")
        guard rename(new, cluster) == 0 else { throw Files.failure(cluster) }
    }

    private func command(_ arguments: [String], named name: String) throws(ClusterError) {
        let code = try Spawn.run(arguments, in: "/", output: logFile)
        if code != 0 { throw .failed(command: name, log: logTail) }
    }

    var logTail: String {
        Files.read(logFile, last: 1500)?.split(separator: "\n").suffix(8).joined(separator: "\n") ?? ""
    }

    // MARK: - How is the server started?

    private func run(_ account: Account, _ programs: Programs) throws {
        var attempts = 0
        while true {
            // It runs; or it is shutting down, and then there is another round.
            while let postmaster = Postmaster.running(in: cluster) {
                if try isReady(postmaster) { return }
            }
            do {
                return try launch(account, programs)
            } catch {
                attempts += 1
                if attempts > 5 { throw error }
                usleep(500_000)
            }
        }
    }

    private func launch(_ account: Account, _ programs: Programs) throws {
        // No server is at work in the folder, so its `postmaster.pid` and the lock of its socket are stale; Postgres
        // would respect them when their number is another process' by now, or one's that nobody has waited for.
        unlink("\(cluster)/postmaster.pid")
        unlink("\(socketFolder)/.s.PGSQL.5432.lock")
        if !Postmaster.endOrphans(in: cluster) { throw ClusterError.failed(command: "Postgres' start", log: logTail) }
        try configure(account)
        try touchLog(account)
        // Waits until it accepts connections: a recovery after a crash may take minutes.
        let arguments = [
            programs("pg_ctl"), "start", "--wait", "--timeout=600", "--silent", "--pgdata", cluster, "--log", logFile,
        ]
        try command(account.running(arguments), named: "pg_ctl start")
    }

    /// The log belongs to the server's user, because pg_ctl's shell opens it as that.
    private func touchLog(_ account: Account) throws(ClusterError) {
        let file = open(logFile, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard file >= 0 else { throw Files.failure(logFile) }
        close(file)
        guard account.own(logFile) else { throw Files.failure(logFile) }
    }

    /// Waits until a server that is there accepts connections. False: it has ended.
    private func isReady(_ postmaster: Postmaster) throws -> Bool {
        let deadline = ContinuousClock.now + .seconds(600)
        while postmaster.isAlive {
            if PQping(url(database: "postgres", user: "postgres") + "&connect_timeout=5") == PQPING_OK { return true }
            if ContinuousClock.now > deadline { throw ClusterError.notReady(log: logTail) }
            usleep(10_000)
        }
        return false
    }

    // MARK: - What is in it from the start?

    /// The login and its database. The login makes the roles that it takes (`Migrator`), and is no superuser.
    private func makeDatabase() throws {
        let settings = ConnectionSettings(url: url(database: "postgres", user: "postgres"))
        let connection = try BlockingConnection(settings, name: "cluster")
        let known = try connection.query(Statement("SELECT 1 FROM pg_database WHERE datname = 'daybook'"))
        if !known.isEmpty { return }
        let login = try connection.query(Statement("SELECT 1 FROM pg_roles WHERE rolname = 'daybook'"))
        if login.isEmpty { try connection.execute("CREATE ROLE daybook LOGIN CREATEROLE") }
        // What an error says may quote a value; it reaches the session that caused it, and need not be in the log.
        try connection.execute("ALTER ROLE daybook SET log_min_messages = 'log'")
        try connection.execute("CREATE DATABASE daybook OWNER daybook")
    }
}
