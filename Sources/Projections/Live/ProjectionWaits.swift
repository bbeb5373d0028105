public import FoundationEssentials
public import Postgres
import Synchronization

/// Those who wait until projections have reached a position: a client reads what it has just written.
///
/// A runner in this process tells it at once. Where another process runs the projections, one question for all who wait
/// is asked every few milliseconds, and none while nobody waits.
public final class ProjectionWaits: Sendable {
    private struct Waiter {
        var organization: UUID
        var position: Int64
        var projections: Set<String>
        var deadline: ContinuousClock.Instant
        var continuation: CheckedContinuation<Bool, Never>
    }
    private struct Key: Hashable {
        var organization: UUID
        var projection: String
    }
    private struct State {
        var known: [Key: Int64] = [:]
        var waiters: [Int: Waiter] = [:]
        var last = 0
        var isPolling = false
        /// Of which organizations a runner in this process tells: asking is only a safety net there.
        var isTold: @Sendable (UUID) -> Bool = { _ in false }
    }
    private let state = Mutex(State())
    private let connection: PipelinedConnection

    /// `connection`: a worker's, for the questions.
    public init(_ connection: PipelinedConnection) { self.connection = connection }

    /// Waits until all the projections have applied an organization's events up to `position`; false: not in time, or
    /// the task was cancelled. A projection that does not exist is waited for in vain.
    public func wait(
        for organization: UUID, position: Int64, projections: Set<String>, timeout: Duration
    ) async -> Bool {
        let number = state.withLock { state -> Int? in
            if isReached(state, organization, position, projections) { return nil }
            state.last += 1
            return state.last
        }
        guard let number else { return true }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waiter = Waiter(
                    organization: organization, position: position, projections: projections,
                    deadline: .now + timeout, continuation: continuation)
                enter(number, waiter)
            }
        } onCancel: {
            end(number, false)
        }
    }

    private func enter(_ number: Int, _ waiter: Waiter) {
        let (answer, mustPoll) = state.withLock { state -> (Bool?, Bool) in
            if isReached(state, waiter.organization, waiter.position, waiter.projections) { return (true, false) }
            if Task.isCancelled { return (false, false) }
            state.waiters[number] = waiter
            defer { state.isPolling = true }
            return (nil, !state.isPolling)
        }
        if let answer { waiter.continuation.resume(returning: answer) }
        if mustPoll { Task { await poll() } }
    }

    private func end(_ number: Int, _ answer: Bool) {
        let waiter = state.withLock { $0.waiters.removeValue(forKey: number) }
        waiter?.continuation.resume(returning: answer)
    }

    private func isReached(
        _ state: borrowing State, _ organization: UUID, _ position: Int64, _ projections: Set<String>
    ) -> Bool {
        if position <= 0 { return true }
        for projection in projections {
            let known = state.known[Key(organization: organization, projection: projection)] ?? 0
            if known < position { return false }
        }
        return true
    }

    // MARK: - Who tells it?

    /// Projections have reached a position.
    func tell(_ organization: UUID, _ positions: [(projection: String, position: Int64)]) {
        let reached = state.withLock { state -> [Waiter] in
            for (projection, position) in positions {
                let key = Key(organization: organization, projection: projection)
                state.known[key] = max(position, state.known[key] ?? 0)
            }
            var reached: [Waiter] = []
            for (number, waiter) in state.waiters where waiter.organization == organization {
                guard isReached(state, organization, waiter.position, waiter.projections) else { continue }
                reached.append(waiter)
                state.waiters[number] = nil
            }
            return reached
        }
        for waiter in reached { waiter.continuation.resume(returning: true) }
    }

    /// A runner of this process begins to tell of its batches in these organizations, or ends it.
    func follow(_ isTold: (@Sendable (UUID) -> Bool)?) { state.withLock { $0.isTold = isTold ?? { _ in false } } }

    /// Tables were dropped or built anew: what is known is asked for again.
    func forget() { state.withLock { $0.known = [:] } }

    /// As `forget`, of one organization.
    func forget(_ organization: UUID) {
        state.withLock { state in state.known = state.known.filter { $0.key.organization != organization } }
    }

    private func poll() async {
        while true {
            let (late, questions) = state.withLock { state -> ([Waiter], [Waiter]) in
                let now = ContinuousClock.now
                let late = state.waiters.filter { $0.value.deadline <= now }
                for number in late.keys { state.waiters[number] = nil }
                if state.waiters.isEmpty { state.isPolling = false }
                return (Array(late.values), Array(state.waiters.values))
            }
            for waiter in late { waiter.continuation.resume(returning: false) }
            if questions.isEmpty { return }
            await ask(questions)
            let isTold = state.withLock { $0.isTold }
            let pause = Duration.milliseconds(questions.allSatisfy { isTold($0.organization) } ? 250 : 10)
            let next = min(questions.map(\.deadline).min() ?? .now, .now + pause)
            try? await Task.sleep(until: next, clock: .continuous)
        }
    }

    private func ask(_ waiters: [Waiter]) async {
        let statement = Statement(SQL.positions) {
            $0.uuids(Set(waiters.map(\.organization)))
            $0.texts(waiters.reduce(into: Set<String>()) { $0.formUnion($1.projections) })
        }
        // A database that does not answer is the deadline's business.
        guard let rows = try? await connection.query(statement) else { return }
        for row in rows {
            guard let organization = try? row.uuid(0), let projection = try? row.text(1),
                let position = try? row.bigint(2)
            else { continue }
            tell(organization, [(projection, position)])
        }
    }
}
