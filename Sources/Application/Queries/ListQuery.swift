import FoundationEssentials
import Kernel
import Postgres

/// The statements of a list.
struct ListQuery {
    let subject: Subject
    let request: ListRequest
    let organization: UUID
    /// The record that `external_id` names.
    private var only: UUID? { request.only }
    /// A condition that few rows fulfil, of which an index knows which: the rows are found by it.
    var driver: Condition?

    /// The sort keys, and behind them what no two rows have in common: the id, or, of rows without one of their own,
    /// the keys of the usual order. Else rows of equal keys would change places from page to page.
    var keys: [SortKey] {
        let isDescending = request.order.last?.isDescending ?? false
        let id = subject.hasID ? subject.table.column("id").map { SortKey($0, descending: isDescending) } : nil
        let ties = id.map { [$0] } ?? subject.order
        return request.order + ties.filter { tie in !request.order.contains { $0.name == tie.name } }
    }
    var hasView: Bool { subject.document.name != subject.table.name }

    /// A page and one row more: the document, the id, the sort keys.
    ///
    /// The page is chosen from the table alone, and documents are made of its rows only: the names that a document
    /// takes from other tables, and the records that it includes, cost nothing for rows that are not shown.
    func page(after cursor: Cursor?) throws(Problem) -> Statement {
        var text = SQLText(organization)
        let keys = keys
        text += "SELECT row_to_json(d), \(subject.hasID ? "p.id" : "NULL::uuid")"
        for (index, key) in keys.enumerated() { text += ", p.k\(index)" + (key.type == .decimal ? "::text" : "") }
        text += " FROM ("
        try rows(after: cursor, to: &text)
        text += ") p CROSS JOIN LATERAL (SELECT "
        text += request.shown.columns(of: subject.document, row: hasView ? "t" : "(p.whole)")
        if hasView { text += " FROM \(subject.document.sql) t WHERE t.organization_id = $1 AND t.id = p.id" }
        text += "\(hasView ? Relation.fence : "")) d"
        text += ListQuery.order(keys, keys.indices.map { "p.k\($0)" })
        return text.statement
    }

    /// The ids of a page and one row more.
    func ids() throws(Problem) -> Statement {
        var text = SQLText(organization)
        text += "SELECT p.id FROM ("
        try rows(after: nil, to: &text)
        text += ") p" + ListQuery.order(keys, keys.indices.map { "p.k\($0)" })
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

    /// How many rows there are on all pages. Where the groups of the table's totals tell the rows that are meant from
    /// others, these are added up and no row is read.
    func count() -> Statement {
        var text = SQLText(organization)
        if let totals = subject.totals, only == nil, !subject.hasArchive || totals.column("archived") != nil,
            totals.tell(request)
        {
            let count = SQLText.name(subject.table.name)
            text += subject.doubles == nil ? "" : "SELECT ("
            text += "SELECT coalesce(sum(t.\(count)), 0)::bigint FROM \(totals.sql) t WHERE t.organization_id = $1"
            switch request.archived {
            case .false where subject.hasArchive: text += " AND t.archived IS NOT TRUE"
            case .true where subject.hasArchive: text += " AND t.archived"
            case .true, .false, .any: break
            }
            for selection in request.selections { selection.write(to: &text) }
            if let doubles = subject.doubles {
                text += ") - (SELECT count(*) FROM \(subject.table.sql) t"
                conditions(&text, of: doubles)
                text += ")"
            }
            return text.statement
        }
        let rows = from(&text)
        text += "SELECT count(*) FROM \(rows)"
        conditions(&text)
        words(&text)
        return text.statement
    }

    // MARK: Which rows?

    /// Where rows are chosen: where words are asked for, where these are found.
    var source: Relation { request.words.isEmpty ? subject.table : subject.search ?? subject.table }

    /// The same as it stands in SQL, or the records that an index names, each found by its id.
    func from(_ text: inout SQLText) -> String {
        guard let found = driver?.indexed(&text) else { return "\(source.sql) t" }
        return "(SELECT DISTINCT v.id\(found)) c CROSS JOIN LATERAL (SELECT t.* FROM \(source.sql) t "
            + "WHERE t.organization_id = $1 AND t.id = c.id OFFSET 0) t"
    }

    /// - Parameter doubles: only those that are left out elsewhere are meant.
    func conditions(_ text: inout SQLText, of doubles: Doubles? = nil) {
        text += " WHERE t.organization_id = $1"
        if let condition = doubles?.isOne ?? subject.doubles?.isNone { text += " AND \(condition)" }
        if subject.hasArchive {
            switch request.archived {
            case .false: text += " AND t.archived_at IS NULL"
            case .true: text += " AND t.archived_at IS NOT NULL"
            case .any: break
            }
        }
        for selection in request.selections { selection.write(to: &text) }
        if let only { text += " AND t.id = \(text.bind(.uuid(only)))" }
    }

    func words(_ text: inout SQLText) {
        for word in request.words { text.search(word, in: source, subject.searched) }
    }
}

extension Relation {
    /// Whether these groups of rows tell those that are asked for from others: all conditions are on what makes a
    /// group.
    func tell(_ request: ListRequest) -> Bool {
        request.words.isEmpty
            && request.selections.flatMap(\.conditions).allSatisfy { condition in
                switch condition.criterion.place {
                case .column(let name): groups.contains(name)
                case .custom, .tags, .condition: false
                }
            }
    }
    /// The columns of totals that make a group, and not those that count and sum.
    private var groups: [String] {
        shown.filter { $0.type != .decimal && "\($0.name)_totals" != name }.map(\.name)
    }
}
