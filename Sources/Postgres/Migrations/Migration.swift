/// A numbered change of the schema: SQL that runs once per database, in order of number, and never changes again.
public struct Migration: Sendable, Hashable {
    /// 1 and up; gaps are allowed.
    public var number: Int
    /// For people.
    public var name: String
    /// One or several statements, which run in a transaction of their own.
    public var sql: String

    /// A migration.
    public init(number: Int, name: String, sql: String) {
        self.number = number
        self.name = name
        self.sql = sql
    }

    /// The migration in a file named like `001_log.sql`; nil for files named otherwise.
    public init?(file: String, sql: String) {
        guard file.hasSuffix(".sql"), let underscore = file.firstIndex(of: "_"), let number = Int(file[..<underscore])
        else { return nil }
        self.init(number: number, name: String(file[file.index(after: underscore)...].dropLast(4)), sql: sql)
    }
}
