import FoundationEssentials
import Kernel
import Postgres

extension Planner {
    // MARK: - What became of it?

    /// The batch is committed. Its units are answered; who follows these logs is told.
    mutating func wrote() -> [Hint] {
        guard let batch = sent else { return [] }
        settle()
        for entry in batch.entries { answers.append((entry.pending.ticket, .success(entry.receipt))) }
        for (organization, after) in batch.after where after.hasEvents {
            books[organization]?.acknowledge(after.tip.head.position)
        }
        promote()
        forgetSome()
        return batch.after.compactMap { organization, after in
            after.hasEvents ? Hint(organization: organization, head: after.tip.head) : nil
        }
    }

    /// The batch is not committed, or nobody knows (`outcomeUnknown`).
    mutating func failed(_ error: PostgresError, at now: ContinuousClock.Instant) {
        guard var batch = sent else { return }
        unprepare()
        if error.kind == .connectionLost {
            // The same lines again, on the next connection: what tells whether they were written is their own index.
            batch.isInDoubt = batch.isInDoubt || error.outcomeUnknown
            batch.isLocked = false
            isLocked = false
            sent = batch
            mustVerify = false
            return
        }
        isLocked = false
        if batch.isInDoubt, batch.mark != nil {
            sentFailures += 1
            if sentFailures > limits.attempts { return giveUp(batch.entries.map(\.pending), inDoubt: true) }
            // These last: whatever made the batch collide keeps the lost transaction from a commit, if that has not
            // happened. Anything else, such as waiting for that very transaction, tells nothing yet.
            mustVerify = error.kind == .uniqueViolation || error.kind == .divisionByZero
            return
        }
        settle()
        disperse(batch.entries.map(\.pending), error, at: now)
    }

    /// Whether a batch in doubt turned out to be in the log.
    mutating func found(_ isThere: Bool, at now: ContinuousClock.Instant) -> [Hint] {
        if isThere { return wrote() }
        guard let batch = sent else { return [] }
        settle()
        retry(batch.entries.map(\.pending))
        return []
    }

    /// Reading failed; nothing was written.
    mutating func lookFailed(_ error: PostgresError, at now: ContinuousClock.Instant) {
        isLocked = false
        known = Facts()
        let units = chosen
        chosen = []
        if error.kind == .connectionLost {
            forgetHeads(of: units)
            chosen = units.map { pending in
                var again = pending
                again.wasLookedUp = false
                again.sawHead = false
                return again
            }
        } else {
            disperse(units, error, at: now)
        }
    }

    /// The transaction in which locks were held has ended without a batch.
    mutating func rolledBack() { isLocked = false }

    /// The database stays away: whoever was on the way is answered so, and the queues with them.
    mutating func giveUp() {
        unprepare()
        let inDoubt = sent?.isInDoubt ?? false
        giveUp(sent?.entries.map(\.pending) ?? [], inDoubt: inDoubt)
        known = Facts()
        for pending in interactive.removeAll() + imports.removeAll() {
            answers.append((pending.ticket, .failure(.unavailable(outcomeUnknown: false))))
        }
    }

    // MARK: - How is it tried again?

    private mutating func giveUp(_ units: [Pending], inDoubt: Bool) {
        for pending in units { answers.append((pending.ticket, .failure(.unavailable(outcomeUnknown: inDoubt)))) }
        forgetHeads(of: units)
        settle()
    }

    private mutating func settle() {
        sent = nil
        sentFailures = 0
        mustVerify = false
        isLocked = false
    }

    /// A batch failed: a lost race is run again at once; otherwise the one that is at fault is searched for.
    private mutating func disperse(_ units: [Pending], _ error: PostgresError, at now: ContinuousClock.Instant) {
        switch error.kind {
        case .divisionByZero:
            // Somebody queues for a lock, or a head was another one: stand in the queue, too, and see.
            retry(units)
            for pending in units { books[pending.unit.organization]?.queue() }
        // The last: somebody discarded what was prepared.
        case .uniqueViolation, .deadlock, .serialization, .undefinedStatement: retry(units)
        case .lockTimeout: isolate(units, or: nil, at: now)
        case .statementTimeout, .insufficientResources, .readOnly, .closed, .cancelled:
            isolate(units, or: .unavailable(outcomeUnknown: false), at: now)
        default: isolate(units, or: .refused(error), at: now)
        }
    }

    /// Once more, with everything read anew: what else could have happened is among the answers.
    private mutating func retry(_ units: [Pending]) {
        forgetHeads(of: units)
        for var pending in units {
            pending.attempts += 1
            pending.isSuspect = true
            pending.wasLookedUp = false
            pending.sawHead = false
            if pending.attempts > limits.attempts {
                answers.append((pending.ticket, .failure(.unavailable(outcomeUnknown: false))))
            } else {
                chosen.append(pending)
            }
        }
    }

    /// Apart: organization by organization, then unit by unit. What fails alone is answered `error`, or rests a while
    /// where it only waits for somebody else's transaction.
    private mutating func isolate(_ units: [Pending], or error: AppendError?, at now: ContinuousClock.Instant) {
        forgetHeads(of: units)
        let isOneOrganization = Set(units.map(\.unit.organization)).count == 1
        for var pending in units.reversed() {
            pending.attempts += 1
            pending.wasLookedUp = false
            pending.sawHead = false
            if pending.attempts > limits.attempts || units.count == 1 && error != nil {
                answers.append((pending.ticket, .failure(error ?? .unavailable(outcomeUnknown: false))))
                continue
            }
            pending.isolation = isOneOrganization && error != nil ? .unit : .organization
            putBack([pending])
        }
        if isOneOrganization, error == nil, let one = units.first?.unit.organization {
            parked[one] = now + limits.parking
        }
    }

    mutating func forgetHeads(of units: [Pending]) {
        for pending in units { books[pending.unit.organization]?.forget() }
    }

    /// Bounds the memory, to some tens of megabytes.
    private mutating func forgetSome() {
        if remembered > limits.remembered {
            remembered = 0
            for organization in books.keys { books[organization]?.forgetStreams() }
        }
        if books.count > 20_000 { books = [:] }
    }
}
