import Foundation
import Glibc
import Logging
public import Postgres
import Shipped

/// A Postgres for tests: a private cluster in a folder of its own, gone when the process ends. Without fsync it lies
/// where that is quick.
public actor TestCluster {
    /// The one of this process, without fsync; it starts with the first database.
    public static let shared = TestCluster(fsync: false)

    private let cluster: PrivateCluster
    private var start: Task<Void, any Error>?
    private var templates: [String: Task<Void, any Error>] = [:]
    private var last = 0

    /// A cluster of a test's own, to be killed and restarted; call `stop` at the end.
    public init(fsync: Bool = false, settings: [String: String] = [:]) {
        var options = PrivateCluster.Options()
        options.fsync = fsync
        options.rotatesLog = false
        options.maxConnections = 600
        options.sharedBuffers = 64
        // Of some hundred databases it would look into another every tenth of a second. Tests that want statistics ask.
        var usual = ["autovacuum": "off"]
        // Nor need a file of the log be zeros, 16 MB of them, before it is written: what that is for is the disk.
        if !fsync { usual["wal_init_zero"] = "off" }
        options.settings = usual.merging(settings) { $1 }
        cluster = PrivateCluster(folder: Leftovers.newFolder(onDisk: fsync), options: options, log: quiet)
    }

    // MARK: - How does a test get a database?

    /// A database of one's own: empty, or with all migrations that are shipped (cloned from one that was migrated
    /// once).
    public func database(migrated: Bool = true) async throws -> TestDatabase {
        try await started()
        if migrated { try await migratedTemplate() }
        return try await clone(migrated ? "migrated" : "template1")
    }

    /// A database cloned from one that was migrated and then furnished, once for all that name the same template.
    public func database(
        like template: String, furnish: @escaping @Sendable (TestDatabase) async throws -> Void
    ) async throws -> TestDatabase {
        try await started()
        try await migratedTemplate()
        try await once(template) { cluster in
            try await cluster.administer("CREATE DATABASE \(template) OWNER daybook TEMPLATE migrated")
            try await furnish(cluster.named(template))
        }
        return try await clone(template)
    }

    private func clone(_ template: String) async throws -> TestDatabase {
        last += 1
        let database = self.named("test_\(last)")
        // A copy of the files takes half of what it takes to write their pages to the log.
        try await administer(
            "CREATE DATABASE \(database.name) OWNER daybook TEMPLATE \(template) STRATEGY FILE_COPY")
        return database
    }
    private nonisolated func named(_ name: String) -> TestDatabase {
        TestDatabase(name: name, url: cluster.url(database: name, user: "daybook"), cluster: self)
    }
    private func once(
        _ template: String, _ make: @escaping @Sendable (TestCluster) async throws -> Void
    ) async throws {
        let task = templates[template] ?? Task { try await make(self) }
        templates[template] = task
        try await task.value
    }

    private func started() async throws {
        let task =
            start
            ?? Task { [cluster] in
                Leftovers.sweep()
                Leftovers.register(cluster)
                try await cluster.start()
            }
        start = task
        try await task.value
    }

    private func migratedTemplate() async throws {
        try await once("migrated") { cluster in
            try await cluster.administer("CREATE DATABASE migrated OWNER daybook")
            try await Migrator(cluster.named("migrated").settings(), log: quiet).migrate(Self.migrations)
        }
    }

    /// The migrations that are shipped.
    public static var migrations: [Migration] {
        Shipped.files(in: "schemas/log").compactMap { Migration(file: $0.name, sql: $0.text) }
    }

    /// Runs SQL in the database `postgres` as the superuser.
    public func administer(_ sql: String) async throws {
        let settings = ConnectionSettings(url: cluster.url(database: "postgres", user: "postgres"))
        let pool = BlockingPool(settings, size: 1, name: "administer", log: quiet)
        var attempts = 0
        while true {
            do {
                try await pool.run { try $0.execute(sql) }
                return await pool.close()
            } catch let error as PostgresError where error.sqlstate == "55006" && attempts < 100 {
                // A template whose last session has not quite gone.
                attempts += 1
                try await Task.sleep(for: .milliseconds(20))
            } catch {
                await pool.close()
                throw error
            }
        }
    }

    // MARK: - How is the server ill-treated?

    /// The cluster itself.
    public nonisolated var server: PrivateCluster { cluster }

    /// Starts it, if that was not done yet.
    public func startServer() async throws { try await started() }

    /// Shuts it down and starts it again.
    public func restart() async throws {
        try await cluster.stop()
        try await cluster.start()
    }

    /// kill -9 of the server process; returns when its sessions, which end by themselves soon after, have ended too.
    /// `server.ensureRunning()` starts it.
    public func kill() async throws {
        guard let process = cluster.processIdentifier else { return }
        let sessions = Self.children(of: process)
        Glibc.kill(process, SIGKILL)
        while cluster.isRunning || sessions.contains(where: Self.lives) {
            try await Task.sleep(for: .milliseconds(1))
        }
    }
    private static func children(of process: Int32) -> [Int32] {
        let children = try? String(contentsOfFile: "/proc/\(process)/task/\(process)/children", encoding: .utf8)
        return (children ?? "").split(separator: " ").compactMap { Int32($0) }
    }
    /// Whether there is such a process, and it is more than an entry that nobody has asked for yet (proc(5), `State`).
    private static func lives(_ process: Int32) -> Bool {
        guard let status = try? String(contentsOfFile: "/proc/\(process)/status", encoding: .utf8) else { return false }
        return !status.contains("State:\tZ")
    }

    /// Stops it and removes its folder.
    public func stop() {
        Leftovers.remove(cluster)
    }
}

/// A database of a test's own.
public struct TestDatabase: Sendable {
    /// Its name in the cluster.
    public let name: String
    /// As the login `daybook`, who owns it and is no superuser.
    public let url: String
    /// Where it lives.
    public let cluster: TestCluster

    /// Settings for a connection as one of Daybook's roles, or as the login.
    public func settings(role: String? = nil) -> ConnectionSettings { ConnectionSettings(url: url, role: role) }

    /// As the superuser.
    public var superuser: ConnectionSettings {
        ConnectionSettings(url: cluster.server.url(database: name, user: "postgres"))
    }

    /// Removes it, whoever is still connected. Optional: it goes with the cluster anyway.
    public func drop() async throws { try await cluster.administer("DROP DATABASE \(name) WITH (FORCE)") }
}

/// A log that nobody reads.
public let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
