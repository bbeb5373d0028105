import Postgres

/// The views beside the tables. They depend on tables that come and go: each swap takes all of them down and puts them
/// up again, in its own transaction, in the order of their files' names.
struct Views {
    let connection: BlockingConnection

    /// The views as they are known.
    func known() throws -> [(view: ViewFile, isInstalled: Bool)] {
        try connection.query(Statement(SQL.views)).map { row in
            let view = ViewFile(name: try row.text(0), file: try row.text(1), text: try row.text(2))
            return (view, try row.bool(3))
        }
    }

    /// Takes all views down, those of the past as well. ACCESS EXCLUSIVE on each.
    func takeDown() throws {
        let standing = try connection.query(Statement(SQL.standingViews))
        if let views = try standing[0].text(orNil: 0) { try connection.execute("DROP VIEW \(views)") }
    }

    /// Puts these views up, and once more as of a moment; one that needs a table which is not there waits until it is.
    /// - Returns: those that wait, and why.
    @discardableResult
    func putUp(_ views: [ViewFile]) throws -> [(view: ViewFile, error: PostgresError)] {
        var waiting: [(ViewFile, PostgresError)] = []
        try connection.execute("DELETE FROM read.view")
        var past = PastViews(connection: connection)
        try past.makeTables()
        for view in views {
            let error =
                try connection.refusal(
                    of: view.text + "\n;GRANT SELECT ON read.\(quoted(view.name)) TO \(Views.readers)")
                ?? past.make(view, for: views)
            if let error { waiting.append((view, error)) }
            try connection.query(
                Statement(SQL.installView) {
                    $0.text(view.name)
                    $0.text(view.file)
                    $0.text(view.text)
                    $0.bool(error == nil)
                })
        }
        return waiting
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
