import FoundationEssentials
import Postgres

/// What is remembered of one organization between two batches; dropped whenever the compare fails.
struct Lane: Sendable {
    let deployment: Deployment
    var checkpoints: [Checkpoint]
    /// The session that lasted when it was read and on which it is written; nil: that is seen to otherwise.
    var session: Int?
    /// At most so many events: fewer while the one is looked for that the database refuses.
    var limit = Batch.most
    /// One projection at a time, for the same reason.
    var isAlone = false
    /// Streams to be held, because the database refused what the fold made of them.
    var refused: [(projection: Int, hold: Hold)] = []

    /// Up to where all projections are.
    var lowest: Int64 { checkpoints.map(\.position).min() ?? 0 }

    /// The batch that comes next: the projections that are furthest behind, up to where others wait for them.
    func order(for organization: UUID, among some: [Int]? = nil, without gone: Set<Int> = []) -> Batch.Order? {
        let all = (some ?? Array(checkpoints.indices)).filter { !gone.contains($0) }
        guard let lowest = all.map({ checkpoints[$0].position }).min() else { return nil }
        let behind = all.filter { checkpoints[$0].position == lowest }
        let ahead = all.map { checkpoints[$0].position }.filter { $0 > lowest }.min()
        return Batch.Order(
            organization: organization, group: isAlone ? [behind[0]] : behind, checkpoints: checkpoints,
            upTo: ahead ?? .max, limit: limit, refused: refused)
    }

    /// After a batch that was written.
    mutating func advance(to checkpoints: [Checkpoint]) {
        self.checkpoints = checkpoints
        refused = []
        limit = min(Batch.most, limit * 2)
        if limit == Batch.most { isAlone = false }
    }

    /// After a batch of `events` that the database refused: looks closer, until one event of one projection is left,
    /// whose stream is then held.
    mutating func refuse(_ batch: Batch, _ error: PostgresError) {
        if batch.order.group.count > 1 {
            isAlone = true
        } else if batch.events.count > 1 {
            isAlone = true
            limit = max(1, Int64(batch.events.count / 2))
        } else if let event = batch.events.first, let projection = batch.order.group.first {
            let hold = Hold(
                stream: event.stream, position: event.position, version: event.version,
                code: error.sqlstate ?? "refused", column: error.column)
            refused.append((projection, hold))
        }
    }

    /// An organization's lane as the database has it; nil: other projections are deployed than these.
    static func load(_ results: [Result], _ deployment: Deployment) throws(PostgresError) -> Lane? {
        var lane = Lane(deployment: deployment, checkpoints: deployment.projections.map { _ in Checkpoint() })
        let numbers = Dictionary(uniqueKeysWithValues: deployment.projections.enumerated().map { ($1.name, $0) })
        for row in results[0] {
            guard let i = numbers[try row.text(0)] else { continue }
            if try row.int(1) != deployment.projections[i].generation { return nil }
            lane.checkpoints[i] = try Checkpoint(row, from: 2)
        }
        for row in results[1] {
            guard let i = numbers[try row.text(0)] else { continue }
            lane.checkpoints[i].held.insert(Cell(try row.uuid(1)))
        }
        return lane
    }
}

extension PostgresError {
    /// The database refuses a value, not the work as such: a number too large, a text that jsonb does not take, an
    /// index row that is too long.
    var refusesValue: Bool {
        guard let state = sqlstate, kind != .divisionByZero else { return false }
        return ["22", "23", "54"].contains(String(state.prefix(2)))
    }
}
