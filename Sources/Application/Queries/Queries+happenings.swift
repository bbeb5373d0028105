import FoundationEssentials
import Kernel
import Postgres

extension Queries {
    /// What happened with all records, the newest first, as their timelines tell it:
    /// `{"items":[…],"next":…,"position":…}`. What no timeline tells, as that a field was defined, is left out, so a
    /// page may have fewer items than it was asked for. Parameters: `limit` (1 to 200, 20 where not given), `cursor`.
    public func happenings(
        _ parameters: [Parameter], by caller: Caller, min: PositionToken? = nil
    ) async throws(Problem) -> Reply {
        try ListRequest.refuse(parameters, besides: ["limit", "cursor"])
        let organization = caller.organization
        let key = try await surroundings.cursorKey(organization)
        let shape = Cursor.shape("happenings", [])
        return try await answering { catalog throws(Problem) in
            let entries = try relation("timeline_documents", catalog)
            let request = try ListRequest(parameters, of: Subject(entries), by: asker(caller))
            var cursor: Cursor?
            if let text = request.cursor {
                cursor = try Cursor(text, shape: shape, organization: organization, key: key)
            }
            let before = cursor?.keys.first?.integer
            let statement = Statement(SQL.happeningsPage) {
                $0.uuid(organization)
                $0.bigint(Int64(request.limit) + 1)
                $0.bigint(before)
            }
            let question = Question(
                organization: organization, projections: entries.projections, min: min, past: cursor?.position,
                statements: [statement])
            let answer = try await ask(question, on: lists)
            return try reading {
                let rows = answer.results[0]
                let shown = rows.prefix(request.limit)
                var document = Document()
                document += "{\"items\":["
                var isFirst = true
                for row in shown {
                    guard let line = try row.bytea(orNil: 1) else { continue }
                    if !isFirst { document += "," }
                    isFirst = false
                    document += line
                }
                var next: String?
                if rows.count > request.limit, let last = shown.last {
                    next = Cursor(
                        keys: [.integer(try last.bigint(0))], id: organization, position: answer.position, shape: shape
                    ).text(organization: organization, key: key)
                }
                document += "],\"next\":" + (next.map { "\"\($0)\"" } ?? "null")
                document.end(answer)
                return Reply(body: document.bytes, position: answer.position)
            }
        }
    }
}
