public import FoundationEssentials
import Kernel
import Postgres

extension Queries {
    /// How long a deal was in which stage, from its first event on, and how often its expected close was put off:
    /// `{"id","stages":[{"stage_id","stage_name","kind","entered_at","left_at","seconds"}],
    /// "expected_close":{"first","pushes","pushed_days","pulls","pulled_days"},"position"}`. `as_of`, `as_known`.
    /// - Throws: `deal.not_found` where it is not there, was not there then, or is not the caller's.
    public func spans(_ deal: UUID, _ parameters: [Parameter], by caller: Caller, min: PositionToken? = nil)
        async throws(Problem) -> Reply
    {
        let moment = try onlyMoment(parameters)
        return try await answering { present throws(Problem) in
            let catalog = present.at(moment)
            let spans = try relation("deal_spans", catalog)
            let pushes = try relation("deal_pushes", catalog)
            let names = ["stage_id", "stage_name", "kind", "entered_at", "left_at", "seconds"]
            let counted = ["pushes", "pushed_days", "pulls", "pulled_days"]
            func statement(_ columns: String, _ relation: Relation, _ order: String) -> Statement {
                var text = SQLText(caller.organization)
                let place = text.bind(.uuid(deal))
                text += "SELECT row_to_json(d) FROM (SELECT \(columns) FROM \(relation.sql) t"
                text += " WHERE t.organization_id = $1 AND t.deal_id = \(place)\(order)) d"
                return text.statement
            }
            let question = Question(
                organization: caller.organization,
                projections: Set(spans.projections + pushes.projections).sorted(), min: min, moment: moment,
                statements: [
                    statement(spans.columns(names), spans, " ORDER BY t.since_position"),
                    statement("t.first_expected_close AS first, \(pushes.columns(counted))", pushes, ""),
                ])
            let answer = try await ask(question, on: points)
            guard answer.results[0].count > 0 else { throw Problem.absent("deal") }
            return try reading {
                var document = Document()
                document += "{\"id\":\"\(deal.text)\",\"stages\":["
                document.append(answer.results[0])
                document += "],\"expected_close\":"
                if let row = answer.results[1].first { document.append(row, 0) } else { document += "null" }
                document.end(answer)
                return Reply(body: document.bytes, position: answer.position)
            }
        }
    }
}
