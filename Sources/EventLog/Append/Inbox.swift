import Dispatch
import FoundationEssentials
import Kernel
import Synchronization

/// What callers put in and the appender's thread takes out.
final class Inbox: Sendable {
    /// A unit and whom to answer.
    struct Arrival: Sendable {
        var pending: Pending
        var caller: UnsafeContinuation<Answer, Never>
    }
    /// What came since the last look.
    struct Mail {
        var arrivals: [Arrival] = []
        var cancellations: [(ticket: Ticket, organization: UUID)] = []
        var isClosing = false
    }
    private struct State {
        var mail = Mail()
        var lastTicket: Ticket = 0
        var units = 0
        var bytes = 0
        var isSleeping = false
    }
    private let state = Mutex(State())
    private let bell = DispatchSemaphore(value: 0)
    private let limits: Appender.Limits

    init(_ limits: Appender.Limits) { self.limits = limits }

    /// Hands a unit over. An error: it was not taken, and nobody will answer it.
    func put(
        _ unit: Unit, _ caller: UnsafeContinuation<Answer, Never>
    ) throws(AppendError) -> Ticket {
        // Looked at twice, so that nothing is made for a unit that will be refused.
        try state.withLock { state throws(AppendError) in try admit(bytes: 0, state) }
        var pending = Pending(ticket: 0, unit: unit)
        let ticket = try state.withLock { state throws(AppendError) -> Ticket in
            try admit(bytes: pending.bytes, state)
            state.lastTicket += 1
            state.units += 1
            state.bytes += pending.bytes
            pending.ticket = state.lastTicket
            state.mail.arrivals.append(Arrival(pending: pending, caller: caller))
            return pending.ticket
        }
        ring()
        return ticket
    }

    private func admit(bytes: Int, _ state: State) throws(AppendError) {
        if state.mail.isClosing { throw .closed }
        if state.units >= limits.waitingUnits || state.units > 0 && state.bytes + bytes > limits.waitingBytes {
            throw .overloaded(retryAfter: limits.retryAfter)
        }
    }

    /// The caller does not want the unit any more, if it still queues.
    func cancel(_ ticket: Ticket, of organization: UUID) {
        state.withLock { $0.mail.cancellations.append((ticket, organization)) }
        ring()
    }

    func close() {
        state.withLock { $0.mail.isClosing = true }
        ring()
    }

    /// Units of that many bytes were answered: there is room for others.
    func answered(units: Int, bytes: Int) {
        state.withLock { state in
            state.units -= units
            state.bytes -= bytes
        }
    }

    /// What came since the last time.
    func take() -> Mail {
        state.withLock { state in
            defer { state.mail = Mail(isClosing: state.mail.isClosing) }
            return state.mail
        }
    }

    /// Blocks the appender's thread until something comes or it is time.
    func sleep(until moment: ContinuousClock.Instant?) {
        let mustWait = state.withLock { state in
            let mail = state.mail
            // Closing ends a sleep without end; what rests until a moment rests until then.
            let isNews = !mail.arrivals.isEmpty || !mail.cancellations.isEmpty || mail.isClosing && moment == nil
            state.isSleeping = !isNews
            return state.isSleeping
        }
        guard mustWait else { return }
        guard let moment else { return bell.wait() }
        let left = max(moment - .now, .zero).components
        let nanoseconds = Int(clamping: left.seconds * 1_000_000_000 + left.attoseconds / 1_000_000_000)
        if bell.wait(timeout: .now() + .nanoseconds(nanoseconds)) == .timedOut {
            // Somebody may have rung just now: then the next sleep ends at once, which is harmless.
            state.withLock { $0.isSleeping = false }
        }
    }

    private func ring() {
        let mustRing = state.withLock { state in
            defer { state.isSleeping = false }
            return state.isSleeping
        }
        if mustRing { bell.signal() }
    }
}
