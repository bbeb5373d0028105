/// How a table's words are searched.
///
/// `ILIKE` is no leakproof operator, so under row-level security no index serves it. Therefore the rows are found
/// through a view that reads as its owner, whom the policies let see all rows, and that says itself whose it shows:
/// those of the session's organization, as the policies do. What it is spared is their order: that no condition of a
/// question is looked at before theirs is.
enum SearchView {
    /// The column in which all searched columns stand behind each other, each after a space: a word begins where a
    /// space is.
    static let words = "search_words"
}

extension ReadTable {
    /// The expression that is indexed; the planner finds it again in the view.
    private var words: String {
        definition.search.map { "' ' || coalesce(\(quoted(definition.columns[$0].name)), '')" }
            .joined(separator: " || ")
    }

    /// Makes the index of the words; what is only compared is not searched. After the statistics are gathered: a
    /// session that made an index does not see what the same transaction said of its columns, and would gather what is
    /// in it.
    var indexSearch: [String] {
        if definition.search.isEmpty || schema != "read" { return [] }
        return ["SELECT read.index_search('\(rows)', '\(name)_words', $words$\(words)$words$)"]
    }

    /// The view `NAME_search`: the rows of one organization with their words.
    var searchView: Overlay {
        let view = name + "_search"
        let columns = list(fields.map(\.name))
        let sql =
            "CREATE VIEW read.\(quoted(view)) AS SELECT \(columns), \(words) AS \(SearchView.words) FROM \(rows) "
            + "WHERE organization_id = log.current_organization(); "
            + "GRANT SELECT ON read.\(quoted(view)) TO \(Views.readers)"
        return Overlay(schema: "read", name: view, sql: sql)
    }
}
