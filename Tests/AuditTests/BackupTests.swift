import EventLog
import FoundationEssentials
import Kernel
import Postgres
import PostgresTesting
import Testing

@testable import Audit

/// A database in files, and back in another one.
@Suite struct BackupTests {
    private let now = Instant(microseconds: 1_800_000_000_000_000)

    private func owner(_ database: TestDatabase) -> BlockingPool {
        BlockingPool(database.settings(role: "daybook_owner"), size: 1, log: quiet)
    }

    /// Keys, credentials, claims and outcomes, with values of all sorts.
    private func furnish(_ house: AuditHouse) async throws {
        let organization = house.log.organization.text
        try await house.superuser(
            """
            INSERT INTO vault.organization_key
            SELECT '\(organization)', sha256('a'), sha256('b'), '2026-01-02 03:04:05.678901+00';
            INSERT INTO access.credential
            SELECT '\(organization)', gen_random_uuid(), 'ł' || n || '@example.com', E'a\\t\\\\N"' || n, now()
            FROM generate_series(1, 500) n;
            INSERT INTO log.claim
            SELECT '\(organization)', 'contact.email', sha256(n::text::bytea), gen_random_uuid()
            FROM generate_series(1, 500) n;
            INSERT INTO log.command
            SELECT '\(organization)', gen_random_uuid(), sha256(n::text::bytea), sha256('r'), 200, NULL, '{"a": 1}', n,
                now()
            FROM generate_series(1, 5) n;
            INSERT INTO log.policy VALUES ('stage_retired', '2026-01-02 03:04:05.678901+00');
            INSERT INTO log.policy_progress VALUES ('\(organization)', 'stage_retired', 250)
            """)
    }

    /// Every row of every table, as text.
    private func contents(_ database: TestDatabase) async throws -> [String: String] {
        let pool = owner(database)
        let all = try await pool.run { connection in
            var all: [String: String] = [:]
            let kept = try connection.query(Statement(SQL.backupTables)).map { try $0.text(0) }
            for table in kept + ["log.event", "log.checkpoint"] {
                let sql = "SELECT string_agg(t::text, E'\\n' ORDER BY t::text) FROM \(table) t"
                all[table] = try connection.query(Statement(sql))[0].text(orNil: 0) ?? ""
            }
            return all
        }
        await pool.close()
        return all
    }

    private func write(_ house: AuditHouse, to folder: String) async throws -> Backup.Summary {
        let (pool, signer) = (owner(house.database), house.log.signer)
        let now = now
        let done = try await pool.run { connection in
            let backup = Backup(folder)
            return try backup.complete(
                try backup.write(connection, at: now, sign: { signer.note($1.size, $1.root) }))
        }
        await pool.close()
        return done
    }

    private func read(_ folder: String, into database: TestDatabase) async throws -> Backup.Summary {
        let pool = owner(database)
        let result: Swift.Result<Backup.Summary, any Error>
        do {
            result = .success(
                try await pool.run { connection in
                    try connection.transaction { try Backup(folder).read(into: connection) }
                })
        } catch { result = .failure(error) }
        await pool.close()
        return try result.get()
    }

    @Test func `all that cannot be derived is there again, row by row`() async throws {
        let house = try await AuditHouse(TestLog(250, signed: [1, 64, 250]))
        try await furnish(house)
        let folder = house.scratch.path + "/backup"
        let done = try await write(house, to: folder)
        #expect(done.organizations.count == 1)
        #expect(done.events == 250)
        #expect(done.rows == 1008)
        let other = try await TestCluster.shared.database()
        #expect(try await read(folder, into: other) == done)
        #expect(try await contents(other) == contents(house.database))
        #expect(try await contents(other).values.filter(\.isEmpty).count < 5)
    }

    @Test func `what no head was signed over yet is signed for the backup`() async throws {
        let house = try await AuditHouse(TestLog(100, signed: [64, 100]))
        try await house.superuser(
            """
            ALTER TABLE log.checkpoint DISABLE TRIGGER ALL;
            DELETE FROM log.checkpoint WHERE size = 100
            """)
        let folder = house.scratch.path + "/backup"
        #expect(try await write(house, to: folder).events == 100)
        let other = try await TestCluster.shared.database()
        _ = try await read(folder, into: other)
        #expect(try await contents(other)["log.event"] == contents(house.database)["log.event"])
    }

    @Test func `a database that holds anything is not restored into`() async throws {
        let house = try await AuditHouse(TestLog(10, signed: [10]))
        let folder = house.scratch.path + "/backup"
        _ = try await write(house, to: folder)
        await #expect(throws: AuditError.notEmpty(table: "log.event")) {
            _ = try await read(folder, into: house.database)
        }
        await #expect(throws: FileError.self) { _ = try await write(house, to: folder) }
    }

    @Test func `a backup that was changed is refused whole`() async throws {
        let house = try await AuditHouse(TestLog(250, signed: [250]))
        try await furnish(house)
        let folder = house.scratch.path + "/backup"
        _ = try await write(house, to: folder)
        let other = try await TestCluster.shared.database()
        let empty = try await contents(other)
        for damage in [
            "printf x >> \(folder)/tables/access.credential.copy.lz4",
            "rm \(folder)/tables/log.claim.copy.lz4",
            "sed -i 's/\"size\":250/\"size\":249/' \(folder)/manifest.json",
            "cd \(folder)/logs/*; f=$(ls events*); lz4 -dc $f | sed '7s/amount/amounz/' > l; rm $f; lz4 -q l $f",
        ] {
            try shell("cp -r \(folder) \(folder)-kept; \(damage)")
            await #expect(throws: (any Error).self) { _ = try await read(folder, into: other) }
            #expect(try await contents(other) == empty)
            try shell("rm -r \(folder) && mv \(folder)-kept \(folder)")
        }
        _ = try await read(folder, into: other)
    }
}
