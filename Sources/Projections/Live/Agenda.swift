public import FoundationEssentials
import Synchronization

/// Which organizations have news, and whose turn it is: one worker at a time for each, and a rest between two batches.
public final class Agenda: Sendable {
    private struct State {
        var queue: [UUID] = []
        var queued: Set<UUID> = []
        /// A worker has it, or it rests after its last batch.
        var busy: Set<UUID> = []
        /// News came while it was busy.
        var again: Set<UUID> = []
        var idle: [CheckedContinuation<UUID?, Never>] = []
        var isClosed = false
    }
    private let state = Mutex(State())

    /// Nothing to be done yet.
    public init() {}

    /// There is news of an organization.
    public func add(_ organization: UUID) {
        let handOver = state.withLock { state -> CheckedContinuation<UUID?, Never>? in
            if state.isClosed || state.queued.contains(organization) { return nil }
            if state.busy.contains(organization) {
                state.again.insert(organization)
                return nil
            }
            if let worker = state.idle.popLast() {
                state.busy.insert(organization)
                return worker
            }
            state.queued.insert(organization)
            state.queue.append(organization)
            return nil
        }
        handOver?.resume(returning: organization)
    }

    /// Whether an organization waits because all workers are at work.
    var isCrowded: Bool { state.withLock { !$0.queue.isEmpty } }

    /// The next organization's turn; nil when it is closed.
    public func next() async -> UUID? {
        await withCheckedContinuation { continuation in
            let found = state.withLock { state -> UUID?? in
                if state.isClosed { return .some(nil) }
                if state.queue.isEmpty {
                    state.idle.append(continuation)
                    return nil
                }
                let organization = state.queue.removeFirst()
                state.queued.remove(organization)
                state.busy.insert(organization)
                return organization
            }
            if let found { continuation.resume(returning: found) }
        }
    }

    /// A worker gives an organization back. `again`: there is more to do now. With a rest its next turn comes no
    /// sooner.
    public func done(_ organization: UUID, again: Bool, rest: Duration) {
        if again { state.withLock { _ = $0.again.insert(organization) } }
        if rest <= .zero { return rested(organization) }
        Task {
            try? await Task.sleep(for: rest)
            rested(organization)
        }
    }
    private func rested(_ organization: UUID) {
        let isWanted = state.withLock { state in
            state.busy.remove(organization)
            return state.again.remove(organization) != nil
        }
        if isWanted { add(organization) }
    }

    /// Runs workers and the jobs beside them until the task is cancelled or one of them ends; then what was begun is
    /// finished. A worker is done when `next` gives nil, a job when its task is cancelled.
    public func serve(
        workers: Int, _ work: @escaping @Sendable () async -> Void, beside jobs: [@Sendable () async -> Void]
    ) async {
        await withTaskGroup(of: Void.self) { group in
            for _ in 0..<workers { group.addTask(operation: work) }
            for job in jobs { group.addTask(operation: job) }
            await withTaskCancellationHandler {
                await group.next()
            } onCancel: {
                close()
            }
            close()
            group.cancelAll()
            await group.waitForAll()
        }
    }

    /// Ends: workers get nil from now on.
    public func close() {
        let idle = state.withLock { state in
            state.isClosed = true
            defer { state.idle = [] }
            return state.idle
        }
        for worker in idle { worker.resume(returning: nil) }
    }
}
