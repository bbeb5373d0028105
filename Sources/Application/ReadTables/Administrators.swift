import FoundationEssentials
import Postgres

/// Who may do what concerns all organizations of a server.
struct Administrators: Sendable {
    /// The organizations whose owners may; none: the owners of the only organization, and nobody where there are more.
    let named: Set<UUID>
    let database: PipelinedConnection

    func has(_ caller: Caller) async throws(Problem) -> Bool {
        guard caller.role == .owner else { return false }
        if !named.isEmpty { return named.contains(caller.organization) }
        do {
            let found = try await database.query(Statement(SQL.onlyOrganization) { $0.uuid(caller.organization) })
            return try found[0].bool(0)
        } catch {
            throw .unavailable
        }
    }
}
