import Kernel
import Postgres

/// A report on what open deals may bring, by the month in which they are expected to close.
struct ForecastReport: ShortReport {
    static let view = "deal_facts"
    static let own: [String] = []
    static let frames: [String] = []
    static let tellsAmounts = true
    let request: ReportRequest

    init(_ request: ReportRequest) { self.request = request }

    /// What is summed, by the names in the answer.
    private static let measures = [
        ("open", "coalesce(sum(t.amount_minor), 0)::bigint"),
        ("weighted", "coalesce(sum(t.weighted_minor), 0)::bigint"),
        ("committed", "coalesce(sum(t.amount_minor) FILTER (WHERE t.forecast_category = 'committed'), 0)::bigint"),
        (
            "best_case",
            "coalesce(sum(t.amount_minor) FILTER (WHERE t.forecast_category IN ('committed', 'best_case')), 0)::bigint"
        ),
    ]

    func write(_ facts: Relation, _ frames: ReportFrames, to text: inout SQLText) {
        text += "SELECT (date_part('year', t.expected_on) * 12 + date_part('month', t.expected_on) - 1)::bigint,"
        text += " t.currency, count(*)"
        for (_, sum) in Self.measures { text += ", \(sum)" }
        for (_, sum) in Self.measures { request.write(sum, inBaseOf: "t.currency", to: &text) }
        text += " FROM \(facts.sql) t WHERE t.organization_id = $1 AND t.status = 'open'"
        text += " AND t.forecast_category <> 'omitted'"
        request.write(to: &text, of: "t.expected_on")
        text += " GROUP BY 1, 2 ORDER BY 1, 2"
    }

    func members(_ rows: Result, rates: Result?) throws -> [String: JSON] {
        let lines = try rows.map { try Line($0, inBase: rates != nil) }
        let told = lines.map { $0.json($0.sums, by: ["month": $0.month, "currency": $0.currency]) }
        let totals = Line.added(lines, by: \.currency).map { $0.json($0.sums, by: ["currency": $0.currency]) }
        var members: [String: JSON] = ["rows": .array(told), "totals": .array(totals)]
        if let rates {
            let months = Line.added(lines, by: \.month).map { $0.json($0.base, by: ["month": $0.month]) }
            let all = Line.added(lines) { _ in nil }.first
            members["base"] = try BaseCurrency.json(
                rates, used: Set(lines.compactMap(\.currency)),
                and: ["rows": .array(months), "total": all.map { $0.json($0.base) } ?? [:]])
        }
        return members
    }

    /// A month's sums in one currency, or what several of them come to.
    private struct Line {
        let month: String?
        let currency: String?
        private var count: Int64
        private(set) var sums: [Int64?]
        /// In the base; nil where there is no rate.
        private(set) var base: [Int64?] = []

        init(_ row: Row, inBase: Bool) throws {
            month = try row.bigint(orNil: 0).map(Period.month)
            currency = try row.text(orNil: 1)
            count = try row.bigint(2)
            let places = ForecastReport.measures.indices
            sums = try places.map { try row.bigint(3 + $0) }
            guard inBase else { return }
            let isWorthless = currency == nil
            base = try places.map { isWorthless ? 0 : try row.bigint(orNil: 3 + places.count + $0) }
        }

        /// Those that have the same key, added up, in the order of their first.
        static func added(_ lines: [Line], by key: (Line) -> String?) -> [Line] {
            var sums: [Line] = []
            for line in lines {
                guard let same = sums.firstIndex(where: { key($0) == key(line) }) else {
                    sums.append(line)
                    continue
                }
                sums[same].count += line.count
                sums[same].sums = zip(sums[same].sums, line.sums).map(Amounts.sum)
                sums[same].base = zip(sums[same].base, line.base).map(Amounts.sum)
            }
            return sums
        }

        /// - Parameter names: what tells it from the other lines of an answer.
        func json(_ values: [Int64?], by names: [String: String?] = [:]) -> JSON {
            var members: [String: JSON] = ["count": .integer(count)]
            for ((name, _), value) in zip(ForecastReport.measures, values) {
                members[name] = value.map { .integer($0) } ?? .null
            }
            for (name, value) in names { members[name] = value.map { .string($0) } ?? .null }
            return .object(members)
        }
    }
}
