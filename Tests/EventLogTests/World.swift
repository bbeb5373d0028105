import EventLog
import FoundationEssentials
import Kernel
import Logging
import Postgres
import PostgresTesting
import Synchronization
import Testing
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
        clock: @escaping @Sendable () -> Instant = now, adjust: (inout Appender.Limits) -> Void = { _ in }
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

/// What a call threw, if it did.
func failure(_ body: () async throws -> Void) async -> AppendError? {
    do {
        try await body()
        return nil
    } catch let error as AppendError {
        return error
    } catch {
        Issue.record(error)
        return nil
    }
}

/// A clock that tells what it was given.
final class Ticks: Sendable {
    private let rest: Mutex<[Int64]>
    init(_ microseconds: [Int64]) { rest = Mutex(microseconds.reversed()) }
    func next() -> Instant { Instant(microseconds: rest.withLock { $0.count > 1 ? $0.removeLast() : $0[0] }) }
}

extension World {
    /// Loads a stream, appends one event to it, and begins again where it has moved, as Application does.
    func edit(_ organization: UUID, _ stream: UUID, by appender: Appender) async throws -> Receipt {
        while true {
            let loaded = try await reader.streams(organization, [stream])
            let version = loaded.events[stream]?.last?.version ?? 0
            let unit = EventLog.Unit(
                organization: organization, drafts: [draft(stream, version + 1)], expected: [stream: version],
                readAt: loaded.head.position)
            do throws(AppendError) {
                return try await appender.append(unit)
            } catch {
                guard case .moved(let streams) = error else { throw error }
                #expect(streams == [stream])
            }
        }
    }

    /// Positions 1…n, each leaf hash that of its line, each stream's versions without a hole, times in order.
    func expectWhole(_ organization: UUID, events count: Int? = nil) async throws {
        let log = try await reader.page(organization, after: 0, limit: 100_000)
        if let count { #expect(log.count == count) }
        #expect(log.map(\.position) == log.indices.map { Position($0 + 1) })
        #expect(log.allSatisfy { MerkleTree.leaf($0.line) == $0.leaf })
        expectTree(log)
        #expect(zip(log, log.dropFirst()).allSatisfy { $0.recordedAt <= $1.recordedAt })
        for (_, stream) in Dictionary(grouping: log, by: \.stream) {
            #expect(stream.map(\.version) == Array(1...Int32(stream.count)))
        }
    }
}

/// Each event stores its leaf and the subtrees that end with it.
func expectTree(_ log: [RecordedEvent]) {
    var frontier = Frontier.empty
    #expect(log.allSatisfy { frontier.append(leaf: $0.leaf) == $0.merkle })
}

/// SQL that inserts an event past the appender, at positions of the test's choice.
func forged(_ organization: UUID, _ position: some CustomStringConvertible) -> String {
    """
    INSERT INTO log.event
    SELECT '\(organization.text)', \(position), gen_random_uuid(), 1, 'deal.opened', 1, '{}', NULL, '{}',
        now(), now(), gen_random_uuid(), gen_random_uuid(), 0, decode(repeat('00', 32), 'hex')
    """
}
