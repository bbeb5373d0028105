import Postgres

extension KeyWrapping {
    /// Makes sure that this is the master key of the database, or becomes it where there is none yet.
    /// - Parameter connection: one of `daybook_worker`.
    /// - Throws: `KeyError.notOurs`, `PostgresError`.
    public func confirm(on connection: PipelinedConnection) async throws {
        let (mark, context) = (Array("daybook".utf8), Array("master".utf8))
        let note = Statement(SQL.noteMaster) { $0.bytea(wrap(mark, context: context)) }
        let results = try await connection.run([note, Statement(SQL.readMaster)])
        guard let row = results[1].first, try unwrap(try row.bytea(0), context: context) == mark else {
            throw KeyError.notOurs
        }
    }

    /// Whether this is the master key that a database notes.
    /// - Parameter wrapped: the column of `vault.master_key`.
    public func isNoted(as wrapped: [UInt8]) -> Bool {
        (try? unwrap(wrapped, context: Array("master".utf8))) == Array("daybook".utf8)
    }

    /// Whether a database has a master key already, so that none may be made for it.
    /// - Parameter connection: one of `daybook_worker`.
    public static func isNoted(on connection: PipelinedConnection) async throws(PostgresError) -> Bool {
        try await connection.query(Statement(SQL.readMaster)).first != nil
    }
}
