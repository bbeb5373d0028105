import FoundationEssentials
import Postgres

/// Folds the rows of some streams of one projection again from the log, because a key that opened parts of them is
/// gone.
struct Refold {
    /// Streams that are held in memory at once.
    private static let most = 500
    let connection: BlockingConnection
    let deployed: Deployed
    let unsealing: Unsealing?

    /// In a transaction that is open. Nothing of the organization is applied meanwhile, and a batch that is under way
    /// is not written.
    /// - Returns: how many rows were folded.
    func run(_ organization: UUID, _ streams: [UUID]) throws -> Int {
        let found = try connection.query(
            Statement(SQL.refoldProgress) {
                $0.text(deployed.name)
                $0.uuid(organization)
            })
        guard let row = found.first else { return 0 }  // nothing is applied yet
        var checkpoint = try Checkpoint(row, from: 0)
        return try fold(organization, streams, &checkpoint)
    }

    /// Without a look at who else is at work on the table. `checkpoint`: how far it is.
    func fold(_ organization: UUID, _ streams: [UUID], _ checkpoint: inout Checkpoint) throws -> Int {
        // Rows that several streams feed hold nothing personal.
        if !deployed.definition.rowsAreOfOneStream { return 0 }
        var rows = 0
        for start in stride(from: 0, to: streams.count, by: Refold.most) {
            let some = streams[start..<min(start + Refold.most, streams.count)]
            rows += try foldAtOnce(organization, Array(some), &checkpoint)
        }
        return rows
    }

    private func foldAtOnce(_ organization: UUID, _ streams: [UUID], _ checkpoint: inout Checkpoint) throws -> Int {
        let batch = Batch(Deployment([deployed], unsealing: unsealing))
        let projection = batch.engine.projections[0]
        var found: [(stream: UUID, events: Result)] = []
        for stream in try streamsWithRows(organization, streams) {
            let events = try connection.query(
                Statement(SQL.streamEvents) {
                    $0.uuid(organization)
                    $0.uuid(stream)
                    $0.bigint(checkpoint.position)
                })
            try batch.engine.readKeys(of: events, organization, connection)
            for event in events { batch.engine.touch(try Event(event), in: 0) }
            found.append((stream, events))
        }
        let touched = projection.rows.table.count
        if touched == 0 { return 0 }
        let old = try connection.query(
            Statement(deployed.statements.select) { parameters in
                parameters.uuid(organization)
                parameters.uuids((0..<touched).map { projection.rows.table[$0].key.uuid })
            })
        for row in old { projection.take(row) }
        var before: [Cell] = []
        for n in 0..<touched { projection.rows.copy(row: n, to: &before) }
        for (stream, events) in found {
            let history = try events.map { try Event($0) }
            withExtendedLifetime(events) { batch.engine.refold(Cell(stream), history) }
        }
        var scratch = Bytes()
        var statements = RowChange(projection, before: before, all: true)
            .statements(deployed, organization, anew: streams.map { Cell($0) }, scratch: &scratch)
        if !projection.holds.isEmpty {
            let from = checkpoint
            checkpoint.applied.subtract(projection.waiting)
            statements.append(Batch.advance(organization, [(deployed, from, checkpoint)]))
            statements.append(
                Batch.hold(organization, projection.holds.map { (deployed.name, $0) }))
        }
        _ = try connection.runPipelined(statements)
        return old.count
    }

    /// Where a row is a stream's, most streams have none.
    private func streamsWithRows(_ organization: UUID, _ streams: [UUID]) throws -> [UUID] {
        guard deployed.definition.key == .stream else { return streams }
        let rows = try connection.query(
            Statement(deployed.statements.select) {
                $0.uuid(organization)
                $0.uuids(streams)
            })
        let there = try rows.map { try $0.uuid(0) }
        if deployed.definition.history == nil { return there }
        let past = Set(try streamsWithVersions(organization, streams))
        return there + past.subtracting(there)
    }

    /// Of a row that is gone there may be versions. Where events of it wait, healing makes them.
    private func streamsWithVersions(_ organization: UUID, _ streams: [UUID]) throws -> [UUID] {
        let held = try connection.query(Statement(SQL.organizationHeld) { $0.uuid(organization) })
        var waiting: Set<UUID> = []
        for row in held where try row.text(0) == deployed.name { waiting.insert(try row.uuid(1)) }
        let table = deployed.table.history
        let past = try connection.query(
            Statement("SELECT DISTINCT id FROM \(table) WHERE organization_id = $1 AND id = ANY ($2)") {
                $0.uuid(organization)
                $0.uuids(streams)
            })
        return try past.map { try $0.uuid(0) }.filter { !waiting.contains($0) }
    }

    /// The streams that hold a part of their data under a person's key. Reads the whole log of the organization.
    static func streams(
        of organization: UUID, holding person: UUID, _ connection: BlockingConnection
    ) throws -> [UUID] {
        let found = try connection.query(
            Statement(SQL.streamsHolding) {
                $0.uuid(organization)
                $0.uuid(person)
            })
        return try found.map { try $0.uuid(0) }
    }
}

extension ReadModels {
    /// Folds the rows of some streams again from the log, in every table: after a key was destroyed they say what a
    /// rebuild would make of them. The streams' own tables do that by themselves when they come to `person.erased`;
    /// this is for other streams that held parts of the person, and harms nothing else.
    /// - Returns: how many rows were folded, over all tables.
    @discardableResult
    public func refold(organization: UUID, streams: [UUID]) async throws -> Int {
        if streams.isEmpty { return 0 }
        return try await pool.run { [unsealing] connection in
            var rows = 0
            var visited: Set<String> = []
            // Tables that are being built are not concerned: they meet `person.erased` on their own way. Behind the
            // lock none becomes one that is fed, and none is swapped: which there are, and how far, is read there.
            while true {
                let found = try Patience(connection, []).run { () -> (table: String, rows: Int)? in
                    for record in try Record.all(connection) where record.state == .live || record.state == .stopped {
                        let build = "\(record.projection) \(record.generation)"
                        if visited.contains(build) { continue }
                        let table = ReadTable(definition: try record.definition(), name: record.name)
                        let deployed = Deployed(table: table, generation: record.generation)
                        let folded = try Refold(connection: connection, deployed: deployed, unsealing: unsealing)
                            .run(organization, streams)
                        return (build, folded)
                    }
                    return nil
                }
                guard let found else { break }
                visited.insert(found.table)
                rows += found.rows
            }
            return rows
        }
    }

    /// The streams of an organization that hold a part of their data under a person's key. Reads the whole log.
    public func streams(of organization: UUID, holding person: UUID) async throws -> [UUID] {
        try await pool.run { try Refold.streams(of: organization, holding: person, $0) }
    }
}
