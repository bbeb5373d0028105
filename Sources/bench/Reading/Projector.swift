import EventLog
import Foundation
import Kernel
import Postgres
import Projections

/// A server's projector at work, and those who wait for it.
struct Projector {
    private let waits: ProjectionWaits

    /// A read table did not show an event within five minutes.
    private struct NeverVisible: Error {}

    /// Waits until a table shows an organization's events up to a position.
    func reach(_ position: Int64, of organization: UUID, in table: DealTables) async throws {
        let isReached = await waits.wait(
            for: organization, position: position, projections: [table.rawValue], timeout: .seconds(300))
        if !isReached { throw NeverVisible() }
    }

    /// Runs one that feeds these tables and no others, as long as `body` runs.
    static func running<T>(
        on ground: Ground, feeding tables: [DealTables], beside appender: Appender? = nil,
        _ body: (Projector) async throws -> T
    ) async throws -> T {
        try await ground.administer { connection in
            try connection.query(Statement(SQL.feedOnly) { $0.texts(tables.map(\.rawValue)) })
        }
        let settings = ConnectionSettings(url: ground.url)
        let asking = PipelinedConnection(settings.with(role: "daybook_worker"), name: "bench-waits", log: quiet)
        let waits = ProjectionWaits(asking)
        let runner = ProjectionRunner(settings, appender: appender, waits: waits, log: quiet)
        let task = Task { await runner.run() }
        let result: T
        do {
            result = try await body(Projector(waits: waits))
        } catch {
            task.cancel()
            throw error
        }
        task.cancel()
        await task.value
        await asking.close()
        return result
    }
}

extension Case {
    /// Units that come at random moments, 500 a second on average: the time from the answer that a unit was written to
    /// the moment at which a read table shows it. In a database of its own: what is appended is no part of a log of
    /// deals.
    static func visible(in folder: String, for duration: Duration) -> Case {
        Case(.visible) { _ in
            let ground = try await Ground.prepare(in: folder)
            do {
                try await DealTables.deploy([.three], on: ground.url)
                let sample = try await visible(on: ground, for: duration)
                await ground.leave()
                return sample
            } catch {
                await ground.leave()
                throw error
            }
        }
    }

    private static func visible(on ground: Ground, for duration: Duration) async throws -> Sample {
        var dice = Dice(seed: Seeds.next())
        let (ours, tenants) = (Ours(ground.url), Tenant.several(1, &dice))
        try await ours.open(tenants)
        return try await Projector.running(on: ground, feeding: [.three], beside: ours.appender) { projector in
            try await withThrowingTaskGroup(of: Int64.self) { group in
                let end = ContinuousClock.now + duration
                var moment = ContinuousClock.now
                while moment < end {
                    let gap = -log(Double.random(in: Double.leastNormalMagnitude..<1, using: &dice)) / 500
                    moment += .nanoseconds(Int64(gap * 1e9))
                    try await Task.sleep(until: moment, tolerance: .zero, clock: .continuous)
                    group.addTask { try await lag(of: tenants[0], ours.appender, projector) }
                }
                return Sample(try await group.reduce(into: []) { $0.append($1) }, within: duration)
            }
        }
    }

    /// Nanoseconds from acknowledged to visible, of one event of a new record.
    private static func lag(of tenant: Tenant, _ appender: Appender, _ projector: Projector) async throws -> Int64 {
        var writer = Writer([tenant], seed: Seeds.next(), records: 1)
        let receipt = try await appender.append(writer.next().unit)
        let acknowledged = ContinuousClock.now
        try await projector.reach(receipt.last, of: tenant.id, in: .three)
        return (ContinuousClock.now - acknowledged).inNanoseconds
    }
}
