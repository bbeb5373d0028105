import Synchronization

/// Does work for at most a while. When time is up the work is cancelled and the caller gets `late` at once, also where
/// the work does not notice.
enum Deadline {
    /// - Parameter limit: how long it may take; it may be a quarter of a second longer.
    static func run<Value: Sendable>(
        _ limit: Duration, late: Value, _ work: @escaping @Sendable () async -> Value
    ) async -> Value {
        let race = Race(late)
        defer { Watch.shared.forget(race) }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                Watch.shared.watch(race, until: .now + limit)
                race.start(continuation, Task { race.finish(await work()) })
            }
        } onCancel: {
            race.cancel()
        }
    }

    /// Whoever comes first, the work or its end, resumes the caller.
    private final class Race<Value: Sendable>: Expiring {
        private struct State {
            var continuation: CheckedContinuation<Value, Never>?
            var value: Value?
            var task: Task<Void, Never>?
            var isCancelled = false
        }
        private let state = Mutex(State())
        private let late: Value

        init(_ late: Value) { self.late = late }

        func start(_ continuation: CheckedContinuation<Value, Never>, _ task: Task<Void, Never>) {
            let (value, isCancelled) = state.withLock { state in
                if state.value == nil { state.continuation = continuation }
                state.task = task
                return (state.value, state.isCancelled)
            }
            if isCancelled { task.cancel() }
            if let value { continuation.resume(returning: value) }
        }

        func finish(_ value: Value) {
            let continuation = state.withLock { state in
                if state.value == nil { state.value = value }
                defer { state.continuation = nil }
                return state.continuation
            }
            continuation?.resume(returning: value)
        }

        func expire() {
            finish(late)
            cancel()
        }

        func cancel() {
            let task = state.withLock { state in
                state.isCancelled = true
                return state.task
            }
            task?.cancel()
        }
    }
}

// MARK: - Who looks at the clock?

private protocol Expiring: AnyObject, Sendable {
    func expire()
}

/// Ends what has lasted too long. One task looks at all that is under way four times a second, and none where nothing
/// is: a timer for each request would wake the request's event loop twice more, to be set and to be taken back.
private final class Watch: Sendable {
    static let shared = Watch()

    private struct State {
        var watched: [ObjectIdentifier: (until: ContinuousClock.Instant, race: any Expiring)] = [:]
        var isAwake = false
    }
    private let state = Mutex(State())

    func watch(_ race: any Expiring, until: ContinuousClock.Instant) {
        let isAwake = state.withLock { state in
            state.watched[ObjectIdentifier(race)] = (until, race)
            defer { state.isAwake = true }
            return state.isAwake
        }
        if !isAwake { Task { await look() } }
    }

    func forget(_ race: any Expiring) { state.withLock { _ = $0.watched.removeValue(forKey: ObjectIdentifier(race)) } }

    private func look() async {
        while let next = expire(at: .now) {
            try? await Task.sleep(until: min(next, .now + .milliseconds(250)), clock: .continuous)
        }
    }

    /// Ends those whose time is over, and tells when the next one's is; nil: there are none.
    private func expire(at now: ContinuousClock.Instant) -> ContinuousClock.Instant? {
        let (over, next) = state.withLock { state in
            let over = state.watched.values.filter { $0.until <= now }.map(\.race)
            let next = state.watched.values.map(\.until).filter { $0 > now }.min()
            state.isAwake = next != nil
            return (over, next)
        }
        for race in over { race.expire() }
        return next
    }
}
