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

    private func rows(_ world: World, _ sketch: Sketch) async throws -> [String] {
        try await LiveTests.lines(world, "sketch").map { line in
            guard var row = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
            else { return line }
            row["recorded_at"] = nil
            if !sketch.key.isEmpty { row["id"] = nil }
            return Rendered.line(row)
        }.sorted()
    }
}
