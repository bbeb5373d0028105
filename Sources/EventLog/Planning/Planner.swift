import FoundationEssentials
import Kernel
import Postgres

/// The appender's thinking: from what is queued to what is written, and from what became of that to answers.
///
/// It touches no socket and no clock. The appender's thread asks for the `next` step, takes it, and tells what came of
/// it by `learn`, `wrote` or `failed`; answers gather in `answers`. One batch is under way at a time, so that a
/// position is sent only after the commit of the one before was acknowledged (FACTS-append §3, rules 2 and 4); the next
/// may be planned meanwhile, by `prepare`.
struct Planner {
    /// What to do next.
    enum Step {
        /// Nothing, until more comes or the moment is reached.
        case rest(until: ContinuousClock.Instant?)
        /// Read these, then `learn`.
        case look(Questions)
        /// Write this as one transaction, then `wrote` or `failed`.
        case write(Batch)
        /// Leave the transaction in which locks were taken: nothing is to be written after all.
        case rollBack
        /// A batch in doubt could not be written again: look whether it had been, then `found`.
        case verify(Batch)
    }

    /// How much goes into a batch.
    struct Limits: Sendable {
        var events = 1_000
        var bytes = 4 << 20
        /// A batch of imports alone, when nobody else has come for a while.
        var importEvents = 10_000
        var importBytes = 16 << 20
        /// For how long after an interactive unit imports get no such batch.
        var quiet = Duration.seconds(1)
        /// How often a unit may be in a batch that fails before it is given up.
        var attempts = 12
        /// The most changes of streams that are remembered of one organization, and of all.
        var rememberedOfOne = 4_096
        var remembered = 1 << 18
        /// So many events of other processes, and more, are not read to learn what happened: the log's end is.
        var sequel = 1_000
        /// For how long an organization rests whose log another transaction keeps locked.
        var parking = Duration.seconds(1)
    }

    let limits: Limits
    var books: [UUID: Book] = [:]
    var interactive = LaneQueue()
    var imports = LaneQueue()
    /// The units of the batch that is being prepared.
    var chosen: [Pending] = []
    /// What was looked up for suspects among them.
    var known = Facts()
    /// Locks are held in an open transaction.
    var isLocked = false
    /// The logs whose locks were just obtained: who queued for them meanwhile may go along.
    var mayFill: [UUID] = []
    var isImpatient = false
    /// What was sent, or is to be sent again.
    var sent: Batch?
    /// How often writing it has failed while it was in doubt.
    var sentFailures = 0
    /// Planned upon what was sent, and to be sent once that is acknowledged.
    private(set) var ready: Batch?
    var mustVerify = false
    var parked: [UUID: ContinuousClock.Instant] = [:]
    var lastInteractive: ContinuousClock.Instant?
    var remembered = 0
    /// Who is answered what; taken and cleared by the appender's thread.
    var answers: [(ticket: Ticket, answer: Answer)] = []

    init(limits: Limits = Limits()) { self.limits = limits }

    // MARK: - What comes in?

    /// A unit without a `fault` queues.
    mutating func submit(_ pending: Pending, at now: ContinuousClock.Instant) {
        switch pending.unit.lane {
        case .interactive:
            lastInteractive = now
            interactive.append(pending)
        case .import: imports.append(pending)
        }
    }

    /// The caller waits no longer. A unit that still queues is dropped; one that was chosen goes its way.
    mutating func cancel(_ ticket: Ticket, of organization: UUID) {
        let dropped = interactive.remove(ticket, of: organization) ?? imports.remove(ticket, of: organization)
        if dropped != nil { answers.append((ticket, .failure(.cancelled))) }
    }

    // MARK: - What is to be done?

    /// The next step; `clock` is asked for the time at which events are recorded.
    mutating func next(at now: ContinuousClock.Instant, clock: () -> Instant) -> Step {
        if let sent { return mustVerify ? .verify(sent) : .write(sent) }
        while true {
            if chosen.isEmpty {
                if isLocked { return .rollBack }
                choose(at: now)
                if chosen.isEmpty { return .rest(until: parked.values.min()) }
            } else if isLocked, !mayFill.isEmpty {
                fillUp()
            }
            let questions = questions()
            if !questions.isEmpty { return .look(questions) }
            let batch = plan(clock())
            known = Facts()
            refuse(batch.refused)
            if !batch.entries.isEmpty {
                sent = batch
                return .write(batch)
            }
        }
    }

    /// Plans what queues by now, while a batch is being written, as if that had succeeded. Nothing where something has
    /// to be read first.
    mutating func prepare(at now: ContinuousClock.Instant, clock: () -> Instant) {
        guard let sent, ready == nil, !sent.isLocked, !sent.isInDoubt else { return }
        if chosen.isEmpty { choose(at: now) }
        if chosen.isEmpty || !questions().isEmpty { return }
        var batch = plan(clock())
        batch.encode()
        ready = batch
    }

    /// What was sent is acknowledged: what was planned upon it holds.
    mutating func promote() {
        guard let batch = ready else { return }
        ready = nil
        refuse(batch.refused)
        if !batch.entries.isEmpty { sent = batch }
    }

    /// What was sent may have failed: what was planned upon it queues again, in its order.
    mutating func unprepare() {
        var units = chosen
        if let batch = ready { units = batch.entries.map(\.pending) + batch.refused.map(\.pending) + units }
        ready = nil
        chosen = []
        forgetHeads(of: units)
        for index in units.indices {
            units[index].sawHead = false
            units[index].wasLookedUp = false
        }
        putBack(units.sorted { $0.ticket < $1.ticket })
    }

    private mutating func refuse(_ refused: [(pending: Pending, error: AppendError)]) {
        for (pending, error) in refused { answers.append((pending.ticket, .failure(error))) }
    }
}
