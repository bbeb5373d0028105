import FoundationEssentials
import Kernel
import Logging
import Postgres
import Synchronization

/// Appends units to the logs, many callers' in one transaction (DESIGN §3): one for each process.
///
/// A caller waits for its commit. What queues meanwhile is the next batch, so batches grow with the load and a lone
/// unit waits for nobody. The primary key is the lock between processes: who loses a race reads what happened and
/// tries again what still stands.
public final class Appender: Sendable {
    /// What is too much.
    public struct Limits: Sendable {
        /// Units that may wait; more are `.overloaded`.
        public var waitingUnits = 20_000
        /// Bytes that may wait.
        public var waitingBytes = 64 << 20
        /// What callers beyond that are told.
        public var retryAfter = Duration.seconds(1)
        /// How long units wait for a database that went away, before they are `.unavailable`.
        public var patience = Duration.seconds(10)
        var batches = Planner.Limits()

        /// The limits of a server of ordinary size.
        public init() {}
    }

    private let inbox: Inbox
    private let limits: Limits
    private let pool: BlockingPool
    private let notifier: Notifier
    private let followers = Followers()
    private let running = Mutex<Task<Void, Never>?>(nil)

    /// Starts to append over a connection of its own, as `daybook_worker` unless the settings name a role. `clock`
    /// gives the time at which events are recorded.
    public init(
        _ settings: ConnectionSettings, limits: Limits = Limits(), clock: @escaping @Sendable () -> Instant, log: Logger
    ) {
        self.limits = limits
        let worker = settings.with(role: settings.role ?? "daybook_worker")
        let inbox = Inbox(limits)
        let notifier = Notifier(worker, log: log)
        let followers = followers
        let pool = BlockingPool(
            worker.with(settings: Self.session), size: 1, name: "append",
            reconnect: Reconnect(patience: limits.patience), log: log)
        let loop = AppendLoop(inbox: inbox, limits: limits, clock: clock, log: log) { hints in
            guard !hints.isEmpty else { return }
            followers.tell(hints)
            notifier.tell(hints)
        }
        self.inbox = inbox
        self.notifier = notifier
        self.pool = pool
        running.withLock { $0 = Task { await Self.run(loop, on: pool) } }
    }

    deinit { inbox.close() }

    /// FACTS-append §7, and nothing that a server's own settings could change under it. All that is read is looked up
    /// by a key; a plan that was made while a table was small must not read it whole when it is large.
    private static let session = [
        "enable_seqscan": "off", "enable_hashjoin": "off", "enable_mergejoin": "off",
        "plan_cache_mode": "force_generic_plan", "jit": "off", "default_transaction_isolation": "read committed",
        "lock_timeout": "2s", "statement_timeout": "10s", "idle_in_transaction_session_timeout": "1s",
    ]

    private static func run(_ loop: AppendLoop, on pool: BlockingPool) async {
        while true {
            loop.willServe()
            do {
                return try await pool.run { try loop.serve($0) }
            } catch {
                // A connection that was lost is made again, which takes as long as the pool's patience; then this
                // fails.
                if !loop.wasConnected, loop.giveUp() { return }
            }
        }
    }

    // MARK: - What can be done with it?

    /// Appends a unit, and returns when it is committed.
    ///
    /// If the task is cancelled while the unit queues, it is dropped (`.cancelled`); once it was sent it runs on, and
    /// this returns what became of it.
    /// - Parameter whenQueued: told when the unit has its place in the queue, or got none: units of one organization
    ///   and lane are appended in the order in which they were queued.
    public func append(
        _ unit: Unit, whenQueued: @escaping @Sendable () -> Void = {}
    ) async throws(AppendError) -> Receipt {
        if let fault = unit.fault { throw .malformed(fault) }
        let slot = Slot(organization: unit.organization)
        let answer = await withTaskCancellationHandler {
            await withUnsafeContinuation { (caller: UnsafeContinuation<Answer, Never>) in
                slot.put(unit, caller, into: inbox)
                whenQueued()
            }
        } onCancel: {
            slot.cancel(in: inbox)
        }
        return try answer.get()
    }

    /// What this appender commits from now on, batch by batch, for one reader. Ends when the appender is closed.
    public func hints() -> AsyncStream<[Hint]> { followers.follow() }

    /// Takes nothing more, writes what queues, and disconnects.
    public func close() async {
        inbox.close()
        await running.withLock { $0 }?.value
        await pool.close()
        await notifier.close()
        followers.close()
    }
}

/// Where a call of `append` stands, for its cancellation.
private final class Slot: Sendable {
    private enum Stage { case new, put(Ticket), cancelled }
    private let stage = Mutex(Stage.new)
    private let organization: UUID

    init(organization: UUID) { self.organization = organization }

    func put(_ unit: Unit, _ caller: UnsafeContinuation<Answer, Never>, into inbox: Inbox) {
        let refusal = stage.withLock { stage -> AppendError? in
            if case .cancelled = stage { return .cancelled }
            do throws(AppendError) {
                stage = .put(try inbox.put(unit, caller))
                return nil
            } catch {
                return error
            }
        }
        if let refusal { caller.resume(returning: .failure(refusal)) }
    }

    func cancel(in inbox: Inbox) {
        stage.withLock { stage in
            switch stage {
            case .new: stage = .cancelled
            case .put(let ticket): inbox.cancel(ticket, of: organization)
            case .cancelled: break
            }
        }
    }
}
