import Postgres
import PostgresTesting
import Testing

@Suite struct PipelinedConnectionTests {
    @Test func `a statement answers`() async throws {
        let database = try await TestCluster.shared.database(migrated: false)
        let connection = PipelinedConnection(database.settings(), log: quiet)
        let result = try await connection.query(
            Statement("SELECT $1::bigint + 1, current_user::text") { $0.bigint(41) })
        #expect(try result[0].bigint(0) == 42)
        #expect(try result[0].text(1) == "daybook")
        await connection.close()
    }

    @Test func `a body runs on a pool and its transaction commits`() async throws {
        let database = try await TestCluster.shared.database(migrated: false)
        let pool = BlockingPool(database.settings(), log: quiet)
        let count = try await pool.run { connection in
            try connection.execute("CREATE TABLE t (n bigint)")
            try connection.transaction { try connection.query(Statement("INSERT INTO t VALUES ($1)") { $0.bigint(7) }) }
            return try connection.query(Statement("SELECT count(*) FROM t"))[0].bigint(0)
        }
        #expect(count == 1)
        await pool.close()
    }
}
