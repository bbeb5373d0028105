import Postgres

/// The views that stand on a serving table itself, where another with the same columns takes its place: each is made to
/// stand on the new one, as it is. What stands on those views does not notice, and nobody's rights change.
struct Standing {
    private let connection: BlockingConnection
    private let views: [View]

    private struct View: Equatable {
        let name: String
        let query: String
        let options: String
        let isOurs: Bool
    }

    /// Nil where the tables are not alike, or where something stands on them that cannot be made to stand elsewhere.
    init?(on serving: VersionTables, insteadOf others: [VersionTables], for incoming: VersionTables) throws {
        connection = serving.connection
        guard try serving.columns() == incoming.columns() else { return nil }
        guard try Standing.isNothing(on: others) else { return nil }
        let rows = try Standing.found(on: serving)
        if try rows.contains(where: { try $0.bool(1) }) { return nil }
        views = try Standing.views(rows)
    }

    private static func views(_ rows: Result) throws -> [View] {
        try rows.map { row in
            View(
                name: try row.text(0), query: try row.text(2), options: try row.text(3), isOurs: try row.bool(4))
        }
    }

    /// That nobody made or changed one before all was locked.
    /// - Throws: `Patience.Again`.
    func expect(on serving: VersionTables) throws {
        guard try Standing.views(Standing.found(on: serving)) == views else { throw Patience.Again() }
    }

    /// Whether no view stands on these tables.
    static func isNothing(on tables: [VersionTables]) throws -> Bool {
        try tables.allSatisfy { try found(on: $0).isEmpty }
    }

    private static func found(on tables: VersionTables) throws -> Result {
        let names = try tables.there()
        return try tables.connection.query(Statement(SQL.directViews) { $0.texts(names) })
    }

    /// Takes ACCESS EXCLUSIVE on each, and on nothing else: to take away an option that a view may not even have is the
    /// one way to that.
    func lock() throws {
        try each { "ALTER VIEW \($0.name) RESET (check_option)" }
    }

    /// Makes them stand on the tables that have the names now.
    func turn() throws {
        try each { view in
            let options = view.options.isEmpty ? "" : " WITH (\(view.options))"
            return "CREATE OR REPLACE VIEW \(view.name)\(options) AS \(view.query)"
        }
    }

    /// Other people's views are not the owner role's: the login may know better.
    private func each(_ sql: (View) -> String) throws {
        for view in views where view.isOurs { try connection.execute(sql(view)) }
        let others = views.filter { !$0.isOurs }
        if others.isEmpty { return }
        try connection.execute("SET LOCAL ROLE NONE")
        for view in others {
            try Views.naming(view.name) { try connection.execute(sql(view)) }
        }
        try connection.execute("SET LOCAL ROLE daybook_owner")
    }
}

extension VersionTables {
    /// What columns its tables have, by what the tables are for.
    fileprivate func columns() throws -> [String: [String]] {
        var columns: [String: [String]] = [:]
        for table in try there() {
            columns[String(table.dropFirst(name.count))] = try connection.query(
                Statement(SQL.columnsOf) { $0.text("read.\(quoted(table))") }
            ).map { try $0.text(0) }
        }
        return columns
    }
}
