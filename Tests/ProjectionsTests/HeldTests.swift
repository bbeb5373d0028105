import Foundation
import Kernel
import Postgres
import PostgresTesting
import Testing

@testable import Projections

/// What happens to events that cannot be applied.
@Suite(.timeLimit(.minutes(3))) struct HeldTests {
    private func told(_ stream: UUID, _ version: Int32, _ type: String, _ data: String) -> Told {
        Told(stream: stream, version: version, type: type, data: data)
    }

    @Test func `a stream with an event that cannot be applied waits, the rest goes on, and a better file heals it`()
        async throws
    {
        let world = try await World()
        try await world.models.deploy([dealsFile])
        let runner = world.runner()
        let (a, b) = (UUID(), UUID())
        try await world.append([
            told(a, 1, "deal.opened", #"{"title":"A","stage":"lead","amount":{"minor":7}}"#),
            told(b, 1, "deal.opened", #"{"title":"B","stage":"lead"}"#),
            told(a, 2, "deal.edited", #"{"set":{"title":"A2","probability":"half"}}"#),
            told(b, 2, "deal.moved", #"{"to":"offer"}"#),
            told(a, 3, "deal.moved", #"{"to":"offer"}"#),
        ])
        #expect(try await world.settled())
        try await world.append([told(a, 4, "deal.moved", #"{"to":"won"}"#), told(b, 3, "deal.moved", #"{"to":"won"}"#)])
        #expect(try await world.settled())
        let held = try await world.texts(
            "SELECT code || ' ' || \"column\" || ' ' || position || ' ' || version FROM read.held")
        #expect(held == ["wrong_type probability 3 2"])
        #expect(
            try await world.texts("SELECT title || ' ' || stage || ' ' || version FROM read.deals ORDER BY 1") == [
                "A lead 1", "B won 3",
            ])
        // Seven events, three of them wait: the count says so, and verify agrees.
        #expect(try await world.number("SELECT events FROM read.progress") == 4)
        let status = try await world.models.status()
        #expect(status.map(\.held) == [1] && status.map(\.state) == ["live"])
        var verified = try await world.models.verify()
        #expect(verified.flatMap(\.differences) == [])
        // Nothing is healed as long as nothing changed.
        var healing = try await world.models.heal()
        #expect(healing.map(\.healed) == [0] && healing.map(\.held) == [1])
        // A file that takes the member as text: a rebuild applies everything.
        let better = file("deals.yaml", dealsFile.text.replacing("probability: numeric", with: "probability: text"))
        #expect(try await world.models.deploy([better]) == ["deals"])
        #expect(
            try await world.texts(
                "SELECT title || ' ' || stage || ' ' || probability FROM read.deals WHERE version = 4") == [
                    "A2 won half"
                ])
        #expect(try await world.number("SELECT count(*) FROM read.held WHERE projection = 'deals'") == 0)
        try await world.append([told(a, 5, "deal.moved", #"{"to":"lead"}"#)])
        #expect(try await world.settled())
        verified = try await world.models.verify()
        #expect(verified.flatMap(\.differences) == [] && verified.map(\.position) == [8])
        healing = try await world.models.heal()
        #expect(healing.map(\.held) == [0])
        runner.cancel()
        await runner.value
    }

    @Test func `what only the database refuses is found, held and healed, and costs no other event`() async throws {
        let world = try await World()
        let text =
            "projection: t\nkey: stream\ncolumns: {name: text, n: bigint}\non:\n  t.set: {name: .name, n: {add: 1}}\n"
        let index = "totals: {by: [n], count: many}\n"
        try await world.models.deploy([file("t.yaml", text + index), dealsFile])
        // Nobody expected this name: as any refusal of the database, this one has no place in the fold.
        try await world.execute("ALTER TABLE read.t ADD CONSTRAINT nice CHECK (name <> 'bad')")
        let runner = world.runner()
        var events: [Told] = []
        let streams = (0..<200).map { _ in UUID() }
        for (i, stream) in streams.enumerated() {
            events.append(told(stream, 1, "t.set", "{\"name\":\"\(i == 77 ? "bad" : "x")\"}"))
        }
        for stream in streams.reversed() {
            events.append(told(stream, 2, "t.set", stream == streams[77] ? #"{"name":"bad"}"# : #"{"name":"y"}"#))
        }
        try await world.append(events)
        #expect(try await world.settled(2))
        #expect(try await world.texts("SELECT code FROM read.held WHERE projection = 't'") == ["23514"])
        #expect(try await world.number("SELECT count(*) FROM read.t WHERE n = 2") == 199)
        #expect(try await world.number("SELECT events FROM read.progress WHERE projection = 't'") == 398)
        #expect(try await world.number("SELECT events FROM read.progress WHERE projection = 'deals'") == 400)
        var verified = try await world.models.verify()
        #expect(verified.flatMap(\.differences) == [])
        try await world.execute("ALTER TABLE read.t DROP CONSTRAINT nice")
        let healing = try await world.models.heal(["t"])
        #expect(healing == [Healing(projection: "t", healed: 1, held: 0, state: "live")])
        #expect(try await world.number("SELECT count(*) FROM read.t WHERE n = 2") == 200)
        try await world.append([told(streams[77], 3, "t.set", #"{"name":"z"}"#)])
        #expect(try await world.settled(2))
        verified = try await world.models.verify()
        #expect(verified.flatMap(\.differences) == [] && verified.map(\.position) == [401, 401])
        #expect(try await world.number("SELECT many FROM read.t_totals WHERE n = 2") == 199)
        runner.cancel()
        await runner.value
    }

    @Test func `a gap in a stream's versions holds it, in the tail as in a rebuild`() async throws {
        let world = try await World()
        try await world.models.deploy([dealsFile])
        let runner = world.runner()
        let (a, b) = (UUID(), UUID())
        try await world.append([
            told(a, 1, "deal.opened", #"{"title":"A"}"#), told(b, 1, "deal.opened", #"{"title":"B"}"#),
        ])
        #expect(try await world.settled())
        // Two versions of an event that changes no row lie between: no gap. Then one that is missing.
        try await world.append([told(b, 2, "deal.noted", "{}"), told(b, 3, "deal.noted", "{}")])
        #expect(try await world.settled())
        try await world.append([
            told(b, 4, "deal.moved", #"{"to":"offer"}"#), told(a, 3, "deal.noted", "{}"),
            told(a, 4, "deal.moved", #"{"to":"won"}"#),
        ])
        #expect(try await world.settled())
        let wanted = ["A 1 -", "B 4 offer"]
        let rows = "SELECT title || ' ' || version || ' ' || coalesce(stage, '-') FROM read.deals ORDER BY 1"
        #expect(try await world.texts(rows) == wanted)
        let held = "SELECT code || ' ' || position FROM read.held WHERE projection = 'deals'"
        #expect(try await world.texts(held) == ["version_gap 6"])
        try await world.models.rebuild()
        #expect(try await world.texts(rows) == wanted)
        #expect(try await world.texts(held) == ["version_gap 6"])
        let verified = try await world.models.verify()
        #expect(verified.flatMap(\.differences) == [])
        runner.cancel()
        await runner.value
    }

    @Test func `more than a hundred held streams stop the projection, and the others go on`() async throws {
        let world = try await World()
        let other = file(
            "t.yaml", "projection: t\nkey: stream\ncolumns: {title: json}\non:\n  deal.opened: {title: .title}\n")
        try await world.models.deploy([dealsFile, other])
        let runner = world.runner()
        try await world.append(
            (0..<130).map { told(UUID(), 1, "deal.opened", "{\"title\":\($0 < 105 ? "5" : "\"x\"")}") })
        for _ in 0..<1200 where try await world.models.status().first?.state != "stopped" {
            try await Task.sleep(for: .milliseconds(50))
        }
        try await world.append((0..<20).map { _ in told(UUID(), 1, "deal.opened", #"{"title":"later"}"#) })
        for _ in 0..<1200 where try await world.models.status().last?.eventsBehind != 0 {
            try await Task.sleep(for: .milliseconds(50))
        }
        let status = try await world.models.status()
        #expect(status.map(\.projection) == ["deals", "t"])
        #expect(status.map(\.state) == ["stopped", "live"])
        #expect(status.map(\.held) == [105, 0])
        #expect(status.map(\.eventsBehind) == [20, 0])
        // A file that is as bad does not replace the table; one that is right does, and it goes on.
        await #expect(throws: ReadModelError.self) { try await world.models.rebuild(["deals"]) }
        let better = file("deals.yaml", dealsFile.text.replacing("title: text", with: "title: json"))
        try await world.models.deploy([better, other])
        #expect(try await world.settled(2))
        #expect(try await world.models.status().map(\.state) == ["live", "live"])
        #expect(try await world.number("SELECT count(*) FROM read.deals") == 150)
        runner.cancel()
        await runner.value
    }
}
