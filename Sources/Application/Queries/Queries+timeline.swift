public import FoundationEssentials
import Kernel
import Postgres

extension Queries {
    /// What happened with a record, newest first: `{"items":[…],"next":…,"position":…}`. An account's has what happened
    /// with the deals and contacts that belong to it now. Parameters: `limit` (1 to 200, 20 where not given), `cursor`.
    /// - Throws: `<entity>.not_found` where it is not there or not the caller's.
    public func timeline(
        _ entity: String, _ id: UUID, _ parameters: [Parameter], by caller: Caller, min: PositionToken? = nil
    ) async throws(Problem) -> Reply {
        let entity = try self.entity(entity)
        return try await answering { catalog throws(Problem) in
            let records = try subject(entity, catalog)
            let pages = Subject(
                pages: try relation("timeline_pages", catalog), of: try relation("timeline_documents", catalog))
            var text = SQLText(caller.organization)
            let place = text.bind(.uuid(id))
            text += "SELECT t.id FROM \(records.table.sql) t WHERE t.organization_id = $1 AND t.id = \(place)"
            let question = Question(
                organization: caller.organization, projections: records.projections, min: min,
                statements: [text.statement])
            guard try await !ask(question, on: points).results[0].isEmpty else { throw Problem.absent(entity.name) }
            let request = try ListRequest(parameters + [Parameter("page_id", id.text)], of: pages, by: caller)
            return try await page(of: pages, request, catalog, nil, caller, min)
        }
    }
}

extension Subject {
    /// The entries of records' pages, newest first; those of one moment in the order in which they were recorded.
    fileprivate init(pages: Relation, of entries: Relation) {
        let order = ["occurred_at", "number"].compactMap { pages.column($0).map { SortKey($0, descending: true) } }
        self.init(pages, entries, fields: [], entity: nil, order: order)
    }
}
