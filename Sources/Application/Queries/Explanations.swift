import Kernel
import Postgres
public import Projections

/// Why a row of a read table is what it is.
public struct Explanations: Sendable {
    private let models: ReadModels

    /// Of these tables.
    public init(models: ReadModels) { self.models = models }

    /// The events that made a row of the caller's organization, each with what it changed:
    /// `{"projection","organization","id","position","events":[…],"row"}`.
    /// - Parameter column: only those that changed it.
    /// - Throws: `auth.forbidden` to whoever is neither owner nor auditor; `row.not_found` (404).
    public func row(
        _ key: String, of projection: String, column: String?, by caller: Caller
    ) async throws(Problem) -> Reply {
        guard caller.role == .owner || caller.role == .auditor else {
            throw .forbidden("Why a row is as it is is told to owners and auditors.")
        }
        do {
            let told = try await models.explain(
                projection, key: key, column: column, organization: caller.organization)
            return Reply(body: told.json.bytes, position: PositionToken(position: told.position, hash: nil))
        } catch let error as ReadModelError {
            throw Problem("row.not_found", 404, "\(error)".prefix(1).uppercased() + "\(error)".dropFirst() + ".")
        } catch is PostgresError { throw .unavailable } catch { throw .fault }
    }
}
