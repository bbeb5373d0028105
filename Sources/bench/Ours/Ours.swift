import EventLog
import FoundationEssentials
import Kernel
import Postgres
import Synchronization

/// The log as a server writes it, with everything on: one appender, and a follower who is woken by each commit.
final class Ours: Sendable {
    let appender: Appender
    let reader: LogReader
    private let tail: Tail

    init(_ url: String) {
        let settings = ConnectionSettings(url: url, role: "daybook_worker")
        appender = Appender(settings, clock: now, log: quiet)
        reader = LogReader(PipelinedConnection(settings, name: "bench-read", log: quiet))
        tail = Tail(reader, appender: appender, listen: settings, log: quiet)
        Task { [tail] in while await tail.next() != nil {} }
    }

    /// One event for each organization: a server that has run for a while knows its heads.
    func open(_ tenants: [Tenant]) async throws {
        let turn = Counter()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<64 {
                group.addTask { [appender] in
                    while true {
                        let index = turn.next()
                        guard index < tenants.count else { return }
                        var writer = Writer([tenants[index]], seed: Seeds.next(), records: 1)
                        let errand = writer.next()
                        writer.wrote(errand, try await appender.append(errand.unit))
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    /// Writers who append one unit after the other, as fast as they are answered.
    func load(_ writers: Int, on tenants: [Tenant], for duration: Duration) async throws -> Sample {
        try await measure(writers, for: duration) { [appender] in
            var writer = Writer(tenants, seed: Seeds.next())
            return {
                let errand = writer.next()
                writer.wrote(errand, try await appender.append(errand.unit))
            }
        }
    }

    /// As many tasks, each doing one thing after the other until the time is over.
    func measure(
        _ tasks: Int, for duration: Duration, _ make: @escaping @Sendable () -> () async throws -> Void
    ) async throws -> Sample {
        let times = try await withThrowingTaskGroup(of: [Int64].self) { group in
            let end = ContinuousClock.now + duration
            for _ in 0..<tasks {
                group.addTask {
                    let work = make()
                    var times: [Int64] = []
                    var before = ContinuousClock.now
                    while before < end {
                        try await work()
                        let after = ContinuousClock.now
                        if after <= end { times.append((after - before).inNanoseconds) }
                        before = after
                    }
                    return times
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        return Sample(times, within: duration)
    }
}

/// The organizations that are written to.
struct Tenants: Sendable {
    let one: [Tenant]
    let hundred: [Tenant]
    let tenThousand: [Tenant]
    /// For units that come at a fixed rate.
    let calm: [Tenant]
    /// For two processes.
    let shared: Tenant
    /// With the fifty records that everybody wants to change.
    let contended: Tenant

    init() {
        var dice = Dice(seed: Seeds.next())
        one = Tenant.several(1, &dice)
        hundred = Tenant.several(100, &dice)
        tenThousand = Tenant.several(10_000, &dice)
        calm = Tenant.several(1, &dice)
        shared = Tenant(.v7(at: now(), random: dice.words()), &dice)
        contended = Tenant(.v7(at: now(), random: dice.words()), &dice)
    }

    var all: [Tenant] { one + hundred + tenThousand + calm + [shared, contended] }
}

/// Counts from 0.
final class Counter: Sendable {
    private let count = Atomic<Int>(0)
    var value: Int { count.load(ordering: .relaxed) }
    @discardableResult
    func next() -> Int { count.add(1, ordering: .relaxed).oldValue }
}
