import Foundation
import Kernel
import Postgres
import PostgresTesting
import Synchronization
import Testing

@testable import Projections

@Suite(.timeLimit(.minutes(3))) struct LiveTests {
    static func lines(_ world: World, _ name: String = "deals") async throws -> [String] {
        let lines = Mutex<[String]>([])
        try await world.models.rows(name) { bytes in
            let line = try Rendered.line(json: bytes)
            lines.withLock { $0.append(line) }
        }
        return lines.withLock { $0.sorted() }
    }
    static func totals(_ world: World) async throws -> [String] {
        try await world.texts(
            "SELECT coalesce(stage, 'null') || '/' || coalesce(currency, 'null') || ' ' || deals || ' ' || amount"
                + " FROM read.deals_totals"
        ).sorted()
    }
    static func naive(_ events: [Told]) throws -> Naive {
        var naive = Naive()
        for event in events { try naive.apply(event) }
        return naive
    }
    /// All is as the plainest fold has it, and `verify` says so too.
    static func expectEqual(_ world: World, _ events: [Told], _ what: String) async throws {
        let naive = try naive(events)
        #expect(try await lines(world) == naive.lines, "\(what)")
        #expect(try await totals(world) == naive.totals, "\(what)")
        for found in try await world.models.verify() {
            #expect(found.differences == [], "\(what)")
            #expect(found.equal && found.position == Int64(events.count), "\(what)")
        }
    }

    @Test(arguments: [11, 12, 13, 14])
    func `the live tail, a rebuild and the plainest fold make the same rows`(seed: Int) async throws {
        let world = try await World(seed: UInt64(seed))
        var histories = Histories(seed: UInt64(seed), streams: 30)
        try await world.models.deploy([dealsFile])
        let runner = world.runner()
        var events: [Told] = []
        for size in [1, 2, 300, 1, 1500, 7, 40] {
            let more = histories.next(size)
            try await world.append(more)
            events += more
            #expect(try await world.settled(), "seed \(seed)")
        }
        try await Self.expectEqual(world, events, "tail, seed \(seed)")
        runner.cancel()
        await runner.value
        try await world.models.rebuild()
        try await Self.expectEqual(world, events, "rebuild, seed \(seed)")
        try await world.models.drop()
        #expect(try await world.models.list().map(\.state) == ["dropped"])
        try await world.models.rebuild()
        try await Self.expectEqual(world, events, "after a drop, seed \(seed)")
    }

    @Test(arguments: [1, 3, 1000])
    func `the size of a batch changes nothing, and a batch delivered twice is applied once`(size: Int64) async throws {
        let world = try await World()
        var histories = Histories(seed: 21, streams: 12)
        let events = histories.next(150)
        try await world.models.deploy([dealsFile])
        try await world.append(events)
        let definition = try Definition.read(file: dealsFile.name, text: dealsFile.text)
        let organization = world.organization
        let pool = BlockingPool(world.database.settings(role: "daybook_worker"), size: 1, name: "test", log: quiet)
        try await pool.run { connection in
            let table = ReadTable(definition: definition, name: "deals")
            let deployment = Deployment([Deployed(table: table, generation: 1)], unsealing: nil)
            let batch = Batch(deployment)
            var lane = Lane(deployment: deployment, checkpoints: [Checkpoint()])
            while true {
                guard var order = lane.order(for: organization) else { break }
                order.limit = size
                for attempt in 1...2 {
                    do {
                        var next: [Statement]? = batch.start(order)
                        while let statements = next { next = try batch.next(try connection.runPipelined(statements)) }
                        #expect(attempt == 1 || batch.events.isEmpty)
                    } catch let error as PostgresError {
                        #expect(attempt == 2 && error.kind == .divisionByZero)
                    }
                    if batch.events.isEmpty { return }
                    if attempt == 1 { lane.advance(to: batch.checkpoints) }
                }
            }
        }
        await pool.close()
        try await Self.expectEqual(world, events, "batches of \(size)")
    }

    @Test func `two runners at once, whose connections are cut again and again, lose and repeat nothing`() async throws
    {
        let world = try await World()
        var histories = Histories(seed: 31, streams: 25)
        try await world.models.deploy([dealsFile])
        let runners = [world.runner { $0.pace = .zero }, world.runner { $0.pace = .zero }]
        var events: [Told] = []
        for round in 0..<40 {
            let more = histories.next(50)
            try await world.append(more)
            events += more
            if round % 5 == 4 {
                try await world.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                        + " WHERE datname = current_database() AND application_name LIKE 'projections%'")
            }
            try await Task.sleep(for: .milliseconds(10))
        }
        #expect(try await world.settled())
        for runner in runners { runner.cancel() }
        for runner in runners { await runner.value }
        try await Self.expectEqual(world, events, "two runners")
    }

    @Test(arguments: [1, 2])
    func `behind a batch that is being written the next one sees its rows`(runners count: Int) async throws {
        let world = try await World()
        var histories = Histories(seed: 61, streams: 40)
        try await world.models.deploy([dealsFile])
        let events = histories.next(6500)
        try await world.append(events)
        let runners = (0..<count).map { _ in world.runner() }
        #expect(try await world.settled())
        for runner in runners { runner.cancel() }
        for runner in runners { await runner.value }
        try await Self.expectEqual(world, events, "\(count) runners behind a backlog")
    }

    @Test func `several organizations are kept apart, and one that lags catches up alone and rejoins`() async throws {
        let world = try await World()
        var random = Seeded(5)
        let others = (0..<12).map { _ in random.uuid() }
        var histories = others.map { _ in Histories(seed: 41, streams: 5) }
        let second = file(
            "titles.yaml",
            "projection: titles\nkey: stream\ncolumns: {title: text}\non:\n  deal.opened: {title: .title}\n")
        try await world.models.deploy([dealsFile, second])
        for (i, organization) in others.enumerated() { try await world.append(histories[i].next(60), to: organization) }
        // One of the two has applied a part already.
        let waits = ProjectionWaits(
            PipelinedConnection(world.database.settings(role: "daybook_worker"), name: "w", log: quiet))
        let runner = world.runner(waits: waits)
        #expect(try await world.settled(2))
        try await world.models.rebuild(["titles"])
        for (i, organization) in others.enumerated() { try await world.append(histories[i].next(20), to: organization) }
        for organization in others {
            #expect(
                await waits.wait(
                    for: organization, position: 80, projections: ["deals", "titles"], timeout: .seconds(10)))
        }
        let verified = try await world.models.verify()
        #expect(verified.map(\.equal) == [true, true])
        #expect(verified.map(\.position) == [80, 80])
        runner.cancel()
        await runner.value
    }

    @Test func `who waits is answered when the position is there, and not before`() async throws {
        let world = try await World()
        try await world.models.deploy([dealsFile])
        let connection = PipelinedConnection(world.database.settings(role: "daybook_worker"), name: "w", log: quiet)
        let here = ProjectionWaits(connection)
        let elsewhere = ProjectionWaits(connection)
        #expect(
            await here.wait(for: world.organization, position: 1, projections: ["deals"], timeout: .milliseconds(60))
                == false)
        let open = Flag()
        let runner = world.runner(
            { options in
                options.beforeBatch = { _ in
                    while !open.isUp { try? await Task.sleep(for: .milliseconds(5)) }
                }
            }, waits: here)
        var histories = Histories(seed: 51, streams: 3)
        try await world.append(histories.next(10))
        let organization = world.organization
        async let first = here.wait(for: organization, position: 10, projections: ["deals"], timeout: .seconds(20))
        async let second = elsewhere.wait(
            for: organization, position: 10, projections: ["deals"], timeout: .seconds(20))
        #expect(
            await here.wait(for: organization, position: 10, projections: ["deals"], timeout: .milliseconds(200))
                == false)
        let behind = try await world.models.status()
        #expect(behind.first?.eventsBehind == 10 && behind.first?.organizations == 1)
        open.raise()
        #expect(await first)
        #expect(await second)
        #expect(await here.wait(for: organization, position: 10, projections: ["deals"], timeout: .zero))
        #expect(
            await here.wait(for: organization, position: 10, projections: ["nothing"], timeout: .milliseconds(50))
                == false)
        let waiting = Task {
            await here.wait(for: organization, position: 11, projections: ["deals"], timeout: .seconds(20))
        }
        waiting.cancel()
        #expect(await waiting.value == false)
        runner.cancel()
        await runner.value
    }
}
