import FoundationEssentials
import Postgres

/// Brings built tables to where the log is by now, as the live tail would, on one blocking connection. How far they are
/// is read anew for each organization: a projector may feed them, too.
struct Follower {
    private let connection: BlockingConnection
    private let batch: Batch
    private var deployment: Deployment { batch.deployment }
    private var names: [String] { deployment.projections.map(\.name) }

    init(_ connection: BlockingConnection, _ deployment: Deployment) {
        self.connection = connection
        batch = Batch(deployment)
    }

    /// Applies what was written since, each batch in a transaction of its own; a few rounds, as others go on writing.
    func catchUp() throws {
        for _ in 0..<10 {
            let applied = try follow(try heads(), isOpen: false)
            if applied < 1000 { return }
        }
    }

    /// Applies, in the transaction that is open, all that is in the logs.
    /// - Throws: `Patience.Again` where `catchUp` is needed first.
    func catchUpAtOnce() throws { _ = try follow(try heads(), isOpen: true) }

    /// Brings the tables, in the transaction that is open, to these positions.
    /// - Throws: `Patience.Again` where `catchUp` is needed first.
    func catchUp(to positions: [UUID: Int64]) throws { _ = try follow(positions, isOpen: true) }

    private func heads() throws -> [UUID: Int64] {
        let heads = try LogHead.all(connection.query(Statement(SQL.heads)))
        return Dictionary(uniqueKeysWithValues: heads.map { ($0.organization, $0.position) })
    }

    /// - Returns: how many events were applied.
    private func follow(_ positions: [UUID: Int64], isOpen: Bool) throws -> Int64 {
        var reached: [UUID: Int64] = [:]
        for row in try connection.query(Statement(SQL.lowestPositions) { $0.texts(names) }) {
            reached[try row.uuid(0)] = try row.bigint(1)
        }
        var applied: Int64 = 0
        for (organization, position) in positions {
            let from = reached[organization] ?? 0
            if from >= position { continue }
            try follow(organization, to: position, isOpen: isOpen)
            applied += position - from
        }
        return applied
    }

    private func follow(_ organization: UUID, to position: Int64, isOpen: Bool) throws {
        var lane = try load(organization)
        while var order = lane.order(for: organization), order.from < position {
            order.upTo = min(order.upTo, position)
            do {
                if isOpen { try apply(order) } else { try connection.transaction { try apply(order) } }
                lane.advance(to: batch.checkpoints)
                // Who was erased changed more than the batch.
                if !batch.erasedPersons.isEmpty { lane = try load(organization) }
            } catch let error as PostgresError where error.kind == .divisionByZero || error.refusesValue {
                if isOpen { throw Patience.Again() }
                if error.kind == .divisionByZero {
                    lane = try load(organization)  // a projector was faster
                } else if batch.isWriting {
                    lane.refuse(batch, error)
                } else {
                    throw error
                }
            }
            if batch.events.isEmpty { return }
        }
    }

    /// One batch, and with it the rows of other streams that hold a part of whom it erases: nobody else does that for a
    /// table that is not in service.
    private func apply(_ order: Batch.Order) throws {
        var next: [Statement]? = batch.start(order)
        while let statements = next { next = try batch.next(try connection.runPipelined(statements)) }
        for person in batch.erasedPersons {
            let streams = try Refold.streams(of: order.organization, holding: person, connection)
            for i in order.group {
                _ = try Refold(
                    connection: connection, deployed: deployment.projections[i], unsealing: deployment.unsealing
                ).run(order.organization, streams)
            }
        }
    }

    private func load(_ organization: UUID) throws -> Lane {
        let results = try connection.runPipelined([
            Statement(SQL.organizationProgress) { $0.uuid(organization) },
            Statement(SQL.organizationHeld) { $0.uuid(organization) },
        ])
        if let lane = try Lane.load(results, deployment) { return lane }
        throw ReadModelError("the new table was built anew by somebody else meanwhile")
    }
}
