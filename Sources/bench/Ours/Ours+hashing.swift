import EventLog
import Foundation
import Kernel

extension Case {
    /// What the log's tree costs: lines are hashed and put into a tree by one thread that does nothing else. The note
    /// `share` is how much of an append's time (32 writers) that is: more than it takes away from appending, since
    /// Postgres works meanwhile.
    static func hashing(_ ours: Ours, _ tenants: Tenants) -> Case {
        Case(.hashing) { duration in
            let appended = try await ours.load(32, on: tenants.one, for: duration)
            let lines = Material.shared.pieces.map { piece in
                RecordedEvent(
                    organization: tenants.one[0].id, position: 1_000_000, stream: tenants.one[0].id, version: 1,
                    type: piece.type, schema: 1, data: piece.data, private: piece.sealed, meta: piece.meta,
                    occurredAt: now(), recordedAt: now(), actor: tenants.one[0].id, command: tenants.one[0].id,
                    index: 0, merkle: []
                ).line
            }
            var frontier = Frontier.empty
            let start = ContinuousClock.now
            while ContinuousClock.now - start < .milliseconds(500) {
                for line in lines { _ = frontier.append(leaf: MerkleTree.leaf(line)) }
            }
            var sample = Sample([], within: .seconds(1))
            sample.perSecond = Double(frontier.size) / (ContinuousClock.now - start).inSeconds
            (sample.p50, sample.p99) = (1000 / sample.perSecond, 1000 / sample.perSecond)
            sample.notes["share"] = appended.perSecond / sample.perSecond
            return sample
        }
    }
}
