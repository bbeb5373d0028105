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

    /// Takes the next units from the queues. A failed batch's units share one only as narrowly as they may.
    private mutating func choose(at now: ContinuousClock.Instant) {
        for (organization, until) in parked where until <= now { parked[organization] = nil }
        let isQuiet = lastInteractive.map { now - $0 > limits.quiet } ?? true
        var bag = Bag(events: limits.events, bytes: limits.bytes, parked: Set(parked.keys))
        bag.fill(from: &interactive)
        if bag.units.isEmpty, isQuiet { (bag.events, bag.bytes) = (limits.importEvents, limits.importBytes) }
        bag.fill(from: &imports)
        chosen = bag.units
        isImpatient = chosen.first.map { $0.isolation != .none } ?? false
        // Sorted, so that two processes want index entries and locks in the same order (FACTS-append §6.3). Stable.
        chosen = chosen.enumerated().sorted {
            ($0.element.unit.organization, $0.offset) < ($1.element.unit.organization, $1.offset)
        }.map(\.element)
    }

    /// The room of a batch.
    private struct Bag {
        var units: [Pending] = []
        var events: Int
        var bytes: Int
        let parked: Set<UUID>

        init(events: Int, bytes: Int, parked: Set<UUID>) {
            self.events = events
            self.bytes = bytes
            self.parked = parked
        }

        mutating func fill(from queue: inout LaneQueue) {
            while events > 0, bytes > 0, let next = queue.pop(skipping: isBarred, where: fits) {
                events -= next.events
                bytes -= next.bytes
                units.append(next)
            }
        }
        private func isBarred(_ organization: UUID) -> Bool {
            if parked.contains(organization) { return true }
            guard let first = units.first, first.isolation != .none else { return false }
            return first.isolation == .unit || first.unit.organization != organization
        }
        /// One that is larger than a batch goes alone.
        private func fits(_ next: Pending) -> Bool {
            guard let first = units.first else { return true }
            return next.isolation == first.isolation && next.events <= events && next.bytes <= bytes
        }
    }

    // MARK: - What is not known?

    /// What must be read before the chosen units can be judged.
    private mutating func questions() -> Questions {
        var questions = Questions(isImpatient: isImpatient)
        var heads: Set<UUID> = []
        var streams: Set<StreamKey> = []
        for pending in chosen {
            let unit = pending.unit
            let book = book(of: unit.organization)
            let isPessimistic = book.pessimistic > 0 && !isLocked
            if isPessimistic, questions.locks.last != unit.organization { questions.locks.append(unit.organization) }
            let isStale = book.head.map { unit.readAt > $0.position && !pending.sawHead } ?? true
            if isPessimistic || isStale { heads.insert(unit.organization) }
            if isPessimistic || !isStale { streams.formUnion(unknown(pending, in: book, whenMoved: isPessimistic)) }
            if pending.isSuspect && !pending.wasLookedUp {
                questions.claims += unit.takes.map { ClaimKey(unit.organization, $0) }
                if let outcome = unit.outcome { questions.outcomes.append(OutcomeKey(unit.organization, outcome)) }
            }
        }
        questions.heads = heads.sorted()
        // Of an organization whose head is asked, streams read at the old head would be forgotten with it.
        questions.streams = Array(streams)
        return questions
    }

    /// What is known of an organization, be it nothing.
    func book(of organization: UUID) -> Book { books[organization] ?? Book(capacity: limits.rememberedOfOne) }

    /// The streams of a unit whose versions, or last times, nobody remembers. `whenMoved`: take it that the log moved.
    private func unknown(_ pending: Pending, in book: Book, whenMoved: Bool) -> [StreamKey] {
        let unit = pending.unit
        let mustLook = whenMoved || pending.attempts > 0 || unit.readAt < book.start
        let stated = Set(unit.drafts.lazy.filter { $0.occurredAt != nil }.map(\.stream))
        return unit.expected.compactMap { stream, version in
            if !whenMoved, book.fact(of: stream) != nil { return nil }
            // A new stream has no last event, so its times need nothing but its version.
            return mustLook || version > 0 && stated.contains(stream)
                ? StreamKey(organization: unit.organization, stream: stream) : nil
        }
    }

    // MARK: - What was read?

    /// The answers to the questions of the last `look`.
    mutating func learn(_ facts: Facts, to questions: Questions) {
        if !questions.locks.isEmpty { isLocked = true }
        let locked = Set(questions.locks)
        for (organization, tip) in facts.tips {
            var book = book(of: organization)
            book.open(at: tip, isLocked: locked.contains(organization))
            books[organization] = book
        }
        for (key, fact) in facts.streams { books[key.organization]?.learn(key.stream, fact) }
        remembered += facts.streams.count
        known.claims.merge(facts.claims) { $1 }
        known.outcomes.merge(facts.outcomes) { $1 }
        for index in chosen.indices {
            if facts.tips[chosen[index].unit.organization] != nil { chosen[index].sawHead = true }
            if chosen[index].isSuspect { chosen[index].wasLookedUp = true }
        }
    }
}
