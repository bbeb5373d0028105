import CLibPQ
import Glibc

/// What a cancelled task has to say to the thread that works for it.
///
/// PQcancel is a request over a connection of its own, and it is lost when it arrives between two statements; so it is
/// repeated until the job has ended, on a thread of its own, because it blocks.
final class Interrupt: Sendable {
    private struct State {
        var isRequested = false
        var isOver = false
        /// libpq's token for cancelling (a PGcancel), while a session works for the job.
        var token: Token?
    }
    private let state = Locked(State())

    /// `@unchecked Sendable`: a PGcancel is immutable, and PQcancel is thread-safe.
    private final class Token: @unchecked Sendable {
        let raw: OpaquePointer
        init?(_ session: Session) {
            guard let raw = PQgetCancel(session.raw) else { return nil }
            self.raw = raw
        }
        deinit { PQfreeCancel(raw) }
    }

    var isRequested: Bool { state.withLock { $0.isRequested } }

    /// The job works on this session from here on.
    func watch(_ session: Session) {
        let token = Token(session)
        state.withLock { $0.token = token }
    }

    /// The job has ended, whatever comes.
    func end() {
        state.withLock { state in
            state.isOver = true
            state.token = nil
        }
    }

    /// Called when the task is cancelled; returns at once.
    func request() {
        let starts = state.withLock { state -> Bool in
            defer { state.isRequested = true }
            return !state.isRequested && !state.isOver
        }
        guard starts else { return }
        OSThread.start("pg-cancel") { [self] in
            while true {
                let (token, isOver) = state.withLock { ($0.token, $0.isOver) }
                if isOver { return }
                if let token {
                    var message = [CChar](repeating: 0, count: 256)
                    PQcancel(token.raw, &message, 256)
                }
                usleep(50_000)
            }
        }
    }
}
