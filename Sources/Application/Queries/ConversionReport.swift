import Kernel
import Postgres

/// A report on how deals get from stage to stage.
struct ConversionReport: ShortReport {
    static let view = "deal_spans"
    static let own: [String] = []
    static let frames = SpanStage.frames
    static let tellsAmounts = false
    let request: ReportRequest

    init(_ request: ReportRequest) { self.request = request }

    func write(_ spans: Relation, _ frames: ReportFrames, to text: inout SQLText) {
        // Deals are many, and the ways that they took few: each way is followed once, for all deals that took it.
        text += "WITH \(SpanStage.archived(frames)), stages AS MATERIALIZED (SELECT s.*,"
        text += " row_number() OVER (ORDER BY s.pipeline_id, s.id)::int AS number"
        text += " FROM \(frames["stages"]) s WHERE s.organization_id = $1"
        // A step is the number of its stage, and whether it is asked for. Here, and not which are read: what a deal did
        // elsewhere counts.
        text += "), ways AS (SELECT t.way, count(*) AS deals FROM (SELECT t.deal_id, array_agg(t.step) AS way"
        text += " FROM (SELECT t.deal_id, coalesce(s.number, 0) * 2 + coalesce(true"
        request.write(to: &text, of: "t.entered_on")
        text += ", false)::int AS step FROM \(spans.sql) t"
        text += " LEFT JOIN stages s ON s.pipeline_id = t.pipeline_id AND s.id = t.stage_id"
        text += " WHERE t.organization_id = $1 ORDER BY t.deal_id, t.since_position) t GROUP BY t.deal_id) t"
        text += " WHERE \(SpanStage.isShown) GROUP BY t.way"
        // From the last step to the first: what became of a deal behind each of them.
        text += "), steps AS (SELECT t.deals, u.step % 2 = 1 AS is_asked, s.number, s.kind, s.place,"
        text += " row_number() OVER (PARTITION BY t.way, s.number ORDER BY u.at) AS time,"
        text += " max(CASE s.kind WHEN 'open' THEN s.place WHEN 'won' THEN \(Int64.max) END) OVER"
        text += " (PARTITION BY t.way ORDER BY u.at DESC) AS furthest,"
        text += " first_value(s.kind) OVER (PARTITION BY t.way ORDER BY u.at DESC) AS ending"
        text += " FROM ways t CROSS JOIN LATERAL unnest(t.way) WITH ORDINALITY u (step, at)"
        text += " LEFT JOIN stages s ON s.number = u.step / 2"
        text += "), counts AS (SELECT t.number, sum(t.deals)::bigint AS entered,"
        text += " coalesce(sum(t.deals) FILTER (WHERE t.furthest > t.place), 0)::bigint AS advanced"
        for ending in Self.endings {
            text += ", coalesce(sum(t.deals) FILTER (WHERE t.ending = '\(ending)'), 0)::bigint AS \(ending)"
        }
        text += " FROM steps t WHERE t.kind = 'open' AND t.time = 1 AND t.is_asked GROUP BY t.number"
        text += ") SELECT s.pipeline_id, s.pipeline_name, s.id, s.name, s.place, c.entered, c.advanced, c.won, c.lost,"
        text += " c.open FROM counts c JOIN stages s ON s.number = c.number"
        text += " ORDER BY s.pipeline_name, s.pipeline_id, s.place, s.id"
    }
    private static let endings = ["won", "lost", "open"]

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
