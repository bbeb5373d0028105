import Dispatch
import Postgres

extension Case {
    /// P15: how long an append takes while somebody holds a snapshot open, and how long before and after.
    ///
    /// While it is held, units come at 500 a second, so that dead rows gather if there are any; then writers append as
    /// fast as they can. The sample is of that; its note `ratio` compares with the mean of before and after.
    static func held(_ ours: Ours, _ tenants: Tenants, by bystander: Bystander, for time: Duration) -> Case {
        Case(.held) { duration in
            let before = try await ours.load(32, on: tenants.one, for: duration)
            var during = try await bystander.hold {
                if time > .zero { _ = try await ours.paced(500, on: tenants.one, for: time) }
                return try await ours.load(32, on: tenants.one, for: duration)
            }
            let after = try await ours.load(32, on: tenants.one, for: duration)
            during.notes["ratio"] = during.p50 * 2 / (before.p50 + after.p50)
            return during
        }
    }
}

/// One who has looked at the database, and does not let that moment go.
final class Bystander: Sendable {
    private let pool: BlockingPool

    init(_ url: String) {
        pool = BlockingPool(ConnectionSettings(url: url), size: 1, name: "bench-bystander", log: quiet)
    }

    /// Runs `body` while a REPEATABLE READ snapshot is open.
    func hold<R: Sendable>(while body: () async throws -> R) async throws -> R {
        let (looks, look) = AsyncStream<Void>.makeStream()
        let bell = DispatchSemaphore(value: 0)
        let holding = Task { [pool] in
            defer { look.finish() }
            try await pool.run { connection in
                try connection.transaction(.repeatableRead) {
                    try connection.execute("SELECT pg_current_xact_id()")  // takes the snapshot, and a number
                    look.yield()
                    bell.wait()
                }
            }
        }
        for await _ in looks { break }
        do {
            let result = try await body()
            bell.signal()
            try await holding.value
            return result
        } catch {
            bell.signal()
            throw error
        }
    }
}
