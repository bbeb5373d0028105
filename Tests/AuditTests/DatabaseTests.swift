import EventLog
import FoundationEssentials
import Kernel
import Postgres
import PostgresTesting
import Testing

@testable import Audit

/// A log in a database, put there from an export; verified there after somebody with all rights was at it.
@Suite struct DatabaseTests {
    /// Runs SQL as a superuser who disables what protects the log.
    private func tamper(_ house: AuditHouse, _ sql: String) async throws {
        try await house.superuser(
            """
            ALTER TABLE log.event DISABLE TRIGGER ALL;
            ALTER TABLE log.checkpoint DISABLE TRIGGER ALL;
            \(sql);
            ALTER TABLE log.event ENABLE TRIGGER ALL;
            ALTER TABLE log.checkpoint ENABLE TRIGGER ALL
            """)
    }

    @Test func `what was exported and restored is the same, byte for byte, and has the same root`() async throws {
        let house = try await AuditHouse(TestLog(250, signed: [1, 64, 77, 250]))
        #expect(house.report.isClean)
        #expect(house.report.root == house.log.root(250))
        let rows = try await house.reader.page(house.log.organization, after: 0, limit: 1000)
        #expect(rows == house.log.rows)
        let out = house.scratch.path + "/again"
        let done = try await house.connections.run { connection in
            try connection.transaction(.repeatableRead, readOnly: true) {
                try Export(house.log.organization, to: out, eventsPerFile: 100).run(connection)
            }
        }
        #expect(done.size == 250)
        #expect(done.files == 3)
        #expect(
            try shell("cd \(out) && sha256sum * && lz4 -dc events-000000000201-000000000250.jsonl.lz4 | wc -l")
                == shell("cd \(house.folder) && sha256sum * && echo 50"))
    }

    @Test func `an organization that is there is not restored over`() async throws {
        let house = try await AuditHouse(TestLog(10, signed: [10]))
        await #expect(throws: AuditError.exists(house.log.organization.text)) { _ = try await house.restore() }
    }

    @Test func `an export that is not what was signed is refused, and nothing of it stays`() async throws {
        var log = TestLog(3000, signed: [3000])
        log[2500].data[9] ^= 1
        let scratch = Scratch()
        try log.write(to: scratch.path + "/export")
        let database = try await TestCluster.shared.database()
        let pool = BlockingPool(database.settings(role: "daybook_worker"), size: 1, log: quiet)
        await #expect(throws: AuditError.self) {
            _ = try await pool.run { connection in
                try connection.transaction { try Restoration(scratch.path + "/export").run(connection) }
            }
        }
        let left = try await pool.run { try $0.query(Statement("SELECT count(*) FROM log.event"))[0].bigint(0) }
        #expect(left == 0)
        await pool.close()
    }

    @Test(arguments: [
        ("UPDATE log.event SET data = '{\"set\":{\"amount\":0}}' WHERE position = 17", "row_changed 17"),
        ("UPDATE log.event SET actor_id = gen_random_uuid() WHERE position = 17", "row_changed 17"),
        ("UPDATE log.event SET recorded_at = recorded_at + interval '1 us' WHERE position = 17", "row_changed 17"),
        ("UPDATE log.event SET occurred_at = occurred_at - interval '1 day' WHERE position = 17", "row_changed 17"),
        ("UPDATE log.event SET private = '\\x01' WHERE position = 17", "row_changed 17"),
        (
            "UPDATE log.event SET merkle = set_byte(merkle, 3, get_byte(merkle, 3) # 1) WHERE position = 17",
            "row_changed 17"
        ),
        ("DELETE FROM log.event WHERE position = 17", "missing 17"),
        ("DELETE FROM log.event WHERE position > 30", "truncated 31"),
        ("UPDATE log.checkpoint SET root = sha256('') WHERE size = 20", "head_forged 20"),
        (
            """
            UPDATE log.event SET position = -position WHERE position IN (17, 25);
            UPDATE log.event SET position = CASE position WHEN -17 THEN 25 ELSE 17 END WHERE position < 0
            """, "swapped 17"
        ),
        (
            """
            UPDATE log.event a SET data = b.data, actor_id = b.actor_id FROM log.event b
            WHERE (a.position, b.position) IN ((17, 25), (25, 17))
            """, "row_changed 17,row_changed 25"
        ),
        (
            """
            UPDATE log.event a SET data = b.data FROM log.event b
            WHERE (a.position, b.position) IN ((17, 25), (25, 17))
            """, "swapped 17"
        ),
        (
            """
            INSERT INTO log.checkpoint SELECT organization_id, 33, sha256(''), note, now()
            FROM log.checkpoint WHERE size = 20
            """,
            "head_forged 33"
        ),
    ])
    func `what a superuser changed is found where it is`(sql: String, expected: String) async throws {
        let house = try await AuditHouse(TestLog(40, signed: [9, 20, 40]))
        #expect(try await house.found() == "")
        // The table itself does not allow positions below 1.
        try await tamper(house, "ALTER TABLE log.event DROP CONSTRAINT event_position_check; \(sql)")
        #expect(try await house.found() == expected)
    }

    @Test func `a tail that was cut off with its heads is found by a head that was kept`() async throws {
        let house = try await AuditHouse(TestLog(40, signed: [9, 20, 40]))
        let kept = try #require(house.log.heads[40]?.note)
        #expect(try await house.found(kept: kept) == "")
        try await tamper(house, "DELETE FROM log.event WHERE position > 30; DELETE FROM log.checkpoint WHERE size > 30")
        #expect(try await house.found() == "")
        #expect(try await house.found(kept: kept) == "truncated 31")
    }

    @Test func `a log of which nothing is left is found by its heads`() async throws {
        let house = try await AuditHouse(TestLog(40, signed: [9, 20, 40]))
        try await tamper(house, "DELETE FROM log.event")
        #expect(try await house.found() == "truncated 1")
    }
}

/// A database with a log in it.
struct AuditHouse: Sendable {
    let log: TestLog
    let scratch = Scratch()
    let database: TestDatabase
    let connections: BlockingPool
    let reader: LogReader
    let report: AuditReport
    var folder: String { scratch.path + "/export" }

    init(_ log: TestLog) async throws {
        self.log = log
        try log.write(to: scratch.path + "/export")
        database = try await TestCluster.shared.database()
        connections = BlockingPool(database.settings(role: "daybook_worker"), size: 1, log: quiet)
        reader = LogReader(PipelinedConnection(database.settings(role: "daybook_worker"), log: quiet))
        report = try await Self.restore(folder: scratch.path + "/export", connections)
    }

    func restore() async throws -> AuditReport { try await Self.restore(folder: folder, connections) }

    private static func restore(folder: String, _ connections: BlockingPool) async throws -> AuditReport {
        try await connections.run { connection in
            try connection.transaction { try Restoration(folder).run(connection) }
        }
    }

    func superuser(_ sql: String) async throws {
        let pool = BlockingPool(database.superuser, size: 1, log: quiet)
        try await pool.run { try $0.execute(sql) }
        await pool.close()
    }

    /// Each finding as "kind position".
    func found(kept: String? = nil) async throws -> String {
        let verification = Verification(log.organization, checkpoint: kept)
        let now = log.rows[0].recordedAt
        let report = try await connections.run { try verification.run($0, at: now) }
        return report.findings.map { "\($0.kind.rawValue) \($0.position)" }.joined(separator: ",")
    }
}
