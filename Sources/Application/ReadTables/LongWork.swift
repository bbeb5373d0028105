import Kernel
import Synchronization

/// Work that goes on when its request is answered, one of each name at a time.
final class LongWork: Sendable {
    private struct State {
        var running: [String: Task<Void, Never>] = [:]
        var verifications: [String: JSON] = [:]
        var isClosed = false
    }
    private let state = Mutex(State())

    /// False: it is under way already.
    func begin(_ name: String, _ body: @escaping @Sendable () async -> Void) -> Bool {
        state.withLock { state in
            if state.isClosed || state.running[name] != nil { return false }
            state.running[name] = Task {
                await body()
                self.state.withLock { _ = $0.running.removeValue(forKey: name) }
            }
            return true
        }
    }

    /// What was found last.
    func verification(of projection: String) -> JSON? { state.withLock { $0.verifications[projection] } }
    func keep(_ verification: JSON, of projection: String) {
        state.withLock { $0.verifications[projection] = verification }
    }

    /// Cancels what is under way and waits for its end.
    func close() async {
        let running = state.withLock { state in
            state.isClosed = true
            return Array(state.running.values)
        }
        for task in running { task.cancel() }
        for task in running { await task.value }
    }
}
