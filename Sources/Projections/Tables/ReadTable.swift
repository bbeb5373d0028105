/// The tables of one projection in SQL: their making, and the statements that change them.
struct ReadTable: Sendable {
    let definition: Definition
    /// The table's name: the projection's, with what stands behind it in the version that it is.
    var name: String
    /// `read`; `pg_temp` for what is only compared.
    var schema = "read"
    /// The columns (by number) whose values are personal.
    var personal: Set<Int> = []

    /// Where the rows lie.
    var rows: String { "\(schema).\(quoted(name))" }
    /// Where the totals lie.
    var totals: String { "\(schema).\(quoted(totalsName))" }
    var totalsName: String { name + "_totals" }
    /// All that the projection has.
    var all: [String] {
        [rows] + (definition.totals == nil ? [] : [totals]) + (definition.history == nil ? [] : [history])
            + (valuesColumn == nil ? [] : [values]) + (hasPairs ? [pairs] : [])
    }
    /// What stands behind the name of any table that a projection may have, rows first. What is renamed, dropped or
    /// locked is found by these.
    static let suffixes = ["", "_totals", "_history", "_values", "_pairs"]
    /// Takes them away.
    var drop: String {
        "DROP TABLE IF EXISTS \(ReadTable.suffixes.map { "\(schema).\(quoted(name + $0))" }.joined(separator: ", "))"
    }

    // MARK: - Which columns are there?

    struct Field: Sendable {
        let name: String
        let type: SQLType
    }
    var fields: [Field] {
        [Field(name: "organization_id", type: .uuid), Field(name: "id", type: .uuid)]
            + definition.columns.map { Field(name: $0.name, type: $0.type.sql) }
            + (definition.key == .stream ? [Field(name: "version", type: .int)] : [])
            + [
                Field(name: "position", type: .bigint), Field(name: "created_at", type: .timestamptz),
                Field(name: "updated_at", type: .timestamptz),
            ]
    }
    /// The columns of the key, where these are not simply the id.
    private var keyColumns: [String] {
        guard case .columns(let columns) = definition.key else { return [] }
        let isID = columns.count == 1 && definition.columns[columns[0]].type == .uuid
        return isID ? [] : columns.map { definition.columns[$0].name }
    }
    /// The columns that make a group.
    var groups: [Field] {
        (definition.totals?.by ?? []).map { definition.columns[$0] }.map { Field(name: $0.name, type: $0.type.sql) }
    }
    /// The columns that count and sum.
    var measures: [Field] {
        guard let totals = definition.totals else { return [] }
        let sum = totals.sum.map { [Field(name: definition.columns[$0].name, type: ColumnType.numeric.sql)] } ?? []
        return [Field(name: totals.count, type: .bigint)] + sum
    }
    var totalsFields: [Field] { [Field(name: "organization_id", type: .uuid)] + groups + measures }

    // MARK: - How are they made?

    /// The bare tables, without index and policy, so that COPY fills them fast. They replace what a broken-off rebuild
    /// left.
    var create: [String] {
        var sql = [drop, table(rows, fields, required: definition.required)]
        sql += personal.sorted().map { withoutStatistics($0, of: rows) }
        if definition.totals != nil {
            sql.append(table(totals, totalsFields, required: ["organization_id"] + measures.map(\.name)))
        }
        return sql + createHistory + createValues + createPairs
    }
    func table(_ name: String, _ fields: [Field], required: [String], fill: Int = 80) -> String {
        let columns = fields.map {
            "\(quoted($0.name)) \($0.type.name)\(required.contains($0.name) ? " NOT NULL" : "")"
        }
        return "CREATE TABLE \(name) (\(columns.joined(separator: ", "))) WITH (fillfactor = \(fill))"
    }
    /// Statistics keep values: of a personal column, none may be kept.
    func withoutStatistics(_ column: Int, of table: String) -> String {
        "ALTER TABLE \(table) ALTER COLUMN \(quoted(definition.columns[column].name)) SET STATISTICS 0"
    }

    /// Keys and indexes; last, because a filled table takes them fastest.
    var index: [String] {
        var sql = ["ALTER TABLE \(rows) ADD CONSTRAINT \(quoted(name + "_pkey")) PRIMARY KEY (organization_id, id)"]
        if !keyColumns.isEmpty {
            let key = list(["organization_id"] + keyColumns)
            sql.append("CREATE UNIQUE INDEX \(quoted(name + "_key")) ON \(rows) (\(key))")
        }
        for (i, columns) in definition.indexes.enumerated() {
            sql.append("CREATE INDEX \(quoted("\(name)_\(i)")) ON \(rows) (\(keys(of: columns)))")
        }
        if definition.totals != nil {
            let key = list(["organization_id"] + groups.map(\.name))
            sql.append("CREATE UNIQUE INDEX \(quoted(totalsName + "_key")) ON \(totals) (\(key)) NULLS NOT DISTINCT")
        }
        return sql + indexHistory + indexValues + indexPairs + all.map { "ANALYZE \($0)" } + indexSearch
    }

    /// The keys of an index through which a list can be paged. A text that comes last is what the list is sorted by,
    /// so it stands as people sort; those before it are only compared.
    func keys(of columns: [String]) -> String {
        let isText = columns.last.map { last in fields.contains { $0.name == last && $0.type.name == "text" } } ?? false
        let all = (["organization_id"] + columns).map(quoted)
        return (isText ? all.dropLast() + ["\(all[all.count - 1]) COLLATE read.people"] : all)
            .joined(separator: ", ") + ", id"
    }

    /// Row-level security and grants; just before the swap, because COPY is refused on a table that has it.
    var protect: [String] {
        all.flatMap { table in
            [
                "ALTER TABLE \(table) ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
                filled(SQL.protectRows, ["table": table]),
                "CREATE POLICY everything ON \(table) TO daybook_owner, daybook_worker USING (true) WITH CHECK (true)",
                "GRANT SELECT ON \(table) TO daybook_app, daybook_auditor",
                "GRANT SELECT, INSERT, UPDATE, DELETE ON \(table) TO daybook_worker",
            ]
        }
    }

    // MARK: - When is too much held?

    /// More than 100 streams, or 1 % of the rows and at least 10: whether, and how many; $1 is the projection.
    var tooMuch: String { filled(SQL.tooMuchHeld, ["rows": rows]) }
    /// Stops the projection ($1) where too much is held.
    var stop: String { "UPDATE read.projection SET state = 'stopped' WHERE \(becomes("live", true)) RETURNING name" }
    /// Lets a stopped projection ($1) go on where that is so no more.
    var goOn: String { "UPDATE read.projection SET state = 'live' WHERE \(becomes("stopped", false)) RETURNING name" }

    private func becomes(_ state: String, _ isTooMuch: Bool) -> String {
        "name = $1 AND state = '\(state)' AND (SELECT x.much FROM (\n\(tooMuch)) x (much, held)) = \(isTooMuch)"
    }
}
