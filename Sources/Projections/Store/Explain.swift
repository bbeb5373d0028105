import FoundationEssentials
import Kernel
import Postgres

/// Folds what the log says of one row event by event, up to where its table is, and notes what each event changed.
///
/// What was sealed under a key that is gone is absent from the first event on, as it is in the table.
final class Explain {
    private let connection: BlockingConnection
    private let record: Record
    private let organization: UUID
    private let id: Cell
    private let batch: Batch
    private var holds: [Int64: [Hold]] = [:]
    /// What the row held after the last event that it took.
    private var values: [String: JSON] = [:]
    private var noted: [(position: Int64, changes: [Explanation.Change], removes: Bool)] = []
    private var isThere = false

    init(
        _ connection: BlockingConnection, _ record: Record, _ unsealing: Unsealing?, organization: UUID, id: UUID
    ) throws {
        (self.connection, self.record, self.organization, self.id) = (connection, record, organization, Cell(id))
        let table = ReadTable(definition: try record.definition(), name: record.name)
        batch = Batch(Deployment([Deployed(table: table, generation: record.generation)], unsealing: unsealing))
    }

    /// Within a transaction that sees one moment.
    func run() throws -> Explanation {
        let progress = try connection.query(
            Statement(SQL.projectionProgress) {
                $0.text(record.name)
                $0.uuid(organization)
            })
        let position = try progress.first?.bigint(0) ?? 0
        for row in try connection.query(Statement(SQL.verifyHeld) { $0.text(record.name) })
        where try row.uuid(0) == organization {
            let hold = Hold(
                stream: Cell(try row.uuid(1)), position: try row.bigint(2), version: try row.int(3),
                code: try row.text(4), column: nil)
            holds[hold.position, default: []].append(hold)
        }
        switch batch.deployment.projections[0].definition.key {
        case .stream: try foldStream(upTo: position)
        case .columns: try foldLog(upTo: position)
        }
        return Explanation(
            projection: record.name, organization: organization, id: id.uuid, position: position,
            steps: try steps(), row: isThere ? values : nil)
    }

    // MARK: - Which events are there?

    /// The row is its stream's.
    private func foldStream(upTo position: Int64) throws {
        let events = try connection.query(
            Statement(SQL.streamEvents) {
                $0.uuid(organization)
                $0.uuid(id.uuid)
                $0.bigint(position)
            })
        try batch.engine.readKeys(of: events, organization, connection)
        for row in events { take(try Event(row)) }
    }

    /// Which streams feed the row, only their events tell: the organization's log is folded, and of the rows this one
    /// alone is kept.
    private func foldLog(upTo position: Int64) throws {
        let engine = batch.engine
        engine.organization = Cell(organization)
        engine.projections[0].rows.only = [id]
        try engine.book?.load(connection, organization, organization)
        let scope = "organization_id = '\(organization.text)' AND position <= \(position)"
        let sql = filled(SQL.copyLog, ["scope": scope])
        try connection.copyOut(sql) { bytes in
            var row = CopyRow(bytes)
            guard try row.next() != nil else { return }
            take(try Event(&row))
        }
    }

    // MARK: - What does an event change?

    private func take(_ event: Event) {
        for hold in holds[event.position] ?? [] { batch.engine.hold(hold, in: 0) }
        batch.engine.apply(event)
        let projection = batch.engine.projections[0]
        let row = projection.rows.table.find(id)
        let isThere = row.map { $0.position != 0 } ?? false
        guard isThere != self.isThere || isThere && row?.position == event.position else { return }
        let after = isThere ? row.map(projection.values) ?? [:] : [:]
        noted.append((event.position, changes(to: after), self.isThere && !isThere))
        (values, self.isThere) = (after, isThere)
    }

    /// In the order of the columns.
    private func changes(to after: [String: JSON]) -> [Explanation.Change] {
        batch.engine.projections[0].definition.columns.compactMap { column in
            let (old, new) = (values[column.name] ?? .null, after[column.name] ?? .null)
            return old == new ? nil : Explanation.Change(column: column.name, from: old, to: new)
        }
    }

    // MARK: - Who did it, and when?

    private func steps() throws -> [Explanation.Step] {
        let told = try connection.query(
            Statement(SQL.explainedEvents) {
                $0.uuid(organization)
                $0.bigints(noted.map(\.position))
            })
        return try zip(noted, told).map { noted, row in
            Explanation.Step(
                position: noted.position, stream: try row.uuid(2), version: try row.int(1), type: try row.text(3),
                occurredAt: Instant(microseconds: try row.timestamptz(4)),
                recordedAt: Instant(microseconds: try row.timestamptz(5)), actor: try row.uuid(6),
                command: try row.uuid(7), meta: try row.withBytes(8) { try JSON(parsing: $0.map { Array($0) } ?? []) },
                changes: noted.changes, removes: noted.removes)
        }
    }
}

extension ReadModels {
    /// How a row came to be: the events that made it, one by one, through the fold itself.
    /// - Parameters:
    ///   - key: the row's id, or the values of the table's key with commas between.
    ///   - column: only those events that changed it.
    ///   - organization: whose row; nil where no other organization has a row of that key.
    /// - Throws: `ReadModelError` where there is no such projection, row or column.
    public func explain(
        _ name: String, key: String, column: String? = nil, organization: UUID? = nil
    ) async throws -> Explanation {
        try await pool.run { [unsealing] connection in
            try connection.transaction(.repeatableRead) {
                let records = try Record.all(connection)
                let record = try ReadModels.chosen([name], records)[0]
                guard record.state != .dropped else {
                    throw ReadModelError("\(name) is dropped: rebuild it first")
                }
                let columns = try record.definition().columns.map(\.name)
                if let column, !columns.contains(column) {
                    throw ReadModelError(
                        "\(name) has no column \(column)" + Nearest.suggestion(for: column, among: columns))
                }
                let place = try ReadModels.find(key, in: record, of: organization, connection)
                let explanation = try Explain(
                    connection, record, unsealing, organization: place.organization, id: place.id
                ).run()
                if explanation.steps.isEmpty { throw ReadModelError("\(name) has no row \(key)") }
                return column.map { explanation.of(column: $0) } ?? explanation
            }
        }
    }

    private static func find(
        _ key: String, in record: Record, of organization: UUID?, _ connection: BlockingConnection
    ) throws -> (organization: UUID, id: UUID) {
        let definition = try record.definition()
        let table = ReadTable(definition: definition, name: record.name)
        let scope = organization.map { " AND organization_id = '\($0.text)'" } ?? ""
        var names = ["id::text = lower($1)"]
        if case .columns(let columns) = definition.key {
            let values = columns.map { "\(quoted(definition.columns[$0].name))::text" }
            names.append("concat_ws(',', \(values.joined(separator: ", "))) = $1")
        }
        let sql = "SELECT organization_id, id FROM \(table.rows) WHERE (\(names.joined(separator: " OR ")))\(scope)"
        let rows = try connection.query(Statement(sql + " ORDER BY 1 LIMIT 2") { $0.text(key) })
        if rows.count > 1 { throw ReadModelError("several organizations have a row \(key): name one") }
        if let row = rows.first { return (try row.uuid(0), try row.uuid(1)) }
        // It may have been taken away: then its events tell by which of them.
        if let organization, let id = UUID(text: key) { return (organization, id) }
        throw ReadModelError("\(record.name) has no row \(key)")
    }
}
