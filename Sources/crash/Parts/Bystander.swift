import Foundation
import Kernel
import Postgres
import Synchronization

/// Somebody else in the database: keeps transactions open, or wants a position and gives it up again.
final class Bystander: Sendable {
    enum Habit: Sendable, CaseIterable {
        /// Holds a transaction id, as a forgotten session does.
        case idle
        /// Holds a snapshot.
        case snapshot
        /// Inserts the next event of a log, waits, and rolls back: who waits for the position gets it.
        case intruder
        /// Tries to leave a hole; the log's guard refuses it.
        case holer
    }
    private let isOver = Mutex(false)
    private let tasks = Mutex<[Task<Void, Never>]>([])

    func take(up habits: [Habit], in database: Ground.Database, _ dice: Dice) {
        var dice = dice
        for habit in habits {
            var own = dice.part()
            let task = Task { [self] in
                let pool = BlockingPool(database.superuser, size: 1, name: "bystander", log: quiet)
                while !isOver.withLock({ $0 }) {
                    let pause = Int.random(in: 5...250, using: &own)
                    let organization = database.households[Int.random(in: 0..<3, using: &own)].organization
                    _ = try? await pool.run { try Self.act(habit, organization, pause, $0) }
                    try? await Task.sleep(for: own.milliseconds(5...60))
                }
                await pool.close()
            }
            tasks.withLock { $0.append(task) }
        }
    }

    private static func act(
        _ habit: Habit, _ organization: UUID, _ milliseconds: Int, _ connection: BlockingConnection
    ) throws {
        let wait = Statement("SELECT pg_sleep($1::float8 / 1000)") { $0.double(Double(milliseconds)) }
        try connection.execute(habit == .snapshot ? "BEGIN ISOLATION LEVEL REPEATABLE READ" : "BEGIN")
        switch habit {
        case .idle: try connection.query(Statement("SELECT pg_current_xact_id()::text"))
        case .snapshot: try connection.query(Statement("SELECT count(*) FROM log.event"))
        case .intruder, .holer:
            try connection.query(
                Statement(SQL.intrude) {
                    $0.uuid(organization)
                    $0.bigint(habit == .holer ? 2 : 1)
                })
        }
        try connection.query(wait)
        try connection.execute("ROLLBACK")
    }

    func leave() async {
        isOver.withLock { $0 = true }
        for task in tasks.withLock({ $0 }) { await task.value }
    }
}
