import EventLog
import FoundationEssentials
import Kernel
import Postgres
import PostgresTesting
import Testing

/// What the database itself refuses, whoever asks.
@Suite struct ProtectionTests {
    private func refusal(_ settings: ConnectionSettings, _ sql: [String]) async throws -> PostgresError? {
        let connection = PipelinedConnection(settings, name: "test", log: quiet)
        do throws(PostgresError) {
            _ = try await connection.run(sql.map { Statement($0) })
            await connection.close()
            return nil
        } catch {
            await connection.close()
            return error
        }
    }

    @Test(
        arguments: ["daybook_app", "daybook_auditor", "daybook_worker", "daybook_owner", nil],
        [
            "UPDATE log.event SET version = version", "DELETE FROM log.event", "TRUNCATE log.event",
            "UPDATE log.checkpoint SET size = size", "DELETE FROM log.checkpoint", "TRUNCATE log.checkpoint",
        ])
    func `nothing recorded is changed or taken away`(role: String?, sql: String) async throws {
        let world = try await World()
        // Daybook's roles lack the privilege; a superuser, who needs none, meets the trigger.
        let settings = role.map { world.database.settings(role: $0) } ?? world.database.superuser
        let error = try await refusal(settings, [sql])
        #expect(error?.kind == (role == nil ? .other : .insufficientPrivilege))
        #expect(error?.sqlstate == (role == nil ? "23001" : "42501"))
        let replica = try await refusal(world.database.superuser, ["SET session_replication_role = replica", sql])
        #expect(replica?.sqlstate == "23001")
    }

    @Test(arguments: ["daybook_app", "daybook_auditor"])
    func `who answers requests writes nothing`(role: String) async throws {
        let world = try await World()
        let organization = id()
        let scope = "SELECT set_config('daybook.organization', '\(organization.text)', true)"
        let digest = "decode(repeat('00', 32), 'hex')"
        let claim = "INSERT INTO log.claim SELECT '\(organization.text)', 's', \(digest), gen_random_uuid()"
        for sql in [forged(organization, 1), claim, "DELETE FROM log.command"] {
            let error = try await refusal(world.database.settings(role: role), [scope, sql])
            #expect(error?.kind == .insufficientPrivilege)
        }
    }

    @Test func `a hole in the positions is refused, whoever makes it`() async throws {
        let world = try await World()
        let organization = id()
        for settings in [world.database.settings(role: "daybook_worker"), world.database.superuser] {
            for sql in [
                [forged(organization, 2)],
                [forged(organization, "unnest(ARRAY[1, 3])")],
                [forged(organization, 1), forged(organization, 3)], [forged(organization, 0)],
            ] {
                let error = try await refusal(settings, sql)
                #expect(error?.kind == .checkViolation)
            }
        }
        #expect(
            try await refusal(
                world.database.settings(role: "daybook_worker"),
                [forged(organization, 1), forged(organization, 2)]) == nil)
        let twice = try await refusal(world.database.superuser, [forged(organization, 2)])
        #expect(twice?.kind == .uniqueViolation)
    }

    @Test func `the guard looks at one row, also in a database too new to have statistics`() async throws {
        let world = try await World()
        let appender = world.appender()
        let organization = id()
        for position in 0..<200 { _ = try await appender.append(opening(organization, readAt: Position(position))) }
        await appender.close()
        let counts = "FROM pg_stat_user_tables WHERE relid = 'log.event'::regclass"
        // What a session has counted is told when it ends, which is a little after it was closed.
        while try await world.number("SELECT n_tup_ins \(counts)") < 200 {
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(try await world.number("SELECT idx_tup_fetch + seq_tup_read \(counts)") < 1_000)
    }

    @Test(arguments: ["daybook_app", "daybook_auditor"])
    func `each organization sees its own rows only`(role: String) async throws {
        let world = try await World()
        let appender = world.appender()
        let (mine, theirs, stream) = (id(), id(), id())
        for organization in [mine, theirs] {
            var unit = opening(organization, stream)
            unit.takes = [EventLog.Claim(scope: "s", digest: Array(repeating: 1, count: 32), stream: stream)]
            unit.outcome = Outcome(
                actor: stream, keyDigest: Array(repeating: 1, count: 32), requestHash: Array(repeating: 1, count: 32),
                status: 201)
            _ = try await appender.append(unit)
        }
        await appender.close()
        let connection = PipelinedConnection(world.database.settings(role: role), name: "test", log: quiet)
        let tables = ["log.event", "log.command", "log.claim"]
        for table in tables {
            let count = Statement("SELECT count(*), min(organization_id::text) FROM \(table)")
            // A fresh session, and from the second table on one that has said an organization before.
            let fresh = PipelinedConnection(world.database.settings(role: role), name: "test", log: quiet)
            #expect(try await fresh.query(count)[0].bigint(0) == 0)
            await fresh.close()
            #expect(try await connection.query(count)[0].bigint(0) == 0)
            let scope = Statement("SELECT set_config('daybook.organization', $1, true)") { $0.text(mine.text) }
            let seen = try await connection.run([scope, count])[1][0]
            #expect(try seen.bigint(0) == 1)
            #expect(try seen.text(1) == mine.text)
        }
        let scoped = LogReader(connection, scoped: true)
        #expect(try await scoped.stream(mine, stream).count == 1)
        #expect(try await scoped.head(theirs).position == 1)
        await connection.close()
    }

    @Test func `what a row says about itself is checked`() async throws {
        let world = try await World()
        let organization = id()
        let good = forged(organization, 1)
        for (part, bad) in [
            ("'deal.opened'", "'deal'"), ("'deal.opened'", "'deal.\"x'"),
            ("now(), now()", "now() + interval '1 s', now()"),
            ("'{}', NULL", "'{', NULL"), ("repeat('00', 32)", "repeat('00', 31)"),
            ("gen_random_uuid(), 1,", "gen_random_uuid(), 0,"),
        ] {
            let error = try await refusal(world.database.superuser, [good.replacing(part, with: bad)])
            #expect(error?.kind == .checkViolation || error?.kind == .invalidValue, "\(bad)")
        }
    }
}
