import Foundation
import Kernel
import Postgres
import PostgresTesting
import Testing

@testable import Projections

/// Files that come, change and go; rebuilds beside live traffic; what verify finds.
@Suite(.timeLimit(.minutes(3))) struct DeployTests {
    private let titles = file(
        "titles.yaml", "projection: titles\nkey: stream\ncolumns: {title: text}\non:\n  deal.opened: {title: .title}\n")
    private let board = file(
        "board.sql",
        """
        -- Deals by stage.
        CREATE VIEW read.board WITH (security_invoker = true) AS
        SELECT organization_id, stage, count(*) AS deals FROM read.deals GROUP BY 1, 2
        """
    )

    @Test func `a projection that is added is built from the log, and one whose text changed in nothing is left alone`()
        async throws
    {
        let world = try await World()
        var histories = Histories(seed: 61, streams: 20)
        #expect(try await world.models.deploy([dealsFile, board]) == ["deals"])
        let runner = world.runner()
        var events = histories.next(300)
        try await world.append(events)
        #expect(try await world.models.deploy([dealsFile, titles, board]) == ["titles"])
        let commented = file(
            "deals.yaml", "# A comment.\n" + dealsFile.text.replacing("owner: tests", with: "owner: others"))
        #expect(try await world.models.deploy([commented, titles, board]) == [])
        #expect(try await world.models.list().first?.owner == "others")
        events += histories.next(100)
        try await world.append(Array(events.suffix(100)))
        #expect(try await world.settled(2))
        try await LiveTests.expectEqual(world, events, "after deploying")
        #expect(
            try await world.number("SELECT sum(deals)::bigint FROM read.board")
                == Int64(try LiveTests.naive(events).rows.count))
        runner.cancel()
        await runner.value
    }

    @Test func `a changed definition is rebuilt and swapped while commands go on, and nobody sees it go back`()
        async throws
    {
        let world = try await World()
        var histories = Histories(seed: 71, streams: 30)
        try await world.models.deploy([dealsFile, board])
        let runner = world.runner { $0.pace = .milliseconds(1) }
        var events = histories.next(500)
        try await world.append(events)
        #expect(try await world.settled())
        let more = histories.next(1500)
        events += more
        let done = Flag()
        let writing = Task {
            for start in stride(from: 0, to: more.count, by: 5) {
                try await world.append(Array(more[start..<start + 5]))
                try await Task.sleep(for: .milliseconds(2))
            }
            done.raise()
        }
        // A reader that sees the progress go back, or the table missing, fails.
        let reading = Task {
            var last: Int64 = 0
            while !done.isUp {
                let position = try await world.number(
                    "SELECT position FROM read.progress WHERE projection = 'deals'"
                        + " AND (SELECT count(*) FROM read.board) >= 0"
                )
                #expect(position >= last)
                last = max(last, position)
            }
        }
        for round in 0..<3 {
            let changed = file(
                "deals.yaml",
                dealsFile.text.replacing("deal.won: {status: \"won\"", with: "deal.won: {status: \"won\(round)\""))
            #expect(try await world.models.deploy([changed, board]) == ["deals"])
        }
        #expect(try await world.models.deploy([dealsFile, board]) == ["deals"])
        try await writing.value
        try await reading.value
        #expect(try await world.settled())
        try await LiveTests.expectEqual(world, events, "after swapping")
        #expect(try await world.models.list().map(\.generation) == [5])
        #expect(try await world.texts("SELECT relname::text FROM pg_class WHERE relname LIKE '%\\_\\_new%'") == [])
        runner.cancel()
        await runner.value
    }

    @Test func `verify finds a tampered value, a row too many, one too few, a wrong total and a wrong count`()
        async throws
    {
        let world = try await World()
        var histories = Histories(seed: 81, streams: 25)
        try await world.models.deploy([dealsFile])
        let runner = world.runner()
        try await world.append(histories.next(400))
        #expect(try await world.settled())
        runner.cancel()
        await runner.value
        func differences() async throws -> [Difference] {
            try await world.models.verify(["deals"]).flatMap(\.differences)
        }
        #expect(try await differences() == [])
        let ids = try await world.texts("SELECT id::text FROM read.deals ORDER BY id LIMIT 3")
        let tampered = "title = coalesce(title, '') || '!', moves = coalesce(moves, 0) + 1"
        try await world.execute("UPDATE read.deals SET \(tampered) WHERE id = '\(ids[0])'")
        try await world.execute("DELETE FROM read.deals WHERE id = '\(ids[1])'")
        let extra =
            "INSERT INTO read.deals (organization_id, id, version, position, created_at, updated_at)"
            + " SELECT organization_id, gen_random_uuid(), 1, 1, now(), now() FROM read.deals LIMIT 1"
        try await world.execute(extra)
        try await world.execute(
            "UPDATE read.deals_totals SET amount = amount + 1 WHERE ctid = (SELECT min(ctid) FROM read.deals_totals)")
        try await world.execute("UPDATE read.progress SET events = events - 1")
        let found = try await differences()
        func has(_ table: String, _ kind: Difference.Kind, _ column: String?, _ key: String?) -> Bool {
            found.contains {
                $0.table == table && $0.kind == kind && $0.column == column && (key == nil || $0.key == key)
            }
        }
        #expect(has("deals", .value, "title", ids[0]))
        #expect(has("deals", .value, "moves", ids[0]))
        #expect(has("deals", .missing, nil, ids[1]))
        #expect(has("deals", .extra, nil, nil))
        #expect(has("deals_totals", .extra, nil, nil) && has("deals_totals", .missing, nil, nil))
        #expect(has("deals", .progress, "events", nil))
        try await world.models.rebuild(["deals"])
        #expect(try await differences() == [])
        try await world.execute("UPDATE read.progress SET leaf_sum = decode(repeat('01', 32), 'hex')")
        #expect(try await differences().map(\.column) == ["leaf_sum"])
    }

    @Test func `a dropped table takes its views down, and both come back with the rebuild`() async throws {
        let world = try await World()
        var histories = Histories(seed: 91, streams: 5)
        try await world.models.deploy([dealsFile, titles, board])
        let runner = world.runner()
        let events = histories.next(50)
        try await world.append(events)
        #expect(try await world.settled(2))
        try await world.models.drop()
        #expect(
            try await world.texts(
                "SELECT relname::text FROM pg_class WHERE relname IN ('deals', 'deals_totals', 'titles', 'board')")
                == [])
        #expect(try await world.number("SELECT count(*) FROM read.progress") == 0)
        try await world.append(histories.next(10))
        try await world.models.rebuild(nil)
        try await world.append(histories.next(10))
        #expect(try await world.settled(2))
        #expect(try await world.models.verify().flatMap(\.differences) == [])
        #expect(try await world.number("SELECT count(*) FROM read.board") > 0)
        await #expect(throws: ReadModelError.self) { try await world.models.rebuild(["titel"]) }
        try await world.models.drop(["titles"], forget: true)
        #expect(try await world.models.list().map(\.projection) == ["deals"])
        runner.cancel()
        await runner.value
    }

    @Test
    func `a view that cannot be made, and a file that is wrong, are refused with their names, and nothing changes`()
        async throws
    {
        let world = try await World()
        try await world.models.deploy([dealsFile, board])
        let bad = file(
            "bad.sql", "CREATE VIEW read.bad WITH (security_invoker = true) AS SELECT nothing FROM read.deals")
        let error = await #expect(throws: Problems.self) { try await world.models.deploy([dealsFile, board, bad]) }
        #expect(error?.problems.first?.file == "bad.sql")
        #expect(error?.problems.first?.message.contains("nothing") == true)
        await #expect(throws: Problems.self) { try await world.models.deploy([file("x.yaml", "projection: x")]) }
        await #expect(throws: Problems.self) {
            try await world.models.deploy([dealsFile, file("again.yaml", dealsFile.text)])
        }
        #expect(try await world.models.list().map(\.projection) == ["deals"])
        #expect(try await world.number("SELECT count(*) FROM read.board") == 0)
    }

    @Test func `a process that still folds by the old file cannot write to the new table, not even a new organization`()
        async throws
    {
        let world = try await World()
        try await world.models.deploy([titles])
        let old = try Definition.read(file: titles.name, text: titles.text)
        try await world.models.deploy([
            file(
                "titles.yaml",
                titles.text.replacing(": .title", with: ": $stream").replacing("title: text", with: "title: uuid"))
        ])
        var random = Seeded(7)
        let new = random.uuid()
        try await world.append(
            [Told(stream: UUID(), version: 1, type: "deal.opened", data: #"{"title":"x"}"#)], to: new)
        let pool = BlockingPool(world.database.settings(role: "daybook_worker"), size: 1, name: "test", log: quiet)
        let error = await #expect(throws: PostgresError.self) {
            try await pool.run { connection in
                let table = ReadTable(definition: old, name: "titles")
                let deployment = Deployment([Deployed(table: table, generation: 1)], unsealing: nil)
                let batch = Batch(deployment)
                var next: [Statement]? = batch.start(
                    Batch.Order(organization: new, group: [0], checkpoints: [Checkpoint()]))
                while let statements = next {
                    if batch.isWriting {
                        // Nothing but the compare: it alone must fail.
                        _ = try connection.runPipelined(statements.filter { $0.sql.contains("read.progress") })
                        return
                    }
                    next = try batch.next(try connection.runPipelined(statements))
                }
            }
        }
        #expect(error?.kind == .divisionByZero)
        await pool.close()
        #expect(try await world.number("SELECT count(*) FROM read.progress") == 0)
    }

    @Test func `two processes that start at once deploy once`() async throws {
        let world = try await World()
        let other = ReadModels(world.database.settings(), log: quiet)
        async let first = world.models.deploy([dealsFile, titles, board])
        async let second = other.deploy([dealsFile, titles, board])
        let built = try await [first, second].map(\.count).sorted()
        #expect(built == [0, 2])
        #expect(try await world.models.list().map(\.generation) == [1, 1])
        await other.close()
    }

    @Test func `row-level security stands on every read table from its first moment`() async throws {
        let world = try await World()
        var random = Seeded(101)
        let other = random.uuid()
        try await world.models.deploy([dealsFile, board])
        let runner = world.runner()
        for organization in [world.organization, other] {
            try await world.append(
                [Told(stream: UUID(), version: 1, type: "deal.opened", data: #"{"stage":"lead"}"#)], to: organization)
        }
        for _ in 0..<2 {
            #expect(try await world.settled())
            let app = BlockingPool(
                world.database.settings(role: "daybook_app").with(settings: ["daybook.organization": other.text]),
                size: 1,
                name: "app", log: quiet)
            for table in ["deals", "deals_totals", "board", "progress"] {
                let seen = try await app.run {
                    try $0.query(Statement("SELECT count(*), min(organization_id::text) FROM read.\(table)"))[0].text(1)
                }
                #expect(seen == other.text, "\(table)")
                let count = try await app.run {
                    try $0.query(Statement("SELECT count(*) FROM read.\(table)"))[0].bigint(0)
                }
                #expect(count == 1, "\(table)")
            }
            await #expect(throws: PostgresError.self) { try await app.run { try $0.execute("DELETE FROM read.deals") } }
            await app.close()
            try await world.models.rebuild()
            try await world.models.drop(["deals__old"])
        }
        runner.cancel()
        await runner.value
    }
}
