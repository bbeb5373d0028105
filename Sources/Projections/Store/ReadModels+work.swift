import Kernel
import Logging
import Postgres
import Synchronization

// MARK: - What can be done?

extension ReadModels {
    /// Makes the read tables what the files say: `.yaml` are projections, `.sql` views. What is new is built from the
    /// log, what changed in its meaning is rebuilt and swapped, views are made anew where one changed. A projection
    /// whose file is gone stays until it is dropped, and one that was rolled back from what its file says stays so.
    /// Several processes may do this at once: the first does the work.
    /// - Returns: the projections that were built.
    @discardableResult
    public func deploy(
        _ files: [ProjectionFile], catalogue: EventCatalogue? = nil,
        progress: @escaping @Sendable (RebuildProgress) -> Void = { _ in }
    ) async throws -> [String] {
        let set = try FileSet(files, catalogue: catalogue)
        let told = Telling(pool).told(progress)
        return try await deploying { [log, unsealing] connection in
            try Deploying(connection, set, unsealing, log: log, progress: told).run()
        }
    }

    /// One process deploys at a time.
    func deploying<R: Sendable>(_ body: @escaping @Sendable (BlockingConnection) throws -> R) async throws -> R {
        try await work.run { connection in
            try connection.query(Statement("SELECT pg_advisory_lock(hashtextextended('daybook deploy', 0))"))
            defer {
                _ = try? connection.query(Statement("SELECT pg_advisory_unlock(hashtextextended('daybook deploy', 0))"))
            }
            return try body(connection)
        }
    }

    /// Builds tables anew from the log, beside the old ones, which serve until they are swapped and are kept, and fed,
    /// until they are dropped. `names` nil: all. A projection that was dropped comes back. What an earlier rebuild of
    /// the same definition left is gone on with.
    @discardableResult
    public func rebuild(
        _ names: [String]? = nil, _ options: RebuildOptions = RebuildOptions(),
        progress: @escaping @Sendable (RebuildProgress) -> Void = { _ in }
    ) async throws -> [Rebuilt] {
        try await build(options, progress) { connection in
            try ReadModels.chosen(names, try Record.all(connection)).map { try $0.definition() }
        }
    }

    /// The same by a file that is not deployed; its projection may be a new one.
    /// - Throws: `Problems` with what the file gets wrong.
    @discardableResult
    public func rebuild(
        with file: ProjectionFile, catalogue: EventCatalogue? = nil, _ options: RebuildOptions = RebuildOptions(),
        progress: @escaping @Sendable (RebuildProgress) -> Void = { _ in }
    ) async throws -> [Rebuilt] {
        let definitions = try FileSet([file], catalogue: catalogue).definitions
        return try await build(options, progress) { _ in definitions }
    }

    private func build(
        _ options: RebuildOptions, _ progress: @escaping @Sendable (RebuildProgress) -> Void,
        _ definitions: @escaping @Sendable (BlockingConnection) throws -> [Definition]
    ) async throws -> [Rebuilt] {
        let told = Telling(pool).told(progress)
        return try await work.run { [log, unsealing] connection in
            try Rebuild(
                connection, try definitions(connection), options, unsealing: unsealing, log: log, progress: told
            ).run()
        }
    }

    /// Brings a new table that was built and not swapped into service; what served is kept as the old one.
    public func swap(
        _ name: String, patience: Double = 120, waiting: @escaping @Sendable ([Reader]) -> Void = { _ in }
    ) async throws { try await exchange(name, .swap, patience, waiting) }

    /// Brings the old table back into service, which was fed all the time. What served until now is kept as the old
    /// one: once more goes forward again.
    public func rollback(
        _ name: String, patience: Double = 120, waiting: @escaping @Sendable ([Reader]) -> Void = { _ in }
    ) async throws { try await exchange(name, .rollback, patience, waiting) }

    private func exchange(
        _ name: String, _ move: Exchange.Move, _ patience: Double, _ waiting: @escaping @Sendable ([Reader]) -> Void
    ) async throws {
        try await work.run { [log, unsealing] connection in
            let records = try Record.all(connection)
            if !records.contains(where: { $0.projection == name }) { _ = try ReadModels.chosen([name], records) }
            let lock = try RebuildLock(connection, [name])
            defer { lock.free() }
            var swapping = Swapping(connection, name, move, log: log, unsealing: unsealing)
            swapping.patience = patience
            let isNew = try VersionTables(connection, name).there().isEmpty
            try swapping.run(waiting: waiting)
            if isNew { try Views(connection: connection).complete() }
        }
    }

    /// Takes tables away, with what is known about their progress; the logs are not touched. `names` nil: all. A
    /// projection goes with all its versions; a version that is named alone (NAME__old) goes alone. They can be
    /// rebuilt; a projection's record goes for good with `forget`.
    public func drop(_ names: [String]? = nil, forget: Bool = false) async throws {
        try await work.run { connection in
            let records = try ReadModels.chosen(names, try Record.all(connection))
            let lock = try RebuildLock(connection, Set(records.map(\.projection)).sorted())
            defer { lock.free() }
            let relations = try records.flatMap { try Exchange.relations(of: $0.projection, connection) }
            try Patience(connection, relations).run { try Drop(connection, records, forget: forget).run() }
        }
    }

    /// Folds the log again, up to where each table is, and compares rows, totals and progress. `names` nil: all that
    /// serve.
    public func verify(
        _ names: [String]? = nil, progress: @escaping @Sendable (RebuildProgress) -> Void = { _ in }
    ) async throws -> [Verification] {
        try await work.run { [unsealing] connection in
            let chosen = try ReadModels.chosen(names, try Record.all(connection))
                .filter { names != nil || $0.state != .dropped }
            for record in chosen {
                switch record.state {
                case .live, .stopped: break
                case .dropped: throw ReadModelError("\(record.name) is dropped: rebuild it first")
                case .building: throw ReadModelError("\(record.name) is not built to its end")
                }
            }
            return try Verify(connection, chosen, unsealing, progress: progress).run()
        }
    }

    /// Applies held streams again: those that can be applied by now go on, and a projection that was stopped for too
    /// many goes on with them. `names` nil: all.
    public func heal(_ names: [String]? = nil) async throws -> [Healing] {
        try await work.run { [unsealing] connection in
            try ReadModels.chosen(names, try Record.all(connection))
                .filter { $0.state == .live || $0.state == .stopped }
                .map { try Heal(connection, $0, unsealing).run() }
        }
    }
}

/// Writes what a rebuild says of itself to where others read it: a word a second at most, and every word of waiting.
final class Telling: Sendable {
    private let pool: BlockingPool
    private let last = Mutex<(at: ContinuousClock.Instant, phase: RebuildProgress.Phase?)>((.now - .seconds(9), nil))

    init(_ pool: BlockingPool) { self.pool = pool }

    /// The same report, told there, too.
    func told(_ report: @escaping @Sendable (RebuildProgress) -> Void) -> @Sendable (RebuildProgress) -> Void {
        { [self] progress in
            report(progress)
            let isTime = last.withLock { last in
                guard ContinuousClock.now - last.at >= .seconds(1) || last.phase != progress.phase else { return false }
                last = (.now, progress.phase)
                return true
            }
            if isTime { Task { try? await write(progress) } }
        }
    }

    private func write(_ progress: RebuildProgress) async throws {
        let waits = try JSON(encoding: progress.waitsFor).text
        try await pool.run { connection in
            _ = try connection.query(
                Statement(SQL.tellRebuild) {
                    $0.texts(progress.projections)
                    $0.text(progress.phase.rawValue)
                    $0.bigint(progress.events)
                    $0.bigint(progress.total)
                    $0.double(progress.perSecond)
                    $0.double(progress.secondsLeft)
                    $0.json(Array(waits.utf8))
                })
        }
    }
}
