import EventLog
import FoundationEssentials
import Kernel
import Logging
import Postgres
import Projections
import Synchronization

/// Lets policies react to what happens, until its task is cancelled.
///
/// Exactly once in effect: the commands come before the progress, so that a crash between them repeats commands and
/// loses none, and a command that is repeated is known by its id. A rebuild of read tables is nothing to it: it has a
/// progress of its own, which no rebuild touches.
public final class PolicyRunner: Sendable {
    /// How it works.
    struct Options: Sendable {
        /// How many organizations are looked after at once.
        var workers = 2
        /// How many records are looked up at once, and how many commands given at once.
        var page = 50
        /// How often all heads are looked at, in case nobody told of news.
        var sweep = Duration.seconds(5)
        /// How long it leaves an organization in peace after a look, and after something was not to be had.
        var pace = Duration.milliseconds(100), pause = Duration.milliseconds(500)
        /// So many reactions may lead from one to the next: policies that drive each other come to an end.
        var depth = 8
        /// Waited for after the commands of an event and before the progress is set: tests stop it here.
        var beforeProgress: (@Sendable (_ organization: UUID, _ position: Position) async -> Void)?
    }

    enum Turn { case idle, rest, later }

    /// Nothing was reached, and nothing is wrong: another time.
    enum Delay: Error {
        case notYet
        /// The database, or something else that heals.
        case unavailable(String)
    }

    let policies: [Policy]
    let commands: Commands
    let database: PipelinedConnection
    let waits: ProjectionWaits
    let options: Options
    let log: Logger
    private let feeds: @Sendable (UUID) -> Bool
    private let agenda = Agenda()
    private let places = Mutex<[UUID: [String: Place]]>([:])
    /// Since when something is not to be had, by organization and policy.
    private let delays = Mutex<[UUID: [String: ContinuousClock.Instant]]>([:])

    /// How far a policy is in an organization.
    struct Place {
        /// Searched up to here; nothing before is left to be done.
        var position: Position
        /// What is remembered beyond a crash. It follows slowly where nothing concerns the policy.
        var stored: Position
    }
    /// So many events may have to be searched again after a crash.
    static let span: Position = 10_000

    /// - Parameters:
    ///   - database: a worker's.
    ///   - waits: tells when tables have reached a position.
    ///   - feeds: whether an organization is this process' to look after.
    init(
        _ policies: [Policy], commands: Commands, database: PipelinedConnection, waits: ProjectionWaits,
        options: Options = Options(), feeds: @escaping @Sendable (UUID) -> Bool, log: Logger
    ) {
        (self.policies, self.commands, self.database, self.waits) = (policies, commands, database, waits)
        (self.options, self.feeds, self.log) = (options, feeds, log)
    }

    /// Makes policies known that this database has not met: they react to what happens from now on. Before anything
    /// else is served.
    func introduce() async throws(PostgresError) {
        for policy in policies { _ = try await database.query(Statement(SQL.introducePolicy) { $0.text(policy.name) }) }
    }

    /// For how long a policy of this process has waited for what it needs: the longest of all organizations.
    public var longestWait: Duration {
        let since = delays.withLock { $0.values.flatMap(\.values).min() }
        return since.map { .now - $0 } ?? .zero
    }

    /// There is news of an organization. A hint: a lost one delays and never skips.
    func wake(_ organization: UUID) { agenda.add(organization) }

    /// Runs until the task is cancelled. What was begun is left where it is: it will be known again.
    public func run() async {
        await agenda.serve(workers: options.workers, work, beside: [sweep])
    }

    private func work() async {
        while let organization = await agenda.next() {
            switch await follow(organization) {
            case .idle: agenda.done(organization, again: false, rest: options.pace)
            case .rest: agenda.done(organization, again: true, rest: .zero)
            case .later: agenda.done(organization, again: true, rest: options.pause)
            }
        }
    }

    private func sweep() async {
        while !Task.isCancelled {
            if let heads = try? await commands.reader.heads() {
                for (organization, head) in heads where feeds(organization) {
                    let known = places.withLock { $0[organization] ?? [:] }
                    let isBehind = policies.contains { known[$0.name].map { $0.position < head.position } ?? true }
                    if isBehind { agenda.add(organization) }
                }
            }
            try? await Task.sleep(for: options.sweep)
        }
    }

    // MARK: - What concerns a policy?

    private func follow(_ organization: UUID) async -> Turn {
        guard feeds(organization) else {
            places.withLock { $0[organization] = nil }
            delays.withLock { $0[organization] = nil }
            return .idle
        }
        var (turn, isLate) = (Turn.idle, false)
        for policy in policies {
            do {
                if try await step(policy, organization) { turn = .rest }
                delays.withLock { _ = $0[organization]?.removeValue(forKey: policy.name) }
            } catch {
                delays.withLock { delays in
                    let since = delays[organization]?[policy.name] ?? .now
                    delays[organization, default: [:]][policy.name] = since
                }
                if case .unavailable(let why) = error, !Task.isCancelled {
                    log.warning(
                        "a policy waits",
                        metadata: [
                            "policy": "\(policy.name)", "organization": "\(organization.text)", "error": "\(why)",
                        ])
                }
                isLate = true
            }
        }
        return isLate ? .later : turn
    }

    /// Goes on to the next event that concerns a policy, and reacts.
    /// - Returns: whether there may be more.
    private func step(_ policy: Policy, _ organization: UUID) async throws(Delay) -> Bool {
        var place = try await place(of: policy, organization)
        let (head, event) = try await next(policy, organization, after: place.position)
        if let event {
            try await react(policy, to: event)
            if let pause = options.beforeProgress { await pause(organization, event.position) }
            if Task.isCancelled { throw .notYet }
            place.position = event.position
        } else {
            place.position = max(place.position, min(head, place.position + Self.span))
        }
        if event != nil || place.position >= place.stored + Self.span {
            try await remember(policy, organization, place.position)
            place.stored = place.position
        }
        places.withLock { $0[organization, default: [:]][policy.name] = place }
        return event != nil || place.position < head
    }

    private func place(of policy: Policy, _ organization: UUID) async throws(Delay) -> Place {
        if let known = places.withLock({ $0[organization]?[policy.name] }) { return known }
        return try await asking { () throws(PostgresError) in
            let rows = try await database.query(
                Statement(SQL.policyPlace) {
                    $0.uuid(organization)
                    $0.text(policy.name)
                })
            let position = try rows.first?.bigint(0) ?? 0
            return Place(position: position, stored: position)
        }
    }

    /// The head, and what concerns the policy before `span` more events. The head comes first: the search may see more
    /// than it, and never less.
    private func next(
        _ policy: Policy, _ organization: UUID, after position: Position
    ) async throws(Delay) -> (head: Position, event: RecordedEvent?) {
        try await asking { () throws(PostgresError) in
            let head = try await commands.reader.head(organization).position
            if head <= position { return (head, nil) }
            let found = try await database.query(
                Statement(SQL.policyEvent) {
                    $0.uuid(organization)
                    $0.bigint(position)
                    $0.bigint(position + Self.span)
                    $0.texts(policy.events)
                })
            return (head, try found.events().first)
        }
    }

    private func remember(_ policy: Policy, _ organization: UUID, _ position: Position) async throws(Delay) {
        try await asking { () throws(PostgresError) in
            _ = try await database.query(
                Statement(SQL.advancePolicy) {
                    $0.uuid(organization)
                    $0.text(policy.name)
                    $0.bigint(position)
                })
        }
    }

    /// What fails is tried again.
    func asking<T>(_ body: () async throws(PostgresError) -> T) async throws(Delay) -> T {
        do { return try await body() } catch { throw .unavailable("\(error)") }
    }
}
