import FoundationEssentials
import Kernel
import Logging
import Postgres

/// Builds tables from the log beside those that serve, and swaps them. All in one pass over the log.
struct Rebuild {
    let connection: BlockingConnection
    let definitions: [Definition]
    /// The views as they are to be after the swap; nil: as they are.
    var views: [ViewFile]?
    let unsealing: Unsealing?
    let log: Logger
    let progress: @Sendable (RebuildProgress) -> Void

    init(
        _ connection: BlockingConnection, _ definitions: [Definition], views: [ViewFile]? = nil, unsealing: Unsealing?,
        log: Logger,
        progress: @escaping @Sendable (RebuildProgress) -> Void
    ) {
        self.connection = connection
        self.definitions = definitions
        self.views = views
        self.unsealing = unsealing
        self.log = log
        self.progress = progress
    }

    func run() throws {
        if definitions.isEmpty { return }
        let names = definitions.map(\.name).sorted()
        try lock(names)
        defer { unlock(names) }
        let generations = try nextGenerations()
        let deployment = Deployment(
            definitions.map { definition in
                var table = ReadTable(definition: definition, name: Deployed.shadow(definition.name))
                table.personal = unsealing.map { definition.personalColumns($0.catalogue) } ?? []
                return Deployed(table: table, generation: generations[definition.name] ?? 1)
            }, unsealing: unsealing)
        for projection in deployment.projections { try clear(projection) }
        let heads = try LogHead.all(connection.query(Statement(SQL.heads)))
        let total = heads.reduce(0) { $0 + $1.position }
        let pass = LogPass(connection, deployment, Stopwatch(names, total: total, progress))
        try pass.run(heads)
        pass.stopwatch.tell(.indexing)
        for (i, projection) in deployment.projections.enumerated() {
            for sql in projection.table.index { try connection.execute(sql) }
            try store(pass.outcomes[i], projection)
        }
        for (organization, person) in pass.erased { try refold(organization, person, deployment, pass.outcomes) }
        var follower = Follower(connection, deployment, pass.outcomes)
        pass.stopwatch.tell(.catchingUp)
        try follower.catchUp()
        for i in deployment.projections.indices {
            try refuseBroken(deployment.projections[i])
            pass.stopwatch.tell(.swapping)
            try swap(i, deployment, &follower)
        }
        pass.stopwatch.tell(.done)
    }

    // MARK: - What stands in the way?

    /// Two rebuilds of one projection would fill one table.
    private func lock(_ names: [String]) throws {
        for (n, name) in names.enumerated() {
            let got = try connection.query(
                Statement("SELECT pg_try_advisory_lock(hashtextextended('daybook rebuild ' || $1, 0))") {
                    $0.text(name)
                })
            if try got[0].bool(0) { continue }
            unlock(Array(names.prefix(n)))
            throw ReadModelError("\(name) is being rebuilt already")
        }
    }
    private func unlock(_ names: [String]) {
        for name in names {
            _ = try? connection.query(
                Statement("SELECT pg_advisory_unlock(hashtextextended('daybook rebuild ' || $1, 0))") { $0.text(name) })
        }
    }

    private func nextGenerations() throws -> [String: Int32] {
        var next: [String: Int32] = [:]
        for record in try Record.all(connection.query(Statement(SQL.deployedProjections))) {
            next[record.name] = record.generation + 1
        }
        return next
    }

    /// A new table that is mostly held does not replace one that works.
    private func refuseBroken(_ projection: Deployed) throws {
        let held = try connection.query(Statement(projection.table.tooMuch) { $0.text(projection.name) })
        let name = projection.definition.name
        let old = try connection.query(
            Statement("SELECT to_regclass($1) IS NOT NULL") { $0.text("read.\(quoted(name))") })
        if try held[0].bool(0), try old[0].bool(0) {
            throw ReadModelError(
                "\(name): \(try held[0].bigint(1)) streams cannot be applied, so the table is not replaced; "
                    + "why stands in read.held under \(projection.name)")
        }
    }

    // MARK: - What is put down?

    private func clear(_ projection: Deployed) throws {
        for sql in projection.table.create { try connection.execute(sql) }
        for table in ["read.progress", "read.held"] {
            try connection.query(Statement("DELETE FROM \(table) WHERE projection = $1") { $0.text(projection.name) })
        }
    }

    private func store(_ outcomes: [LogPass.Outcome], _ projection: Deployed) throws {
        try connection.query(
            Statement(SQL.putProgress) {
                $0.text(projection.name)
                $0.int(projection.generation)
                $0.uuids(outcomes.map(\.organization))
                $0.bigints(outcomes.map(\.position))
                $0.bigints(outcomes.map(\.applied.count))
                $0.byteas(outcomes.map(\.applied.bytes))
            })
        for outcome in outcomes where !outcome.holds.isEmpty {
            let holds = outcome.holds
            try connection.query(
                Statement(SQL.holdStreams) {
                    $0.uuid(outcome.organization)
                    $0.texts(holds.map { _ in projection.name })
                    $0.uuids(holds.map(\.stream.uuid))
                    $0.bigints(holds.map(\.position))
                    $0.ints(holds.map(\.version))
                    $0.texts(holds.map(\.code))
                    $0.texts(holds.map(\.column))
                })
            log.error(
                "streams cannot be applied and are held",
                metadata: [
                    "projection": "\(projection.definition.name)", "organization": "\(outcome.organization.text)",
                    "streams": "\(holds.count)", "code": "\(holds[0].code)", "column": "\(holds[0].column ?? "")",
                ])
        }
    }

    /// What was opened for the new tables just before the key was destroyed.
    private func refold(
        _ organization: UUID, _ person: UUID, _ deployment: Deployment, _ outcomes: [[LogPass.Outcome]]
    ) throws {
        let streams = try Refold.streams(of: organization, holding: person, connection)
        for (i, deployed) in deployment.projections.enumerated() {
            guard let outcome = outcomes[i].first(where: { $0.organization == organization }) else { continue }
            var checkpoint = Checkpoint()
            checkpoint.position = outcome.position
            checkpoint.applied = outcome.applied
            try connection.transaction {
                _ = try Refold(connection: connection, deployed: deployed, unsealing: unsealing)
                    .fold(organization, streams + [person], &checkpoint)
            }
        }
    }

    private func swap(_ i: Int, _ deployment: Deployment, _ follower: inout Follower) throws {
        let shadow = deployment.projections[i]
        let old = ReadTable(definition: shadow.definition, name: shadow.definition.name)
        let views = try self.views ?? Views(connection: connection).known().map(\.view)
        let swap = Swap(
            connection: connection, old: old, shadow: shadow, views: views, upcasts: deployment.plan.upcasts)
        var attempt = follower
        var waiting: [(view: ViewFile, error: PostgresError)] = []
        try Swap.patiently(connection, between: { try follower.catchUp() }) {
            attempt = follower
            waiting = try swap.run { try attempt.catchUp(i, to: $0) }
        }
        follower = attempt
        follower.leave(i)
        for (view, error) in waiting {
            log.debug("a view waits for its tables", metadata: ["view": "\(view.name)", "error": "\(error)"])
        }
    }
}
