public import FoundationEssentials
import Kernel
public import Logging
public import Postgres

/// The read tables of a database: deploys projections from their files, rebuilds, verifies, heals and drops them.
///
/// Safe while runners work on the same tables, in this process or in others: progress is compared before it is set, and
/// a rebuilt table takes the old one's place in one short transaction.
public final class ReadModels: Sendable {
    let pool: BlockingPool
    let unsealing: Unsealing?
    let log: Logger

    /// `settings`: of the database; the role is chosen here. Without `unsealing`, what is sealed is absent.
    public init(_ settings: ConnectionSettings, unsealing: Unsealing? = nil, log: Logger) {
        self.unsealing = unsealing
        let owner = settings.with(role: "daybook_owner")
            .with(settings: [
                "TimeZone": "UTC", "client_min_messages": "warning", "max_parallel_workers_per_gather": "0",
            ])
        pool = BlockingPool(owner, size: 2, name: "projections", log: log)
        self.log = log
    }

    /// Ends its connections.
    public func close() async { await pool.close() }

    // MARK: - What is there?

    /// All projections that are or were deployed.
    public func list() async throws -> [ProjectionEntry] {
        try await pool.run { connection in
            try Record.all(connection.query(Statement(SQL.deployedProjections))).map { record in
                let definition = try? record.definition()
                return ProjectionEntry(
                    projection: record.name, state: record.state.rawValue, generation: Int(record.generation),
                    file: record.file, description: definition?.description, owner: definition?.owner,
                    version: definition?.version, events: definition?.events ?? [])
            }
        }
    }

    /// How far each projection is behind the log.
    public func status() async throws -> [ProjectionStatus] {
        try await pool.run { try ProjectionStatus.all($0.query(Statement(SQL.lag))) }
    }

    /// How many projectors live, in all processes.
    public func projectors() async throws -> Int {
        try await pool.run { Int(try $0.query(Statement(SQL.countLeases))[0].bigint(0)) }
    }

    /// Each row of a projection's table, of its totals or of a view, as a JSON object without a line feed; `body` runs
    /// on the connection's thread. An organization's rows, or everybody's.
    public func rows(
        _ name: String, organization: UUID? = nil, _ body: @escaping @Sendable (UnsafeRawBufferPointer) throws -> Void
    ) async throws {
        try await pool.run { connection in
            let table = "read.\(quoted(name))"
            let found = try connection.query(Statement("SELECT to_regclass($1) IS NOT NULL") { $0.text(table) })
            guard DefinitionReader.isName(name), try found[0].bool(0) else {
                let names = try Record.all(connection.query(Statement(SQL.deployedProjections))).map(\.name)
                throw ReadModelError("there is no table \(name)" + Nearest.suggestion(for: name, among: names))
            }
            let scope = organization.map { " WHERE organization_id = '\($0.text)'" } ?? ""
            let select = "SELECT row_to_json(t)::text FROM \(table) t\(scope) ORDER BY 1"
            try connection.copyOut("COPY (\(select)) TO STDOUT (FORMAT binary)") { bytes in
                var row = CopyRow(bytes)
                if let line = try row.next() { try body(line) }
            }
        }
    }

    /// What is wrong in a projection's file; empty: nothing. Needs no database.
    public static func check(_ file: ProjectionFile, catalogue: EventCatalogue? = nil) -> [Problem] {
        do throws(Problems) {
            if file.name.hasSuffix(".sql") {
                _ = try ViewFile(file)
            } else {
                _ = try Definition.read(file: file.name, text: file.text, catalogue: catalogue)
            }
            return []
        } catch {
            return error.problems
        }
    }

    // MARK: - What can be done?

    /// Makes the read tables what the files say: `.yaml` are projections, `.sql` views. What is new is built from the
    /// log, what changed in its meaning is rebuilt and swapped, views are made anew where one changed. A projection
    /// whose file is gone stays until it is dropped. Several processes may do this at once: the first does the work.
    /// - Returns: the projections that were built.
    @discardableResult
    public func deploy(
        _ files: [ProjectionFile], catalogue: EventCatalogue? = nil,
        progress: @escaping @Sendable (RebuildProgress) -> Void = { _ in }
    ) async throws -> [String] {
        let set = try FileSet(files, catalogue: catalogue)
        return try await deploying { [log, unsealing] connection in
            try Deploying(connection, set, unsealing, log: log, progress: progress).run()
        }
    }

    /// One process deploys at a time.
    func deploying<R: Sendable>(_ body: @escaping @Sendable (BlockingConnection) throws -> R) async throws -> R {
        try await pool.run { connection in
            try connection.query(Statement("SELECT pg_advisory_lock(hashtextextended('daybook deploy', 0))"))
            defer {
                _ = try? connection.query(Statement("SELECT pg_advisory_unlock(hashtextextended('daybook deploy', 0))"))
            }
            return try body(connection)
        }
    }

    /// Builds tables anew from the log, beside the old ones, which serve until they are swapped. `names` nil: all. A
    /// projection that was dropped comes back.
    public func rebuild(
        _ names: [String]? = nil, progress: @escaping @Sendable (RebuildProgress) -> Void = { _ in }
    ) async throws {
        try await pool.run { [log, unsealing] connection in
            let records = try Record.all(connection.query(Statement(SQL.deployedProjections)))
            let definitions = try ReadModels.chosen(names, records).map { try $0.definition() }
            try Rebuild(connection, definitions, unsealing: unsealing, log: log, progress: progress).run()
        }
    }

    /// Takes tables away, with what is known about their progress; the logs are not touched. `names` nil: all. They can
    /// be rebuilt; a projection's record goes for good with `forget`.
    public func drop(_ names: [String]? = nil, forget: Bool = false) async throws {
        try await pool.run { connection in
            let records = try Record.all(connection.query(Statement(SQL.deployedProjections)))
            for record in try ReadModels.chosen(names, records) {
                try Swap.patiently(connection) { try Drop(connection, record.name, forget: forget).run() }
            }
        }
    }

    /// Folds the log again, up to where each table is, and compares rows, totals and progress. `names` nil: all that
    /// have a table.
    public func verify(
        _ names: [String]? = nil, progress: @escaping @Sendable (RebuildProgress) -> Void = { _ in }
    ) async throws -> [Verification] {
        try await pool.run { [unsealing] connection in
            let records = try Record.all(connection.query(Statement(SQL.deployedProjections)))
            let chosen = try ReadModels.chosen(names, records).filter { names != nil || $0.state != .dropped }
            if let dropped = chosen.first(where: { $0.state == .dropped }) {
                throw ReadModelError("\(dropped.name) is dropped: rebuild it first")
            }
            return try Verify(connection, chosen, unsealing, progress: progress).run()
        }
    }

    /// Applies held streams again: those that can be applied by now go on, and a projection that was stopped for too
    /// many goes on with them. `names` nil: all.
    public func heal(_ names: [String]? = nil) async throws -> [Healing] {
        try await pool.run { [unsealing] connection in
            let records = try Record.all(connection.query(Statement(SQL.deployedProjections)))
            return try ReadModels.chosen(names, records).filter { $0.state != .dropped }
                .map { try Heal(connection, $0, unsealing).run() }
        }
    }

    static func chosen(_ names: [String]?, _ records: [Record]) throws(ReadModelError) -> [Record] {
        guard let names else { return records }
        var chosen: [Record] = []
        for name in names {
            guard let record = records.first(where: { $0.name == name }) else {
                let near = Nearest.suggestion(for: name, among: records.map(\.name))
                throw ReadModelError("there is no projection \(name)" + near)
            }
            chosen.append(record)
        }
        return chosen
    }
}

extension ProjectionStatus {
    static func all(_ result: Result) throws(PostgresError) -> [ProjectionStatus] {
        var all: [ProjectionStatus] = []
        for row in result {
            all.append(
                ProjectionStatus(
                    projection: try row.text(0), state: try row.text(1), organizations: try row.bigint(3),
                    events: try row.bigint(4), eventsBehind: try row.bigint(5), secondsBehind: try row.double(6),
                    heartbeatAge: try row.double(2), held: try row.bigint(7), stalled: try row.double(8),
                    longestStall: try row.double(9)))
        }
        return all
    }
}
