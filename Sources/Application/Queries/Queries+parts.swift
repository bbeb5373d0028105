public import FoundationEssentials
import Kernel
import Postgres

extension Queries {
    /// What lies below a record and is no record itself, newest first: the costs of a campaign, the hours of a project.
    /// The parameters of lists.
    /// - Parameters:
    ///   - view: its rows; `column` names the record that each is part of, `day` orders them.
    /// - Throws: `<entity>.not_found`; `parameter.unknown`, `parameter.invalid`, `cursor.invalid`.
    public func parts(
        _ view: String, of entity: String, _ id: UUID, column: String, _ parameters: [Parameter], by caller: Caller,
        min: PositionToken? = nil
    ) async throws(Problem) -> Reply {
        let moment = try moment(parameters)
        _ = try await record(entity, id, by: caller, min: min)
        return try await answering { present throws(Problem) in
            let catalog = present.at(moment)
            let rows = try relation(view, catalog)
            let order = ["day", "id"].compactMap { rows.column($0).map { SortKey($0, descending: true) } }
            let subject = Subject(rows, rows, fields: [], entity: nil, order: order)
            let request = try ListRequest(parameters + [Parameter(column, id.text)], of: subject, by: asker(caller))
            return try await page(of: subject, request, catalog, moment, caller, min)
        }
    }

    /// Records that belong to another: a list as `list` gives it, where the other is there.
    /// - Throws: as `list`, and `<entity>.not_found` where the other is not there or not the caller's.
    public func list(
        _ entity: String, of owner: String, _ id: UUID, column: String, _ parameters: [Parameter], by caller: Caller,
        min: PositionToken? = nil
    ) async throws(Problem) -> Reply {
        _ = try await record(owner, id, by: caller, min: min)
        return try await list(entity, parameters + [Parameter(column, id.text)], by: caller, min: min)
    }
}
