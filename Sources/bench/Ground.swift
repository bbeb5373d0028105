import Dispatch
import Foundation
import Kernel
import Logging
import Postgres
import Shipped

/// The database that a run measures: a cluster of its own, which commits durably and goes when the run ends, unless it
/// is kept for the next one.
final class Ground: Sendable {
    private static let prefix = "daybook-bench-"
    /// A run may have more than one at a time.
    private static let prepared = Counter()
    private let cluster: PrivateCluster
    /// Whether it stays when the run ends.
    private let isKept: Bool

    /// The database as the login that owns it.
    var url: String { cluster.url }

    private init(_ cluster: PrivateCluster, isKept: Bool) { (self.cluster, self.isKept) = (cluster, isKept) }

    // MARK: - How is it made?

    /// `kept`: a folder of its own, in which an earlier run may have left its database.
    static func prepare(in place: String, kept: String? = nil) async throws -> Ground {
        sweep(place)
        var options = PrivateCluster.Options()
        options.maxConnections = 400
        options.sharedBuffers = 2048
        options.rotatesLog = false
        // As the study that gave the goals: no checkpoint falls into one case and spares another.
        options.settings = ["max_wal_size": "8GB", "checkpoint_timeout": "1h"]
        let cluster = PrivateCluster(
            folder: kept ?? "\(place)/\(prefix)\(getpid())-\(prepared.next())", options: options, log: quiet)
        let ground = Ground(cluster, isKept: kept != nil)
        ground.destroyOnSignals()
        do {
            talk("starting a Postgres in \(cluster.folder)")
            try await cluster.start()
            let migrations = Shipped.files(in: "schemas/log").compactMap { Migration(file: $0.name, sql: $0.text) }
            try await Migrator(ConnectionSettings(url: cluster.url), log: quiet).migrate(migrations)
            try await ground.administer { try $0.execute(SQL.createBaselines) }
        } catch {
            await ground.leave()
            throw error
        }
        return ground
    }

    /// What runs that were killed have left.
    private static func sweep(_ place: String) {
        for name in (try? FileManager.default.contentsOfDirectory(atPath: place)) ?? [] where name.hasPrefix(prefix) {
            let number = name.dropFirst(prefix.count).prefix { $0 != "-" }
            guard let process = pid_t(number), kill(process, 0) == -1, errno == ESRCH else { continue }
            try? PrivateCluster(folder: "\(place)/\(name)", log: quiet).destroy()
        }
    }

    // MARK: - What is done with it?

    /// Between passes: what one has left to be written or counted is not written or counted during the next.
    func settle() async throws {
        try await administer(as: "postgres") { connection in
            for sql in ["ANALYZE", "CHECKPOINT"] { try connection.execute(sql) }
        }
    }

    /// Runs `body` on a connection of its own.
    @discardableResult
    func administer<T: Sendable>(
        as user: String = "daybook", _ body: @escaping @Sendable (BlockingConnection) throws -> T
    ) async throws -> T {
        let settings = ConnectionSettings(url: cluster.url(database: "daybook", user: user))
        let pool = BlockingPool(settings, size: 1, name: "bench-administer", log: quiet)
        do {
            let result = try await pool.run(body)
            await pool.close()
            return result
        } catch {
            await pool.close()
            throw error
        }
    }

    /// The run is over.
    func leave() async { if isKept { try? await cluster.stop() } else { destroy() } }

    private func destroy() { try? cluster.destroy() }

    /// Whoever interrupts a run leaves no cluster behind.
    private func destroyOnSignals() {
        for number in [SIGINT, SIGTERM] {
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number)
            source.setEventHandler { [self] in
                if !isKept { destroy() }
                exit(128 + number)
            }
            source.activate()
            Self.signals.withLock { $0.append(source) }
        }
    }
    private static let signals = Sources()

    /// Keeps what must live as long as the process.
    private final class Sources: @unchecked Sendable {  // its own lock guards the array
        private let lock = NSLock()
        private var all: [any DispatchSourceSignal] = []
        func withLock(_ body: (inout [any DispatchSourceSignal]) -> Void) { lock.withLock { body(&all) } }
    }
}

/// A log that nobody reads: what a run's connections say would stand between its figures.
let quiet = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }

/// Progress, for people: standard output is for the result.
func talk(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }

/// The machine's clock.
@Sendable func now() -> Instant { Instant(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000)) }
