/// The statements that read and change the tables of one build, written once.
///
/// The generation makes them other statements after a rebuild: the old ones' plans knew other types.
struct TableStatements: Sendable {
    /// The rows with these ids as they are: $1 organization, $2 ids.
    let select: String
    /// All rows of an organization, in the same shape: the organization stands in the place of `{organization}`.
    let everything: String
    /// Puts rows in or over: $1 organization, then an array for each other field.
    let upsert: String
    /// Takes rows away: $1 organization, $2 ids.
    let delete: String
    /// Adds to the groups: $1 organization, then an array for each other field.
    let add: String
    /// Takes away the groups that no row is in any more: $1 organization.
    let sweep: String
    /// Keeps versions that have ended: $1 organization, then an array for each other field.
    let keepVersions: String
    /// Takes away all versions of these ids: $1 organization, $2 ids.
    let forgetVersions: String
    /// The fields of a row, of a group, and of a version, in order.
    let fields: [ReadTable.Field]
    let totalsFields: [ReadTable.Field]
    let historyFields: [ReadTable.Field]

    init(_ table: ReadTable, generation: Int32) {
        let mark = "/* \(generation) */ "
        fields = table.fields
        totalsFields = table.totalsFields
        historyFields = table.historyFields
        select = mark + table.select(where: "organization_id = $1 AND id = ANY ($2)")
        everything = mark + table.select(where: "organization_id = '{organization}'")
        upsert = mark + table.upsert
        delete = mark + "DELETE FROM \(table.rows) WHERE organization_id = $1 AND id = ANY ($2)"
        add = mark + table.add
        let count = quoted(table.definition.totals?.count ?? "count")
        keepVersions = mark + table.keep
        forgetVersions = mark + "DELETE FROM \(table.history) WHERE organization_id = $1 AND id = ANY ($2)"
        sweep = mark + "DELETE FROM \(table.totals) WHERE organization_id = $1 AND \(count) = 0"
    }
}

extension ReadTable {
    /// Texts of `numeric` and `jsonb` are what the fold keeps.
    fileprivate func select(where which: String) -> String {
        let cells = definition.columns.map { column in
            column.type == .numeric || column.type == .json ? "\(quoted(column.name))::text" : quoted(column.name)
        }
        let columns = (definition.standardAfter + cells).joined(separator: ", ")
        return filled(SQL.selectRows, ["columns": columns, "rows": rows, "which": which])
    }

    fileprivate var upsert: String {
        let sets = fields.dropFirst(2).map { "\(quoted($0.name)) = excluded.\(quoted($0.name))" }
        return filled(
            SQL.upsertRows,
            [
                "rows": rows, "columns": list(fields.map(\.name)), "arrays": arrays(fields),
                "sets": sets.joined(separator: ", "),
            ])
    }

    fileprivate var add: String {
        let sets = measures.map { "\(quoted($0.name)) = t.\(quoted($0.name)) + excluded.\(quoted($0.name))" }
        return filled(
            SQL.addTotals,
            [
                "totals": totals, "columns": list(totalsFields.map(\.name)), "arrays": arrays(totalsFields),
                "key": list(["organization_id"] + groups.map(\.name)), "sets": sets.joined(separator: ", "),
            ])
    }

    fileprivate var keep: String {
        filled(
            SQL.keepVersions,
            ["history": history, "columns": list(historyFields.map(\.name)), "arrays": arrays(historyFields)])
    }

    private func arrays(_ fields: [Field]) -> String {
        fields.dropFirst().enumerated()
            .map { "unnest($\($0.offset + 2)::\($0.element.type.name)[])" }.joined(separator: ", ")
    }
}
