import FoundationEssentials
import Kernel
import Postgres

/// Compares tables with what the log says, in one snapshot.
struct Verify {
    private static let most = 100
    let connection: BlockingConnection
    let records: [Record]
    let unsealing: Unsealing?
    let progress: @Sendable (RebuildProgress) -> Void

    init(
        _ connection: BlockingConnection, _ records: [Record], _ unsealing: Unsealing?,
        progress: @escaping @Sendable (RebuildProgress) -> Void
    ) {
        self.connection = connection
        self.records = records
        self.unsealing = unsealing
        self.progress = progress
    }

    func run() throws -> [Verification] {
        if records.isEmpty { return [] }
        // Rows, progress and log are read in one snapshot. It writes nothing but temporary tables.
        return try connection.transaction(.repeatableRead) {
            let heads = try LogHead.all(connection.query(Statement(SQL.heads)))
            let tables = try records.map { record in
                var table = ReadTable(
                    definition: try record.definition(), name: "verify__" + record.name, schema: "pg_temp")
                table.personal = unsealing.map { table.definition.personalColumns($0.catalogue) } ?? []
                return table
            }
            for sql in tables.flatMap(\.create) { try connection.execute(sql) }
            let deployment = Deployment(
                zip(tables, records).map { Deployed(table: $0, generation: $1.generation) }, unsealing: unsealing)
            let stored = try records.map { try checkpoints($0) }
            let pass = LogPass(
                connection, deployment,
                Stopwatch(records.map(\.name), total: heads.reduce(0) { $0 + $1.position }, progress))
            pass.bounds = try bounds(stored, heads)
            try pass.run(heads)
            pass.stopwatch.tell(.comparing)
            let found = try records.indices.map { i in
                try compare(tables[i], records[i], stored[i], pass.outcomes[i], heads)
            }
            for table in tables { try connection.execute(table.drop) }
            pass.stopwatch.tell(.done)
            return found
        }
    }

    // MARK: - How far is each table?

    private func checkpoints(_ record: Record) throws -> [UUID: Checkpoint] {
        var found: [UUID: Checkpoint] = [:]
        for row in try connection.query(Statement(SQL.verifyProgress) { $0.text(record.name) }) {
            found[try row.uuid(0)] = try Checkpoint(row, from: 1)
        }
        return found
    }

    private func bounds(_ stored: [[UUID: Checkpoint]], _ heads: [LogHead]) throws -> [UUID: LogPass.Bounds] {
        var bounds: [UUID: LogPass.Bounds] = [:]
        for head in heads {
            bounds[head.organization] = LogPass.Bounds(last: stored.map { $0[head.organization]?.position ?? 0 })
        }
        for (i, record) in records.enumerated() {
            for row in try connection.query(Statement(SQL.verifyHeld) { $0.text(record.name) }) {
                let hold = Hold(
                    stream: Cell(try row.uuid(1)), position: try row.bigint(2), version: try row.int(3),
                    code: try row.text(4), column: nil)
                bounds[try row.uuid(0)]?.holds[hold.position, default: []].append((i, hold))
            }
        }
        return bounds
    }

    // MARK: - Where do they differ?

    private func compare(
        _ expected: ReadTable, _ record: Record, _ stored: [UUID: Checkpoint], _ outcomes: [LogPass.Outcome],
        _ heads: [LogHead]
    ) throws -> Verification {
        let table = ReadTable(definition: expected.definition, name: record.name)
        for sql in expected.index.prefix(1) { try connection.execute(sql) }
        try connection.execute("ANALYZE \(expected.rows)")
        let count = try connection.query(Statement("SELECT count(*) FROM \(table.rows)"))[0].bigint(0)
        let differences =
            try compareRows(table, expected) + compareTotals(table, expected) + compareHistory(table, expected)
            + compareValues(table) + comparePairs(table)
            + compareProgress(record.name, stored, outcomes, heads)
        let position = heads.map { stored[$0.organization]?.position ?? 0 }.min() ?? 0
        return Verification(
            projection: record.name, rows: count, equal: differences.isEmpty, position: position,
            differences: differences)
    }

    private func compareRows(_ table: ReadTable, _ expected: ReadTable) throws -> [Difference] {
        let columns = table.fields.dropFirst(2).map(\.name)
        let differing = columns.map { "CASE WHEN a.\(quoted($0)) IS DISTINCT FROM b.\(quoted($0)) THEN '\($0)' END" }
        let sql = filled(
            SQL.differingRows,
            [
                "columns": differing.joined(separator: ", "), "rows": table.rows, "expected": expected.rows,
                "most": "\(Verify.most)",
            ])
        return try connection.query(Statement(sql)).flatMap { row -> [Difference] in
            let organization = try row.uuid(0).text
            let id = try row.uuid(1).text
            func difference(_ column: String?, _ kind: Difference.Kind) -> Difference {
                Difference(table: table.name, organization: organization, key: id, column: column, kind: kind)
            }
            if try row.bool(2) { return [difference(nil, .missing)] }
            if try row.bool(3) { return [difference(nil, .extra)] }
            return try row.text(4).split(separator: ",").map { difference(String($0), .value) }
        }
    }

    private func compareHistory(_ table: ReadTable, _ expected: ReadTable) throws -> [Difference] {
        if table.definition.history == nil { return [] }
        let columns = table.historyFields.map(\.name).filter { !table.historyKey.contains($0) }
        let differing = columns.map { "CASE WHEN a.\(quoted($0)) IS DISTINCT FROM b.\(quoted($0)) THEN '\($0)' END" }
        let sql = filled(
            SQL.differingVersions,
            [
                "columns": differing.joined(separator: ", "), "history": table.history, "expected": expected.history,
                "key": list(table.historyKey), "since": quoted(table.since.position), "most": "\(Verify.most)",
            ])
        return try connection.query(Statement(sql)).flatMap { row -> [Difference] in
            let organization = try row.uuid(0).text
            let key = "\(try row.uuid(1).text) since \(try row.bigint(5))"
            func difference(_ column: String?, _ kind: Difference.Kind) -> Difference {
                Difference(table: table.historyName, organization: organization, key: key, column: column, kind: kind)
            }
            if try row.bool(2) { return [difference(nil, .missing)] }
            if try row.bool(3) { return [difference(nil, .extra)] }
            return try row.text(4).split(separator: ",").map { difference(String($0), .value) }
        }
    }

    private func compareTotals(_ table: ReadTable, _ expected: ReadTable) throws -> [Difference] {
        if table.definition.totals == nil { return [] }
        let sql = filled(
            SQL.differingTotals,
            [
                "measures": table.measures.map { " - '\($0.name)'" }.joined(), "totals": table.totals,
                "expected": expected.totals, "most": "\(Verify.most)",
            ])
        return try connection.query(Statement(sql)).map { row in
            Difference(
                table: table.totalsName, organization: try row.text(1), key: try row.text(2), column: nil,
                kind: try row.text(0) == Difference.Kind.extra.rawValue ? .extra : .missing)
        }
    }

    /// Values follow the rows, which are compared with the log.
    private func compareValues(_ table: ReadTable) throws -> [Difference] {
        guard let sql = table.differingValues else { return [] }
        return try connection.query(Statement(sql)).map { row in
            Difference(
                table: table.valuesName, organization: try row.uuid(1).text,
                key: "\(try row.uuid(2).text) \(try row.text(3))", column: nil,
                kind: try row.text(0) == Difference.Kind.extra.rawValue ? .extra : .missing)
        }
    }

    /// Pairs follow the values.
    private func comparePairs(_ table: ReadTable) throws -> [Difference] {
        guard let sql = table.differingPairs else { return [] }
        return try connection.query(Statement(sql)).map { row in
            Difference(
                table: table.pairsName, organization: try row.uuid(1).text,
                key: "\(try row.uuid(2).text) \(try row.uuid(3).text) \(try row.text(4))", column: nil,
                kind: try row.text(0) == Difference.Kind.extra.rawValue ? .extra : .missing)
        }
    }

    private func compareProgress(
        _ name: String, _ stored: [UUID: Checkpoint], _ outcomes: [LogPass.Outcome], _ heads: [LogHead]
    ) -> [Difference] {
        func difference(_ organization: UUID, _ column: String) -> Difference {
            Difference(
                table: name, organization: organization.text, key: organization.text, column: column, kind: .progress)
        }
        var differences: [Difference] = []
        let known = Dictionary(uniqueKeysWithValues: heads.map { ($0.organization, $0.position) })
        for (organization, checkpoint) in stored where checkpoint.position > known[organization] ?? 0 {
            differences.append(difference(organization, "position"))  // ahead of the log
        }
        for outcome in outcomes {
            let checkpoint = stored[outcome.organization] ?? Checkpoint()
            if checkpoint.position > known[outcome.organization] ?? 0 { continue }
            if checkpoint.applied.count != outcome.applied.count {
                differences.append(difference(outcome.organization, "events"))
            } else if checkpoint.applied != outcome.applied {
                differences.append(difference(outcome.organization, "leaf_sum"))
            }
        }
        return differences
    }
}
