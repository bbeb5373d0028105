import EventLog
import Foundation
import Synchronization

extension Ours {
    /// Units that come at random moments (a Poisson process), so many a second on average. A time counts from the
    /// moment at which the unit should have come: whoever is late pays for it.
    func paced(_ rate: Double, on tenants: [Tenant], for duration: Duration) async throws -> Sample {
        let schedule = Pace.moments(rate, for: duration)
        let desk = Desk(tenants)
        Thread.detachNewThread { [appender] in
            let start = ContinuousClock.now
            for offset in schedule {
                let moment = start + offset
                Pace.wait(until: moment)
                Task { await desk.serve(moment, appender) }
            }
        }
        return Sample(try await desk.times(schedule.count), within: duration)
    }
}

/// Where units that come by themselves find a writer, and leave how long they took.
private final class Desk: Sendable {
    private struct State {
        var idle: [Writer]
        var times: [Int64] = []
        var error: (any Error)?
    }
    private let state: Mutex<State>
    private let tenants: [Tenant]

    init(_ tenants: [Tenant]) {
        self.tenants = tenants
        state = Mutex(State(idle: (0..<64).map { _ in Writer(tenants, seed: Seeds.next(), records: 1) }))
    }

    func serve(_ moment: ContinuousClock.Instant, _ appender: Appender) async {
        var writer = state.withLock { $0.idle.popLast() } ?? Writer(tenants, seed: Seeds.next(), records: 1)
        do {
            let errand = writer.next()
            writer.wrote(errand, try await appender.append(errand.unit))
            let time = (ContinuousClock.now - moment).inNanoseconds
            state.withLock { state in
                state.times.append(time)
                state.idle.append(writer)
            }
        } catch {
            state.withLock { $0.error = error }
        }
    }

    /// Waits for so many.
    func times(_ count: Int) async throws -> [Int64] {
        while true {
            let (times, error) = state.withLock { ($0.times, $0.error) }
            if let error { throw error }
            if times.count == count { return times }
            try await Task.sleep(for: .milliseconds(20))
        }
    }
}
