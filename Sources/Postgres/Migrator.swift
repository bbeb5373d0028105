public import Logging

/// Brings a database to the newest schema.
public struct Migrator: Sendable {
    private let settings: ConnectionSettings
    private let log: Logger

    /// For the database of `settings`, whose login needs CREATEROLE and CREATE on the database.
    public init(_ settings: ConnectionSettings, log: Logger) {
        self.settings = settings
        self.log = log
    }

    /// Runs what has not run yet.
    public func migrate(_ migrations: [Migration]) async throws {
        let pool = BlockingPool(settings, size: 1, name: "migrate", log: log)
        do {
            try await pool.run { connection in
                for migration in migrations.sorted(by: { $0.number < $1.number }) {
                    try connection.transaction { try connection.execute(migration.sql) }
                }
            }
        } catch {
            await pool.close()
            throw error
        }
        await pool.close()
    }
}
