import DequeModule

/// The line in which jobs wait for a thread.
final class JobLine: Sendable {
    private struct State {
        var jobs = Deque<Job>()
        var isClosing = false
        var threads = 0
        var closers: [UnsafeContinuation<Void, Never>] = []
    }
    private let state = Locked(State())

    /// What a thread does next.
    enum Next {
        case job(Job)
        case end
    }

    func threadsStart(_ count: Int) { state.withLock { $0.threads = count } }

    /// False: the pool is closed.
    func put(_ job: Job) -> Bool {
        let isOpen = state.withLock { state -> Bool in
            if !state.isClosing { state.jobs.append(job) }
            return !state.isClosing
        }
        state.wake()
        return isOpen
    }

    /// Blocks until there is something to do.
    func next() -> Next {
        state.wait { state -> Next? in
            if let job = state.jobs.popFirst() { return .job(job) }
            return state.isClosing ? .end : nil
        }
    }

    /// Ends the jobs that wait and whose tasks were cancelled, however long the threads are busy with others.
    func endCancelled() {
        let cancelled = state.withLock { state -> Deque<Job> in
            let cancelled = state.jobs.filter { $0.interrupt.isRequested }
            if !cancelled.isEmpty { state.jobs.removeAll { $0.interrupt.isRequested } }
            return cancelled
        }
        for job in cancelled { job.endUnbegun() }
    }

    func close() {
        state.withLock { $0.isClosing = true }
        state.wake()
    }

    func threadEnds() {
        let closers = state.withLock { state -> [UnsafeContinuation<Void, Never>] in
            state.threads -= 1
            guard state.threads == 0 else { return [] }
            defer { state.closers = [] }
            return state.closers
        }
        for closer in closers { closer.resume() }
    }

    /// Waits until all threads have ended.
    func closed() async {
        await withUnsafeContinuation { continuation in
            let isClosed = state.withLock { state -> Bool in
                if state.threads > 0 { state.closers.append(continuation) }
                return state.threads == 0
            }
            if isClosed { continuation.resume() }
        }
    }
}
