import FoundationEssentials
import Kernel
import Postgres

/// A report on stages: over which days and which deals.
struct StagesReport: Sendable {
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
        let stage = "t.pipeline_id, t.pipeline_name, t.stage_id, t.stage_name, t.kind, t.stage_place"
        text += "SELECT \(stage), count(DISTINCT t.deal_id), count(*), count(t.left_at),"
        text += " avg(t.seconds) FILTER (WHERE t.left_at IS NOT NULL)::float8,"
        text += " percentile_cont(0.5) WITHIN GROUP (ORDER BY t.seconds) FILTER (WHERE t.left_at IS NOT NULL)"
        text += " FROM \(spans.sql) t WHERE t.organization_id = $1 AND t.archived_at IS NULL"
        days.write(to: &text, of: "t.entered_on")
        for condition in conditions { condition.write(to: &text) }
        text += " GROUP BY \(stage) ORDER BY t.pipeline_name, t.pipeline_id, t.stage_place, t.stage_id"
        return text.statement
    }

    static func json(_ row: Row) throws -> JSON {
        func text(_ column: Int) throws -> JSON { try row.text(orNil: column).map { .string($0) } ?? .null }
        func id(_ column: Int) throws -> JSON { try row.uuid(orNil: column).map { .string($0.text) } ?? .null }
        func seconds(_ column: Int) throws -> JSON { row.isNull(column) ? .null : .number(try row.double(column)) }
        let (entries, left) = (try row.bigint(7), try row.bigint(8))
        return [
            "pipeline_id": try id(0), "pipeline_name": try text(1), "stage_id": try id(2), "stage_name": try text(3),
            "kind": try text(4), "deals": .integer(try row.bigint(6)), "entries": .integer(entries),
            "left": .integer(left), "now": .integer(entries - left), "mean_seconds": try seconds(9),
            "median_seconds": try seconds(10),
        ]
    }
}
