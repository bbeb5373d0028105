import Postgres

/// The relations of `read` as they were at a moment: the schema `as_of` has them under the same names. They take the
/// moment from the settings `daybook.as_of` and `daybook.as_known`.
///
/// A projection with whole versions has its rows there and its totals; any history has `NAME_versions`, also in `read`.
/// A view of a file stands there as well where all that it names does. What a view joins shows its first version as
/// long as it did not exist: under `NAME__referred`.
struct PastViews {
    private let connection: BlockingConnection
    /// What views join.
    private let joined: Set<String>
    /// What stands there.
    private var known: Set<String> = []

    init(connection: BlockingConnection, joined: Set<String>) { (self.connection, self.joined) = (connection, joined) }

    /// Puts up what the tables that serve were, and in `read` their versions and how they are searched.
    mutating func makeTables() throws {
        let made = try Self.tables(connection).flatMap(\.views)
        known = Set(made.filter { $0.schema == "as_of" }.map(\.name))
        if !made.isEmpty { try connection.execute(made.map(\.sql).joined(separator: ";\n")) }
    }

    /// What stands beside these files' views, by its text: another build may make it otherwise of the same files.
    static func mark(
        of views: [ViewFile], _ connection: BlockingConnection
    ) throws -> (wanted: String, stands: String?) {
        let tables = try tables(connection).flatMap(\.views).map(\.sql)
        let files = views.map { $0.replaced(clock: "as_of.now()") { name, place in "\(place) \(name)" } }
        let row = try connection.query(
            Statement(SQL.viewsMark) { $0.text((tables + files).joined(separator: ";\n")) })[0]
        return (try row.text(0), try row.text(orNil: 1))
    }

    /// Those that serve.
    private static func tables(_ connection: BlockingConnection) throws -> [ReadTable] {
        try Record.all(connection).filter { $0.version == .serving && $0.state != .dropped }.compactMap { record in
            (try? record.definition()).map { ReadTable(definition: $0, name: record.name) }
        }
    }

    /// Puts a view up that stands in `read`, where all that it names stands here too; and where another joins it, also
    /// as that one sees it.
    /// - Returns: why it cannot be.
    mutating func make(_ view: ViewFile) throws -> PostgresError? {
        guard view.sources.allSatisfy(known.contains) else { return nil }
        if let error = try connection.refusal(of: sql(view, isReferred: false)) { return error }
        if let error = try present(view) { return error }
        known.insert(view.name)
        guard joined.contains(view.name) else { return nil }
        if let error = try connection.refusal(of: sql(view, isReferred: true)) { return error }
        known.insert(ReadTable.referred(view.name))
        return nil
    }

    private func sql(_ view: ViewFile, isReferred: Bool) -> String {
        view.replaced(clock: "as_of.now()") { name, place in
            switch place {
            case .made: return "as_of.\(quoted(isReferred ? ReadTable.referred(name) : name))"
            case .joined, .read:
                let first = ReadTable.referred(name)
                let wantsFirst = (isReferred || place == .joined) && known.contains(first)
                return "as_of.\(quoted(wantsFirst ? first : name))"
            }
        }
    }

    /// Whether a view would still show something as it is now, told by what it depends on. Then it is taken down.
    private func present(_ view: ViewFile) throws -> PostgresError? {
        let found = try connection.query(Statement(SQL.presentDependencies) { $0.text(view.name) })
        guard let row = found.first else { return nil }
        try connection.execute("DROP VIEW as_of.\(quoted(view.name))")
        return PostgresError(.unsupported, "as of a moment it would show read.\(try row.text(0)) as it is now")
    }
}

extension ViewFile {
    /// Its text with other names for the relations of `read`.
    func replaced(clock: String, _ name: (String, QualifiedNames.Place) -> String?) -> String {
        QualifiedNames.replaced(in: text, clock: clock, name)
    }
    /// The relations that it names.
    var sources: Set<String> { named { $0 != .made } }
    /// Those that it joins.
    var joined: Set<String> { named { $0 == .joined } }

    private func named(_ isWanted: (QualifiedNames.Place) -> Bool) -> Set<String> {
        var names: Set<String> = []
        _ = replaced(clock: "now()") { name, place in
            if isWanted(place) { names.insert(name) }
            return nil
        }
        return names
    }
}

extension ReadTable {
    /// A view of the engine's own over a table that serves.
    struct Overlay {
        let schema: String
        let name: String
        let sql: String
    }
    /// All of them, in the order in which they are made.
    var views: [Overlay] { (definition.search.isEmpty ? [] : [searchView]) + (definition.history == nil ? [] : past) }
}

// MARK: - What was a table at a moment?

extension ReadTable {
    /// Rows that others refer to: as long as one did not exist, its first version.
    static func referred(_ name: String) -> String { name + "__referred" }

    private var versions: String { name + "_versions" }
    private static func since(_ row: String, _ names: (at: String, recordedAt: String, position: String)) -> String {
        // Sub-selects: each is evaluated once, not for every row.
        "\(row).\(names.at) <= (SELECT as_of.occurred()) AND \(row).\(names.recordedAt) <= (SELECT as_of.recorded())"
    }
    private static func until(_ row: String) -> String { since(row, ("until_at", "until_recorded_at", "")) }

    private var past: [Overlay] {
        var views = [versionsView, pastVersions]
        if definition.history != .all { return views }
        views += [pastRows, referredRows]
        if definition.totals != nil { views.append(pastTotals) }
        return views
    }

    private func view(_ schema: String, _ name: String, _ select: String, _ more: String = "") -> Overlay {
        let sql = "CREATE VIEW \(schema).\(quoted(name)) WITH (security_invoker = true) AS \(select)\(more)"
        return Overlay(schema: schema, name: name, sql: sql)
    }

    /// All versions, the one that is among them: its end is null.
    private var versionsView: Overlay {
        let own = list(versionFields.map(\.name))
        let marks = [since.at, since.recordedAt, since.position]
        let more =
            definition.history == .all
            ? zip(marks, ["since_at", "since_recorded_at", "since_position"]).map { ", \($0) AS \($1)" }.joined() : ""
        let none = ReadTable.until.map { "NULL::\($0.type.name) AS \($0.name)" }.joined(separator: ", ")
        let select =
            "SELECT \(own)\(more), \(none) FROM \(rows) UNION ALL "
            + "SELECT \(own)\(more), \(ReadTable.until.map(\.name).joined(separator: ", ")) FROM \(history)"
        return view("read", versions, select, "; GRANT SELECT ON read.\(quoted(versions)) TO \(Views.readers)")
    }

    /// Those that had begun; of one that ended later, nothing is known of its end.
    private var pastVersions: Overlay {
        let marks = ["since_at", "since_recorded_at", "since_position"]
        let own = list(versionFields.map(\.name) + (definition.history == .all ? marks : []))
        let until = ReadTable.until.map { "CASE WHEN \(ReadTable.until("v")) THEN v.\($0.name) END AS \($0.name)" }
        return view(
            "as_of", versions,
            "SELECT \(own), \(until.joined(separator: ", ")) FROM read.\(quoted(versions)) v WHERE "
                + ReadTable.since("v", ("since_at", "since_recorded_at", "")))
    }

    /// All versions with their ends, the one that is among them, as `r`. Neither part has a condition of its own: only
    /// so does the planner take both for one table, in which it finds a row, or the next of an order, by the indexes of
    /// each.
    private var whole: String {
        let fields = list(fields.map(\.name))
        let none = "NULL::timestamptz AS until_at, NULL::timestamptz AS until_recorded_at"
        return "(SELECT \(fields), \(none) FROM \(rows) UNION ALL SELECT \(fields), until_at, until_recorded_at FROM "
            + "\(history)) r"
    }
    private static let isNotOver = "(r.until_at IS NULL OR NOT (\(until("r"))))"

    private var pastRows: Overlay {
        // What was made later was not there in any version: said once more, so that a list by that time begins there.
        let begun = "r.created_at <= (SELECT as_of.occurred()) AND \(ReadTable.since("r", since))"
        return view(
            "as_of", name,
            "SELECT \(list(fields.map(\.name))) FROM \(whole) WHERE \(begun) AND \(ReadTable.isNotOver)")
    }

    private var referredRows: Overlay {
        // By the least of all: what does not exist is told for a whole table at once where many rows are expected.
        let isFirst =
            "coalesce((SELECT min(e.position) FROM \(history) e WHERE e.organization_id = r.organization_id "
            + "AND e.id = r.id), r.position) >= r.position"
        return view(
            "as_of", ReadTable.referred(name),
            "SELECT \(list(fields.map(\.name))) FROM \(whole) WHERE CASE WHEN \(ReadTable.since("r", since)) "
                + "THEN \(ReadTable.isNotOver) ELSE \(isFirst) END")
    }

    private var pastTotals: Overlay {
        let groups = list(["organization_id"] + groups.map(\.name))
        let count = "count(*) AS \(quoted(definition.totals?.count ?? "count"))"
        let sum = (definition.totals?.sum).map { column in
            let name = quoted(definition.columns[column].name)
            return ", coalesce(sum(\(name)), 0)::numeric AS \(name)"
        }
        return view(
            "as_of", totalsName,
            "SELECT \(groups), \(count)\(sum ?? "") FROM as_of.\(quoted(name)) GROUP BY \(groups)")
    }
}
