import EventLog
import FoundationEssentials
import Kernel
import Logging
import Postgres
import PostgresTesting
import Projections
import Synchronization
import Vault

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// A sequence of random numbers that a seed decides (SplitMix64).
struct Seeded: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
        return z ^ z >> 31
    }
    mutating func uuid() -> UUID { UUID.v7(at: Instant(microseconds: 1_700_000_000_000_000), random: (next(), next())) }
    mutating func chance(_ percent: Int) -> Bool { Int(next() % 100) < percent }
}

/// An event as a test writes it.
struct Told: Sendable {
    var stream: UUID
    var version: Int32
    var type: String
    var data: String
    var occurredAt: Int64 = 1_700_000_000_000_000
    /// Nil: when it is appended, or when it occurred, whichever is later.
    var recordedAt: Int64?
    var actor = UUID(uuid: (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16))
    var position: Int64 = 0
    /// The sealed parts; empty: none.
    var sealed: [UInt8] = []
    var schema: Int16 = 1
}

/// A migrated database with read models on it.
final class World: Sendable {
    let database: TestDatabase
    let models: ReadModels
    let pool: BlockingPool
    let organization: UUID

    init(seed: UInt64 = 1, upcasts: Upcasts = .none) async throws {
        database = try await TestCluster.shared.database()
        models = ReadModels(database.settings(), unsealing: Self.reading(upcasts), log: quiet)
        pool = BlockingPool(database.superuser, size: 2, name: "test", log: quiet)
        var random = Seeded(seed)
        organization = random.uuid()
    }

    /// How events are read of which some have an older shape.
    static func reading(_ upcasts: Upcasts) -> Unsealing? {
        if upcasts.isEmpty { return nil }
        let master = MasterKey(bytes: Array(repeating: 7, count: 32))
        return Unsealing(master: master, catalogue: EventCatalogue(names: []), upcasts: upcasts)
    }

    func runner(
        _ adjust: (inout ProjectionRunner.Options) -> Void = { _ in }, waits: ProjectionWaits? = nil,
        upcasts: Upcasts = .none
    ) -> Task<Void, Never> {
        var options = ProjectionRunner.Options()
        options.sweep = .milliseconds(50)
        adjust(&options)
        let runner = ProjectionRunner(
            database.settings(), unsealing: Self.reading(upcasts), waits: waits, options: options, log: quiet)
        return Task { await runner.run() }
    }

    // MARK: - What is in the log?

    /// Appends by plain SQL, behind what is there; leaf hashes are numbers of the events.
    func append(_ events: [Told], to organization: UUID? = nil) async throws {
        let organization = organization ?? self.organization
        try await pool.run { connection in
            let head = try connection.query(
                Statement("SELECT coalesce(max(position), 0) FROM log.event WHERE organization_id = $1") {
                    $0.uuid(organization)
                })
            let first = try head[0].bigint(0) + 1
            try connection.query(
                Statement(
                    """
                    INSERT INTO log.event (organization_id, position, stream_id, version, type, schema, data, private,
                        meta, occurred_at, recorded_at, actor_id, command_id, command_index, merkle)
                    SELECT $1, u.n + $2, u.stream, u.version, u.type, u.schema, u.data, nullif(u.sealed, ''), '{}', u.at,
                        coalesce(u.recorded, greatest(u.at, now())), u.actor, gen_random_uuid(), 0,
                        sha256(convert_to($1::text || (u.n + $2), 'UTF8'))
                    FROM unnest($3::bigint[], $4::uuid[], $5::int[], $6::text[], $7::json[], $8::timestamptz[],
                        $9::uuid[], $10::bytea[], $11::int[], $12::timestamptz[])
                        u (n, stream, version, type, data, at, actor, sealed, schema, recorded)
                    ORDER BY u.n
                    """
                ) {
                    $0.uuid(organization)
                    $0.bigint(first)
                    $0.bigints(events.indices.map { Int64($0) })
                    $0.uuids(events.map(\.stream))
                    $0.ints(events.map(\.version))
                    $0.texts(events.map(\.type))
                    $0.jsons(events.map { Array($0.data.utf8) })
                    $0.timestamptzs(events.map(\.occurredAt))
                    $0.uuids(events.map(\.actor))
                    $0.byteas(events.map(\.sealed))
                    $0.ints(events.map { Int32($0.schema) })
                    $0.timestamptzs(events.map(\.recordedAt))
                })
        }
    }

    func execute(_ sql: String) async throws { try await pool.run { try $0.execute(sql) } }

    func number(_ sql: String) async throws -> Int64 {
        try await pool.run { try $0.query(Statement(sql))[0].bigint(0) }
    }

    func texts(_ sql: String) async throws -> [String] {
        try await pool.run { try $0.query(Statement(sql)).map { try $0.text(0) } }
    }

    /// The same as of a moment, and as known at one; microseconds, nil: of all time.
    func texts(_ sql: String, at occurred: Int64?, known recorded: Int64?) async throws -> [String] {
        try await pool.run { connection in
            try connection.transaction {
                try connection.execute(
                    "SET LOCAL TimeZone = 'UTC'; SET LOCAL daybook.as_of = '\(Self.text(occurred))';"
                        + "SET LOCAL daybook.as_known = '\(Self.text(recorded))'")
                return try connection.query(Statement(sql)).map { try $0.text(0) }
            }
        }
    }
    /// A moment as a setting says it.
    static func text(_ microseconds: Int64?) -> String {
        microseconds.map { Instant(microseconds: $0).text } ?? "infinity"
    }

    /// Waits until the live tail has applied everything, and says whether it did within 20 seconds.
    func settled(_ projections: Int = 1) async throws -> Bool {
        for _ in 0..<400 {
            let status = try await models.status()
            if status.count >= projections, status.allSatisfy({ $0.eventsBehind == 0 }) { return true }
            try await Task.sleep(for: .milliseconds(50))
        }
        return false
    }
}

func file(_ name: String, _ text: String) -> ProjectionFile { ProjectionFile(name: name, text: text) }

/// Something that one task tells another once.
final class Flag: Sendable {
    private let state = Mutex(false)
    var isUp: Bool { state.withLock { $0 } }
    func raise() { state.withLock { $0 = true } }
}
