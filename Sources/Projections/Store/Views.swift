import Postgres

/// The views beside the tables. They depend on tables that come and go: where one with other columns takes another's
/// place, all of them are taken down and put up again, in the order of their files' names; where its columns are the
/// same, `Standing` is enough.
struct Views {
    let connection: BlockingConnection

    /// What was taken down and is in no file.
    struct Taken {
        /// Who may read our views, as statements, by view.
        fileprivate var grants: [String: [String]] = [:]
        /// Views that somebody made in the database, in the order in which they can be made.
        fileprivate var others: [OtherView] = []

        /// Their names.
        var names: [String] { others.map(\.name) }
    }

    /// The views as they are known.
    func known() throws -> [(view: ViewFile, isInstalled: Bool)] {
        try connection.query(Statement(SQL.views)).map { row in
            let view = ViewFile(name: try row.text(0), file: try row.text(1), text: try row.text(2))
            return (view, try row.bool(3))
        }
    }

    /// Takes all views down, those of the past as well, and what somebody made over them or over `tables`. ACCESS
    /// EXCLUSIVE on each.
    @discardableResult
    func takeDown(on tables: [String] = []) throws -> Taken {
        var taken = Taken()
        taken.others = try OtherView.all(on: tables, connection)
        let standing = try standing()
        for view in standing { taken.grants[view] = try grants(of: view) }
        try OtherView.takeDown(taken.others, connection)
        if !standing.isEmpty { try connection.execute("DROP VIEW \(standing.joined(separator: ", "))") }
        return taken
    }

    /// The views of `read` and `as_of` that are ours, as SQL names them.
    private func standing() throws -> [String] {
        try connection.query(Statement(SQL.standingViews)).map { try $0.text(0) }
    }
    private func grants(of view: String) throws -> [String] {
        let grants = Statement(SQL.grantsOf) {
            $0.text(view)
            $0.text(view)
            $0.texts([String]())
        }
        return try connection.query(grants).map { try $0.text(0) }
    }

    /// Puts these views up, once more as of a moment, and what else was taken down; one that needs a table which is not
    /// there waits until it is.
    /// - Returns: those that wait, and why.
    /// - Throws: `ReadModelError` where a view that is in no file cannot be made again.
    @discardableResult
    func putUp(_ views: [ViewFile], _ taken: Taken) throws -> [(view: ViewFile, error: PostgresError)] {
        var waiting: [(ViewFile, PostgresError)] = []
        try connection.execute("DELETE FROM read.view")
        var past = PastViews(connection: connection, joined: Set(views.flatMap(\.joined)))
        try past.makeTables()
        for view in views {
            let error =
                try connection.refusal(
                    of: view.text + "\n;GRANT SELECT ON read.\(quoted(view.name)) TO \(Views.readers)")
                ?? past.make(view)
            if let error { waiting.append((view, error)) }
            try connection.query(
                Statement(SQL.installView) {
                    $0.text(view.name)
                    $0.text(view.file)
                    $0.text(view.text)
                    $0.bool(error == nil)
                })
        }
        let mark = try PastViews.mark(of: views, connection).wanted
        try connection.execute("COMMENT ON SCHEMA as_of IS '\(mark)'")
        let grants = try standing().flatMap { taken.grants[$0] ?? [] }
        if !grants.isEmpty { try connection.execute(grants.joined(separator: ";\n")) }
        try OtherView.putUp(taken.others, connection)
        return waiting
    }

    /// Puts all views up anew where one of these is another than is known, or is not there.
    /// - Returns: those that wait for a table, and why.
    func install(_ wanted: [ViewFile]) throws -> [(view: ViewFile, error: PostgresError)] {
        try install { wanted }
    }

    private func install(
        _ wanted: () throws -> [ViewFile]
    ) throws -> [(view: ViewFile, error: PostgresError)] {
        if try are(wanted()) { return [] }
        let names = try known().map(\.view.name) + wanted().map(\.name)
        return try Patience(connection, names).run {
            // Somebody may have put up newer ones meanwhile.
            let wanted = try wanted()
            if try are(wanted) { return [] }
            let taken = try takeDown()
            return try putUp(wanted, taken)
        }
    }

    /// Puts up those that wait for a table, if it is there by now, and the engine's own over what serves newly.
    func complete() throws { _ = try install { try known().map(\.view) } }

    /// Whether these views are there, with the engine's own, and no others.
    func are(_ wanted: [ViewFile]) throws -> Bool {
        let known = try known()
        let isSame =
            known.map(\.view.text) == wanted.map(\.text) && known.map(\.view.file) == wanted.map(\.file)
        if !isSame || !known.allSatisfy(\.isInstalled) { return false }
        let mark = try PastViews.mark(of: wanted, connection)
        return mark.wanted == mark.stands
    }

    /// Says whose view it is that cannot be made anew.
    static func naming(_ view: String, _ body: () throws -> Void) throws {
        do { try body() } catch let error as PostgresError {
            switch error.kind {
            case .connectionLost, .cancelled, .lockTimeout, .deadlock, .closed: throw error
            case _:
                throw ReadModelError(
                    "the view \(view) stands on these tables and cannot be made anew over the new ones: "
                        + "\(error.message); change or drop it first")
            }
        }
    }

    /// Who may read views; rows are decided on by the tables' own policies.
    static let readers = "daybook_app, daybook_auditor, daybook_worker"
}

extension BlockingConnection {
    /// Runs SQL in the transaction that is open, which goes on where the database refuses it.
    /// - Returns: why it was refused.
    func refusal(of sql: String) throws -> PostgresError? {
        try execute("SAVEPOINT view")
        do throws(PostgresError) {
            try execute(sql)
            try execute("RELEASE SAVEPOINT view")
            return nil
        } catch {
            switch error.kind {
            case .connectionLost, .cancelled, .lockTimeout, .deadlock, .closed: throw error
            case _:
                try execute("ROLLBACK TO SAVEPOINT view")
                return error
            }
        }
    }
}

/// A view that somebody made in the database over tables of ours. A table that takes another's place is another table:
/// without more the view would go on reading the old one.
private struct OtherView {
    let name: String
    private let isMaterialized: Bool
    private let query: String
    private let options: String
    private let owner: String
    private let comment: String
    private let grants: [String]

    /// Those that stand on these tables or on views of our files.
    static func all(on tables: [String], _ connection: BlockingConnection) throws -> [OtherView] {
        try connection.query(Statement(SQL.dependentViews) { $0.texts(tables) }).map { row in
            // By its number, since a name is looked up by those only who may use its schema.
            let (name, number) = (try row.text(0), try row.text(6))
            let grants = Statement(SQL.grantsOf) {
                $0.text(number)
                $0.text(name)
                $0.texts([String]())
            }
            return OtherView(
                name: name, isMaterialized: try row.bool(1), query: try row.text(2), options: try row.text(3),
                owner: try row.text(4), comment: try row.text(5),
                grants: try connection.query(grants).map { try $0.text(0) })
        }
    }

    static func takeDown(_ views: [OtherView], _ connection: BlockingConnection) throws {
        if let stored = views.first(where: \.isMaterialized) {
            throw ReadModelError(
                "\(stored.name) is a materialized view over these tables, which would go on showing the old ones: "
                    + "drop it, and make it again afterwards")
        }
        try asLogin(connection, views) { view in try connection.execute("DROP VIEW \(view.name)") }
    }

    static func putUp(_ views: [OtherView], _ connection: BlockingConnection) throws {
        try asLogin(connection, views.reversed()) { view in
            let options = view.options.isEmpty ? "" : " WITH (\(view.options))"
            try connection.execute("CREATE VIEW \(view.name)\(options) AS \(view.query)")
            if !view.comment.isEmpty { try connection.execute("COMMENT ON VIEW \(view.name) IS \(view.comment)") }
            for grant in view.grants { try connection.execute(grant) }
            try connection.execute("ALTER VIEW \(view.name) OWNER TO \(view.owner)")
        }
    }

    /// From the last to the first. Other people's views are not the owner role's: the login may know better.
    private static func asLogin(
        _ connection: BlockingConnection, _ views: [OtherView], _ body: (OtherView) throws -> Void
    ) throws {
        if views.isEmpty { return }
        try connection.execute("SET LOCAL ROLE NONE")
        for view in views.reversed() { try Views.naming(view.name) { try body(view) } }
        try connection.execute("SET LOCAL ROLE daybook_owner")
    }
}
