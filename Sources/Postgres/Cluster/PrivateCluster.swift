import Glibc
public import Logging

/// A Postgres server of Daybook's own: its data in one folder, reachable by a unix socket only.
///
/// The server outlives the process that started it: after a kill -9 the next `start` adopts it, and if it was the
/// server that died, starts it again. One process at a time may hold the folder; others find `.inUse` and use `url`.
///
/// Everybody who reaches the socket is trusted; its folder admits only root and the user that Postgres runs as, which
/// is an unprivileged one also when we are root. Operators' own settings go to `cluster/local.conf`, which wins.
public final class PrivateCluster: Sendable {
    /// How the server is set up.
    public struct Options: Sendable {
        /// Off only for tests: a crash of the machine then loses data.
        public var fsync = true
        /// Connections at most.
        public var maxConnections = 100
        /// In megabytes.
        public var sharedBuffers = 128
        /// Keep a week of logs in files that are overwritten; off: one file `log`.
        public var rotatesLog = true
        /// Further settings, as in postgresql.conf.
        public var settings: [String: String] = [:]
        /// The defaults.
        public init() {}
    }

    /// The folder: `cluster` (Postgres' own), `log`, `lock`, and the socket unless the path is too long for one.
    public let folder: String
    let options: Options
    let log: Logger
    private let lock = Locked<FolderLock?>(nil)
    /// Held while the server is started or stopped: a second start at the same moment would take the first one's
    /// processes for orphans.
    private let changing = Locked(())

    /// A cluster in `folder` (absolute), which is made at the first start. Nothing happens yet.
    public init(folder: String, options: Options = Options(), log: Logger) {
        self.folder = folder.count > 1 && folder.hasSuffix("/") ? String(folder.dropLast()) : folder
        self.options = options
        self.log = log
    }

    // MARK: - How is it reached?

    /// The database, as the login `daybook`, which is no superuser.
    public var url: String { url(database: "daybook", user: "daybook") }

    /// Another database, or another user (`postgres` is the superuser).
    public func url(database: String, user: String) -> String {
        "postgresql:///\(database)?host=\(percentEncoded(socketFolder))&user=\(user)"
    }

    var cluster: String { "\(folder)/cluster" }
    var logFile: String { "\(folder)/log" }

    /// A socket's path has at most 107 bytes, so a long folder gets a short one elsewhere, named by a hash (FNV-1a).
    var socketFolder: String {
        if folder.utf8.count <= 75 { return "\(folder)/socket" }
        let hash = folder.utf8.reduce(0xCBF2_9CE4_8422_2325 as UInt64) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        return "/tmp/daybook-\(String(hash, radix: 16))"
    }

    // MARK: - How does it live?

    /// Takes the folder and makes the server run: makes the cluster, starts it, or adopts the one that runs.
    ///
    /// Throws `.inUse` when another process holds the folder; its server is there then, at `url`.
    public func start() async throws {
        try await blocking { cluster in
            if !cluster.isHeld { try cluster.takeLock() }
            do {
                try cluster.startServer()
            } catch {
                cluster.releaseLock()
                throw error
            }
        }
    }

    /// Whether the server process is there. Looks at files only.
    public var isRunning: Bool { Postmaster.running(in: cluster) != nil }

    /// Starts the server again if it has died. Throws `.notStarted` unless `start` was called, and `stop` was not.
    public func ensureRunning() async throws {
        if isRunning { return }
        try await blocking { cluster in
            guard cluster.isHeld else { throw ClusterError.notStarted(folder: cluster.folder) }
            try cluster.startServer()
        }
    }

    /// Looks twice a second whether the server is there and starts it again if not, until the task is cancelled or
    /// `stop` is called.
    public func supervise() async {
        while !Task.isCancelled && isHeld {
            do {
                try await Task.sleep(for: .milliseconds(500))
                if isRunning { continue }
                log.warning("Postgres has died: starting it again")
                try await ensureRunning()
            } catch is CancellationError {
                return
            } catch {
                log.error("Postgres does not start", metadata: ["error": "\(error)"])
            }
        }
    }

    /// Shuts the server down (sessions are ended, a checkpoint is written) and lets the folder go. Does nothing unless
    /// this process holds it.
    public func stop() async throws {
        try await blocking { cluster in
            guard cluster.isHeld else { return }
            cluster.stopServer()
            cluster.releaseLock()
        }
    }

    /// Runs what blocks on a thread of its own.
    private func blocking(_ body: @escaping @Sendable (PrivateCluster) throws -> Void) async throws {
        try await withUnsafeThrowingContinuation { (continuation: UnsafeContinuation<Void, any Error>) in
            OSThread.start("cluster") {
                continuation.resume(with: Swift.Result { try self.changing.withLock { _ in try body(self) } })
            }
        }
    }

    var isHeld: Bool { lock.withLock { $0 != nil } }

    func takeLock() throws {
        try Files.makeFolder(folder, mode: 0o711, owner: nil)
        let held = try FolderLock(folder)
        lock.withLock { $0 = held }
    }

    func releaseLock() {
        lock.withLock { lock in
            lock?.release()
            lock = nil
        }
    }

    /// Stops the server, if need be without a checkpoint: the next start recovers.
    func stopServer() {
        guard let postmaster = Postmaster.running(in: cluster) else { return }
        postmaster.signal(SIGINT)
        if postmaster.hasEnded(within: .seconds(30)) { return }
        postmaster.signal(SIGQUIT)
        _ = postmaster.hasEnded(within: .seconds(10))
    }
}
