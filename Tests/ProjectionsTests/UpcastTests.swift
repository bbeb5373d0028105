import FoundationEssentials
import Kernel
import PostgresTesting
import Projections
import Testing

/// An event type with two shapes: the log holds both, a fold sees the newer only.
@Suite struct UpcastTests {
    /// The first shape had the amount as a bare number and called the title a name.
    private static let upcasts: Upcasts = [
        "deal.opened@1": .to("deal.opened@2") {
            $0["title"] = $0.removeValue(forKey: "name")
            $0["amount"] = $0["amount"].map { ["minor": $0, "currency": "EUR"] }
        },
        "deal.closed@1": .to("deal.moved@1") { $0 = ["to": "closed"] },
    ]
    private static let deals = file(
        "deals.yaml",
        """
        projection: deals
        key: stream
        columns: {title: text, stage: text, amount: bigint, currency: text, moves: bigint}
        on:
          deal.opened: {title: .title, amount: .amount.minor, currency: .amount.currency}
          deal.moved: {stage: .to, moves: {add: 1}}
        totals: {by: [currency], count: deals, sum: amount}
        """)

    private static func story(_ seed: UInt64) -> [Told] {
        var random = Seeded(seed)
        return (0..<60).flatMap { n -> [Told] in
            let stream = random.uuid()
            let isOld = random.chance(50)
            let first =
                isOld
                ? #"{"name":"Deal \#(n)","amount":\#(n)}"#
                : #"{"title":"Deal \#(n)","amount":{"minor":\#(n),"currency":"EUR"}}"#
            return [
                Told(stream: stream, version: 1, type: "deal.opened", data: first, schema: isOld ? 1 : 2),
                Told(stream: stream, version: 2, type: "deal.moved", data: #"{"to":"open"}"#),
                Told(stream: stream, version: 3, type: isOld ? "deal.closed" : "deal.moved", data: #"{"to":"closed"}"#),
            ]
        }
    }

    @Test func `rows are of the newest shape, live, rebuilt, and verified`() async throws {
        let world = try await World(upcasts: Self.upcasts)
        try await world.models.deploy([Self.deals])
        let runner = world.runner(upcasts: Self.upcasts)
        try await world.append(Self.story(1))
        #expect(try await world.settled())
        runner.cancel()
        await runner.value
        let live = try await world.texts("SELECT to_jsonb(d)::text FROM read.deals d ORDER BY 1")
        #expect(live.count == 60)
        #expect(try await world.number("SELECT count(*) FROM read.deals WHERE title LIKE 'Deal %'") == 60)
        #expect(try await world.number("SELECT count(*) FROM read.deals WHERE currency = 'EUR' AND moves = 2") == 60)
        #expect(try await world.number("SELECT count(*) FROM read.deals WHERE stage = 'closed'") == 60)
        #expect(try await world.number("SELECT count(DISTINCT schema) FROM log.event WHERE type = 'deal.opened'") == 2)
        #expect(try await world.models.verify().map(\.equal) == [true])
        try await world.models.rebuild()
        #expect(try await world.texts("SELECT to_jsonb(d)::text FROM read.deals d ORDER BY 1") == live)
    }

    @Test func `a table that was folded before there was an upcaster is built anew`() async throws {
        let world = try await World()
        try await world.append(Self.story(2))
        try await world.models.deploy([Self.deals])
        // What has the older shape does not fit, and waits.
        #expect(try await world.number("SELECT count(*) FROM read.deals") < 60)
        #expect(try await world.models.deploy([Self.deals]) == [])
        let later = ReadModels(world.database.settings(), unsealing: World.reading(Self.upcasts), log: quiet)
        #expect(try await later.deploy([Self.deals]) == ["deals"])
        #expect(try await later.deploy([Self.deals]) == [])
        #expect(try await world.number("SELECT count(*) FROM read.deals WHERE title LIKE 'Deal %'") == 60)
        #expect(try await later.verify().map(\.equal) == [true])
        await later.close()
    }
}
