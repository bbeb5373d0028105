import FoundationEssentials
import Kernel
import Postgres

extension Queries {
    /// How many of the deals that entered a stage got further: `{"rows":[{"pipeline_id","pipeline_name","stage_id",
    /// "stage_name","entered","advanced","won","lost","open","rate"}],"position"}`. A deal counts once in each open
    /// stage that it entered, in the cohort of the first time. It advanced if it came afterwards into a later open
    /// stage or was won; rate is advanced / entered. What was lost and opened again is judged by what came last.
    ///
    /// `from`, `to` (days of entering first, both included), `as_of`, `as_known`, and filters on the columns of
    /// `read.deal_spans`: `pipeline_id`, `owner_id=me`. Archived deals do not count.
    /// - Throws: `parameter.unknown`, `parameter.invalid`, `parameter.unavailable`.
    public func conversion(_ parameters: [Parameter], by caller: Caller, min: PositionToken? = nil)
        async throws(Problem) -> Reply
    {
        let moment = try moment(parameters)
        return try await answering { present throws(Problem) in
            let spans = try relation("deal_spans", present.at(moment))
            let fields = try entity("deal").fields
            let report = try ConversionReport(
                parameters, criteria: Criterion.byName(spans.shown, of: fields), by: asker(caller))
            let question = Question(
                organization: caller.organization, projections: spans.projections, min: min, moment: moment,
                statements: [report.statement(spans, organization: caller.organization)])
            let answer = try await ask(question, on: reports)
            return try reading {
                let rows = try answer.results[0].map { try ConversionReport.json($0) }
                let body = JSON.object(["rows": .array(rows)].merging(answer.end) { $1 }).bytes
                return Reply(body: body, position: answer.position)
            }
        }
    }
}

/// A report on how deals get from stage to stage: over which days and which deals.
struct ConversionReport: Sendable {
    private let days: DaySpan
    private var conditions: [Selection] = []

    init(_ parameters: [Parameter], criteria: [String: Criterion], by asker: Asker) throws(Problem) {
        try ListRequest.refuseDoubles(parameters)
        days = try DaySpan(parameters)
        for parameter in parameters where !DaySpan.names.contains(parameter.name) {
            if Moment.names.contains(parameter.name) { continue }
            guard let condition = try Condition(parameter, among: criteria, by: asker) else {
                throw .unknownParameter(parameter.name, known: DaySpan.names + Moment.names + criteria.keys)
            }
            conditions.append(.one(condition))
        }
    }

    func statement(_ spans: Relation, organization: UUID) -> Statement {
        var text = SQLText(organization)
        let stage = "t.pipeline_id, t.pipeline_name, t.stage_id, t.stage_name, t.stage_place"
        // One pass over the spans of each deal, from the last to the first: what became of it behind each of them.
        text += "WITH spans AS (SELECT t.* FROM \(spans.sql) t"
        text += " WHERE t.organization_id = $1 AND t.archived_at IS NULL"
        text += "), paths AS (SELECT s.*,"
        text += " row_number() OVER (PARTITION BY s.deal_id, s.stage_id ORDER BY s.since_position) AS time,"
        text += " max(CASE s.kind WHEN 'open' THEN s.stage_place WHEN 'won' THEN \(Int64.max) END) OVER"
        text += " (PARTITION BY s.deal_id ORDER BY s.since_position DESC) AS furthest,"
        text += " first_value(s.kind) OVER (PARTITION BY s.deal_id ORDER BY s.since_position DESC) AS ending"
        text += " FROM spans s)"
        text += " SELECT \(stage), count(*), count(*) FILTER (WHERE t.furthest > t.stage_place),"
        text += " count(*) FILTER (WHERE t.ending = 'won'), count(*) FILTER (WHERE t.ending = 'lost'),"
        text += " count(*) FILTER (WHERE t.ending = 'open')"
        text += " FROM paths t WHERE t.kind = 'open' AND t.time = 1"
        days.write(to: &text, of: "t.entered_on")
        // Here, and not above: what a deal did elsewhere counts.
        for condition in conditions { condition.write(to: &text) }
        text += " GROUP BY \(stage) ORDER BY t.pipeline_name, t.pipeline_id, t.stage_place, t.stage_id"
        return text.statement
    }

    static func json(_ row: Row) throws -> JSON {
        func text(_ column: Int) throws -> JSON { try row.text(orNil: column).map { .string($0) } ?? .null }
        func id(_ column: Int) throws -> JSON { try row.uuid(orNil: column).map { .string($0.text) } ?? .null }
        let (entered, advanced) = (try row.bigint(5), try row.bigint(6))
        return [
            "pipeline_id": try id(0), "pipeline_name": try text(1), "stage_id": try id(2), "stage_name": try text(3),
            "entered": .integer(entered), "advanced": .integer(advanced), "won": .integer(try row.bigint(7)),
            "lost": .integer(try row.bigint(8)), "open": .integer(try row.bigint(9)),
            "rate": entered == 0 ? .null : .number(Double(advanced) / Double(entered)),
        ]
    }
}
