import Postgres
import PostgresTesting
import Testing

@Suite struct MigratorTests {
    private static let first = Migration(
        number: 1, name: "first",
        sql: """
            CREATE SCHEMA log;
            CREATE TABLE log.thing (id bigint PRIMARY KEY);
            GRANT USAGE ON SCHEMA log TO daybook_worker;
            GRANT SELECT, INSERT ON log.thing TO daybook_worker;
            """)
    private static let second = Migration(number: 20, name: "second", sql: "ALTER TABLE log.thing ADD note text")

    private func migrate(_ database: TestDatabase, _ migrations: [Migration]) async throws -> [Int] {
        try await Migrator(database.settings(), log: quiet).migrate(migrations).map(\.number)
    }

    @Test func `each migration runs once, and roles are there before the first`() async throws {
        let database = try await TestCluster.shared.database(migrated: false)
        #expect(try await migrate(database, [Self.second, Self.first]) == [1, 20])
        #expect(try await migrate(database, [Self.first, Self.second]) == [])
        let worker = PipelinedConnection(database.settings(role: "daybook_worker"), log: quiet)
        _ = try await worker.query(Statement("INSERT INTO log.thing VALUES (1, 'x')"))
        let auditor = PipelinedConnection(database.settings(role: "daybook_auditor"), log: quiet)
        let refused = await #expect(throws: PostgresError.self) {
            _ = try await auditor.query(Statement("SELECT * FROM log.thing"))
        }
        #expect(refused?.kind == .insufficientPrivilege)
        await worker.close()
        await auditor.close()
    }

    @Test func `a migration may bring in the extensions that come with Postgres`() async throws {
        let database = try await TestCluster.shared.database(migrated: false)
        let extensions = Migration(
            number: 1, name: "extensions",
            sql: """
                CREATE SCHEMA read;
                CREATE EXTENSION btree_gin; CREATE EXTENSION pg_trgm; CREATE EXTENSION unaccent SCHEMA read;
                CREATE TABLE read.thing (organization_id uuid, name text);
                CREATE INDEX ON read.thing USING gin (organization_id, name gin_trgm_ops);
                """)
        #expect(try await migrate(database, [extensions]) == [1])
    }

    @Test func `several processes at once migrate once`() async throws {
        let database = try await TestCluster.shared.database(migrated: false)
        let runs = try await withThrowingTaskGroup(of: [Int].self) { group in
            for _ in 0..<8 { group.addTask { try await migrate(database, [Self.first, Self.second]) } }
            var runs: [[Int]] = []
            for try await run in group { runs.append(run) }
            return runs
        }
        #expect(runs.filter { !$0.isEmpty } == [[1, 20]])
    }

    @Test func `databases of one cluster migrate at the same moment`() async throws {
        let cluster = TestCluster()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for _ in 0..<6 {
                group.addTask {
                    let database = try await cluster.database(migrated: false)
                    #expect(try await migrate(database, [Self.first]) == [1])
                }
            }
            try await group.waitForAll()
        }
        await cluster.stop()
    }

    @Test func `a changed text is refused`() async throws {
        let database = try await TestCluster.shared.database(migrated: false)
        _ = try await migrate(database, [Self.first])
        var other = Self.first
        other.sql += "\n-- changed"
        let error = await #expect(throws: MigrationError.self) { _ = try await migrate(database, [other]) }
        guard case .changed(let changed) = error else { return #expect(Bool(false), "\(String(describing: error))") }
        #expect(changed == [other])
        #expect(error?.description.contains("another text of migration 1 (first)") == true)
    }

    @Test func `a newer schema is refused`() async throws {
        let database = try await TestCluster.shared.database(migrated: false)
        _ = try await migrate(database, [Self.first, Self.second])
        let error = await #expect(throws: MigrationError.self) { _ = try await migrate(database, [Self.first]) }
        guard case .newerSchema([20]) = error else { return #expect(Bool(false), "\(String(describing: error))") }
    }

    @Test func `a migration behind one that has run is refused`() async throws {
        let database = try await TestCluster.shared.database(migrated: false)
        _ = try await migrate(database, [Self.first, Self.second])
        let late = Migration(number: 5, name: "late", sql: "SELECT 1")
        let error = await #expect(throws: MigrationError.self) {
            _ = try await migrate(database, [Self.first, late, Self.second])
        }
        guard case .outOfOrder([late], after: 20) = error else {
            return #expect(Bool(false), "\(String(describing: error))")
        }
    }

    @Test(arguments: ["CREATE TABLE invoices (id int)", "CREATE SCHEMA read"])
    func `a database with somebody else's things is refused and left alone`(sql: String) async throws {
        let database = try await TestCluster.shared.database(migrated: false)
        let pool = BlockingPool(database.settings(), size: 1, log: quiet)
        try await pool.run { try $0.execute(sql) }
        let error = await #expect(throws: MigrationError.self) { _ = try await migrate(database, [Self.first]) }
        guard case .foreignSchema(let found) = error else {
            return #expect(Bool(false), "\(String(describing: error))")
        }
        #expect(found == [sql.contains("invoices") ? "public.invoices" : "schema read"])
        let log = try await pool.run { try $0.query(Statement("SELECT to_regnamespace('log') IS NULL"))[0].bool(0) }
        #expect(log)
        await pool.close()
    }

    @Test func `a migration that fails leaves nothing, and those before it stay`() async throws {
        let database = try await TestCluster.shared.database(migrated: false)
        let broken = Migration(number: 2, name: "broken", sql: "CREATE TABLE log.half (); SELECT 1/0")
        let error = await #expect(throws: MigrationError.self) {
            _ = try await migrate(database, [Self.first, broken])
        }
        guard case .failed(let migration, let cause) = error else {
            return #expect(Bool(false), "\(String(describing: error))")
        }
        #expect(migration == broken)
        #expect(cause.kind == .divisionByZero)
        #expect(try await migrate(database, [Self.first, Self.second]) == [20])
    }

    @Test func `a login that may not make roles is told what to do`() async throws {
        let cluster = TestCluster()
        let database = try await cluster.database(migrated: false)
        try await cluster.administer("ALTER ROLE daybook NOCREATEROLE")
        let error = await #expect(throws: MigrationError.self) { _ = try await migrate(database, [Self.first]) }
        #expect(error?.description.contains("have an administrator run: CREATE ROLE daybook_") == true)
        await cluster.stop()
    }
}
