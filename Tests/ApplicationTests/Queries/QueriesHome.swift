import Application
import CRM
import Foundation
import Kernel
import Postgres
import PostgresTesting
import Projections
import Testing
import Vault

/// One after the other: each has a database of its own and half a dozen connections to it.
@Suite(.serialized) enum QueriesTests {}

/// A database with the shipped read tables, and questions to it.
struct QueriesHome {
    let database: TestDatabase
    let queries: Queries

    /// A database whose logs hold these events, folded by the shipped projections.
    init(_ ledgers: [Ledger] = [], patience: Duration = TestHouse.patience) async throws {
        database = try await TestCluster.shared.readTables()
        for ledger in ledgers { try await ledger.write(to: database) }
        queries = QueriesHome.queries(database, patience: patience)
        if !ledgers.isEmpty { try await follow() }
    }

    /// Lets a projector work until nothing is behind.
    private func follow() async throws {
        let runner = ProjectionRunner(database.settings(), log: quiet)
        let models = ReadModels(database.settings(), log: quiet)
        let work = Task { await runner.run() }
        while try await models.status().contains(where: { $0.eventsBehind > 0 }) {
            try await Task.sleep(for: .milliseconds(5))
        }
        work.cancel()
        await work.value
        await models.close()
    }

    static func queries(_ database: TestDatabase, patience: Duration = TestHouse.patience) -> Queries {
        let surroundings = Queries.Surroundings(
            cursorKey: { _ in Array(repeating: 7, count: 32) },
            recordID: { organization, entity, source, id in imported(organization, entity, source, id) },
            wait: { _, _, _ in try? await Task.sleep(for: .seconds(60)) }, clock: TestHouse.clock)
        return Queries(
            database.settings(), entities: entities, surroundings: surroundings, patience: patience, log: quiet)
    }

    /// The id that a record of another system has here.
    static func imported(_ organization: UUID, _ entity: String, _ source: String, _ id: String) -> UUID {
        UUID.v8(SHA256.hash(Array("\(organization.text) \(entity) \(source) \(id)".utf8)))
    }

    /// Runs SQL as the worker, who writes read tables.
    func work(_ sql: String, _ fill: (inout Parameters) -> Void = { _ in }) async throws {
        let connection = PipelinedConnection(database.settings(role: "daybook_worker"), log: quiet)
        _ = try await connection.query(Statement(sql, fill))
        await connection.close()
    }
}

extension Caller {
    static func of(_ organization: UUID, actor: UUID = UUID(), role: Role = .owner) -> Caller {
        Caller(organization: organization, actor: actor, kind: .member, role: role, channel: .api, request: "test")
    }
}

/// The code of the problem that `body` meets; nil where it meets none.
func code(_ body: () async throws -> Reply) async -> String? {
    do {
        _ = try await body()
        return nil
    } catch let problem as Application.Problem {
        return problem.code
    } catch {
        return "\(error)"
    }
}

extension Reply {
    var json: JSON { get throws { try JSON(parsing: body) } }
}
extension JSON {
    var items: [JSON] { self["items"]?.array ?? [] }
    var rows: [JSON] { self["rows"]?.array ?? [] }
    var ids: [String] { items.compactMap { $0["id"]?.string } }
    var double: Double? {
        switch self {
        case .integer(let number): Double(number)
        case .number(let number): number
        case .null, .bool, .string, .array, .object: nil
        }
    }
}

/// The log of one organization, as a test tells it.
final class Ledger {
    struct Line {
        var stream: UUID
        var version: Int32
        var event: Stored
        var at: Instant
        var recorded: Instant
    }
    let organization: UUID
    private(set) var lines: [Line] = []
    private var versions: [UUID: Int32] = [:]

    init(organization: UUID = UUID()) { self.organization = organization }

    /// Those events of it that fulfil a condition.
    func filter(_ isWanted: (Line) -> Bool) -> Ledger {
        let ledger = Ledger(organization: organization)
        ledger.lines = lines.filter(isWanted)
        return ledger
    }
    /// Has what occurred recorded at the end of each stretch of time, in microseconds.
    func recordLate(_ stretch: Int64) {
        for n in lines.indices {
            lines[n].recorded = Instant(microseconds: (lines[n].at.microseconds / stretch + 1) * stretch)
        }
    }

    /// The last event of a record has this version.
    func version(of stream: UUID) -> Int32 { versions[stream] ?? 0 }

    func tell(_ stream: UUID, _ event: some Message, at instant: Instant, recorded: Instant? = nil) throws {
        versions[stream, default: 0] += 1
        lines.append(
            Line(
                stream: stream, version: version(of: stream), event: try Stored(event), at: instant,
                recorded: recorded ?? instant))
    }

    func leaf(_ position: Int) -> [UInt8] { SHA256.hash(Array("\(organization.text) \(position)".utf8)) }

    func write(to database: TestDatabase) async throws {
        let connection = PipelinedConnection(database.settings(role: "daybook_worker"), log: quiet)
        for start in stride(from: 0, to: lines.count, by: 1000) {
            let part = lines[start..<min(start + 1000, lines.count)]
            _ = try await connection.query(
                Statement(
                    """
                    INSERT INTO log.event (organization_id, position, stream_id, version, type, schema, data, meta, \
                    occurred_at, recorded_at, actor_id, command_id, command_index, merkle) \
                    SELECT $1, u.position, u.stream, u.version, u.type, 1, u.data, \
                    '{"act":"test","actor_kind":"member"}', \
                    u.at, u.recorded, $1, $1, 0, u.leaf FROM unnest($2::bigint[], $3::uuid[], $4::int[], $5::text[], \
                    $6::json[], $7::timestamptz[], $8::bytea[], $9::timestamptz[]) \
                    AS u (position, stream, version, type, data, at, leaf, recorded)
                    """
                ) { values in
                    values.uuid(organization)
                    values.bigints(part.indices.map { Int64($0 + 1) })
                    values.uuids(part.map(\.stream))
                    values.ints(part.map(\.version))
                    values.texts(part.map(\.event.type))
                    values.jsons(part.map(\.event.data.bytes))
                    values.timestamptzs(part.map(\.at.microseconds))
                    values.byteas(part.indices.map { leaf($0 + 1) })
                    values.timestamptzs(part.map(\.recorded.microseconds))
                })
        }
        await connection.close()
    }
}
