import FoundationEssentials
import Kernel
import Logging
import Postgres

/// The appender's thread: takes the planner's steps on a connection of its own.
///
/// It waits for each acknowledgement before it sends the next batch (FACTS-append §3, rule 4), and a blocking
/// connection saves two changes of thread for each. While Postgres writes one, the callers of the one before are
/// answered and the next is planned and encoded, so that neither waits for the other.
///
/// `@unchecked Sendable`: `serve` and `giveUp` are called by `Appender.run` alone, one after the other.
final class AppendLoop: @unchecked Sendable {
    private let inbox: Inbox
    private let clock: @Sendable () -> Instant
    private let publish: @Sendable ([Hint]) -> Void
    private let log: Logger
    private var planner: Planner
    private var callers: [Ticket: Inbox.Arrival] = [:]
    private var isClosing = false
    /// Commits that nobody was told of yet.
    private var news: [Hint] = []
    /// About how long Postgres takes for a batch.
    private var flight = Duration.zero
    /// Whether the last call of `serve` had a connection.
    private(set) var wasConnected = false

    init(
        inbox: Inbox, limits: Appender.Limits, clock: @escaping @Sendable () -> Instant, log: Logger,
        publish: @escaping @Sendable ([Hint]) -> Void
    ) {
        self.inbox = inbox
        self.clock = clock
        self.publish = publish
        self.log = log
        planner = Planner(limits: limits.batches)
    }

    // MARK: - What does the thread do?

    /// Works until the appender is closed and the queue is empty. An error: the connection is lost, come again.
    func serve(_ connection: BlockingConnection) throws(PostgresError) {
        wasConnected = true
        while true {
            takeMail()
            switch planner.next(at: .now, clock: clock) {
            case .rest(let until):
                tell()
                if isClosing, callers.isEmpty { return }
                inbox.sleep(until: until)
            case .look(let questions):
                try look(questions, connection)
            case .write(let batch): try write(batch, connection)
            case .verify(let batch): try verify(batch, connection)
            case .rollBack:
                try connection.execute("ROLLBACK")
                planner.rolledBack()
            }
        }
    }

    /// There is no database for now: nobody is kept waiting. True: the appender is closed.
    func giveUp() -> Bool {
        wasConnected = false
        takeMail()
        planner.giveUp()
        tell()
        return isClosing
    }

    /// Makes `wasConnected` tell of the next call of `serve`.
    func willServe() { wasConnected = false }

    // MARK: - How is a step taken?

    private func look(_ questions: Questions, _ connection: BlockingConnection) throws(PostgresError) {
        let hadLocks = planner.isLocked
        do throws(PostgresError) {
            let results = try connection.runPipelined(questions.statements) {
                tell()
                return nil
            }
            planner.learn(try questions.facts(results), to: questions)
        } catch {
            try leave(connection, after: error, inTransaction: hadLocks || !questions.locks.isEmpty) {
                planner.lookFailed($0, at: .now)
            }
        }
    }

    private func write(_ batch: Batch, _ connection: BlockingConnection) throws(PostgresError) {
        let began = ContinuousClock.now
        var isTold = false
        do throws(PostgresError) {
            _ = try connection.runPipelined(batch.statements) {
                if isTold {
                    takeMail()
                    planner.prepare(at: .now, clock: clock)
                    return nil
                }
                isTold = true
                // Late, so that who was just answered has come again; not so late that Postgres would wait. For one
                // that came alone there is nobody to wait for.
                return tell() + batch.entries.count > 1 ? began + flight / 2 - .now : nil
            }
            flight = (flight * 3 + (.now - began)) / 4
            news += planner.wrote()
        } catch {
            try leave(connection, after: error, inTransaction: batch.isLocked) { planner.failed($0, at: .now) }
        }
    }

    private func verify(_ batch: Batch, _ connection: BlockingConnection) throws(PostgresError) {
        let isThere: Bool
        switch batch.mark {
        case .event(let organization, let position, let leaf):
            let found = try connection.query(.leaf(of: organization, at: position))
            isThere = try found.first?.bytea(0) == leaf
        case .outcome(let key, let recordedAt):
            isThere = try connection.query(.outcomes(of: [key])).outcomes()[key]?.recordedAt == recordedAt
        case .none: isThere = false
        }
        news += planner.found(isThere, at: .now)
    }

    /// Tells the planner, and brings the connection back to where it can go on.
    private func leave(
        _ connection: BlockingConnection, after error: PostgresError, inTransaction: Bool,
        _ tell: (PostgresError) -> Void
    ) throws(PostgresError) {
        var error = error
        // idle_in_transaction_session_timeout: this process was frozen while it held locks, and was thrown out.
        if error.sqlstate == "25P03" { error.kind = .connectionLost }
        tell(error)
        log.debug("an append failed", metadata: ["error": "\(error)"])
        if error.kind == .connectionLost { throw error }
        if inTransaction { try connection.execute("ROLLBACK") }
    }

    // MARK: - Who waits?

    private func takeMail() {
        let mail = inbox.take()
        isClosing = mail.isClosing
        for arrival in mail.arrivals {
            callers[arrival.pending.ticket] = arrival
            planner.submit(arrival.pending, at: .now)
        }
        for (ticket, organization) in mail.cancellations { planner.cancel(ticket, of: organization) }
    }

    /// Who waits comes first, then who follows.
    /// - Returns: how many waited.
    @discardableResult
    private func tell() -> Int {
        let told = answer()
        publish(news)
        news.removeAll(keepingCapacity: true)
        return told
    }

    private func answer() -> Int {
        guard !planner.answers.isEmpty else { return 0 }
        let answers = planner.answers
        planner.answers.removeAll(keepingCapacity: true)
        var bytes = 0
        var told: [(UnsafeContinuation<Answer, Never>, Answer)] = []
        told.reserveCapacity(answers.count)
        for (ticket, answer) in answers {
            guard let arrival = callers.removeValue(forKey: ticket) else { continue }
            bytes += arrival.pending.bytes
            told.append((arrival.caller, answer))
        }
        inbox.answered(units: told.count, bytes: bytes)
        for (caller, answer) in told { caller.resume(returning: answer) }
        return told.count
    }
}
