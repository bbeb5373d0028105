import FoundationEssentials
import Postgres

/// Brings rebuilt tables to where the log is by now, as the live tail would, on one blocking connection.
struct Follower {
    private let connection: BlockingConnection
    private let batch: Batch
    private var lanes: [UUID: Lane]
    /// Those that were swapped: somebody else feeds them now.
    private var gone: Set<Int> = []

    init(_ connection: BlockingConnection, _ deployment: Deployment, _ outcomes: [[LogPass.Outcome]]) {
        self.connection = connection
        batch = Batch(deployment)
        lanes = [:]
        for (i, list) in outcomes.enumerated() {
            for outcome in list {
                var lane = lanes[outcome.organization] ?? Follower.newLane(deployment)
                lane.checkpoints[i].position = outcome.position
                lane.checkpoints[i].applied = outcome.applied
                lane.checkpoints[i].isStored = true
                lane.checkpoints[i].held = Set(outcome.holds.map(\.stream))
                lanes[outcome.organization] = lane
            }
        }
    }
    private static func newLane(_ deployment: Deployment) -> Lane {
        Lane(deployment: deployment, checkpoints: deployment.projections.map { _ in Checkpoint() })
    }

    mutating func leave(_ i: Int) { gone.insert(i) }

    /// Applies what was written since; a few rounds, since others go on writing.
    mutating func catchUp() throws {
        for _ in 0..<10 {
            var applied: Int64 = 0
            for head in try LogHead.all(connection.query(Statement(SQL.heads))) {
                let before = lowest(head.organization)
                if before < head.position {
                    try follow(head.organization, to: head.position, only: nil)
                    applied += head.position - before
                }
            }
            if applied < 1000 { return }
        }
    }

    /// Brings one projection, in the transaction that is open, to where its old table is.
    mutating func catchUp(_ i: Int, to positions: [UUID: Int64]) throws {
        for (organization, position) in positions {
            let reached = lanes[organization]?.checkpoints[i].position ?? 0
            if reached < position { try follow(organization, to: position, only: i) }
        }
    }

    private func lowest(_ organization: UUID) -> Int64 {
        guard let lane = lanes[organization] else { return 0 }
        return lane.checkpoints.enumerated().filter { !gone.contains($0.offset) }.map(\.element.position).min() ?? .max
    }

    private mutating func follow(_ organization: UUID, to position: Int64, only: Int?) throws {
        var lane = lanes[organization] ?? Follower.newLane(batch.deployment)
        defer { lanes[organization] = lane }
        while var order = lane.order(for: organization, among: only.map { [$0] }, without: gone),
            order.from < position
        {
            order.upTo = min(order.upTo, position)
            do {
                var next: [Statement]? = batch.start(order)
                while let statements = next { next = try batch.next(try connection.runPipelined(statements)) }
                lane.advance(to: batch.checkpoints)
            } catch let error as PostgresError where only == nil && batch.isWriting && error.refusesValue {
                lane.refuse(batch, error)
            }
            if batch.events.isEmpty { return }
        }
    }
}
