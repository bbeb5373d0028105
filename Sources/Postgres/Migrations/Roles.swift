import CLibPQ

/// Daybook's roles. They belong to the cluster, not to a database, so they are made before the migrations, by code.
public enum Roles {
    /// Owns schemas and tables; runs migrations and SECURITY DEFINER functions.
    public static let owner = "daybook_owner"
    /// Reads as the API, within one organization.
    public static let app = "daybook_app"
    /// Appends, projects, imports, verifies: sees all organizations.
    public static let worker = "daybook_worker"
    /// Reads within one organization.
    public static let auditor = "daybook_auditor"
    static let all = [owner, app, worker, auditor]

    /// Makes the roles that are missing, and lets the login take each; lets the owner make schemas here.
    static func make(on connection: BlockingConnection) throws {
        let privilege = PQserverVersion(connection.session.raw) >= 160_000 ? "SET" : "MEMBER"
        let rows = try connection.query(
            Statement(SQL.missingRoles) {
                $0.texts(all)
                $0.text(privilege)
            })
        for row in rows {
            let role = try row.text(0)
            if try !row.bool(1) { try run("CREATE ROLE \(role) NOLOGIN", "make the role \(role)", connection) }
            if try !row.bool(2) { try run("GRANT \(role) TO CURRENT_USER", "take the role \(role)", connection) }
        }
        let database = try connection.query(
            Statement(
                "SELECT quote_ident(current_database()), has_database_privilege($1, current_database(), 'CREATE')"
            ) { $0.text(owner) })[0]
        if try !database.bool(1) {
            let sql = "GRANT CREATE ON DATABASE \(try database.text(0)) TO \(owner)"
            try run(sql, "let \(owner) make schemas in the database", connection)
        }
    }

    /// Another database's migrator may do the same at the same moment: then it was there first, or the catalogue's row
    /// was just being changed (XX000, "tuple concurrently updated").
    private static func run(_ sql: String, _ what: String, _ connection: BlockingConnection) throws {
        var attempts = 0
        while true {
            do throws(PostgresError) {
                return try connection.execute(sql)
            } catch {
                attempts += 1
                switch error.kind {
                case .duplicateObject, .uniqueViolation: return
                case .insufficientPrivilege: throw MigrationError.notAllowed(what: what, sql: sql)
                case _ where error.sqlstate == "XX000" && attempts < 10: continue
                default: throw error
                }
            }
        }
    }
}
