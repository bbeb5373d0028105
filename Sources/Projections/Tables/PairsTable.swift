/// The table of pairs beside a projection's rows: two that have a value in common under one of some keys, and so may
/// tell of the same. `read.follow_pairs` says what a pair is.
///
/// It follows the rows and their values by triggers, whatever changes them; so it is as right as they are, also after
/// an erasure.
extension ReadTable {
    var pairsName: String { name + "_pairs" }
    /// Where the pairs lie.
    var pairs: String { "\(schema).\(quoted(pairsName))" }
    /// Whether there are any: what is only compared has none.
    var hasPairs: Bool { schema == "read" && !definition.pairs.isEmpty }

    // MARK: - How is it made?

    var createPairs: [String] {
        guard hasPairs else { return [] }
        // Statistics keep values.
        let isPersonal = valuesColumn.map(personal.contains) ?? false
        let without = isPersonal ? ["ALTER TABLE \(pairs) ALTER COLUMN text SET STATISTICS 0"] : []
        return [filled(SQL.createPairs, ["pairs": pairs])] + without
    }

    /// Fills it from the values, then lets it follow the rows: after the values, which follow them as well, and by
    /// name triggers come one after the other.
    var indexPairs: [String] {
        guard hasPairs else { return [] }
        func index(_ suffix: String, _ columns: String) -> String {
            "INDEX \(quoted("\(pairsName)_\(suffix)")) ON \(pairs) (organization_id, \(columns))"
        }
        return [
            "INSERT INTO \(pairs) SELECT * FROM read.all_pairs('\(rows)', \(keys))",
            "CREATE UNIQUE \(index("key", "key, text, newer, older"))",
            "CREATE \(index("list", "entity, newer_at, older_at"))",
            "CREATE \(index("newer", "newer"))", "CREATE \(index("older", "older"))",
        ]
            + [
                ("insert", "NEW TABLE AS new_rows"), ("update", "OLD TABLE AS old_rows NEW TABLE AS new_rows"),
                ("delete", "OLD TABLE AS old_rows"),
            ].map { act, tables in
                "CREATE TRIGGER values_then_pairs_\(act) AFTER \(act.uppercased()) ON \(rows) REFERENCING \(tables) "
                    + "FOR EACH STATEMENT EXECUTE FUNCTION read.follow_pairs("
                    + definition.pairs.map { "'\($0)'" }.joined(separator: ", ") + ")"
            }
    }
    private var keys: String { "ARRAY[\(definition.pairs.map { "'\($0)'" }.joined(separator: ", "))]" }

    /// Tells where pairs and values differ: kind, organization, ids, key.
    var differingPairs: String? {
        hasPairs ? filled(SQL.differingPairs, ["pairs": pairs, "rows": rows, "keys": keys]) : nil
    }
}
