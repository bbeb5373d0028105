import Kernel
import Postgres

/// A report on how deals get from stage to stage.
struct ConversionReport: Report {
    static let view = "deal_spans"
    static let own: [String] = []
    static let tellsAmounts = false
    let request: ReportRequest

    init(_ request: ReportRequest) { self.request = request }

    func write(_ spans: Relation, to text: inout SQLText) {
        // One pass over the spans of each deal, from the last to the first: what became of it behind each of them.
        text += "WITH spans AS (SELECT t.* FROM \(spans.sql) t"
        text += " WHERE t.organization_id = $1 AND t.archived_at IS NULL"
        text += "), paths AS (SELECT s.*,"
        text += " row_number() OVER (PARTITION BY s.deal_id, s.stage_id ORDER BY s.since_position) AS time,"
        text += " max(CASE s.kind WHEN 'open' THEN s.stage_place WHEN 'won' THEN \(Int64.max) END) OVER"
        text += " (PARTITION BY s.deal_id ORDER BY s.since_position DESC) AS furthest,"
        text += " first_value(s.kind) OVER (PARTITION BY s.deal_id ORDER BY s.since_position DESC) AS ending"
        text += " FROM spans s)"
        text += " SELECT \(SpanStage.columns), count(*), count(*) FILTER (WHERE t.furthest > t.stage_place)"
        for ending in ["won", "lost", "open"] { text += ", count(*) FILTER (WHERE t.ending = '\(ending)')" }
        text += " FROM paths t WHERE t.kind = 'open' AND t.time = 1"
        // Here, and not above: what a deal did elsewhere counts.
        request.write(to: &text, of: "t.entered_on")
        text += " GROUP BY \(SpanStage.columns) ORDER BY \(SpanStage.order)"
    }

    func members(_ rows: Result, rates: Result?) throws -> [String: JSON] {
        let stages = try rows.map { row -> JSON in
            let (entered, advanced) = (try row.bigint(5), try row.bigint(6))
            let counts: [String: JSON] = [
                "entered": .integer(entered), "advanced": .integer(advanced), "won": .integer(try row.bigint(7)),
                "lost": .integer(try row.bigint(8)), "open": .integer(try row.bigint(9)),
                "rate": entered == 0 ? .null : .number(Double(advanced) / Double(entered)),
            ]
            return .object(try SpanStage.members(row).merging(counts) { $1 })
        }
        return ["rows": .array(stages)]
    }
}
