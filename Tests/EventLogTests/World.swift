import EventLog
import FoundationEssentials
import Kernel
import Logging
import Postgres
import PostgresTesting
import Vault

/// A database with appenders and readers on it, for one test.
struct World: Sendable {
    let database: TestDatabase
    let reader: LogReader
    let connection: PipelinedConnection

    init() async throws {
        database = try await TestCluster.shared.database()
        connection = PipelinedConnection(database.settings(role: "daybook_worker"), name: "test", log: quiet)
        reader = LogReader(connection)
    }

    func appender(
        clock: @escaping @Sendable () -> Instant = now, _ adjust: (inout Appender.Limits) -> Void = { _ in }
    ) -> Appender {
        var limits = Appender.Limits()
        adjust(&limits)
        return Appender(database.settings(), limits: limits, clock: clock, log: quiet)
    }

    /// The one number that a query of the superuser answers.
    func number(_ sql: String) async throws -> Int64 {
        let pool = BlockingPool(database.superuser, size: 1, log: quiet)
        let value = try await pool.run { try $0.query(Statement(sql))[0].bigint(0) }
        await pool.close()
        return value
    }
}

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// The wall clock.
@Sendable func now() -> Instant { Instant(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000)) }

func id() -> UUID { UUID.v7(at: now(), random: Random.words()) }

/// An event of a stream, with little in it.
func draft(
    _ stream: UUID, _ version: Int32, type: String = "deal.edited", data: String = #"{"set":{"title":"Pump"}}"#,
    at occurredAt: Instant? = nil, index: Int16 = 0
) -> Draft {
    Draft(
        stream: stream, version: version, type: type, schema: 1, data: Array(data.utf8), occurredAt: occurredAt,
        actor: id(), command: id(), index: index)
}

/// A unit of one event that begins a stream.
func opening(
    _ organization: UUID, _ stream: UUID = id(), readAt: Position = 0, lane: Lane = .interactive
) -> EventLog.Unit {
    EventLog.Unit(
        organization: organization, drafts: [draft(stream, 1, type: "deal.opened")], expected: [stream: 0],
        readAt: readAt, lane: lane)
}
