import Synchronization

/// Statements that go to the server together, and the one who waits for them.
struct Unit: Sendable {
    var statements: [Statement]
    var ticket: Ticket
    /// On which session it runs, or not at all; nil: on any.
    var session: Int?
    /// When it fails, if there is no connection until then; set when it first has to wait for one.
    var deadline: ContinuousClock.Instant?
    /// A statement that had become stale was prepared anew for it; that is done once.
    var isSecondAttempt = false
}

/// The right to resume a caller, which exactly one of these has: the connection's thread and the task's cancellation.
///
/// `@unchecked Sendable`: the continuation is written before `state` leaves `.new` and read only by the one whose
/// exchange found it there.
final class Ticket: @unchecked Sendable {
    typealias Answer = Swift.Result<[Result], PostgresError>
    private enum State { static let new = 0, queued = 1, sent = 2, taken = 3 }

    private let state = Atomic(State.new)
    private var continuation: UnsafeContinuation<Answer, Never>?

    /// The caller waits from here on. False: the task was cancelled before, and the caller is resumed already.
    func wait(_ continuation: UnsafeContinuation<Answer, Never>) -> Bool {
        self.continuation = continuation
        let queued = state.compareExchange(expected: State.new, desired: State.queued, ordering: .acquiringAndReleasing)
        if !queued.exchanged { continuation.resume(returning: .failure(Self.cancelled(sent: false))) }
        return queued.exchanged
    }

    /// The statements are about to be sent. False: nobody waits for them any more, and they must not be.
    func send() -> Bool {
        let change = state.compareExchange(
            expected: State.queued, desired: State.sent, ordering: .acquiringAndReleasing)
        return change.exchanged || change.original == State.sent
    }

    func resume(_ answer: Answer) {
        let before = state.exchange(State.taken, ordering: .acquiringAndReleasing)
        if before == State.queued || before == State.sent { continuation?.resume(returning: answer) }
    }

    func cancel() {
        let before = state.exchange(State.taken, ordering: .acquiringAndReleasing)
        if before == State.queued || before == State.sent {
            continuation?.resume(returning: .failure(Self.cancelled(sent: before == State.sent)))
        }
    }

    private static func cancelled(sent: Bool) -> PostgresError {
        PostgresError(
            .cancelled, sent ? "cancelled while the statement ran" : "cancelled before anything was sent",
            outcomeUnknown: sent)
    }
}
