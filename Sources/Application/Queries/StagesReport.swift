import Kernel
import Postgres

/// A report on stages: how many deals entered and left each, and how long that took.
struct StagesReport: ShortReport {
    static let view = "deal_spans"
    static let own: [String] = []
    static let frames = SpanStage.frames
    static let tellsAmounts = false
    static let readsAsItLies = true
    let request: ReportRequest

    init(_ request: ReportRequest) { self.request = request }

    func write(_ spans: Relation, _ frames: ReportFrames, to text: inout SQLText) {
        text += "WITH \(SpanStage.archived(frames))"
        text += " SELECT \(SpanStage.columns), s.kind, t.deals, t.entries, t.leavings, t.mean, t.median"
        text += " FROM (SELECT t.pipeline_id, t.stage_id, count(DISTINCT t.deal_id) AS deals, count(*) AS entries,"
        text += " count(t.seconds) AS leavings, avg(t.seconds) AS mean,"
        text += " percentile_cont(0.5) WITHIN GROUP (ORDER BY t.seconds) AS median"
        // How long those stayed that have left, in whole seconds: said once for each span, and without numbers of any
        // length, which cost more than all else.
        text += " FROM (SELECT t.pipeline_id, t.stage_id, t.deal_id,"
        text += " floor(date_part('epoch', t.left_at - t.entered_at) + 0.5) AS seconds"
        text += " FROM \(spans.sql) t WHERE t.organization_id = $1 AND \(SpanStage.isShown)"
        request.write(to: &text, of: "t.entered_on")
        text += "\(Relation.fence)) t GROUP BY 1, 2) t LEFT JOIN \(frames["stages"]) s ON s.organization_id = $1"
        text += " AND s.pipeline_id = t.pipeline_id AND s.id = t.stage_id ORDER BY \(SpanStage.order)"
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

/// A stage, as reports on spans show one in each row: the first five columns. `t` says which, `s` is the stage.
enum SpanStage {
    static let frames = ["stages", "deals"]
    static let columns = "t.pipeline_id, s.pipeline_name, t.stage_id, s.name, s.place"
    static let order = "s.pipeline_name, t.pipeline_id, s.place, t.stage_id"

    /// Deals that are archived. They are few: they are read once, and not a deal for each span.
    static func archived(_ frames: ReportFrames) -> String {
        "archived AS MATERIALIZED (SELECT d.id FROM \(frames.rows("deals")) d"
            + " WHERE d.organization_id = $1 AND d.archived_at IS NOT NULL)"
    }
    /// That the deal of the span `t` is not.
    static let isShown = "t.deal_id NOT IN (SELECT d.id FROM archived d)"

    static func members(_ row: Row) throws -> [String: JSON] {
        [
            "pipeline_id": try row.uuid(orNil: 0).map { .string($0.text) } ?? .null,
            "pipeline_name": try row.text(orNil: 1).map { .string($0) } ?? .null,
            "stage_id": try row.uuid(orNil: 2).map { .string($0.text) } ?? .null,
            "stage_name": try row.text(orNil: 3).map { .string($0) } ?? .null,
        ]
    }
}
