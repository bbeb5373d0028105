import FoundationEssentials
import Kernel
import Postgres

/// The statements of a list.
struct ListQuery {
    let subject: Subject
    let request: ListRequest
    let collation: String
    let organization: UUID
    /// The record that `external_id` names.
    var only: UUID?

    /// The sort keys, the id as the last of them.
    var keys: [SortKey] {
        guard !request.order.contains(where: { $0.column == "id" }), let id = subject.table.column("id") else {
            return request.order
        }
        return request.order + [SortKey(id, descending: request.order.last?.isDescending ?? false)]
    }
    private var hasView: Bool { subject.document.name != subject.table.name }

    /// A page and one row more: the document, the id, the sort keys.
    ///
    /// The page is chosen from the table alone, and documents are made of its rows only: the names that a document
    /// takes from other tables cost nothing for rows that are not shown.
    func page(after cursor: Cursor?) throws(Problem) -> Statement {
        var text = SQLText(organization)
        let keys = keys
        text += "SELECT row_to_json(d), \(subject.hasID ? "p.id" : "NULL::uuid")"
        for (index, key) in keys.enumerated() { text += ", p.k\(index)" + (key.type == .decimal ? "::text" : "") }
        text += " FROM (SELECT \(subject.hasID ? "t.id" : "1 AS one")"
        for (index, key) in keys.enumerated() { text += ", t.\(SQLText.name(key.column)) AS k\(index)" }
        text += hasView ? " FROM " : ", t AS whole FROM "
        text += subject.table.sql + " t"
        conditions(&text)
        if let cursor, subject.hasID { try after(cursor, &text) }
        text += order(keys.map { "t.\(SQLText.name($0.column))" })
        text += " LIMIT \(text.bind(.integer(Int64(request.limit) + 1)))"
        if let skipped = try skipped(cursor) { text += " OFFSET \(text.bind(.integer(skipped)))" }
        text += ") p CROSS JOIN LATERAL (SELECT "
        text += subject.document.columns(request.shown, of: hasView ? "t" : "(p.whole)")
        text += hasView ? " FROM \(subject.document.sql) t WHERE t.organization_id = $1 AND t.id = p.id) d" : ") d"
        text += order(keys.indices.map { "p.k\($0)" })
        return text.statement
    }

    /// How many rows stand before the page. Rows without an id (totals, definitions) are few and have no place of their
    /// own to go on from: their cursor counts.
    func skipped(_ cursor: Cursor?) throws(Problem) -> Int64? {
        if let page = request.page { return page * Int64(request.limit) }
        guard let cursor, !subject.hasID else { return nil }
        guard let count = cursor.keys.first?.integer, cursor.keys.count == 1 else {
            throw .badCursor("It is not of this list.")
        }
        return count
    }

    /// Where a page ends whose last row is `last`.
    func end(_ last: Row, after cursor: Cursor?, at position: PositionToken, shape: [UInt8]) throws -> Cursor {
        guard subject.hasID else {
            let count = try (skipped(cursor) ?? 0) + Int64(request.limit)
            return Cursor(keys: [.integer(count)], id: organization, position: position, shape: shape)
        }
        let keys = try keys.enumerated().map { try $1.json(last, $0 + 2) }
        return Cursor(keys: keys, id: try last.uuid(1), position: position, shape: shape)
    }

    /// How many rows there are on all pages.
    func count() -> Statement {
        var text = SQLText(organization)
        text += "SELECT count(*) FROM \(subject.table.sql) t"
        conditions(&text)
        return text.statement
    }

    // MARK: Which rows?

    private func conditions(_ text: inout SQLText) {
        text += " WHERE t.organization_id = $1"
        if subject.hasArchive {
            switch request.archived {
            case .false: text += " AND t.archived_at IS NULL"
            case .true: text += " AND t.archived_at IS NOT NULL"
            case .any: break
            }
        }
        for condition in request.conditions { condition.write(to: &text) }
        for word in request.words { text.search(word, in: subject.searched) }
        if let only { text += " AND t.id = \(text.bind(.uuid(only)))" }
    }

    // MARK: In what order, and where does a page go on?

    /// Rows without a value come last, whatever the direction.
    private func order(_ expressions: [String]) -> String {
        guard !keys.isEmpty else { return "" }
        let parts = zip(keys, expressions).map { key, expression in
            expression + (key.type == .text ? collation : "") + (key.isDescending ? " DESC" : "")
                + (key.isNullable && key.isDescending ? " NULLS LAST" : "")
        }
        return " ORDER BY " + parts.joined(separator: ", ")
    }

    private func after(_ cursor: Cursor, _ text: inout SQLText) throws(Problem) {
        let keys = keys
        guard cursor.keys.count == keys.count else { throw .badCursor("It is not of this list.") }
        var values: [String?] = []
        for (key, json) in zip(keys, cursor.keys) {
            values.append(json == .null ? nil : text.bind(try key.value(json)))
        }
        let expressions = keys.map { "t.\(SQLText.name($0.column))" + ($0.type == .text ? collation : "") }
        let isUniform = keys.allSatisfy { !$0.isNullable && $0.isDescending == keys[0].isDescending }
        if isUniform, values.allSatisfy({ $0 != nil }) {
            // One comparison of rows, which an index answers.
            let last = values.compactMap { $0 }.joined(separator: ", ")
            text += " AND (\(expressions.joined(separator: ", "))) \(keys[0].isDescending ? "<" : ">") (\(last))"
        } else {
            text += " AND " + after(values[...], keys[...], expressions[...])
        }
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

extension SQLText {
    /// Appends that one of the columns contains the word.
    mutating func search(_ word: String, in columns: [String]) {
        let escaped = word.replacing("\\", with: "\\\\").replacing("%", with: "\\%").replacing("_", with: "\\_")
        let pattern = bind(.text("%\(escaped)%"))
        self += " AND (\(columns.map { "t.\(SQLText.name($0)) ILIKE \(pattern)" }.joined(separator: " OR ")))"
    }
}

extension SortKey {
    /// A value as a cursor carries it.
    func json(_ row: Row, _ index: Int) throws(PostgresError) -> JSON {
        if row.isNull(index) { return .null }
        switch type {
        case .text, .decimal, .json, .other: return .string(try row.text(index))
        case .integer: return .integer(try row.bigint(index))
        case .flag: return .bool(try row.bool(index))
        case .uuid: return .string(try row.uuid(index).text)
        case .day: return .integer(Int64(try row.date(index)))
        case .instant: return .integer(try row.timestamptz(index))
        }
    }
    /// The value of what a cursor carried.
    fileprivate func value(_ json: JSON) throws(Problem) -> Value {
        let value: Value? =
            switch type {
            case .text, .json, .other: json.string.map(Value.text)
            case .decimal: json.string.map(Value.decimal)
            case .integer: json.integer.map(Value.integer)
            case .flag: json.bool.map(Value.flag)
            case .uuid: json.string.flatMap { UUID(uuidString: $0) }.map(Value.uuid)
            case .day: json.integer.flatMap { Int32(exactly: $0) }.map(Value.day)
            case .instant: json.integer.map(Value.instant)
            }
        guard let value else { throw .badCursor("It is not of this list.") }
        return value
    }
}
