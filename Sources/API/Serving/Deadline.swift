import NIOCore
import Synchronization

/// Does work for at most a while. When time is up the work is cancelled and the caller gets `late` at once, also where
/// the work does not notice.
enum Deadline {
    static func run<Value: Sendable>(
        _ limit: TimeAmount, on loop: any EventLoop, late: Value, _ work: @escaping @Sendable () async -> Value
    ) async -> Value {
        let race = Race<Value>()
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let task = Task {
                    race.finish(await work())
                }
                let timer = loop.scheduleTask(in: limit) {
                    race.finish(late)
                    race.cancel()
                }
                race.start(continuation, task, timer)
            }
        } onCancel: {
            race.cancel()
        }
    }

    /// Whoever comes first resumes the caller.
    private final class Race<Value: Sendable>: Sendable {
        private struct State {
            var continuation: CheckedContinuation<Value, Never>?
            var value: Value?
            var task: Task<Void, Never>?
            var timer: Scheduled<Void>?
            var isCancelled = false
            var isOver = false
        }
        private let state = Mutex(State())

        func start(
            _ continuation: CheckedContinuation<Value, Never>, _ task: Task<Void, Never>, _ timer: Scheduled<Void>
        ) {
            let (value, cancelled) = state.withLock { state -> (Value?, Bool) in
                guard state.value == nil else {
                    state.isOver = true
                    return (state.value, false)
                }
                (state.continuation, state.task, state.timer) = (continuation, task, timer)
                return (nil, state.isCancelled)
            }
            if cancelled { task.cancel() }
            if let value {
                timer.cancel()
                task.cancel()
                continuation.resume(returning: value)
            }
        }

        func finish(_ value: Value) {
            let (continuation, timer) = state.withLock { state in
                guard !state.isOver else { return (CheckedContinuation<Value, Never>?.none, Scheduled<Void>?.none) }
                guard let continuation = state.continuation else {
                    state.value = state.value ?? value
                    return (nil, nil)
                }
                state.isOver = true
                state.continuation = nil
                return (continuation, state.timer)
            }
            timer?.cancel()
            continuation?.resume(returning: value)
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
