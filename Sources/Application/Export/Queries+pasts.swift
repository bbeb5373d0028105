import CRM
import FoundationEssentials
import Kernel
import Postgres

/// What happened to records between their making and now, for whoever makes them again elsewhere: `read.<entity>_pasts`
/// has it as acts that can be asked.
extension Queries {
    /// The documents of a page, each with the member `past`: `[{"at","act","body"}]`, in order of time.
    func documents(
        _ rows: Slice<Result>, with pasts: Relation, _ caller: Caller, _ min: PositionToken?
    ) async throws(Problem) -> [JSON] {
        let documents = try reading { try rows.map { try JSON(parsing: $0.bytea(0)) } }
        let ids = documents.compactMap { $0["id"]?.string.flatMap(UUID.init(text:)) }
        let statement = Statement(
            "SELECT p.id, json_agg(json_build_object('at', read.instant(p.at), 'act', p.act, 'body', p.body) "
                + "ORDER BY p.at, p.number) FROM \(pasts.sql) p "
                + "WHERE p.organization_id = $1 AND p.id = ANY($2) GROUP BY p.id"
        ) {
            $0.uuid(caller.organization)
            $0.uuids(ids)
        }
        let question = Question(
            organization: caller.organization, projections: pasts.projections, min: min, statements: [statement])
        let found = try await ask(question, on: lists).results[0]
        let told = try reading {
            try Dictionary(found.map { (try $0.uuid(0).text, try JSON(parsing: $0.bytea(1))) }) { first, _ in first }
        }
        return documents.map { document in
            guard let id = document["id"]?.string, var members = document.object else { return document }
            members[Sheet.past] = told[id] ?? []
            return .object(members)
        }
    }
}
