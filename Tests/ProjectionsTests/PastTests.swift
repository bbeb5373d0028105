import Foundation
import Kernel
import Postgres
import PostgresTesting
import Testing

@testable import Projections

/// What was true, or known, at a moment: `as_of` against the plainest fold of the events up to it.
@Suite(.timeLimit(.minutes(3))) struct PastTests {
    /// Joins; each stage's name is that of the row that it refers to.
    private static let board = file(
        "board.sql",
        """
        -- read.deals and what is said of them (now() is a clock).
        CREATE VIEW read.board WITH (security_invoker = true) AS
        SELECT d.organization_id, d.id, d.title, s.title AS stage_title, now() AS at, 'read.deals' AS word
        FROM read.deals d JOIN read.spans_versions v ON v.organization_id = d.organization_id AND v.id = d.id
            AND v.until_at IS NULL
        LEFT JOIN read.deals s ON s.organization_id = d.organization_id AND s.id = d.owner
        """)

    @Test(arguments: [91, 92])
    func `rows, totals and versions at any moment are those of the events up to it`(seed: Int) async throws {
        let world = try await World(seed: UInt64(seed))
        var backdated = Backdated(seed: UInt64(seed), streams: 15)
        let events = backdated.next(500)
        try await world.append(events)
        try await world.models.deploy([HistoryTests.whole, HistoryTests.spans, Self.board])
        var random = Seeded(UInt64(seed))
        for _ in 0..<40 {
            let event = events[Int(random.next() % UInt64(events.count))]
            let occurred = random.chance(60) ? event.occurredAt + Int64(random.next() % 3) - 1 : nil
            let recorded = random.chance(60) ? event.recordedAt! + Int64(random.next() % 3) - 1 : nil
            let prefix = events.filter { $0.occurredAt <= occurred ?? .max && $0.recordedAt! <= recorded ?? .max }
            let plain = try Plain(prefix)
            let what: Comment = "seed \(seed), as of \(occurred ?? 0), as known \(recorded ?? 0)"
            #expect(try await lines(world, "deals", occurred, recorded) == plain.rows, what)
            #expect(try await lines(world, "spans_versions", occurred, recorded, "until_at IS NOT NULL") == plain.spans)
            let totals = try await world.texts(
                "SELECT coalesce(stage, 'null') || '/' || coalesce(currency, 'null') || ' ' || deals || ' '"
                    + " || amount FROM as_of.deals_totals", at: occurred, known: recorded)
            #expect(totals.sorted() == plain.totals, what)
            let board = try await world.texts(
                "SELECT count(*)::text || ' ' || coalesce(bool_and(at <= '\(World.text(occurred))'), true)"
                    + " FROM as_of.board", at: occurred, known: recorded)
            #expect(board == ["\(plain.rows.count) true"], what)
        }
        #expect(try await lines(world, "deals", nil, nil) == LiveTests.lines(world))
    }

    @Test func `what another build made otherwise of the same files is put up anew`() async throws {
        let world = try await World(seed: 93)
        var histories = Histories(seed: 93, streams: 5)
        try await world.append(histories.next(40))
        try await world.models.deploy([HistoryTests.whole])
        let rows = try await world.number("SELECT count(*) FROM as_of.deals_totals")
        let names = "string_agg(quote_ident(attname), ', ' ORDER BY attnum)"
        let columns = try await world.texts(
            "SELECT \(names) FROM pg_attribute WHERE attrelid = 'as_of.deals_totals'::regclass AND attnum > 0")[0]
        try await world.execute(
            """
            COMMENT ON SCHEMA as_of IS 'an older build';
            CREATE OR REPLACE VIEW as_of.deals_totals WITH (security_invoker = true) AS
            SELECT \(columns) FROM (SELECT \(columns) FROM read.deals_totals) t WHERE false
            """)
        #expect(try await world.number("SELECT count(*) FROM as_of.deals_totals") == 0)
        try await world.models.deploy([HistoryTests.whole])
        #expect(rows > 0)
        #expect(try await world.number("SELECT count(*) FROM as_of.deals_totals") == rows)
    }

    @Test func `who is referred to and did not exist yet is shown as it was first`() async throws {
        let world = try await World()
        let text = """
            CREATE VIEW read.pairs WITH (security_invoker = true) AS
            SELECT d.organization_id, d.title, o.title AS other FROM read.deals d
            LEFT JOIN read.deals o ON o.organization_id = d.organization_id AND o.id = d.owner
            """
        let (a, b) = (UUID(), UUID())
        func told(_ id: UUID, _ version: Int32, _ type: String, _ data: String, _ at: Int64) -> Told {
            var told = Told(stream: id, version: version, type: type, data: data, occurredAt: Backdated.start + at)
            told.recordedAt = Backdated.start + 100 + at
            return told
        }
        try await world.append([
            told(a, 1, "deal.opened", #"{"title":"A","owner":"\#(b.uuidString.lowercased())"}"#, 10),
            told(b, 1, "deal.opened", #"{"title":"B"}"#, 20),
            told(b, 2, "deal.edited", #"{"set":{"title":"B2"}}"#, 20),
            told(b, 3, "deal.edited", #"{"set":{"title":"B3"}}"#, 30),
            told(a, 2, "deal.noted", "{}", 35),
            told(b, 4, "deal.removed", "{}", 40),
            told(b, 5, "deal.opened", #"{"title":"again"}"#, 50),
        ])
        try await world.models.deploy([HistoryTests.whole, file("pairs.sql", text)])
        let moments: [(Int64, [String])] = [
            (9, []), (10, ["A-B"]), (19, ["A-B"]), (20, ["A-B2", "B2"]), (30, ["A-B3", "B3"]), (40, ["A"]),
            (50, ["A-again", "again"]),
        ]
        for (at, pairs) in moments {
            let found = try await world.texts(
                "SELECT concat_ws('-', title, other) FROM as_of.pairs ORDER BY 1", at: Backdated.start + at, known: nil)
            #expect(found == pairs, "at \(at)")
        }
    }

    @Test func `no organization sees another's past, and nobody without one sees any`() async throws {
        let world = try await World()
        var random = Seeded(7)
        let other = random.uuid()
        for organization in [world.organization, other] {
            var backdated = Backdated(seed: 5, streams: 4)
            try await world.append(backdated.next(60), to: organization)
        }
        try await world.models.deploy([HistoryTests.whole, HistoryTests.spans, Self.board])
        let seers: [(String, [String])] = [(other.text, [other.text]), (UUID().uuidString, []), ("", [])]
        for (organization, expected) in seers {
            let settings = ["daybook.organization": organization, "daybook.as_of": World.text(Backdated.start)]
            let app = BlockingPool(
                world.database.settings(role: "daybook_app").with(settings: settings), size: 1, name: "app", log: quiet)
            for table in [
                "as_of.deals", "as_of.deals__referred", "as_of.deals_totals", "as_of.deals_versions", "as_of.board",
                "as_of.spans_versions", "read.deals_history", "read.deals_versions", "read.spans_history",
            ] {
                let seen = try await app.run {
                    try $0.query(Statement("SELECT DISTINCT organization_id::text FROM \(table)")).map {
                        try $0.text(0)
                    }
                }
                #expect(seen == expected, "\(table) as \(organization)")
            }
            await #expect(throws: PostgresError.self) {
                try await app.run { try $0.execute("DELETE FROM read.deals_history") }
            }
            await app.close()
        }
    }

    @Test func `a view that would show the present as the past is refused, one without a past is only of the present`()
        async throws
    {
        let world = try await World()
        func view(_ name: String, _ from: String) -> ProjectionFile {
            let text = "CREATE VIEW read.\(name) WITH (security_invoker = true) AS SELECT organization_id FROM \(from)"
            return file("\(name).sql", text)
        }
        try await world.models.deploy([HistoryTests.whole, view("progressing", "read.progress")])
        let past = try await world.texts(
            "SELECT relname::text FROM pg_class WHERE relnamespace = 'as_of'::regnamespace ORDER BY 1")
        #expect(past == ["deals", "deals__referred", "deals_totals", "deals_versions"])
        let problems = await #expect(throws: Problems.self) {
            try await world.models.deploy([HistoryTests.whole, view("sly", "\"read\".deals")])
        }
        #expect(
            problems?.description == "sly.sql:1:1: as of a moment it would show read.deals as it is now")
        #expect(try await world.number("SELECT count(*) FROM pg_class WHERE relname = 'sly'") == 1)
        #expect(ReadModels.check(view("deals_versions", "read.deals")).first?.message.contains("is taken") == true)
    }

    @Test func `names are replaced where they stand for relations`() {
        let sql = """
            CREATE VIEW read.x AS -- from read.a
            SELECT read.money(a.b), now(), y.now(), 'read.a' FROM read.a JOIN LATERAL (SELECT * FROM read."b") b
            LEFT JOIN read.c ON a.read.a = now ( ), read.d /* read.e */
            """
        var places: [String] = []
        let replaced = QualifiedNames.replaced(in: sql, clock: "clock()") { name, place in
            places.append("\(name) \(place)")
            return name == "d" ? nil : "at.\(name)"
        }
        #expect(places == ["x made", "a read", "b read", "c joined", "d read"])
        #expect(
            replaced == """
                CREATE VIEW at.x AS -- from read.a
                SELECT read.money(a.b), clock(), y.now(), 'read.a' FROM at.a JOIN LATERAL (SELECT * FROM at.b) b
                LEFT JOIN at.c ON a.read.a = now ( ), read.d /* read.e */
                """)
    }

    // MARK: - What is there at a moment?

    private func lines(
        _ world: World, _ table: String, _ occurred: Int64?, _ recorded: Int64?, _ filter: String = "true"
    ) async throws -> [String] {
        let sql = "SELECT row_to_json(t)::text FROM as_of.\(table) t WHERE \(filter)"
        return try await world.texts(sql, at: occurred, known: recorded).map { line in
            try Array(line.utf8).withUnsafeBytes { try Rendered.line(json: $0) }
        }.sorted()
    }
}
