import Foundation
import Kernel
import Postgres
import PostgresTesting
import Synchronization
import Testing

@testable import Projections

/// One short transaction, in which a table takes the place of another: who is in its way, and what is kept with it.
@Suite(.timeLimit(.minutes(3))) struct ExchangeTests {
    private let gained = file("deals.yaml", dealsFile.text.replacing("status: \"won\"", with: "status: \"gained\""))

    // MARK: - Who is in the way?

    @Test func `while a long query reads, the old table serves and is fed, and the swap names whom it waits for`()
        async throws
    {
        let world = try await World()
        var histories = Histories(seed: 9, streams: 20)
        try await world.models.deploy([dealsFile])
        let runner = world.runner()
        try await world.append(histories.next(200))
        #expect(try await world.settled())
        let waits = Mutex<[[Reader]]>([])
        let ends = Flag()
        let pid = Mutex<Int32>(0)
        let auditor = world.database.settings(role: "daybook_auditor").with(
            settings: ["daybook.organization": world.organization.text])
        let reader = BlockingPool(auditor, size: 1, name: "a long report", log: quiet)
        let reading = Task {
            try await reader.run { connection in
                try connection.transaction {
                    _ = try connection.query(Statement("SELECT count(*) FROM read.deals"))
                    let own = try connection.query(Statement("SELECT pg_backend_pid()"))[0].int(0)
                    pid.withLock { $0 = own }
                    while !ends.isUp { usleep(2000) }
                    return try connection.query(Statement("SELECT count(*) FROM read.deals"))[0].bigint(0)
                }
            }
        }
        for _ in 0..<500 where pid.withLock({ $0 }) == 0 { try await Task.sleep(for: .milliseconds(10)) }
        let rebuilding = Task {
            try await world.models.rebuild(with: gained) { progress in
                if progress.phase == .swapping { waits.withLock { $0.append(progress.waitsFor) } }
            }
        }
        for _ in 0..<1000 where !waits.withLock({ $0.contains { !$0.isEmpty } }) {
            try await Task.sleep(for: .milliseconds(10))
        }
        let named = waits.withLock { $0.first { !$0.isEmpty } ?? [] }
        #expect(named.map(\.pid) == [pid.withLock { $0 }])
        #expect(named.first?.application == "a long report" && named.first?.seconds ?? 0 > 0)
        // Nobody waits behind it: what is written now is read in the old table.
        let id = UUID()
        try await world.append([Told(stream: id, version: 1, type: "deal.opened", data: #"{"title":"now"}"#)])
        #expect(try await world.settled())
        #expect(try await world.number("SELECT count(*) FROM read.deals WHERE id = '\(id)'") == 1)
        #expect(try await world.models.list().map(\.generation) == [1])
        #expect(try await world.models.status().first?.rebuild?.isAtWork == true)
        ends.raise()
        #expect(try await rebuilding.value.map(\.swapped) == [true])
        #expect(try await reading.value > 0)
        #expect(try await world.models.list().map(\.generation) == [2])
        #expect(try await world.models.verify(["deals", "deals__old"]).flatMap(\.differences) == [])
        await reader.close()
        runner.cancel()
        await runner.value
    }

    @Test func `a swap that waited too long leaves the new table in step, and says how to go on`() async throws {
        let world = try await World()
        try await world.models.deploy([dealsFile])
        let reader = BlockingPool(world.database.superuser, size: 1, name: "reader", log: quiet)
        let (began, ends) = (Flag(), Flag())
        let reading = Task {
            try await reader.run { connection in
                try connection.transaction {
                    _ = try connection.query(Statement("SELECT count(*) FROM read.deals"))
                    began.raise()
                    while !ends.isUp { usleep(2000) }
                }
            }
        }
        for _ in 0..<500 where !began.isUp { try await Task.sleep(for: .milliseconds(10)) }
        var options = RebuildOptions()
        options.patience = 0
        let error = await #expect(throws: ReadModelError.self) {
            try await world.models.rebuild(["deals"], options)
        }
        #expect(error?.description.contains("reader") == true)
        #expect(try await world.models.status().first?.rebuild?.failure?.contains("reader") == true)
        ends.raise()
        try await reading.value
        try await world.models.swap("deals")
        #expect(try await world.models.list().map(\.generation) == [2])
        await reader.close()
    }

    @Test func `a table whose text nobody understands any more gives way to one that is understood`() async throws {
        let world = try await World()
        let board = file(
            "board.sql",
            "CREATE VIEW read.board WITH (security_invoker = true) AS SELECT organization_id, stage FROM read.deals")
        try await world.models.deploy([dealsFile, board])
        try await world.execute("UPDATE read.projection SET definition = 'projection: [' WHERE name = 'deals'")
        try await world.models.rebuild(with: dealsFile)
        #expect(try await world.models.list().map(\.generation) == [2])
        #expect(try await world.number("SELECT count(*) FROM read.board") == 0)
    }

    // MARK: - What is kept with a table?

    @Test func `views, grants and policies that people made in the database are kept by a swap and a rollback`()
        async throws
    {
        let world = try await World()
        let board = file(
            "board.sql",
            """
            CREATE VIEW read.board WITH (security_invoker = true) AS
            SELECT organization_id, stage, status, count(*) AS deals FROM read.deals GROUP BY 1, 2, 3
            """)
        try await world.models.deploy([dealsFile, board])
        let analyst = "analyst_\(UInt32.random(in: 0 ... .max))"
        try await world.execute(
            """
            CREATE ROLE \(analyst);
            CREATE SCHEMA analysis;
            CREATE VIEW analysis.wins WITH (security_barrier = true) AS SELECT deals, status FROM read.board;
            CREATE VIEW analysis.titles WITH (security_invoker = true) AS SELECT id, title FROM read.deals;
            CREATE VIEW analysis.all_wins AS SELECT sum(deals) AS wins FROM analysis.wins WHERE status LIKE 'g%';
            COMMENT ON VIEW analysis.wins IS 'the analyst''s own';
            ALTER VIEW analysis.all_wins OWNER TO \(analyst);
            GRANT SELECT ON analysis.wins TO \(analyst);
            GRANT SELECT ON read.deals, read.board TO \(analyst);
            GRANT UPDATE (title) ON read.deals TO \(analyst);
            CREATE POLICY analysts ON read.deals FOR SELECT TO \(analyst) USING (true)
            """)
        try await world.append([
            Told(stream: UUID(), version: 1, type: "deal.opened", data: #"{"stage":"new"}"#),
            Told(stream: UUID(), version: 1, type: "deal.won", data: "{}"),
        ])
        let kept = """
            SELECT concat_ws(' ', obj_description('analysis.wins'::regclass, 'pg_class'),
                (SELECT relowner = '\(analyst)'::regrole FROM pg_class WHERE oid = 'analysis.all_wins'::regclass),
                (SELECT reloptions::text FROM pg_class WHERE oid = 'analysis.wins'::regclass),
                (SELECT reloptions::text FROM pg_class WHERE oid = 'analysis.titles'::regclass),
                has_table_privilege('\(analyst)', 'analysis.wins', 'SELECT'),
                has_table_privilege('\(analyst)', 'read.deals', 'SELECT'),
                has_table_privilege('\(analyst)', 'read.board', 'SELECT'),
                has_column_privilege('\(analyst)', 'read.deals', 'title', 'UPDATE'),
                has_column_privilege('\(analyst)', 'read.deals', 'stage', 'UPDATE'),
                (SELECT count(*) FROM pg_policies WHERE tablename = 'deals' AND policyname = 'analysts'))
            """
        let wanted = try await world.texts(kept)
        #expect(wanted == ["the analyst's own t {security_barrier=true} {security_invoker=true} t t t t f 1"])
        // A login that may not touch what others made says whose it is, and leaves all as it was.
        let mine = await #expect(throws: ReadModelError.self) { try await world.models.rebuild(with: gained) }
        #expect(mine?.description.contains("analysis.titles") == true)
        #expect(try await world.texts(kept) == wanted)
        let models = ReadModels(world.database.superuser, log: quiet)
        #expect(try await models.rebuild(with: gained).map(\.continued) == [true])
        #expect(try await world.texts(kept) == wanted)
        #expect(try await world.number("SELECT wins::bigint FROM analysis.all_wins") == 1)
        try await models.rollback("deals")
        #expect(try await world.texts(kept) == wanted)
        #expect(try await world.number("SELECT coalesce(wins, 0)::bigint FROM analysis.all_wins") == 0)
        // What cannot be made anew stops the swap, by its name, and nothing is changed.
        let without = file(
            "deals.yaml",
            """
            projection: deals
            key: stream
            columns: {stage: text, title: text}
            on: {deal.opened: {stage: .stage, title: .title}}
            """)
        let refused = await #expect(throws: ReadModelError.self) { try await models.rebuild(with: without) }
        #expect(refused?.description.contains("board") == true)
        try await world.execute("CREATE MATERIALIZED VIEW analysis.stored AS SELECT id FROM read.deals")
        let stored = await #expect(throws: ReadModelError.self) { try await models.rollback("deals") }
        #expect(stored?.description.contains("analysis.stored") == true)
        #expect(try await world.texts(kept) == wanted)
        await models.close()
        try await world.execute("DROP SCHEMA analysis CASCADE; DROP OWNED BY \(analyst); DROP ROLE \(analyst)")
    }
}
