import Foundation
import Kernel
import Postgres
import PostgresTesting
import Synchronization
import Testing

@testable import Projections

/// Rebuilds that are ended, tables that wait to be swapped, and the way back.
@Suite(.timeLimit(.minutes(3))) struct RebuildTests {
    // MARK: - What is left when it ends?

    @Test(arguments: [1, 2, 3])
    func `a rebuild that is ended wherever it put something down is gone on with, and comes to the same rows`(
        seed: Int
    ) async throws {
        let world = try await World(seed: UInt64(seed))
        let titles = file(
            "titles.yaml",
            "projection: titles\nkey: stream\ncolumns: {title: json}\non: {deal.opened: {title: .title}}\n")
        let lives = file(
            "lives.yaml", dealsFile.text.replacing("projection: deals", with: "projection: lives") + "history: all\n")
        let paths = file(
            "paths.yaml",
            """
            projection: paths
            key: stream
            columns: {stage: text}
            on: {deal.opened: {stage: .stage}, deal.moved: {stage: .to}, deal.removed: remove}
            history: [stage]
            """)
        let files = [dealsFile, titles, lives, paths]
        var random = Seeded(UInt64(seed))
        // Organizations that are read together, and some that are read alone, in pieces.
        var events: [Told] = []
        for size in [20, 130, 25, 10, 95, 30] {
            var histories = Histories(seed: random.next(), streams: 9)
            try await world.append(histories.next(size), to: random.uuid())
        }
        var histories = Histories(seed: UInt64(seed), streams: 12)
        events = histories.next(200)
        try await world.append(events)
        try await world.models.deploy(files)
        var attempts = 0
        while try await world.rebuild(files, endingAfter: 0) == nil {
            attempts += 1
            // What serves is untouched, and what is written meanwhile is not lost.
            #expect(try await world.models.verify().flatMap(\.differences) == [])
            let more = histories.next(3)
            events += more
            try await world.append(more)
        }
        #expect(attempts > 5)
        let runner = world.runner()
        #expect(try await world.settled(4))
        runner.cancel()
        await runner.value
        #expect(try await world.number("SELECT count(*) FROM read.paths_history") > 0)
        for name in ["deals", "titles", "lives", "paths"] {
            #expect(try await world.models.verify([name, name + "__old"]).flatMap(\.differences) == [], "\(name)")
        }
        #expect(try await world.texts("SELECT relname::text FROM pg_class WHERE relname ~ '__(part|new)'") == [])
        #expect(try await world.number("SELECT count(*) FROM read.rebuild") == 0)
        let mine = "SELECT count(*) FROM read.deals WHERE organization_id = '\(world.organization)'"
        #expect(try await world.number(mine) == Int64(try LiveTests.naive(events).rows.count))
    }

    @Test func `the next rebuild says that it goes on, unless the definition is another or it is told to begin anew`()
        async throws
    {
        let world = try await World()
        var histories = Histories(seed: 5, streams: 20)
        try await world.append(histories.next(300))
        try await world.models.deploy([dealsFile])
        #expect(try await world.rebuild([dealsFile], endingAfter: 3) == nil)
        let status = try await world.models.status()
        #expect(status.first?.versions.map(\.projection) == ["deals__new"])
        #expect(status.first?.versions.first?.state == "building")
        #expect(status.first?.rebuild?.isAtWork == false)
        #expect(try await world.rebuild([dealsFile], endingAfter: 99)?.first?.continued == true)
        #expect(try await world.rebuild([dealsFile], endingAfter: 3) == nil)
        var fresh = RebuildOptions()
        fresh.isFresh = true
        #expect(try await world.models.rebuild(["deals"], fresh).first?.continued == false)
        #expect(try await world.rebuild([dealsFile], endingAfter: 3) == nil)
        let changed = file("deals.yaml", dealsFile.text.replacing("\"won\"", with: "\"gained\""))
        #expect(try await world.rebuild([changed], endingAfter: 99)?.first?.continued == false)
        #expect(try await world.models.verify().flatMap(\.differences) == [])
    }

    @Test func `streams that are held before a rebuild is ended are held after it is gone on with`() async throws {
        let world = try await World()
        let id = UUID()
        var held = [Told(stream: id, version: 1, type: "deal.opened", data: #"{"title":5}"#)]
        held += (2..<100).map { Told(stream: id, version: $0, type: "deal.noted", data: "{}") }
        held.append(Told(stream: id, version: 100, type: "deal.moved", data: #"{"to":"won"}"#))
        try await world.append(held)
        try await world.models.deploy([dealsFile])
        #expect(try await world.rebuild([dealsFile], endingAfter: 1) == nil)
        #expect(try await world.rebuild([dealsFile], endingAfter: 99)?.first?.continued == true)
        #expect(
            try await world.texts("SELECT code || ' ' || position FROM read.held WHERE projection = 'deals'")
                == ["wrong_type 1"])
        #expect(try await world.models.verify().flatMap(\.differences) == [])
    }

    @Test func `who is erased while a rebuild is broken off is in no row when it is gone on with`() async throws {
        let home = try await Home()
        let (id, meeting) = (try await home.person(), UUID())
        try await home.tell(id, 1, "deal.opened", #"{"stage":"new"}"#, personal: #"{"title":"Ann"}"#)
        try await home.tell(id, 2, "deal.edited", #"{"set":{"stage":"won"}}"#)
        let part = try home.seal(#"{"title":"with Ann"}"#, meeting, 1, "deal.opened", of: id)
        try await home.world.append([home.told(meeting, 1, "deal.opened", #"{"stage":"new"}"#, part)])
        for n in 0..<60 {
            try await home.world.append([
                home.told(UUID(), 1, "deal.opened", #"{"stage":"s\#(n)"}"#, [])
            ])
        }
        #expect(
            try await home.world.rebuild(
                [Home.deals], endingAfter: 0, unsealing: home.unsealing, catalogue: Home.catalogue) == nil)
        #expect(try await home.world.number("SELECT count(*) FROM read.deals__part WHERE title IS NOT NULL") == 2)
        #expect(try await home.world.number("SELECT count(*) FROM read.deals__new_history") == 1)
        try await home.erase(id, version: 3)
        let built = try await home.world.rebuild(
            [Home.deals], endingAfter: 99, unsealing: home.unsealing, catalogue: Home.catalogue)
        #expect(built?.first?.continued == true)
        for table in ["deals", "deals_history"] {
            let named = "SELECT count(*) FROM read.\(table) WHERE title IS NOT NULL"
            #expect(try await home.world.number(named) == 0, "\(table)")
        }
        #expect(try await home.models.verify(["deals"]).flatMap(\.differences) == [])
    }

    @Test func `totals are checked whatever the columns are called by which they are`() async throws {
        let world = try await World(seed: 14)
        var histories = Histories(seed: 14, streams: 20)
        try await world.append(histories.next(100))
        let definition = file(
            "deals.yaml",
            """
            projection: deals
            key: stream
            columns: {made: text, kept: text, difference: bigint}
            on:
              deal.opened: {made: .stage, kept: .amount.currency, difference: .amount.minor}
            totals: {by: [made, kept], count: deals, sum: difference}

            """)
        try await world.models.deploy([definition])
        #expect(try await world.models.rebuild().first?.rowsChanged == 0)
    }

    // MARK: - What waits to be swapped, and what is kept?

    private let gained = file("deals.yaml", dealsFile.text.replacing("status: \"won\"", with: "status: \"gained\""))

    @Test func `a new table that is not swapped is kept in step, and swapped later`() async throws {
        let world = try await World()
        var histories = Histories(seed: 7, streams: 20)
        try await world.models.deploy([dealsFile])
        let runner = world.runner()
        try await world.append(histories.next(300))
        var options = RebuildOptions()
        options.swaps = false
        await #expect(throws: ReadModelError.self) { try await world.models.swap("deals") }
        #expect(try await world.models.rebuild(with: gained, options).map(\.swapped) == [false])
        try await world.append(histories.next(200))
        #expect(try await world.settled())
        #expect(try await world.number("SELECT count(*) FROM read.deals WHERE status = 'gained'") == 0)
        let behind = { try await world.models.status().flatMap(\.versions).map(\.eventsBehind) }
        for _ in 0..<1200 where try await behind() != [0] { try await Task.sleep(for: .milliseconds(50)) }
        #expect(try await behind() == [0])
        try await world.models.swap("deals")
        #expect(try await world.number("SELECT count(*) FROM read.deals WHERE status = 'gained'") > 0)
        #expect(try await world.models.list().flatMap(\.versions).map(\.table) == ["deals__old"])
        #expect(try await world.models.verify(["deals", "deals__old"]).flatMap(\.differences) == [])
        await #expect(throws: ReadModelError.self) { try await world.models.swap("deals") }
        runner.cancel()
        await runner.value
    }

    @Test
    func `after a rollback the rows are what the old definition makes of the whole log, and a start leaves it so`()
        async throws
    {
        let world = try await World()
        var histories = Histories(seed: 8, streams: 20)
        try await world.models.deploy([dealsFile])
        await #expect(throws: ReadModelError.self) { try await world.models.rollback("deals") }
        var runner = world.runner()
        var events = histories.next(300)
        try await world.append(events)
        #expect(try await world.settled())
        #expect(try await world.models.deploy([gained]) == ["deals"])
        events += histories.next(200)
        try await world.append(Array(events.suffix(200)))
        #expect(try await world.settled())
        runner.cancel()
        await runner.value
        // Nobody feeds it now: what is missing is caught up with before it serves.
        events += histories.next(50)
        try await world.append(Array(events.suffix(50)))
        try await world.models.rollback("deals")
        runner = world.runner()
        #expect(try await world.settled())
        try await LiveTests.expectEqual(world, events, "after a rollback")
        #expect(try await world.models.deploy([gained]) == [])
        #expect(try await world.models.list().flatMap(\.versions).map(\.rolledBack) == [true])
        try await LiveTests.expectEqual(world, events, "after a start")
        try await world.models.rollback("deals")
        #expect(try await world.number("SELECT count(*) FROM read.deals WHERE status = 'gained'") > 0)
        #expect(try await world.models.verify(["deals", "deals__old"]).flatMap(\.differences) == [])
        try await world.models.drop(["deals__old"])
        #expect(try await world.models.list().map(\.versions) == [[]])
        await #expect(throws: ReadModelError.self) { try await world.models.rollback("deals") }
        runner.cancel()
        await runner.value
    }

    @Test func `who is erased is erased in the table that waits and in the one that is kept, too`() async throws {
        let home = try await Home()
        let (id, meeting) = (try await home.person(), UUID())
        try await home.tell(id, 1, "deal.opened", #"{"stage":"new"}"#, personal: #"{"title":"Ann"}"#)
        let part = try home.seal(#"{"title":"with Ann"}"#, meeting, 1, "deal.opened", of: id)
        try await home.world.append([home.told(meeting, 1, "deal.opened", #"{"stage":"new"}"#, part)])
        try await home.models.rebuild(["deals"])
        var options = RebuildOptions()
        options.swaps = false
        try await home.models.rebuild(["deals"], options)
        try await home.living {
            try await home.erase(id, version: 2)
            #expect(try await home.world.settled(2))
            let streams = try await home.models.streams(of: home.world.organization, holding: id)
            try await home.models.refold(organization: home.world.organization, streams: streams)
        }
        for table in ["deals", "deals__new", "deals__old"] {
            #expect(
                try await home.world.number("SELECT count(*) FROM read.\(table) WHERE title IS NOT NULL") == 0,
                "\(table)"
            )
        }
        #expect(
            try await home.models.verify(["deals", "deals__new", "deals__old"]).flatMap(\.differences) == [])
    }
}
