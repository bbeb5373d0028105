import FoundationEssentials
import Postgres

/// Folds the held streams of a projection again, from their first event on.
struct Heal {
    let connection: BlockingConnection
    let record: Record
    let unsealing: Unsealing?

    init(_ connection: BlockingConnection, _ record: Record, _ unsealing: Unsealing?) {
        self.connection = connection
        self.record = record
        self.unsealing = unsealing
    }

    func run() throws -> Healing {
        let table = ReadTable(definition: try record.definition(), name: record.name)
        let batch = Batch(
            Deployment([Deployed(table: table, generation: record.generation)], unsealing: unsealing))
        var healed = 0
        var held = 0
        for row in try connection.query(Statement(SQL.heldStreams) { $0.text(record.name) }) {
            let (organization, stream) = (try row.uuid(0), try row.uuid(1))
            let isHealed = try connection.transaction { try heal(organization, stream, batch) }
            if isHealed { healed += 1 } else { held += 1 }
        }
        if record.state == .stopped {
            try connection.query(Statement(table.goOn) { $0.text(record.name) })
        }
        let records = try Record.all(connection.query(Statement(SQL.deployedProjections)))
        let state = records.first { $0.name == record.name }?.state ?? record.state
        return Healing(projection: record.name, healed: healed, held: held, state: state.rawValue)
    }

    /// The progress row is locked first, as a batch does: nobody applies anything of this organization meanwhile.
    private func heal(_ organization: UUID, _ stream: UUID, _ batch: Batch) throws -> Bool {
        let found = try connection.query(
            Statement(SQL.healProgress) {
                $0.text(record.name)
                $0.uuid(organization)
                $0.uuid(stream)
            })
        guard let row = found.first else { return true }  // somebody else healed it
        let checkpoint = try Checkpoint(row, from: 0)
        let from = try row.bigint(4)
        let events = try connection.query(
            Statement(SQL.streamEvents) {
                $0.uuid(organization)
                $0.uuid(stream)
                $0.bigint(checkpoint.position)
            })
        try batch.readKeys(of: events, organization, connection)
        let deployed = batch.deployment.projections[0]
        let old = try connection.query(
            Statement(deployed.statements.select) {
                $0.uuid(organization)
                $0.uuids([stream])
            })
        let statements = try batch.heal(
            organization, Cell(stream), checkpoint: checkpoint, from: from, events: events, row: old.first)
        guard let statements else { return false }
        _ = try connection.runPipelined(statements)
        return true
    }
}

extension Batch {
    /// Reads the keys that these events want.
    func readKeys(of events: Result, _ organization: UUID, _ connection: BlockingConnection) throws {
        engine.organization = Cell(organization)
        var persons: Set<UUID> = []
        for row in events { persons.formUnion(engine.unknown(try Event(row))) }
        if persons.isEmpty { return }
        let rows = try connection.query(KeyBook.statement(organization, Array(persons)))
        try engine.book?.take(rows, organization, Array(persons))
    }

    /// One stream folded from its beginning instead of a batch; nil where it still cannot be applied. `from`: its first
    /// event that waited.
    fileprivate func heal(
        _ organization: UUID, _ stream: Cell, checkpoint: Checkpoint, from: Int64, events: Result, row: Postgres.Row?
    ) throws -> [Statement]? {
        engine.removeAll()
        let projection = engine.projections[0]
        projection.active = true
        _ = projection.rows.table.row(stream)
        if let row { projection.take(row) }
        var before: [Cell] = []
        projection.rows.copy(row: 0, to: &before)
        projection.rows.forget(row: 0)
        var after = checkpoint
        for row in events {
            let event = try Event(row)
            engine.apply(event)
            if event.position >= from { after.applied.add(leaf: event.leaf) }
        }
        if !projection.holds.isEmpty { return nil }
        let deployed = deployment.projections[0]
        let release = Statement(SQL.releaseStream) {
            $0.text(deployed.name)
            $0.uuid(organization)
            $0.uuid(Cell(stream.uuid).uuid)
        }
        let advance = Batch.advance(organization, [(deployed, checkpoint, after)])
        var scratch = Bytes()
        return [advance, release]
            + RowChange(projection, before: before, all: true)
            .statements(deployed, organization, anew: [stream], scratch: &scratch)
    }
}
