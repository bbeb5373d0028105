import FoundationEssentials
import Kernel
import Postgres
import Synchronization

/// Simpler ways of appending, over the connections that our own appender uses. Each writer has a connection and a
/// thread of its own and waits for each answer: nothing stands between it and the socket.
final class Baselines: Sendable {
    private let pool: BlockingPool
    private static let most = 256

    init(_ url: String) {
        pool = BlockingPool(ConnectionSettings(url: url), size: Self.most, name: "bench-baseline", log: quiet)
    }

    // MARK: - What is measured?

    var cases: [Case] {
        let grid = [(1, 1), (32, 1), (32, 100), (32, 10_000), (256, 1)]
        let loads = grid.flatMap { writers, count in
            let organizations = (0..<count).map { _ in UUID.v7(at: now(), random: Self.words()) }
            return [
                Case(.gaps(writers, count)) {
                    try await self.measure(writers, for: $0) { Self.autocommit(organizations, $0) }
                },
                Case(.locked(writers, count)) {
                    try await self.measure(writers, for: $0) { Self.locked(organizations, $0) }
                },
            ]
        }
        return loads + [bare, contended, lone]
    }

    private static func words() -> (UInt64, UInt64) {
        var dice = Dice(seed: Seeds.next())
        return dice.words()
    }

    /// An insert for each event, each its own transaction.
    private static func autocommit(_ organizations: [UUID], _ connection: BlockingConnection) -> Work {
        var writer = BaselineWriter(organizations)
        return { try connection.query(Statement(SQL.insertOne, writer.next().fill)) }
    }

    /// A function call for each event, each its own transaction.
    private static func locked(_ organizations: [UUID], _ connection: BlockingConnection) -> Work {
        var writer = BaselineWriter(organizations)
        return { try connection.query(Statement(SQL.appendLocked, writer.next().fill)) }
    }

    /// A lone insert, whenever one comes; a time counts from the moment at which it should have come.
    private var lone: Case {
        let organization = UUID.v7(at: now(), random: Self.words())
        return Case(.lone) { [pool] duration in
            try await pool.run { connection in
                let insert = Self.autocommit([organization], connection)
                for _ in 0..<3 { try insert() }
                let start = ContinuousClock.now
                let times = try Pace.moments(500, for: duration).map { offset in
                    Pace.wait(until: start + offset)
                    try insert()
                    return (.now - (start + offset)).inNanoseconds
                }
                return Sample(times, within: duration)
            }
        }
    }

    /// Fifty records that all writers change. Who is too late reads the version and tries again.
    private var contended: Case {
        let organization = UUID.v7(at: now(), random: Self.words())
        return Case(Case.Key("advisory lock, 50 hot streams", writers: 32)) { duration in
            let records = HotRecords(count: 50)
            return try await self.measure(32, for: duration) { connection in
                var writer = BaselineWriter([organization])
                return {
                    let number = writer.any(50)
                    while true {
                        let known = records[number]
                        let row = writer.row(organization, known.stream, known.version + 1)
                        if try Self.isAppended(row, connection) {
                            return records.learn(number, version: row.version, readAt: 0)
                        }
                        let found = try connection.query(
                            Statement(SQL.versionLocked) {
                                $0.uuid(organization)
                                $0.uuid(known.stream)
                            })
                        records.learn(number, version: try found[0].int(0), readAt: 0)
                    }
                }
            }
        }
    }

    /// False: its version is taken.
    private static func isAppended(_ row: BaselineRow, _ connection: BlockingConnection) throws -> Bool {
        do throws(PostgresError) {
            try connection.query(Statement(SQL.appendLocked, row.fill))
            return true
        } catch {
            if error.kind == .serialization { return false }
            throw error
        }
    }

    /// A hundred rows a statement, one statement after the other on one connection: no check, no version, no caller.
    private var bare: Case {
        let organization = UUID.v7(at: now(), random: Self.words())
        let positions = Mutex<Int64>(0)
        return Case(.bare) { duration in
            try await self.measure(1, for: duration, each: 100) { connection in
                var writer = BaselineWriter([organization])
                return {
                    let rows = (0..<100).map { _ in writer.next() }
                    let last = positions.withLock { last in
                        defer { last += 100 }
                        return last
                    }
                    try connection.query(Statement(SQL.insertMany) { Self.fill(rows, after: last, &$0) })
                }
            }
        }
    }

    private static func fill(_ rows: [BaselineRow], after position: Int64, _ parameters: inout Parameters) {
        parameters.uuids(rows.lazy.map(\.organization))
        parameters.bigints((1...Int64(rows.count)).lazy.map { position + $0 })
        parameters.uuids(rows.lazy.map(\.stream))
        parameters.ints(rows.lazy.map(\.version))
        parameters.texts(rows.lazy.map(\.piece.type))
        parameters.smallints(rows.lazy.map { _ in 1 })
        parameters.jsons(rows.lazy.map(\.piece.data))
        parameters.byteas(rows.lazy.map(\.piece.sealed))
        parameters.jsons(rows.lazy.map(\.piece.meta))
        parameters.timestamptzs(rows.lazy.map(\.at))
        parameters.timestamptzs(rows.lazy.map(\.at))
        parameters.uuids(rows.lazy.map(\.actor))
        parameters.uuids(rows.lazy.map(\.command))
        parameters.smallints(rows.lazy.map { _ in 0 })
        parameters.byteas(rows.lazy.map(\.piece.merkle))
    }

    // MARK: - How is it measured?

    /// What one writer does again and again.
    private typealias Work = () throws -> Void

    private func measure(
        _ writers: Int, for duration: Duration, each: Int = 1,
        _ make: @escaping @Sendable (BlockingConnection) -> Work
    ) async throws -> Sample {
        let line = StartingLine(writers)
        let times = try await withThrowingTaskGroup(of: [Int64].self) { group in
            for _ in 0..<writers {
                group.addTask { [pool] in
                    try await pool.run { connection in
                        let work = make(connection)
                        for _ in 0..<3 { try work() }  // prepares the statement
                        let end = line.wait() + duration
                        var times: [Int64] = []
                        var before = ContinuousClock.now
                        while before < end {
                            try work()
                            let after = ContinuousClock.now
                            if after <= end { times.append((after - before).inNanoseconds) }
                            before = after
                        }
                        return times
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        return Sample(times, within: duration, each: each)
    }
}
