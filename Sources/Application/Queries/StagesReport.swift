import Kernel
import Postgres

/// A report on stages: how many deals entered and left each, and how long that took.
struct StagesReport: Report {
    static let view = "deal_spans"
    static let own: [String] = []
    static let tellsAmounts = false
    let request: ReportRequest

    init(_ request: ReportRequest) { self.request = request }

    func write(_ spans: Relation, to text: inout SQLText) {
        text += "SELECT \(SpanStage.columns), t.kind, count(DISTINCT t.deal_id), count(*), count(t.left_at),"
        text += " avg(t.seconds) FILTER (WHERE t.left_at IS NOT NULL)::float8,"
        text += " percentile_cont(0.5) WITHIN GROUP (ORDER BY t.seconds) FILTER (WHERE t.left_at IS NOT NULL)"
        text += " FROM \(spans.sql) t WHERE t.organization_id = $1 AND t.archived_at IS NULL"
        request.write(to: &text, of: "t.entered_on")
        text += " GROUP BY \(SpanStage.columns), t.kind ORDER BY \(SpanStage.order)"
    }

    func members(_ rows: Result, rates: Result?) throws -> [String: JSON] {
        func seconds(_ row: Row, _ column: Int) throws -> JSON {
            row.isNull(column) ? .null : .number(try row.double(column))
        }
        let stages = try rows.map { row -> JSON in
            let (entries, left) = (try row.bigint(7), try row.bigint(8))
            let counts: [String: JSON] = [
                "kind": try row.text(orNil: 5).map { .string($0) } ?? .null, "deals": .integer(try row.bigint(6)),
                "entries": .integer(entries), "left": .integer(left), "now": .integer(entries - left),
                "mean_seconds": try seconds(row, 9), "median_seconds": try seconds(row, 10),
            ]
            return .object(try SpanStage.members(row).merging(counts) { $1 })
        }
        return ["rows": .array(stages)]
    }
}

/// A stage of `read.deal_spans`, as reports show one in each row: the first five columns.
enum SpanStage {
    static let columns = "t.pipeline_id, t.pipeline_name, t.stage_id, t.stage_name, t.stage_place"
    static let order = "t.pipeline_name, t.pipeline_id, t.stage_place, t.stage_id"

    static func members(_ row: Row) throws -> [String: JSON] {
        [
            "pipeline_id": try row.uuid(orNil: 0).map { .string($0.text) } ?? .null,
            "pipeline_name": try row.text(orNil: 1).map { .string($0) } ?? .null,
            "stage_id": try row.uuid(orNil: 2).map { .string($0.text) } ?? .null,
            "stage_name": try row.text(orNil: 3).map { .string($0) } ?? .null,
        ]
    }
}
