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
        let known = ["limit", "cursor"]
        if let other = parameters.first(where: { !known.contains($0.name) }) {
            throw .unknownParameter(other.name, known: known)
        }
        let organization = caller.organization
        let key = try await surroundings.cursorKey(organization)
        let shape = Cursor.shape("timeline", [id.text])
        return try await answering { catalog throws(Problem) in
            let records = try subject(entity, catalog)
            let entries = try relation("timeline_documents", catalog)
            let request = try ListRequest(parameters, of: Subject(entries), by: asker(caller))
            var cursor: Cursor?
            if let text = request.cursor {
                cursor = try Cursor(text, shape: shape, organization: organization, key: key)
            }
            let question = Question(
                organization: organization, projections: Set(records.projections + entries.projections).sorted(),
                min: min, past: cursor?.position,
                statements: [
                    existence(of: id, records, organization), page(of: id, request.limit, after: cursor, organization),
                ])
            let answer = try await ask(question, on: lists)
            guard !answer.results[0].isEmpty else { throw Problem.absent(entity.name) }
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

    private func existence(of id: UUID, _ records: Subject, _ organization: UUID) -> Statement {
        var text = SQLText(organization)
        let place = text.bind(.uuid(id))
        text += "SELECT t.id FROM \(records.table.sql) t WHERE t.organization_id = $1 AND t.id = \(place)"
        return text.statement
    }

    /// A page of a record's timeline, and one entry more.
    func page(of id: UUID, _ limit: Int, after cursor: Cursor?, _ organization: UUID) -> Statement {
        Statement(SQL.timelinePage) {
            $0.uuid(organization)
            $0.uuid(id)
            $0.bigint(Int64(limit) + 1)
            $0.timestamptz(cursor?.keys.first?.integer)
            $0.bigint(cursor?.keys.last?.integer)
        }
    }
}
