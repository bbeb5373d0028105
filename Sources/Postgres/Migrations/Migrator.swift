import CLibPQ
public import Logging

/// Brings a database to the newest schema: makes the roles, then runs each migration that has not run yet.
///
/// Forward only. `access.migration` is the ledger, with the SHA-256 of each text. An advisory lock lets one process at
/// a time migrate a database; others wait and find the work done.
public struct Migrator: Sendable {
    private let settings: ConnectionSettings
    private let log: Logger

    /// For the database of `settings`, whose login needs CREATEROLE (unless the roles are there and granted to it) and
    /// must own the database (unless `daybook_owner` has CREATE on it).
    public init(_ settings: ConnectionSettings, log: Logger) {
        self.settings = settings.with(role: nil)
        self.log = log
    }

    /// Runs what has not run yet, each migration as `daybook_owner` in a transaction of its own, in order of number.
    /// - Returns: what was run.
    /// - Throws: `MigrationError`, or `PostgresError` when the database cannot be reached.
    @discardableResult
    public func migrate(_ migrations: [Migration]) async throws -> [Migration] {
        let migrations = migrations.sorted { $0.number < $1.number }
        for (one, next) in zip(migrations, migrations.dropFirst()) where one.number == next.number {
            throw MigrationError.numberedTwice(one.number)
        }
        let pool = BlockingPool(settings, size: 1, name: "daybook migrate", log: log)
        let log = log
        let outcome: Swift.Result<[Migration], any Error>
        do {
            outcome = .success(try await pool.run { try Self.migrate(migrations, on: $0, log) })
        } catch {
            outcome = .failure(error)
        }
        await pool.close()
        return try outcome.get()
    }

    /// The lock's number is arbitrary; it must stay the same for ever, and no other lock of Daybook's may have it.
    private static let lock: Int64 = 0x6461_7962_6F6F_6B00

    private static func migrate(
        _ migrations: [Migration], on connection: BlockingConnection, _ log: Logger
    ) throws -> [Migration] {
        let version = Int(PQserverVersion(connection.session.raw)) / 10_000
        if version < Programs.oldest { throw MigrationError.serverTooOld(version: version) }
        // Goes with the session.
        try connection.query(Statement("SELECT pg_advisory_lock($1)") { $0.bigint(lock) })
        try refuseForeign(connection)
        try Roles.make(on: connection)
        try connection.execute("SET ROLE \(Roles.owner)")
        try connection.transaction { try connection.execute(SQL.createLedger) }
        let pending = try pending(migrations, connection)
        for migration in pending {
            log.info("migrating", metadata: ["number": "\(migration.number)", "name": "\(migration.name)"])
            do {
                try run(migration, on: connection)
            } catch let error as PostgresError where error.kind != .connectionLost && error.kind != .cancelled {
                throw MigrationError.failed(migration, error)
            }
        }
        return pending
    }

    private static func run(_ migration: Migration, on connection: BlockingConnection) throws {
        try connection.transaction {
            // What a migration sets for its session must not reach the next one.
            try connection.execute("SET LOCAL ROLE \(Roles.owner)")
            try connection.execute(migration.sql)
            try connection.query(
                Statement(SQL.recordMigration) {
                    $0.int(Int32(clamping: migration.number))
                    $0.text(migration.name)
                    $0.text(migration.sql)
                })
        }
    }

    // MARK: - Is the database ours?

    private static func refuseForeign(_ connection: BlockingConnection) throws {
        let ledger = try connection.query(Statement(SQL.hasLedger))
        if try ledger[0].bool(0) { return }
        var found = try connection.query(Statement(SQL.foreignTables)).map { row throws(PostgresError) in
            try row.text(0)
        }
        if found.isEmpty {
            // An empty schema of such a name is somebody's too, or left over from a database that was half removed.
            let schemas = Statement("SELECT nspname FROM pg_namespace WHERE nspname = ANY ($1) ORDER BY 1") {
                $0.texts(["access", "log", "read", "vault"])
            }
            found = try connection.query(schemas).map { row throws(PostgresError) in "schema \(try row.text(0))" }
        }
        if !found.isEmpty { throw MigrationError.foreignSchema(found: found) }
    }

    /// What has not run, after a look at what has.
    private static func pending(_ migrations: [Migration], _ connection: BlockingConnection) throws -> [Migration] {
        let rows = try connection.query(
            Statement(SQL.compareLedger) {
                $0.ints(migrations.map { Int32(clamping: $0.number) })
                $0.texts(migrations.map(\.sql))
            })
        var unknown: [Int] = []
        var applied: Set<Int> = []
        var changed: Set<Int> = []
        for row in rows {
            guard let number = try row.int(orNil: 0).map(Int.init) else { continue }
            if row.isNull(2) { unknown.append(number) }
            applied.insert(number)
            if try row.bool(orNil: 3) == false { changed.insert(number) }
        }
        if !unknown.isEmpty { throw MigrationError.newerSchema(numbers: unknown.sorted()) }
        if !changed.isEmpty { throw MigrationError.changed(migrations.filter { changed.contains($0.number) }) }
        let pending = migrations.filter { !applied.contains($0.number) }
        let newest = applied.max() ?? 0
        let skipped = pending.filter { $0.number < newest }
        if !skipped.isEmpty { throw MigrationError.outOfOrder(skipped, after: newest) }
        return pending
    }
}
