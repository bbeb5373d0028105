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

    /// Takes all views down, the last one first, because a view may stand on an earlier one. ACCESS EXCLUSIVE on each.
    func takeDown() throws {
        for (view, _) in try known().reversed() {
            try connection.execute("DROP VIEW IF EXISTS read.\(quoted(view.name))")
        }
    }

    /// Puts these views up; one that needs a table which is not there waits until it is.
    /// - Returns: those that wait, and why.
    @discardableResult
    func putUp(_ views: [ViewFile]) throws -> [(view: ViewFile, error: PostgresError)] {
        var waiting: [(ViewFile, PostgresError)] = []
        try connection.execute("DELETE FROM read.view")
        for view in views {
            let error = try create(view)
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

    private func create(_ view: ViewFile) throws -> PostgresError? {
        try connection.execute("SAVEPOINT view")
        do throws(PostgresError) {
            try connection.execute(view.text)
            try connection.execute(
                "GRANT SELECT ON read.\(quoted(view.name)) TO daybook_app, daybook_auditor, daybook_worker")
            try connection.execute("RELEASE SAVEPOINT view")
            return nil
        } catch {
            switch error.kind {
            case .connectionLost, .cancelled, .lockTimeout, .deadlock, .closed: throw error
            case _:
                try connection.execute("ROLLBACK TO SAVEPOINT view")
                return error
            }
        }
    }
}
