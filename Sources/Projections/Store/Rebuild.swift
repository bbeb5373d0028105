import FoundationEssentials
import Kernel
import Logging
import Postgres

/// Builds tables from the log beside those that serve, and swaps them. What is built together is read together.
///
/// Whatever ends it, nothing is broken and nothing is lost: how far the new tables are stands beside their rows, and
/// the next rebuild of the same definition goes on from there.
struct Rebuild {
    let connection: BlockingConnection
    let definitions: [Definition]
    var options: RebuildOptions
    /// The views as they are to be after the swap; nil: as they are.
    var views: [ViewFile]?
    var pace = Pace()
    let unsealing: Unsealing?
    let log: Logger
    let progress: @Sendable (RebuildProgress) -> Void
    private var upcasts: Upcasts { unsealing?.upcasts ?? .none }

    init(
        _ connection: BlockingConnection, _ definitions: [Definition], _ options: RebuildOptions,
        views: [ViewFile]? = nil, unsealing: Unsealing?, log: Logger,
        progress: @escaping @Sendable (RebuildProgress) -> Void
    ) {
        self.connection = connection
        self.definitions = definitions
        self.options = options
        self.views = views
        self.unsealing = unsealing
        self.log = log
        self.progress = progress
    }

    /// A new table and how far it is.
    private struct Build {
        let deployed: Deployed
        /// Fed already, as it waits to be swapped.
        let isReady: Bool
        let place: BuildLedger.Place
        /// Whether its tables were there.
        let isFound: Bool
        /// Whether something was put down in them to go on from.
        var isContinued: Bool { place != BuildLedger.Place() }
    }

    func run() throws -> [Rebuilt] {
        if definitions.isEmpty { return [] }
        let names = definitions.map(\.name).sorted()
        let lock = try RebuildLock(connection, names)
        defer { lock.free() }
        try connection.query(Statement(SQL.beginRebuild) { $0.texts(names) })
        do {
            let done = try build(names)
            try connection.query(Statement("DELETE FROM read.rebuild WHERE projection = ANY ($1)") { $0.texts(names) })
            return done
        } catch {
            // Without a connection there is no word; that nobody is at work tells enough.
            _ = try? connection.query(
                Statement("UPDATE read.rebuild SET failure = $2 WHERE projection = ANY ($1)") {
                    $0.texts(names)
                    $0.text(Rebuild.reason(error))
                })
            throw error
        }
    }

    /// Nothing that a database says of values is kept.
    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as ReadModelError: error.description
        case let error as PostgresError: "the database refused (\(error.sqlstate ?? "no answer"))"
        case _: "it failed; the server's log has more"
        }
    }

    private func build(_ names: [String]) throws -> [Rebuilt] {
        let records = try Record.all(connection)
        let builds = try definitions.map { try prepare($0, records) }
        let heads = try LogHead.all(connection.query(Statement(SQL.heads)))
        let total = heads.reduce(0) { $0 + $1.position }
        var stopwatch = Stopwatch(names, total: total, progress)
        // Those that are as far go together.
        for place in Set(builds.filter { !$0.isReady }.map(\.place)) {
            let some = builds.filter { !$0.isReady && $0.place == place }
            try fill(some, place, heads, &stopwatch)
        }
        let isNew = try builds.contains {
            try VersionTables(connection, $0.deployed.definition.name).there().isEmpty
        }
        // What serves newly has its views in the end, also where another table is refused.
        func complete() throws {
            if options.swaps, isNew, views == nil { try Views(connection: connection).complete() }
        }
        var done: [Rebuilt] = []
        do { try exchange(builds, &done, &stopwatch) } catch {
            try complete()
            throw error
        }
        try complete()
        stopwatch.tell(.done)
        return done
    }

    /// Compares what was built and brings it into service, one after the other.
    private func exchange(_ builds: [Build], _ done: inout [Rebuilt], _ stopwatch: inout Stopwatch) throws {
        for build in builds {
            let checked = try check(build.deployed, &stopwatch)
            if options.swaps { try swap(build.deployed, &stopwatch) }
            done.append(
                Rebuilt(
                    projection: build.deployed.definition.name, generation: Int(build.deployed.generation),
                    continued: build.isContinued, swapped: options.swaps, rows: checked.rows,
                    rowsChanged: checked.changed))
        }
    }

    // MARK: - What is there to go on from?

    private func prepare(_ definition: Definition, _ records: [Record]) throws -> Build {
        let name = Version.new.name(of: definition.name)
        let record = records.first { $0.name == name }
        let tables = VersionTables(connection, name)
        let isThere = try !tables.there().isEmpty
        let isFit = !options.isFresh && isThere && record?.state != .stopped
        if isFit, let record, try record.isBuilt(as: definition, upcasts, connection) {
            return Build(
                deployed: Deployed(table: table(definition, name), generation: record.generation),
                isReady: record.state != .building, place: try BuildLedger.place(connection, definition.name),
                isFound: true)
        }
        let generation = (records.filter { $0.projection == definition.name }.map(\.generation).max() ?? 0) + 1
        try connection.transaction {
            try tables.drop()
            try VersionTables(connection, Version.part(of: definition.name)).drop()
            let part = table(definition, Version.part(of: definition.name))
            for sql in table(definition, name).create + part.create { try connection.execute(sql) }
            try connection.query(
                Statement(SQL.deployProjection) {
                    $0.text(name)
                    $0.int(generation)
                    $0.text(Record.State.building.rawValue)
                    $0.text(definition.file)
                    $0.text(definition.text)
                    $0.text(definition.canonical(upcasts))
                })
        }
        return Build(
            deployed: Deployed(table: table(definition, name), generation: generation), isReady: false,
            place: BuildLedger.Place(), isFound: false)
    }

    private func table(_ definition: Definition, _ name: String) -> ReadTable {
        var table = ReadTable(definition: definition, name: name)
        table.personal = unsealing.map { definition.personalColumns($0.catalogue) } ?? []
        return table
    }

    // MARK: - How is it filled?

    private func fill(
        _ builds: [Build], _ place: BuildLedger.Place, _ heads: [LogHead], _ stopwatch: inout Stopwatch
    ) throws {
        let some = builds.map(\.deployed)
        let deployment = Deployment(some, unsealing: unsealing)
        let ledger = BuildLedger(
            connection, deployment, place, isFound: builds.contains { $0.isFound }, log: log)
        stopwatch.skip(place.events)
        let pass = LogPass(connection, deployment, stopwatch, ledger: ledger, pace: pace)
        try pass.run(heads)
        stopwatch = pass.stopwatch
        stopwatch.tell(.indexing)
        for projection in some { try index(projection) }
        stopwatch.tell(.catchingUp)
        let follower = Follower(connection, deployment)
        try follower.catchUp()
        for projection in some { try refuseBroken(projection) }
        // From here on the projectors feed them, and whoever is erased is erased there, too: what happened before is
        // applied behind the same lock.
        try patience(some[0].definition.name).run(between: { try follower.catchUp() }) {
            try follower.catchUpAtOnce()
            for projection in some {
                for sql in projection.table.protect { try connection.execute(sql) }
                try VersionTables(connection, Version.part(of: projection.definition.name)).drop()
                try connection.query(
                    Statement(
                        "UPDATE read.projection SET state = 'live', heartbeat_at = clock_timestamp() WHERE name = $1"
                    ) { $0.text(projection.name) })
            }
        }
    }

    /// All or none, so that whoever goes on knows by the first.
    private func index(_ projection: Deployed) throws {
        let key = "read.\(quoted(projection.name + "_pkey"))"
        let isThere = try connection.query(Statement("SELECT to_regclass($1) IS NOT NULL") { $0.text(key) })
        if try isThere[0].bool(0) { return }
        try connection.transaction { for sql in projection.table.index { try connection.execute(sql) } }
    }

    /// A new table that is mostly held does not replace one that works.
    private func refuseBroken(_ projection: Deployed) throws {
        let held = try connection.query(Statement(projection.table.tooMuch) { $0.text(projection.name) })
        let name = projection.definition.name
        if try held[0].bool(0), try !VersionTables(connection, name).there().isEmpty {
            throw ReadModelError(
                "\(name): \(try held[0].bigint(1)) streams cannot be applied, so the table is not replaced; "
                    + "why stands in read.held under \(projection.name)")
        }
    }

    // MARK: - Is it right?

    /// Compares the new table with the log's count and its totals with its rows. Where the serving table was built by
    /// the same definition, its rows are compared, too: that they differ is told and is no reason not to go on, since a
    /// rebuild is how a table that is wrong is mended.
    private func check(_ new: Deployed, _ stopwatch: inout Stopwatch) throws -> (rows: Int64, changed: Int64?) {
        stopwatch.tell(.comparing)
        let name = new.definition.name
        return try connection.transaction(.repeatableRead) {
            let miscounted = try connection.query(Statement(SQL.miscountedProgress) { $0.text(new.name) })
            guard try miscounted[0].bigint(0) == 0 else {
                throw ReadModelError(
                    "\(name): the new table has not applied each event once, so it is not swapped; "
                        + "rebuild it with --fresh")
            }
            if let sql = new.table.wrongTotals, try connection.query(Statement(sql))[0].bigint(0) > 0 {
                throw ReadModelError(
                    "\(name): the new totals are not what the new rows add up to, so the table is not swapped; "
                        + "rebuild it with --fresh")
            }
            let rows = try connection.query(Statement("SELECT count(*) FROM \(new.table.rows)"))[0].bigint(0)
            return (rows, try changed(new))
        }
    }

    /// Nil where there is nothing to compare with.
    private func changed(_ new: Deployed) throws -> Int64? {
        let name = new.definition.name
        let record = try Record.all(connection).first { $0.name == name }
        guard let record, record.state != .dropped, try record.isBuilt(as: new.definition, upcasts, connection) else {
            return nil
        }
        let serving = ReadTable(definition: new.definition, name: name)
        let differs = serving.fields.dropFirst(2).map(\.name)
            .map { "a.\(quoted($0)) IS DISTINCT FROM b.\(quoted($0))" }
        let found = try connection.query(
            Statement(
                filled(
                    SQL.otherRows,
                    ["rows": new.table.rows, "other": serving.rows, "differs": differs.joined(separator: " OR ")])
            ) {
                $0.text(new.name)
                $0.text(serving.name)
            })
        return try found[0].bigint(0)
    }

    // MARK: - How does it come into service?

    private func swap(_ new: Deployed, _ stopwatch: inout Stopwatch) throws {
        stopwatch.tell(.swapping)
        let name = new.definition.name
        var swapping = Swapping(connection, name, .swap, log: log, unsealing: unsealing)
        swapping.views = views
        swapping.patience = options.patience
        let watch = stopwatch
        try swapping.run { watch.waits(for: $0) }
        try connection.query(
            Statement(ReadTable(definition: new.definition, name: name).stop) { $0.text(name) })
    }

    private func patience(_ name: String) throws -> Patience {
        var patience = Patience(connection, try Exchange.relations(of: name, connection))
        patience.seconds = options.patience
        return patience
    }
}

extension Record {
    /// Whether its table was built from what decides how rows look as this definition and this version say it.
    func isBuilt(as definition: Definition, _ upcasts: Upcasts, _ connection: BlockingConnection) throws -> Bool {
        guard (try? self.definition()) != nil else { return false }
        let found = try connection.query(
            Statement(SQL.wasBuiltSo) {
                $0.text(name)
                $0.text(definition.canonical(upcasts))
            })
        return try found[0].bool(0)
    }
}

extension ReadTable {
    /// How many groups of the totals are not what the rows add up to; nil where there are no totals.
    fileprivate var wrongTotals: String? {
        guard let wanted = definition.totals else { return nil }
        let sum = wanted.sum.map { quoted(definition.columns[$0].name) }
        return filled(
            SQL.wrongTotals,
            [
                "groups": list(["organization_id"] + groups.map(\.name)), "rows": rows, "totals": totals,
                "count": quoted(wanted.count), "amount": sum.map { "coalesce(\($0), 0)" } ?? "0", "sum": sum ?? "0",
            ])
    }
}
