/// The table of values beside a projection's rows: a row for each member of a json column, as a plain text or number,
/// so that an index finds rows by it. Functions that look into JSON are not leakproof, and under row-level security no
/// index serves them.
///
/// It follows the rows by triggers, whatever changes them; so it is as right as they are, also after an erasure.
extension ReadTable {
    var valuesName: String { name + "_values" }
    /// Where the values lie.
    var values: String { "\(schema).\(quoted(valuesName))" }
    /// The column whose members they are; nil where there are none: what is only compared has none.
    var valuesColumn: Int? { schema == "read" ? definition.values : nil }

    // MARK: - How is it made?

    var createValues: [String] {
        guard let column = valuesColumn else { return [] }
        let create = filled(SQL.createValues, ["values": values])
        // Statistics keep values.
        let without = ["text", "number"].map { "ALTER TABLE \(values) ALTER COLUMN \($0) SET STATISTICS 0" }
        return [create] + (personal.contains(column) ? without : [])
    }

    /// Fills it from the rows, then lets it follow them.
    var indexValues: [String] {
        guard let column = valuesColumn else { return [] }
        let name = quoted(definition.columns[column].name)
        func key(_ column: String) -> String {
            "CREATE INDEX \(quoted("\(valuesName)_\(column)")) ON \(values) (organization_id, key, \(column), id) "
                + "WHERE \(column) IS NOT NULL"
        }
        return [
            filled(SQL.fillValues, ["values": values, "rows": rows, "column": name]),
            "ALTER TABLE \(values) ADD CONSTRAINT \(quoted(valuesName + "_pkey")) "
                + "PRIMARY KEY (organization_id, id, key, element)",
            key("text"), key("number"),
        ]
            + [
                ("insert", "NEW TABLE AS new_rows"), ("update", "OLD TABLE AS old_rows NEW TABLE AS new_rows"),
                ("delete", "OLD TABLE AS old_rows"),
            ].map { act, tables in
                "CREATE TRIGGER values_follow_\(act) AFTER \(act.uppercased()) ON \(rows) REFERENCING \(tables) "
                    + "FOR EACH STATEMENT EXECUTE FUNCTION read.follow_values('\(definition.columns[column].name)')"
            }
    }

    /// Tells where values and rows differ: kind, organization, id, key.
    var differingValues: String? {
        valuesColumn.map { column in
            filled(
                SQL.differingValues,
                ["values": values, "rows": rows, "column": quoted(definition.columns[column].name)])
        }
    }
}
