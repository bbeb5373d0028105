/// Why a database cannot be brought to the newest schema. The description is a sentence that says what to do.
public enum MigrationError: Error, Sendable, CustomStringConvertible {
    /// The database has tables (or one of Daybook's schemas), and they are not Daybook's.
    case foreignSchema(found: [String])
    /// The database has migrations that this program does not know.
    case newerSchema(numbers: [Int])
    /// Migrations have run whose text was another one then.
    case changed([Migration])
    /// Migrations have not run, and later ones have.
    case outOfOrder([Migration], after: Int)
    /// The server is older than Postgres 15.
    case serverTooOld(version: Int)
    /// Two migrations have one number.
    case numberedTwice(Int)
    /// The login lacks a privilege.
    case notAllowed(what: String, sql: String)
    /// A migration failed and was rolled back; those before it stay.
    case failed(Migration, PostgresError)

    /// What happened and what to do.
    public var description: String {
        func names(_ migrations: [Migration]) -> String {
            migrations.map { "\($0.number) (\($0.name))" }.joined(separator: ", ")
        }
        switch self {
        case .foreignSchema(let found):
            return "The database holds what is not Daybook's: \(found.joined(separator: ", ")). "
                + "Give Daybook an empty database of its own."
        case .newerSchema(let numbers):
            return "The database was migrated by a newer Daybook, to "
                + "\(numbers.map(String.init).joined(separator: ", ")). Start that version or a later one."
        case .changed(let migrations):
            return "The database was made with another text of migration \(names(migrations)). "
                + "Start the version of Daybook that made it, or give this one an empty database."
        case .outOfOrder(let migrations, let after):
            return "Migration \(names(migrations)) is missing in the database although \(after) has run. "
                + "Start the version of Daybook that made it, or give this one an empty database."
        case .serverTooOld(let version):
            return "The server is Postgres \(version), and Daybook needs 15 or newer: upgrade it, or use another one."
        case .numberedTwice(let number):
            return "Two migrations have the number \(number): give the newer one the next free number."
        case .notAllowed(let what, let sql):
            return "The login may not \(what). Let it (CREATEROLE and owning the database suffice), "
                + "or have an administrator run: \(sql)"
        case .failed(let migration, let error):
            return "Migration \(names([migration])) failed and was rolled back: \(error)"
        }
    }
}
