import Application
import Foundation
import Kernel
import Postgres
import Projections
import Shipped
import Synchronization
import Vault

/// A Postgres of its own that commits durably, with a template of which each run gets a copy.
final class Ground: Sendable {
    static let prefix = "daybook-crash-"
    /// The master key of all runs: their data are worth nothing.
    static let master = MasterKey(bytes: Array(1...32))
    let cluster: PrivateCluster
    private let households = Mutex<[Household]>([])
    private let names = Mutex<(next: Int, old: [String])>((0, []))
    private let isServing = Mutex(false)

    init(_ folder: String, settings: [String: String] = [:]) {
        var options = PrivateCluster.Options()
        options.maxConnections = 200
        options.rotatesLog = false
        options.settings = settings
        cluster = PrivateCluster(folder: folder, options: options, log: quiet)
    }

    /// The path of Postgres' socket.
    var socket: String { "\(cluster.folder)/socket/\(UnixSocket.name)" }

    // MARK: - What does a run get?

    /// A database of a run's own.
    struct Database: Sendable {
        let name: String
        let ground: Ground
        let households: [Household]

        /// As the login that owns it.
        var url: String { ground.cluster.url(database: name, user: "daybook") }
        /// The same through a proxy's socket.
        func url(through proxy: Proxy) -> String { "postgresql:///\(name)?host=\(proxy.folder)&user=daybook" }
        var superuser: ConnectionSettings {
            ConnectionSettings(url: ground.cluster.url(database: name, user: "postgres"))
        }
    }

    /// Starts it and makes the template, where that was not done yet.
    func prepare() async throws {
        if !households.withLock({ $0 }).isEmpty { return try await cluster.ensureRunning() }
        try await cluster.start()
        try await administer("CREATE DATABASE template_run OWNER daybook")
        let url = cluster.url(database: "template_run", user: "daybook")
        let migrations = Shipped.files(in: "schemas/log").compactMap { Migration(file: $0.name, sql: $0.text) }
        try await Migrator(ConnectionSettings(url: url), log: quiet).migrate(migrations)
        let worker = PipelinedConnection(ConnectionSettings(url: url, role: "daybook_worker"), log: quiet)
        try await Self.master.confirm(on: worker)
        await worker.close()
        let daybook = Self.daybook(url, clock: SteppedClock().now)
        try await daybook.deploy([Tally.file])
        var founded: [Household] = []
        for number in 0..<3 { founded.append(try await Self.found("Crash \(number)", in: daybook)) }
        let all = founded
        await daybook.close()
        households.withLock { $0 = all }
    }

    private static func found(_ name: String, in daybook: Daybook) async throws -> Household {
        let email = "owner@example.com"
        let founding = try await daybook.access.createOrganization(name: name, email: email)
        let caller = Caller(
            organization: founding.organization, actor: founding.owner, kind: .member, role: .owner, channel: .cli,
            request: "founding")
        var shared: [UUID] = []
        for number in 0..<2 {
            let ask = Ask("account", .new, "create", ["name": .string("Shared \(number)")])
            shared.append(try await daybook.commands.execute([ask], by: caller).results[0].id)
        }
        return Household(
            organization: founding.organization, owner: founding.owner, token: founding.token, shared: shared)
    }

    /// What serves a database in this process, as `daybook serve` makes it.
    static func daybook(_ url: String, clock: @escaping @Sendable () -> Instant) -> Daybook {
        var projecting = ProjectionRunner.Options()
        projecting.sweep = .milliseconds(300)
        return Daybook(
            database: ConnectionSettings(url: url), master: master, clock: clock, projecting: projecting, log: quiet)
    }

    /// A copy of the template; of the one with all read tables for servers, which would make them at their start.
    func database(served: Bool = false) async throws -> Database {
        if served { try await prepareServed() }
        let (name, old) = names.withLock { names in
            names.next += 1
            return ("run_\(names.next)", names.old)
        }
        if old.count >= 8 { try await tidy() }
        names.withLock { $0.old.append(name) }
        try await administer("CREATE DATABASE \(name) OWNER daybook TEMPLATE template_\(served ? "served" : "run")")
        return Database(name: name, ground: self, households: households.withLock { $0 })
    }

    /// Earlier runs' databases go; each costs a recovery time, since it makes sure of every file.
    func tidy() async throws {
        let old = names.withLock { names in
            defer { names.old = [] }
            return names.old
        }
        for name in old { try await administer("DROP DATABASE IF EXISTS \(name) WITH (FORCE)") }
    }

    private func prepareServed() async throws {
        if isServing.withLock({ $0 }) { return }
        try await administer("CREATE DATABASE template_served OWNER daybook TEMPLATE template_run")
        let daybook = Self.daybook(
            cluster.url(database: "template_served", user: "daybook"), clock: SteppedClock().now)
        let files = Shipped.files(in: "projections").map { ProjectionFile(name: $0.name, text: $0.text) }
        try await daybook.deploy(files)
        await daybook.close()
        isServing.withLock { $0 = true }
    }

    /// An empty database, to restore a dump into.
    func empty(named name: String? = nil) async throws -> Database {
        let new = names.withLock { names in
            names.next += 1
            return "run_\(names.next)"
        }
        names.withLock { $0.old.append(name ?? new) }
        try await administer("CREATE DATABASE \(name ?? new) OWNER daybook TEMPLATE template0")
        return Database(name: name ?? new, ground: self, households: households.withLock { $0 })
    }

    /// Runs SQL as the superuser. Waited for are a template whose last session has not quite gone and, since runs kill
    /// it, Postgres; what it was about when it died is then asked again, and may be done already.
    func administer(
        _ sql: String, in database: String = "postgres", patience: Duration = .seconds(30)
    ) async throws {
        let settings = ConnectionSettings(url: cluster.url(database: database, user: "postgres"))
        let pool = BlockingPool(settings, size: 1, name: "crash-administer", log: quiet)
        let end = ContinuousClock.now + patience
        var wasLost = false
        while true {
            do {
                try await pool.run { try $0.execute(sql) }
                return await pool.close()
            } catch let error as PostgresError where wasLost && error.kind == .duplicateObject {
                return await pool.close()
            } catch let error as PostgresError where error.isPassing && ContinuousClock.now < end {
                wasLost = wasLost || error.kind == .connectionLost
                try await Task.sleep(for: .milliseconds(20))
            } catch {
                await pool.close()
                throw error
            }
        }
    }

    // MARK: - How is it ill-treated?

    /// kill -9 of the server, its sessions included where `whole`; at once.
    func kill(whole: Bool) {
        guard let process = cluster.processIdentifier else { return }
        let sessions = whole ? Self.children(of: process) : []
        Foundation.kill(process, SIGKILL)
        for session in sessions { Foundation.kill(session, SIGKILL) }
    }

    private static func children(of process: Int32) -> [Int32] {
        let path = "/proc/\(process)/task/\(process)/children"
        let text = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
        return text.split(separator: " ").compactMap { Int32($0) }
    }

    /// kill -9 of one session: Postgres ends all others, and recovers by itself.
    func killSession(_ number: Int) {
        guard let process = cluster.processIdentifier else { return }
        let sessions = Self.children(of: process)
        if !sessions.isEmpty { Foundation.kill(sessions[number % sessions.count], SIGKILL) }
    }

    func restart() async throws {
        try await cluster.stop()
        for _ in 0..<20 {
            if (try? await cluster.start()) != nil { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        try await cluster.start()
    }

    func destroy() { try? cluster.destroy() }
}

extension PostgresError {
    /// Whether it says nothing but that Postgres was not to be had at that moment: it was killed, its sessions still
    /// count (53300), or one of them is still in the database (55006).
    var isPassing: Bool { kind == .connectionLost || sqlstate == "53300" || sqlstate == "55006" }
}
