import Foundation
import Kernel
import Testing

@testable import Projections

/// Random definitions over random events: whatever a file says, it means what its closures mean.
@Suite(.timeLimit(.minutes(5))) struct SketchTests {
    @Test(arguments: 1...120)
    func `a random definition folds as the plainest fold does`(seed: Int) throws {
        let sketch = Sketch(seed: UInt64(seed))
        var source = SketchEvents(seed: UInt64(seed))
        let events = source.next(250)
        let engine = try Engine(file: "sketch.yaml", text: sketch.text)
        engine.apply(events)
        #expect(engine.projections[0].holds == [], "seed \(seed)\n\(sketch.text)")
        #expect(try engine.lines() == sketch.lines(events), "seed \(seed)\n\(sketch.text)")
    }

    @Test(arguments: 201...210)
    func `the live tail and a rebuild make of a random definition what the plainest fold does`(seed: Int) async throws {
        let world = try await World(seed: UInt64(seed))
        let sketch = Sketch(seed: UInt64(seed))
        var source = SketchEvents(seed: UInt64(seed))
        // Where versions can be kept they are, and `verify` compares them with a rebuild's.
        let history = sketch.key.isEmpty ? "history: all\n" : ""
        try await world.models.deploy([file("sketch.yaml", sketch.text + history)])
        let runner = world.runner()
        var events: [Told] = []
        for size in [1, 2, 40, 1, 150, 6] {
            let more = source.next(size)
            try await world.append(more)
            events += more
            #expect(try await world.settled(), "seed \(seed)")
        }
        runner.cancel()
        await runner.value
        let expected = try sketch.lines(events)
        #expect(try await rows(world, sketch) == expected, "tail, seed \(seed)\n\(sketch.text)")
        for found in try await world.models.verify() { #expect(found.differences == [], "seed \(seed)") }
        try await world.models.rebuild()
        #expect(try await rows(world, sketch) == expected, "rebuild, seed \(seed)\n\(sketch.text)")
    }

    /// Streams are held and healed, connections are cut, projectors and rebuilds are ended and begun again.
    @Test(arguments: 302...310)
    func `whatever happened on the way, the rows are those of the plainest fold, today and at any moment`(seed: Int)
        async throws
    {
        let world = try await World(seed: UInt64(seed))
        let sketch = Sketch(seed: UInt64(seed))
        var source = SketchEvents(seed: UInt64(seed))
        var random = Seeded(UInt64(seed))
        let hasPast = sketch.key.isEmpty
        let definition = file("sketch.yaml", sketch.text + (hasPast ? "history: all\n" : ""))
        try await world.models.deploy([definition])
        try await world.execute("ALTER TABLE read.sketch ADD CONSTRAINT nice CHECK (position % 29 <> 3)")

        var events: [Told] = []
        for size in [3, 40, 1, 90, 60, 20] {
            let ended = world.runner()
            let more = source.next(size).map(\.backdated)
            try await world.append(more)
            events += more
            for _ in 0..<random.next() % 4 {
                try await world.execute(
                    """
                    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                    WHERE datname = current_database()
                        AND application_name IN ('projections reading', 'projections writing')
                    """)
            }
            ended.cancel()
            let runner = world.runner()
            #expect(try await world.settled(), "seed \(seed)")
            for task in [ended, runner] {
                task.cancel()
                await task.value
            }
            #expect(try await world.models.verify().flatMap(\.differences) == [], "seed \(seed)")
        }
        #expect(try await world.number("SELECT count(*) FROM read.held") > 0, "seed \(seed)")
        try await world.execute("ALTER TABLE read.sketch DROP CONSTRAINT nice")
        #expect(try await world.models.heal().allSatisfy { $0.held == 0 }, "seed \(seed)")
        let expected = try sketch.lines(events)
        #expect(try await rows(world, sketch) == expected, "healed, seed \(seed)\n\(sketch.text)")

        var attempts = 1
        while try await world.rebuild([definition], endingAfter: Int(random.next() % 2)) == nil { attempts += 1 }
        #expect(attempts > 1)
        #expect(try await rows(world, sketch) == expected, "rebuilt, seed \(seed)\n\(sketch.text)")

        guard hasPast else { return }
        #expect(try await rows(world, sketch, in: "as_of") == expected, "as of now, seed \(seed)\n\(sketch.text)")
        for _ in 0..<12 {
            let event = events[Int(random.next() % UInt64(events.count))]
            let occurred = random.chance(60) ? event.occurredAt : nil
            let recorded = random.chance(60) ? event.recordedAt : nil
            let prefix = events.filter { $0.occurredAt <= occurred ?? .max && $0.recordedAt! <= recorded ?? .max }
            #expect(
                try await rows(world, sketch, in: "as_of", at: occurred, known: recorded) == sketch.lines(prefix),
                "seed \(seed), as of \(occurred ?? 0), as known \(recorded ?? 0)\n\(sketch.text)")
        }
    }

    private func rows(
        _ world: World, _ sketch: Sketch, in schema: String = "read", at occurred: Int64? = nil,
        known recorded: Int64? = nil
    ) async throws -> [String] {
        let sql = "SELECT row_to_json(t)::text FROM \(schema).sketch t"
        return try await world.texts(sql, at: occurred, known: recorded).map { line in
            let line = try Array(line.utf8).withUnsafeBytes { try Rendered.line(json: $0) }
            guard var row = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            else { return line }
            row["recorded_at"] = nil
            if !sketch.key.isEmpty { row["id"] = nil }
            return Rendered.line(row)
        }.sorted()
    }
}

extension Told {
    /// Recorded in the order of the log, four at a moment; it occurred when its stream's last event did, or later.
    fileprivate var backdated: Told {
        var told = self
        let recorded = Backdated.start + position / 4 * 1_000_000
        told.recordedAt = recorded
        told.occurredAt = recorded - 3_000_000_000 + Int64(version) * 1_000_000
        return told
    }
}
