import Postgres

extension ReadModels {
    /// The columns that may hold what is personal, by table and view, in order. What a view makes of a personal column
    /// counts as personal too, unless it has the name of another column that the view reads.
    public func personalColumns() async throws -> [String: [String]] {
        try await pool.run { connection in
            var found: [String: [String]] = [:]
            for row in try connection.query(Statement(SQL.personalColumns)) {
                found[try row.text(0), default: []].append(try row.text(1))
            }
            return found
        }
    }
}
