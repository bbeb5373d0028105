import CRM
import DomainTesting
import Foundation
import Kernel
import Testing

@testable import Application
@testable import Projections

/// What decisions make, the read tables that come with Daybook take: whatever happens to random records, in whatever
/// order over whatever streams, no event of it is held.
@Suite struct FoldLawTests {
    static let seeds = Array(1...4) + [UInt64.random(in: 5...UInt64.max)]

    private func log(_ seed: UInt64) -> [(stream: UUID, version: Int32, event: Stored)] {
        var world = World(
            entities, seed: seed,
            ids: ["field_set": FieldSet.customizable.map(FieldSet.id(of:)), "organization": [Scene.organization]],
            recurring: [])
        world.run(4000)
        return world.log
    }
    private func engine() throws -> Engine {
        let files = shippedProjections.filter { $0.name.hasSuffix(".yaml") }
        let definitions = try FileSet(files, catalogue: Daybook.catalogue).definitions
        #expect(definitions.count >= 10)
        return Engine(Projections.Plan(definitions, Daybook.catalogue, upcasts: CRM.upcasts))
    }

    @Test(arguments: seeds) func `no event that was decided is held by a projection that comes along`(seed: UInt64)
        throws
    {
        let log = log(seed)
        let engine = try engine()
        for (index, line) in log.enumerated() {
            engine.apply(line.event, stream: line.stream, version: line.version, position: Int64(index) + 1)
        }
        // At last everybody is erased.
        var last: [UUID: Int32] = [:]
        for line in log { last[line.stream] = line.version }
        for (index, (stream, version)) in last.sorted(by: { $0.key.text < $1.key.text }).enumerated() {
            let position = Int64(log.count + index) + 1
            engine.apply(Erasure.event, stream: stream, version: version + 1, position: position)
        }
        #expect(engine.seen.count == Int64(log.count + last.count) && log.count > 300)
        for projection in engine.projections {
            for hold in projection.holds {
                let event = hold.position <= log.count ? "\(log[Int(hold.position) - 1].event)" : "an erasure"
                Issue.record("seed \(seed): \(projection.definition.name) holds \(hold): \(event)")
            }
        }
    }

    @Test func `an event that a projection cannot take would be seen`() throws {
        let engine = try engine()
        let bad = Stored(type: "deal.opened", schema: 1, data: ["title": 5])
        engine.apply(bad, stream: Scene.id, version: 1, position: 1)
        #expect(engine.projections.contains { !$0.holds.isEmpty })
    }
}

extension Engine {
    /// Folds one event of which nothing is sealed.
    fileprivate func apply(_ event: Stored, stream: UUID, version: Int32, position: Int64) {
        let (leaf, moment) = ([UInt8](repeating: 1, count: 32), position * 1_000_000)
        Array(event.type.utf8).withUnsafeBytes { type in
            event.data.bytes.withUnsafeBytes { data in
                leaf.withUnsafeBytes { leaf in
                    apply(
                        Event(
                            position: position, stream: Cell(stream), version: version, type: type,
                            schema: event.schema, data: data, private: UnsafeRawBufferPointer(start: nil, count: 0),
                            occurredAt: moment, recordedAt: moment, actor: Cell(Scene.actor),
                            leaf: leaf.baseAddress!))
                }
            }
        }
    }
}
