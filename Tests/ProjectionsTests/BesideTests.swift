import FoundationEssentials
import Kernel
import Postgres
import PostgresTesting
import Testing

@testable import Projections

/// What lies beside the rows of a table, so that rows are found by it: values of a json column, words of texts.
@Suite(.timeLimit(.minutes(3))) struct BesideTests {
    private static let definition = file("deals.yaml", dealsFile.text + "values: custom\nsearch: [title, status]\n")

    /// How many rows and values somebody of an organization sees.
    private func seen(_ world: World, by organization: UUID) async throws -> [Int64] {
        let settings = world.database.settings(role: "daybook_app")
            .with(settings: ["daybook.organization": organization.text])
        let app = BlockingPool(settings, size: 1, name: "app", log: quiet)
        let counts = try await app.run { connection in
            try ["deals", "deals_values", "deals_search"].map {
                try connection.query(Statement("SELECT count(*) FROM read.\($0)"))[0].bigint(0)
            }
        }
        await app.close()
        return counts
    }

    @Test(arguments: [81, 82])
    func `values follow the rows as these are written, taken away, built anew and taken back`(seed: Int) async throws {
        let world = try await World(seed: UInt64(seed))
        var histories = Histories(seed: UInt64(seed), streams: 12)
        try await world.models.deploy([Self.definition])
        let runner = world.runner()
        for size in [1, 40, 1, 150] {
            try await world.append(histories.next(size))
            #expect(try await world.settled())
            #expect(try await world.models.verify().flatMap(\.differences) == [], "seed \(seed)")
        }
        let count = "SELECT count(*) FROM read.deals_values"
        let before = try await world.number(count)
        #expect(before > 0)
        try await world.models.rebuild()
        #expect(try await world.number(count) == before)
        try await world.append(histories.next(60))
        #expect(try await world.settled())
        try await world.models.rollback("deals")
        try await world.append(histories.next(60))
        #expect(try await world.settled())
        #expect(try await world.models.verify().flatMap(\.differences) == [], "seed \(seed)")
        runner.cancel()
        await runner.value

        // It would be told.
        try await world.execute("DELETE FROM read.deals_values WHERE ctid = (SELECT min(ctid) FROM read.deals_values)")
        let differences = try await world.models.verify().flatMap(\.differences)
        #expect(differences.map(\.table) == ["deals_values"] && differences.map(\.kind) == [.missing])
    }

    @Test func `nobody sees another organization's values or words, and no statistics keep the words`() async throws {
        let world = try await World(seed: 83)
        var random = Seeded(84)
        let other = random.uuid()
        try await world.models.deploy([Self.definition])
        let runner = world.runner()
        for organization in [world.organization, other] {
            var histories = Histories(seed: random.next(), streams: 40)
            try await world.append(histories.next(200), to: organization)
        }
        #expect(try await world.settled())
        let (mine, theirs) = (try await seen(world, by: world.organization), try await seen(world, by: other))
        let all = try await world.texts(
            "SELECT (SELECT count(*) FROM read.deals) || ' ' || (SELECT count(*) FROM read.deals_values)")
        #expect(all == ["\(mine[0] + theirs[0]) \(mine[1] + theirs[1])"])
        #expect(mine.allSatisfy { $0 > 0 } && mine[2] == mine[0] && theirs[2] == theirs[0])
        #expect(try await seen(world, by: random.uuid()) == [0, 0, 0])

        let kept = "SELECT count(*) FROM pg_stats WHERE schemaname = 'read' AND tablename LIKE 'deals%\\_words'"
        for _ in 1...2 {
            try await world.execute("ANALYZE")
            #expect(try await world.number(kept) == 0)
            let waiting = "'gin_pending_list_limit=2048' = ANY (reloptions)"
            #expect(
                try await world.number("SELECT count(*) FROM pg_class WHERE relname = 'deals_words' AND \(waiting)")
                    == 1
            )
            try await world.models.rebuild()
            #expect(try await world.number(kept) == 0)
        }
        runner.cancel()
        await runner.value
    }
}
