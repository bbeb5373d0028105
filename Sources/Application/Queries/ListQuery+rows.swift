import Kernel
import Postgres

// MARK: How is a page found without reading the list?

extension ListQuery {
    /// Rows of the order that are looked through for words before all rows with the words are found by their index.
    private static let near = 1_000

    /// Appends the query for the ids and sort keys of a page and one row more, as `id, k0, k1 …`.
    func rows(after cursor: Cursor?, to text: inout SQLText) throws(Problem) {
        let keys = keys
        if driver != nil { return try inOrder(after: cursor, to: &text) }
        if request.words.isEmpty, request.only == nil, let (field, values) = keys.first?.indexed {
            return try presentFirst(of: field, in: values, after: cursor, to: &text)
        }
        if request.words.isEmpty, let first = keys.first, first.isNullable, first.isSorted, subject.hasID {
            return try presentFirst(after: cursor, to: &text)
        }
        let isOnlyWords = request.selections.isEmpty && request.only == nil && request.page == nil
        if !request.words.isEmpty, subject.search != nil, isOnlyWords, keys.first?.isSorted == true,
            cursor?.keys.first != .null
        {
            return try nearFirst(after: cursor, to: &text)
        }
        try inOrder(after: cursor, to: &text)
    }

    /// All rows that are meant, sorted. How many are wanted stands in the text, so that a plan that is made once knows
    /// that they are few.
    private func inOrder(after cursor: Cursor?, to text: inout SQLText) throws(Problem) {
        chosen(&text)
        words(&text)
        if let cursor, subject.hasID { try after(cursor.keys[...], keys[...], &text) }
        let columns = columns(keys, &text)
        text += ListQuery.order(keys, columns)
        text += " LIMIT \(request.limit + 1)"
        if let skipped = try skipped(cursor) { text += " OFFSET \(text.bind(.integer(skipped)))" }
    }

    /// Rows that have a value of the first key, then those that have none. An index puts the empty ones last in one
    /// direction only, and a page that may go on in either would begin at its start; apart, each is a stretch of it.
    private func presentFirst(after cursor: Cursor?, to text: inout SQLText) throws(Problem) {
        let keys = keys
        let (skipped, limit) = (try skipped(cursor) ?? 0, Int64(request.limit) + 1)
        let all = skipped == 0 ? "\(limit)" : text.bind(.integer(skipped + limit))
        let first = keys[0].expression(&text)
        let present = [keys[0].present] + keys.dropFirst()
        let end = ListQuery.order(present, columns(present, &text)) + " LIMIT \(all))"
        let last = cursor?.keys
        text += "SELECT * FROM ("
        if last?.first != .null {
            text += "("
            chosen(&text)
            text += " AND \(first) IS NOT NULL"
            if let last { try after(last[...], present[...], &text) }
            text += end + " UNION ALL "
        }
        text += "("
        chosen(&text)
        text += " AND \(first) IS NULL"
        // Among the empty ones the other keys decide.
        if let last, last.first == .null { try after(last.dropFirst(), keys.dropFirst(), &text) }
        text += end + ") u" + ListQuery.order(keys, keys.indices.map { "u.k\($0)" }) + " LIMIT \(limit)"
        if skipped > 0 { text += " OFFSET \(text.bind(.integer(skipped)))" }
    }

    /// The same by a field of the organization's own: the order of those that have a value is that of the index beside
    /// the records. Those that have none are read only where the others do not fill the page.
    private func presentFirst(
        of field: CustomField, in values: Relation, after cursor: Cursor?, to text: inout SQLText
    ) throws(Problem) {
        let keys = keys
        let (skipped, limit) = (try skipped(cursor) ?? 0, Int64(request.limit) + 1)
        let all = text.bind(.integer(skipped + limit))
        let last = cursor?.keys
        text += "SELECT * FROM ("
        if last?.first != .null {
            let present = [keys[0].present] + keys.dropFirst()
            let rows = field.rows(&text)
            let columns = [field.place] + keys.dropFirst().map { $0.name == "id" ? "v.id" : $0.expression(&text) }
            text += "(SELECT v.id"
            for (index, column) in columns.enumerated() { text += ", \(column) AS k\(index)" }
            text += " FROM \(values.sql) v CROSS JOIN LATERAL (SELECT t.* FROM \(source.sql) t"
            text += " WHERE t.organization_id = $1 AND t.id = v.id OFFSET 0) t"
            conditions(&text)
            text += " AND \(rows) AND v.element = 0 AND \(field.place) IS NOT NULL"
            if let last { try after(last[...], present[...], columns, &text) }
            text += ListQuery.order(present, columns) + " LIMIT \(all)) UNION ALL "
        }
        let rest = Array(keys.dropFirst())
        let columns = columns(rest, &text)
        text += "(SELECT t.id, NULL::\(keys[0].type == .decimal ? "float8" : "text") AS k0"
        for (index, column) in columns.enumerated() { text += ", \(column) AS k\(index + 1)" }
        text += " FROM \(source.sql) t"
        conditions(&text)
        let value = keys[0].expression(&text)
        text += " AND \(value) IS NULL"
        if let last, last.first == .null { try after(last.dropFirst(), keys.dropFirst(), columns, &text) }
        let isBoth = last?.first != .null
        text += ListQuery.order(rest, columns) + " LIMIT \(all))" + (isBoth ? " LIMIT \(all)" : "") + ") u"
        text += ListQuery.order(keys, keys.indices.map { "u.k\($0)" }) + " LIMIT \(text.bind(.integer(limit)))"
        if skipped > 0 { text += " OFFSET \(text.bind(.integer(skipped)))" }
    }

    /// A word that many rows have is met at once where one goes through them in order; one that few have is found by
    /// its index. Which it is, the first rows of the order tell: those that have a value of the first key, since the
    /// others come last.
    private func nearFirst(after cursor: Cursor?, to text: inout SQLText) throws(Problem) {
        let keys = keys
        let limit = text.bind(.integer(Int64(request.limit) + 1))
        let names = (["id"] + keys.indices.map { "k\($0)" }).joined(separator: ", ")
        let order = ListQuery.order(keys, keys.indices.map { "t.k\($0)" })
        text += "WITH near AS MATERIALIZED (SELECT \(names) FROM ("
        chosen(&text, and: ", t.\(SQLText.words)")
        let present = [keys[0].present] + keys.dropFirst()
        let columns = columns(present, &text)
        if keys[0].isNullable { text += " AND \(columns[0]) IS NOT NULL" }
        if let cursor { try after(cursor.keys[...], present[...], &text) }
        text += ListQuery.order(present, columns) + " LIMIT \(text.bind(.integer(Int64(ListQuery.near))))) t"
        text += " WHERE true"
        words(&text)
        text += order + " LIMIT \(limit)), far AS MATERIALIZED (SELECT \(names) FROM ("
        chosen(&text)
        words(&text)
        if let cursor { try after(cursor.keys[...], keys[...], &text) }
        // Whole, so that it is never found by going through the rows in order.
        text += " OFFSET 0) t WHERE (SELECT count(*) FROM near) < \(limit)" + order + " LIMIT \(limit))"
        text += " SELECT * FROM near WHERE (SELECT count(*) FROM near) >= \(limit) UNION ALL SELECT * FROM far"
    }

    /// Appends the rows that are meant, without words.
    private func chosen(_ text: inout SQLText, and more: String = "") {
        let rows = from(&text)
        let columns = columns(keys, &text)
        text += "SELECT \(subject.hasID ? "t.id" : "1 AS one")"
        for (index, column) in columns.enumerated() { text += ", \(column) AS k\(index)" }
        text += more + (hasView ? " FROM " : ", t AS whole FROM ") + rows
        conditions(&text)
    }
    private func columns(_ keys: some Sequence<SortKey>, _ text: inout SQLText) -> [String] {
        var columns: [String] = []
        for key in keys { columns.append(key.expression(&text)) }
        return columns
    }
}

// MARK: In what order, and where does a page go on?

extension ListQuery {
    /// Rows without a value come last, whatever the direction.
    static func order(_ keys: [SortKey], _ expressions: [String]) -> String {
        guard !keys.isEmpty else { return "" }
        let parts = zip(keys, expressions).map { key, expression in
            expression + (key.type == .text ? Catalog.collation : "") + (key.isDescending ? " DESC" : "")
                + (key.isNullable && key.isDescending ? " NULLS LAST" : "")
        }
        return " ORDER BY " + parts.joined(separator: ", ")
    }

    /// Appends that a row stands behind the one with these values.
    private func after(_ last: ArraySlice<JSON>, _ keys: ArraySlice<SortKey>, _ text: inout SQLText) throws(Problem) {
        let columns = columns(keys, &text)
        try after(last, keys, columns, &text)
    }
    private func after(
        _ last: ArraySlice<JSON>, _ keys: ArraySlice<SortKey>, _ columns: [String], _ text: inout SQLText
    ) throws(Problem) {
        guard last.count == keys.count, let first = keys.first else { throw .badCursor("It is not of this list.") }
        var values: [String?] = []
        for (key, json) in zip(keys, last) { values.append(json == .null ? nil : try key.bind(json, &text)) }
        let expressions = zip(columns, keys).map { $0 + ($1.type == .text ? Catalog.collation : "") }
        let isUniform = keys.allSatisfy { !$0.isNullable && $0.isDescending == first.isDescending }
        if isUniform, values.allSatisfy({ $0 != nil }) {
            // One comparison of rows, which an index answers.
            let last = values.compactMap { $0 }.joined(separator: ", ")
            text += " AND (\(expressions.joined(separator: ", "))) \(first.isDescending ? "<" : ">") (\(last))"
            return
        }
        // Said once more of the first key alone, which an index answers, too.
        if !first.isNullable, let value = values[0] {
            text += " AND \(expressions[0]) \(first.isDescending ? "<=" : ">=") \(value)"
        }
        text += " AND " + after(values[...], keys, expressions[...])
    }

    /// Behind the last row by the first key, or level with it and behind by the others.
    private func after(_ values: ArraySlice<String?>, _ keys: ArraySlice<SortKey>, _ names: ArraySlice<String>)
        -> String
    {
        guard let key = keys.first, let name = names.first, let value = values.first else { return "false" }
        let rest = after(values.dropFirst(), keys.dropFirst(), names.dropFirst())
        guard let value else { return "(\(name) IS NULL AND \(rest))" }
        let isBehind =
            "\(name) \(key.isDescending ? "<" : ">") \(value)" + (key.isNullable ? " OR \(name) IS NULL" : "")
        return "(\(isBehind) OR (\(name) = \(value) AND \(rest)))"
    }
}

// MARK: What is a word?

extension SQLText {
    /// The column of a relation in which its words stand behind each other.
    static let words = "search_words"

    /// Appends that one of the columns contains the word; of one or two letters, that a word begins with it: so few are
    /// in too many words to be looked for.
    mutating func search(_ word: String, in relation: Relation, _ columns: [String]) {
        let escaped = word.replacing("\\", with: "\\\\").replacing("%", with: "\\%").replacing("_", with: "\\_")
        let pattern = bind(.text(word.count < 3 ? "% \(escaped)%" : "%\(escaped)%"))
        if relation.column(SQLText.words) != nil {
            self += " AND t.\(SQLText.words) ILIKE \(pattern)"
            return
        }
        let parts = columns.map { "' ' || coalesce(t.\(SQLText.name($0)), '')" }
        self += " AND (\(parts.joined(separator: " || "))) ILIKE \(pattern)"
    }
}
