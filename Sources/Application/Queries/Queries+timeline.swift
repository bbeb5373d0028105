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
        try ListRequest.refuse(parameters, besides: ["limit", "cursor"])
        let organization = caller.organization
        let key = try await surroundings.cursorKey(organization)
        let shape = Cursor.shape("timeline", [id.text])
        return try await answering { catalog throws(Problem) in
            let presence = try presence(of: id, entity, catalog, caller)
            let entries = try relation("timeline_documents", catalog)
            let request = try ListRequest(parameters, of: Subject(entries), by: asker(caller))
            var cursor: Cursor?
            if let text = request.cursor {
                cursor = try Cursor(text, shape: shape, organization: organization, key: key)
            }
            let kin = try await kin(of: [id], catalog, nil, caller, min)
            let question = Question(
                organization: organization, projections: Set(presence.projections + entries.projections).sorted(),
                min: min, past: cursor?.position,
                statements: [presence.statement, page(of: kin.of(id), request.limit, after: cursor, organization)])
            let answer = try await ask(question, on: lists)
            try presence.require(answer.results[0])
            return try reading {
                let rows = answer.results[1]
                let shown = rows.prefix(request.limit)
                var next: String?
                if rows.count > request.limit, let last = shown.last {
                    let keys: [JSON] = [.integer(try last.timestamptz(1)), .integer(try last.bigint(2))]
                    next = Cursor(keys: keys, id: id, position: answer.position, shape: shape)
                        .text(organization: organization, key: key)
                }
                return Reply(
                    body: Document.list(shown, next: next, total: nil, answer), position: answer.position)
            }
        }
    }

    /// A page of a record's timeline, and one entry more.
    /// - Parameter kin: the record, and those that are the same.
    func page(of kin: [UUID], _ limit: Int, after cursor: Cursor?, _ organization: UUID) -> Statement {
        Statement(SQL.timelinePage) {
            $0.uuid(organization)
            $0.uuids(kin)
            $0.bigint(Int64(limit) + 1)
            $0.timestamptz(cursor?.keys.first?.integer)
            $0.bigint(cursor?.keys.last?.integer)
        }
    }
}
