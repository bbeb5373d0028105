public import EventLog
public import FoundationEssentials
import Kernel
public import Logging
public import Postgres
import Synchronization

/// Feeds the deployed projections from the log as it grows, until its task is cancelled.
///
/// Any number of runners may work on one database. By their leases they share the organizations among themselves, and
/// take over within seconds from one that is gone. What makes it safe is not the lease: each batch compares the
/// progress before it sets it, so no event is applied twice, and what was in memory is forgotten whenever that compare
/// fails.
public final class ProjectionRunner: Sendable {
    /// How it works.
    public struct Options: Sendable {
        /// How many organizations are worked on at once.
        public var workers = 4
        /// The next batch of an organization starts no sooner than this after the last: hot rows stay cheap.
        public var pace = Duration.milliseconds(15)
        /// How often all heads are looked at, in case a hint was lost, and the heartbeat is written.
        public var sweep = Duration.seconds(2)
        /// After so long without a sign of life the others take over what was this one's; it gives five in that time.
        public var lease = Duration.seconds(5)
        /// Waited for before each batch is applied: tests stop the projector here.
        public var beforeBatch: (@Sendable (UUID) async -> Void)?

        /// The usual.
        public init() {}
    }

    /// What has become of a runner.
    public enum Phase: String, Sendable { case idle, running, ended }

    private enum Turn { case idle, rest, more, later(Duration) }
    /// Batches of one organization before others have their turn, if any wait for one; and before what is said of
    /// leases and deployed projections is looked at again.
    private static let inARow = 10
    private static let mostInARow = 100

    let reading: PipelinedConnection
    private let writing: PipelinedConnection
    let settings: ConnectionSettings
    private let unsealing: Unsealing?
    let appender: Appender?
    let options: Options
    let waits: ProjectionWaits?
    let log: Logger
    let lease: Lease
    let agenda = Agenda()
    let lanes = Mutex<[UUID: Lane]>([:])
    let deployment = Mutex<Deployment?>(nil)
    /// The session on which was written last.
    private let known = Atomic(0)
    private let reached = Mutex(Phase.idle)
    private let listeners = Mutex<[@Sendable (UUID) -> Void]>([])

    /// `settings`: of the database; the role is chosen here. Without `unsealing`, what is sealed is absent. `appender`:
    /// this process' own, if it has one, whose commits are heard at once; others' are heard by NOTIFY. `waits`: told of
    /// each batch.
    public init(
        _ settings: ConnectionSettings, unsealing: Unsealing? = nil, appender: Appender? = nil,
        waits: ProjectionWaits? = nil,
        options: Options = Options(), log: Logger
    ) {
        let worker = settings.with(role: "daybook_worker")
        self.settings = worker
        self.unsealing = unsealing
        self.appender = appender
        lease = Lease(options.lease)
        // What it writes besides are signs of life, which are not worth waiting for a disk either.
        reading = PipelinedConnection(
            worker.with(settings: ["synchronous_commit": "off"]), name: "projections reading", log: log)
        // Safe without waiting for the disk: rows and progress are lost together, and applied again.
        writing = PipelinedConnection(
            worker.with(settings: ["synchronous_commit": "off", "idle_in_transaction_session_timeout": "10s"]),
            name: "projections writing", log: log)
        self.options = options
        self.waits = waits
        self.log = log
    }

    /// There is news of an organization. A hint: a lost one delays and never skips.
    public func wake(_ organization: UUID) { agenda.add(organization) }

    /// Tells `listener` of each batch that this runner has written, by its organization. It must not wait.
    public func onBatch(_ listener: @escaping @Sendable (UUID) -> Void) { listeners.withLock { $0.append(listener) } }

    /// Not yet run, running, or at its end.
    public var phase: Phase { reached.withLock { $0 } }

    /// Whether an organization is this runner's to feed just now.
    public func feeds(_ organization: UUID) -> Bool { lease.covers(organization) }

    /// Runs until the task is cancelled; then the batches under way are finished and the connections closed.
    public func run() async {
        reached.withLock { $0 = .running }
        waits?.follow(lease.covers)
        await agenda.serve(workers: options.workers, work, beside: [listen, sweep, share])
        waits?.follow(nil)
        reached.withLock { $0 = .ended }
        await lease.release(reading)
        await reading.close()
        await writing.close()
    }

    // MARK: - What is a worker's day?

    private func work() async {
        var pair: BatchPair?
        while let organization = await agenda.next() {
            let turn = await follow(organization, &pair)
            switch turn {
            case .idle: agenda.done(organization, again: false, rest: .zero)
            case .rest: agenda.done(organization, again: true, rest: options.pace)
            case .more: agenda.done(organization, again: true, rest: .zero)
            case .later(let pause): agenda.done(organization, again: true, rest: pause)
            }
        }
    }

    /// The next batches of an organization, if there are any and it is ours.
    private func follow(_ organization: UUID, _ pair: inout BatchPair?) async -> Turn {
        guard feeds(organization) else {
            lanes.withLock { $0[organization] = nil }
            return .idle
        }
        guard let session = writing.session else { return .later(.milliseconds(100)) }
        // What was told may have been taken back with the last one.
        if known.exchange(session, ordering: .relaxed) != session { waits?.forget() }
        do {
            let deployment = try await deployed()
            guard let lane = try await lane(organization, deployment, session) else {
                forget()
                return .later(options.pace)
            }
            guard let order = lane.order(for: organization) else { return .idle }
            if let pause = options.beforeBatch { await pause(organization) }
            let current = pair.flatMap { $0.deployment === deployment ? $0 : nil } ?? BatchPair(deployment)
            pair = current
            return try await apply(order, lane, current)
        } catch let error as PostgresError {
            lanes.withLock { $0[organization] = nil }
            return handle(error, organization)
        } catch {
            lanes.withLock { $0[organization] = nil }
            log.error(
                "events cannot be applied", metadata: ["organization": "\(organization.text)", "error": "\(error)"])
            return .later(.seconds(5))
        }
    }

    private func handle(_ error: PostgresError, _ organization: UUID) -> Turn {
        switch error.kind {
        case .divisionByZero: return .more  // another projector was faster
        case .deadlock, .serialization, .lockTimeout: return .rest
        case .undefinedTable, .undefinedColumn, .unsupported, .insufficientPrivilege:
            // Dropped or swapped under us.
            forget()
            return .later(.milliseconds(100))
        case .closed, .cancelled: return .later(.milliseconds(100))
        case _:
            log.warning(
                "a batch was not applied, and is tried again",
                metadata: ["organization": "\(organization.text)", "error": "\(error)"])
            return .later(.milliseconds(200))
        }
    }

    /// Several batches of an organization in a row, as long as they are full: while one is written, the next is read.
    private func apply(_ order: Batch.Order, _ lane: Lane, _ pair: BatchPair) async throws -> Turn {
        let session = lane.session
        var lane = lane
        var ready = try await read(pair.current, pair.current.start(order))
        // Who stops the projector before each batch finds nothing read ahead.
        for count in 1...(options.beforeBatch == nil ? Self.mostInARow : 1) {
            guard let statements = ready else { return .idle }
            let batch = pair.current
            let isLast = count == Self.mostInARow || count >= Self.inARow && agenda.isCrowded
            async let written = writing.run(statements, on: session)
            ready = isLast || options.beforeBatch != nil ? nil : await readAhead(pair, lane)
            do {
                _ = try batch.next(try await written)
            } catch let error as PostgresError where error.refusesValue {
                lane.refuse(batch, error)
                keep(lane, order.organization)
                return .more
            }
            lane.advance(to: batch.checkpoints)
            keep(lane, order.organization)
            try await tell(batch, lane)
            if batch.events.count < batch.wanted { return .rest }
            if ready == nil { return .more }
            pair.turn()
        }
        return .more
    }

    /// Drives a batch until it is to be written.
    /// - Returns: the statements that write it; nil: it has no events.
    private func read(_ batch: Batch, _ first: [Statement]) async throws -> [Statement]? {
        var next: [Statement]? = first
        while let statements = next, !batch.isWriting { next = try batch.next(try await reading.run(statements)) }
        return next
    }

    /// The batch behind the one that is being written; nil where there is none, or it is better read afterwards.
    private func readAhead(_ pair: BatchPair, _ lane: Lane) async -> [Statement]? {
        let batch = pair.current
        if batch.events.count < batch.wanted || !batch.isPlain { return nil }
        var lane = lane
        lane.advance(to: batch.checkpoints)
        guard let order = lane.order(for: batch.order.organization) else { return nil }
        // What goes wrong here goes wrong again when it matters.
        return try? await read(pair.other, pair.other.start(order, behind: batch))
    }

    /// Says how far an organization is, and what is held.
    private func tell(_ batch: Batch, _ lane: Lane) async throws(PostgresError) {
        let positions = batch.order.group.map { i in
            (projection: lane.deployment.projections[i].name, position: lane.checkpoints[i].position)
        }
        waits?.tell(batch.order.organization, positions)
        for listener in listeners.withLock({ $0 }) { listener(batch.order.organization) }
        if !batch.holds.isEmpty { try await report(batch) }
    }

    private func keep(_ lane: Lane, _ organization: UUID) {
        lanes.withLock { lanes in
            // A lane is read again in a millisecond: no need to remember all of very many.
            if lanes.count > 2000 { lanes.removeAll(keepingCapacity: true) }
            lanes[organization] = lane
        }
    }

    /// Says what is held, and stops a projection of which too much is.
    private func report(_ batch: Batch) async throws(PostgresError) {
        for (i, hold) in batch.holds {
            log.error(
                "an event cannot be applied; its stream is held",
                metadata: [
                    "projection": "\(batch.deployment.projections[i].name)", "code": "\(hold.code)",
                    "column": "\(hold.column ?? "")", "organization": "\(batch.order.organization.text)",
                    "stream": "\(hold.stream.uuid.text)", "position": "\(hold.position)",
                ])
        }
        for i in Set(batch.holds.map(\.projection)) {
            let projection = batch.deployment.projections[i]
            let stopped = try await writing.query(Statement(projection.table.stop) { $0.text(projection.name) })
            if stopped.isEmpty { continue }
            log.critical("too much is held: the projection is stopped", metadata: ["projection": "\(projection.name)"])
            forget()
        }
    }

    // MARK: - What is known?

    private func deployed() async throws(PostgresError) -> Deployment {
        if let known = deployment.withLock({ $0 }) { return known }
        var understood: [Deployed] = []
        var live: [String] = []
        for record in try Record.all(try await reading.query(Statement(SQL.deployedProjections)))
        where record.state == .live {
            live.append("\(record.name) \(record.generation)")
            do throws(Problems) {
                let table = ReadTable(definition: try record.definition(), name: record.name)
                understood.append(Deployed(table: table, generation: record.generation))
            } catch {
                log.error(
                    "a deployed projection is not understood, and is not fed",
                    metadata: ["projection": "\(record.name)", "error": "\(error)"])
            }
        }
        let found = Deployment(understood, live: live, unsealing: unsealing)
        return deployment.withLock { known in
            if let known { return known }
            known = found
            return found
        }
    }

    /// What is known of an organization since the session began. Batches are not waited for until they are on the
    /// disk, so a server that crashes may take the last ones back. Were they known still, and did another projector
    /// apply them again meanwhile, the compare of the progress would find nothing wrong with rows that were read
    /// between the two.
    private func lane(
        _ organization: UUID, _ deployment: Deployment, _ session: Int
    ) async throws(PostgresError) -> Lane? {
        if let lane = lanes.withLock({ $0[organization] }), lane.deployment === deployment, lane.session == session {
            return lane
        }
        let results = try await reading.run([
            Statement(SQL.organizationProgress) { $0.uuid(organization) },
            Statement(SQL.organizationHeld) { $0.uuid(organization) },
        ])
        guard var lane = try Lane.load(results, deployment) else { return nil }
        lane.session = session
        let positions = zip(deployment.projections, lane.checkpoints).map { ($0.name, $1.position) }
        waits?.tell(organization, positions)
        return lane
    }
}
