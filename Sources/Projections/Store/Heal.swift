import FoundationEssentials
import Kernel
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
        let records = try Record.all(connection)
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
        let result = try connection.query(
            Statement(SQL.streamEvents) {
                $0.uuid(organization)
                $0.uuid(stream)
                $0.bigint(checkpoint.position)
            })
        // Events lie in the result.
        defer { withExtendedLifetime(result) {} }
        try batch.engine.readKeys(of: result, organization, connection)
        let events = try result.map { try Event($0) }
        let before = try readRows(organization, events, from: from, batch)
        let isHealed: Bool
        var after = checkpoint
        for event in events where event.position >= from { after.applied.add(leaf: event.leaf) }
        if batch.deployment.projections[0].definition.rowsAreOfOneStream {
            for event in events { batch.engine.apply(event) }
            isHealed = batch.engine.projections[0].holds.isEmpty
        } else {
            isHealed = try foldLog(organization, upTo: checkpoint.position, healing: Cell(stream), batch)
        }
        if !isHealed { return false }
        let deployed = batch.deployment.projections[0]
        let release = Statement(SQL.releaseStream) {
            $0.text(deployed.name)
            $0.uuid(organization)
            $0.uuid(stream)
        }
        var scratch = Bytes()
        _ = try connection.runPipelined(
            [Batch.advance(organization, [(deployed, checkpoint, after)]), release]
                + RowChange(batch.engine.projections[0], before: before, all: true)
                .statements(deployed, organization, anew: [Cell(stream)], scratch: &scratch))
        return true
    }

    /// Reads the rows that the stream's events may change, and has the engine forget what they say.
    /// - Returns: the rows as they were.
    private func readRows(
        _ organization: UUID, _ events: [Event], from: Int64, _ batch: Batch
    ) throws -> [Cell] {
        let projection = batch.engine.projections[0]
        batch.engine.removeAll()
        let isWhole = projection.definition.rowsAreOfOneStream
        for event in events where isWhole || event.position >= from { batch.engine.touch(event, in: 0) }
        let touched = projection.rows.table.count
        let old = try connection.query(
            Statement(batch.deployment.projections[0].statements.select) { parameters in
                parameters.uuid(organization)
                parameters.uuids((0..<touched).map { projection.rows.table[$0].key.uuid })
            })
        for row in old { projection.take(row) }
        var before: [Cell] = []
        for n in 0..<touched {
            projection.rows.copy(row: n, to: &before)
            projection.rows.forget(row: n)
        }
        return before
    }

    /// Rows that several streams feed are folded from the organization's whole log: of the others only what is no more
    /// held, in the order in which it happened.
    private func foldLog(
        _ organization: UUID, upTo last: Int64, healing stream: Cell, _ batch: Batch
    ) throws -> Bool {
        let engine = batch.engine
        let rows = engine.projections[0].rows.table.count
        engine.projections[0].rows.only = Set((0..<rows).map { engine.projections[0].rows.table[$0].key })
        var holds: [Int64: [Hold]] = [:]
        for row in try connection.query(Statement(SQL.verifyHeld) { $0.text(record.name) })
        where try row.uuid(0) == organization && Cell(try row.uuid(1)) != stream {
            let hold = Hold(
                stream: Cell(try row.uuid(1)), position: try row.bigint(2), version: try row.int(3),
                code: try row.text(4), column: nil)
            holds[hold.position, default: []].append(hold)
        }
        let known = Set(holds.values.flatMap { $0 }.map(\.stream))
        try engine.book?.load(connection, organization, organization)
        let scope = "organization_id = '\(organization.text)' AND position <= \(last)"
        let sql = filled(SQL.copyLog, ["scope": scope])
        try connection.copyOut(sql) { bytes in
            var row = CopyRow(bytes)
            _ = try row.next()
            let event = try Event(&row)
            for hold in holds[event.position] ?? [] { engine.hold(hold, in: 0) }
            engine.apply(event)
        }
        return engine.projections[0].holds.allSatisfy { known.contains($0.stream) }
    }
}

extension Engine {
    /// Reads the keys that these events want.
    func readKeys(of events: Result, _ organization: UUID, _ connection: BlockingConnection) throws {
        self.organization = Cell(organization)
        var persons: Set<UUID> = []
        for row in events { persons.formUnion(unknown(try Event(row))) }
        if persons.isEmpty { return }
        let rows = try connection.query(KeyBook.statement(organization, Array(persons)))
        try book?.take(rows, organization, Array(persons))
    }
}
