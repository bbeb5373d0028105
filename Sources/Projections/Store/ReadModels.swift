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
    /// For what takes long: who asks how things are does not wait behind it.
    let work: BlockingPool
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
        work = BlockingPool(owner, size: 2, name: "projections at work", log: log)
        self.log = log
    }

    /// Ends its connections.
    public func close() async {
        await pool.close()
        await work.close()
    }

    // MARK: - What is there?

    /// All projections that are or were deployed.
    public func list() async throws -> [ProjectionEntry] {
        try await pool.run { connection in
            let records = try Record.all(connection)
            return records.filter { $0.version == .serving }.map { record in
                let definition = try? record.definition()
                let others = records.filter { $0.projection == record.name && $0.version != .serving }
                return ProjectionEntry(
                    projection: record.name, state: record.state.rawValue, generation: Int(record.generation),
                    file: record.file, description: definition?.description, owner: definition?.owner,
                    version: definition?.version, events: definition?.events ?? [],
                    versions: others.map {
                        ProjectionVersion(
                            table: $0.name, state: $0.state.rawValue, generation: Int($0.generation),
                            rolledBack: $0.isRolledBack)
                    })
            }
        }
    }

    /// How far each projection is behind the log, with its tables beside the one that serves, and what its rebuild
    /// says. One that is being built for the first time is there, too.
    public func status() async throws -> [ProjectionStatus] { try await status(Statement(SQL.lag)) }

    /// The same of one organization's log and its rows.
    public func status(of organization: UUID) async throws -> [ProjectionStatus] {
        try await status(Statement(SQL.organizationLag) { $0.uuid(organization) })
    }

    private func status(_ lag: Statement) async throws -> [ProjectionStatus] {
        try await pool.run { connection in
            let all = try ProjectionStatus.all(connection.query(lag))
            let rebuilds = try RebuildReport.all(connection.query(Statement(SQL.rebuilds)))
            var statuses: [ProjectionStatus] = []
            for status in all {
                let (projection, version) = Version.split(status.projection)
                let isServed = all.contains { $0.projection == projection }
                if version != .serving, isServed { continue }
                var status = status
                status.versions = all.filter {
                    Version.split($0.projection).projection == projection && $0.projection != status.projection
                }
                status.rebuild = rebuilds[projection]
                statuses.append(status)
            }
            return statuses
        }
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
                let names = try Record.all(connection).map(\.name)
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

    static func chosen(_ names: [String]?, _ records: [Record]) throws(ReadModelError) -> [Record] {
        guard let names else { return records.filter { $0.version == .serving } }
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

extension RebuildReport {
    static func all(_ result: Result) throws -> [String: RebuildReport] {
        var all: [String: RebuildReport] = [:]
        for row in result {
            let waits = Array(try row.text(6).utf8)
            all[try row.text(0)] = RebuildReport(
                phase: try row.text(1), events: try row.bigint(2), total: try row.bigint(3),
                perSecond: try row.double(4), secondsLeft: try row.double(orNil: 5),
                waitsFor: try JSONDecoder().decode([Reader].self, from: Data(waits)), failure: try row.text(orNil: 7),
                isAtWork: try row.bool(8))
        }
        return all
    }
}
