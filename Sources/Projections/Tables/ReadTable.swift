/// The tables of one projection in SQL: their making, and the statements that change them.
struct ReadTable: Sendable {
    let definition: Definition
    /// The table's name: the projection's, or that with `__new` while it is rebuilt.
    let name: String
    /// `read`; `pg_temp` for what is only compared.
    var schema = "read"

    /// Where the rows lie.
    var rows: String { "\(schema).\(quoted(name))" }
    /// Where the totals lie.
    var totals: String { "\(schema).\(quoted(totalsName))" }
    var totalsName: String { name + "_totals" }
    /// Both, or the rows alone.
    var all: [String] { definition.totals == nil ? [rows] : [rows, totals] }

    // MARK: - Which columns are there?

    struct Field: Sendable {
        let name: String
        let type: SQLType
    }
    var fields: [Field] {
        [Field(name: "organization_id", type: .uuid), Field(name: "id", type: .uuid)]
            + definition.columns.map { Field(name: $0.name, type: $0.type.sql) }
            + [
                Field(name: "version", type: .int), Field(name: "position", type: .bigint),
                Field(name: "created_at", type: .timestamptz), Field(name: "updated_at", type: .timestamptz),
            ]
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

    /// The bare tables, without index and policy, so that COPY fills them fast. They replace what a broken-off rebuild left.
    var create: [String] {
        var sql = ["DROP TABLE IF EXISTS \(rows), \(totals)", table(rows, fields, required: Standard.all)]
        if definition.totals != nil {
            sql.append(table(totals, totalsFields, required: ["organization_id"] + measures.map(\.name)))
        }
        return sql
    }
    private func table(_ name: String, _ fields: [Field], required: [String]) -> String {
        let columns = fields.map {
            "\(quoted($0.name)) \($0.type.name)\(required.contains($0.name) ? " NOT NULL" : "")"
        }
        return "CREATE TABLE \(name) (\(columns.joined(separator: ", "))) WITH (fillfactor = 80)"
    }

    /// Keys and indexes; last, because a filled table takes them fastest.
    var index: [String] {
        var sql = ["ALTER TABLE \(rows) ADD CONSTRAINT \(quoted(name + "_pkey")) PRIMARY KEY (organization_id, id)"]
        for (i, columns) in definition.indexes.enumerated() {
            sql.append(
                "CREATE INDEX \(quoted("\(name)_\(i)")) ON \(rows) (\(list(["organization_id"] + columns + ["id"])))")
        }
        if definition.totals != nil {
            let key = list(["organization_id"] + groups.map(\.name))
            sql.append("CREATE UNIQUE INDEX \(quoted(totalsName + "_key")) ON \(totals) (\(key)) NULLS NOT DISTINCT")
        }
        return sql + all.map { "ANALYZE \($0)" }
    }

    /// Row-level security and grants; just before the swap, because COPY is refused on a table that has it.
    var protect: [String] {
        all.flatMap { table in
            [
                "ALTER TABLE \(table) ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY",
                "CREATE POLICY organization ON \(table) TO daybook_app, daybook_auditor"
                    + " USING (organization_id = current_setting('daybook.organization', true)::uuid)",
                "CREATE POLICY everything ON \(table) TO daybook_owner, daybook_worker USING (true) WITH CHECK (true)",
                "GRANT SELECT ON \(table) TO daybook_app, daybook_auditor",
                "GRANT SELECT, INSERT, UPDATE, DELETE ON \(table) TO daybook_worker",
            ]
        }
    }

    /// Takes another table's name, indexes included. Renaming takes ACCESS EXCLUSIVE on the table, which nobody knows yet.
    func rename(to other: ReadTable) -> [String] {
        func index(_ suffix: String) -> String {
            "ALTER INDEX read.\(quoted(name + suffix)) RENAME TO \(quoted(other.name + suffix))"
        }
        var sql = ["ALTER TABLE \(rows) RENAME TO \(quoted(other.name))", index("_pkey")]
        sql += definition.indexes.indices.map { index("_\($0)") }
        if definition.totals != nil {
            sql += ["ALTER TABLE \(totals) RENAME TO \(quoted(other.totalsName))", index("_totals_key")]
        }
        return sql
    }

    // MARK: - How are they read and changed?

    /// The rows with these ids as they are: $1 organization, $2 ids. Texts of `numeric` and `jsonb` are what the fold keeps.
    /// The generation makes it another statement after a rebuild: the old one's plan knew other types.
    func select(generation: Int32) -> String {
        let cells = definition.columns.map { column in
            column.type == .numeric || column.type == .json ? "\(quoted(column.name))::text" : quoted(column.name)
        }
        return "/* \(generation) */ SELECT id, \((Standard.after + cells).joined(separator: ", "))"
            + " FROM \(rows) WHERE organization_id = $1 AND id = ANY ($2)"
    }

    /// Puts rows in or over: $1 organization, then an array for each other field.
    func upsert(generation: Int32) -> String {
        let sets = fields.dropFirst(2).map { "\(quoted($0.name)) = excluded.\(quoted($0.name))" }
        return "/* \(generation) */ INSERT INTO \(rows) (\(list(fields.map(\.name))))"
            + " SELECT $1, u.* FROM unnest(\(arrays(fields))) u"
            + " ON CONFLICT (organization_id, id) DO UPDATE SET \(sets.joined(separator: ", "))"
    }
    private func arrays(_ fields: [Field]) -> String {
        fields.dropFirst().enumerated().map { "$\($0.offset + 2)::\($0.element.type.name)[]" }.joined(separator: ", ")
    }

    /// Takes rows away: $1 organization, $2 ids.
    func delete(generation: Int32) -> String {
        "/* \(generation) */ DELETE FROM \(rows) WHERE organization_id = $1 AND id = ANY ($2)"
    }

    /// Adds to the groups: $1 organization, then an array for each other field.
    func add(generation: Int32) -> String {
        let sets = measures.map { "\(quoted($0.name)) = t.\(quoted($0.name)) + excluded.\(quoted($0.name))" }
        return "/* \(generation) */ INSERT INTO \(totals) AS t (\(list(totalsFields.map(\.name))))"
            + " SELECT $1, u.* FROM unnest(\(arrays(totalsFields))) u"
            + " ON CONFLICT (\(list(["organization_id"] + groups.map(\.name))))"
            + " DO UPDATE SET \(sets.joined(separator: ", "))"
    }

    /// Takes away the groups that no row is in any more: $1 organization.
    func sweep(generation: Int32) -> String {
        let count = quoted(definition.totals?.count ?? "count")
        return "/* \(generation) */ DELETE FROM \(totals) WHERE organization_id = $1 AND \(count) = 0"
    }

    // MARK: - When is too much held?

    /// More than 100 streams, or 1 % of the rows and at least 10: whether, and how many; $1 is the projection.
    var tooMuch: String {
        "SELECT count(*) > 100 OR count(*) >= 10 AND count(*) * 100 > (SELECT count(*) FROM \(rows)), count(*)"
            + " FROM read.held WHERE projection = $1"
    }
    /// Stops the projection ($1) where too much is held.
    var stop: String { "UPDATE read.projection SET state = 'stopped' WHERE \(becomes("live", true)) RETURNING name" }
    /// Lets a stopped projection ($1) go on where that is so no more.
    var goOn: String { "UPDATE read.projection SET state = 'live' WHERE \(becomes("stopped", false)) RETURNING name" }

    private func becomes(_ state: String, _ isTooMuch: Bool) -> String {
        "name = $1 AND state = '\(state)' AND (SELECT x.too_much FROM (\(tooMuch)) x (too_much, held)) = \(isTooMuch)"
    }
}
