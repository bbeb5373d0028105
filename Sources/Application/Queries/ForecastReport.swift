import FoundationEssentials
import Kernel
import Postgres

extension Queries {
    /// What open deals may bring, by the month in which they are expected to close:
    /// `{"rows":[{"month","currency","count","open","weighted","committed","best_case"}],"totals":[…],"position"}`, in
    /// minor units. `weighted` is the sum of amounts by their chances (the deal's own, else its stage's), each rounded;
    /// `committed` counts deals of that category, `best_case` those and the best cases. Omitted deals do not count, and
    /// deals without a day stand under the month null.
    ///
    /// `from`, `to` (days of expected close, both included), filters on the columns of `read.deal_facts`, `base=true`,
    /// `rate_date`, `as_of`, `as_known`.
    /// - Throws: `parameter.unknown`, `parameter.invalid`, `parameter.unavailable`.
    public func forecast(_ parameters: [Parameter], by caller: Caller, min: PositionToken? = nil)
        async throws(Problem) -> Reply
    {
        let moment = try moment(parameters)
        return try await answering { present throws(Problem) in
            let catalog = present.at(moment)
            let facts = try relation("deal_facts", catalog)
            let report = try ForecastReport(parameters, criteria: try reportCriteria(facts), by: asker(caller))
            let rates = try report.base.map { _ throws(Problem) in try relation("base_rates", catalog) }
            let told = rates.map { BaseCurrency.told($0, organization: caller.organization) }
            let question = Question(
                organization: caller.organization, projections: Relation.projections([facts, rates]), min: min,
                moment: moment, base: report.base,
                statements: [report.statement(facts, rates: rates, organization: caller.organization)]
                    + [told].compactMap { $0 })
            let answer = try await ask(question, on: reports)
            return try reading {
                Reply(body: try report.document(answer), position: answer.position)
            }
        }
    }
}

/// A forecast: over which days and which deals.
struct ForecastReport: Sendable {
    /// Whether amounts are wanted in the organization's own currency, too.
    let base: BaseCurrency?
    private let days: DaySpan
    private let conditions: [Selection]

    init(_ parameters: [Parameter], criteria: [String: Criterion], by asker: Asker) throws(Problem) {
        try ListRequest.refuseDoubles(parameters)
        days = try DaySpan(parameters)
        base = try BaseCurrency(parameters)
        let known = DaySpan.names + Moment.names + BaseCurrency.names
        var conditions: [Selection] = []
        for parameter in parameters where !known.contains(parameter.name) {
            guard let condition = try Condition(parameter, among: criteria, by: asker) else {
                throw .unknownParameter(parameter.name, known: known + criteria.keys)
            }
            conditions.append(.one(condition))
        }
        self.conditions = conditions
    }

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

    func statement(_ facts: Relation, rates: Relation?, organization: UUID) -> Statement {
        var text = SQLText(organization)
        if let rates { text += BaseCurrency.rates(rates) }
        text += "SELECT (date_part('year', t.expected_on) * 12 + date_part('month', t.expected_on) - 1)::bigint,"
        text += " t.currency, count(*)"
        for (_, sum) in Self.measures { text += ", \(sum)" }
        if rates != nil {
            for (_, sum) in Self.measures { text += ", " + BaseCurrency.converted(sum, of: "t.currency") }
        }
        text += " FROM \(facts.sql) t WHERE t.organization_id = $1 AND t.status = 'open'"
        text += " AND t.forecast_category <> 'omitted'"
        days.write(to: &text, of: "t.expected_on")
        for condition in conditions { condition.write(to: &text) }
        text += " GROUP BY 1, 2 ORDER BY 1, 2"
        return text.statement
    }

    func document(_ answer: Findings) throws -> [UInt8] {
        let rows = try answer.results[0].map { try Line($0, inBase: base != nil) }
        func totals(_ key: (Line) -> String?, _ name: String) -> [JSON] {
            var totals: [Line] = []
            for row in rows {
                if let same = totals.firstIndex(where: { key($0) == key(row) }) {
                    totals[same].add(row)
                } else {
                    totals.append(row)
                }
            }
            return totals.map { total in
                var members = total.members(total.sums)
                members[name] = key(total).map { .string($0) } ?? .null
                return .object(members)
            }
        }
        var members: [String: JSON] = [
            "rows": .array(rows.map { $0.json(inBase: base != nil) }),
            "totals": .array(totals(\.currency, "currency")),
        ]
        if base != nil {
            var months: [Line] = []
            var all: Line?
            for row in rows {
                if months.last?.month == row.month, !months.isEmpty {
                    months[months.count - 1].add(row)
                } else {
                    months.append(row)
                }
                if all == nil { all = row } else { all?.add(row) }
            }
            let told = months.map { month -> JSON in
                var members = month.members(month.base)
                members["month"] = month.month.map { .string($0) } ?? .null
                return .object(members)
            }
            let used = Set(rows.compactMap(\.currency))
            let total = all.map { $0.members($0.base) } ?? [:]
            members["base"] = try BaseCurrency.json(
                answer.results[1], used: used, and: ["rows": .array(told), "total": .object(total)])
        }
        return JSON.object(members.merging(answer.end) { $1 }).bytes
    }

    /// A month's sums in one currency, or what several of them come to.
    private struct Line {
        let month: String?
        let currency: String?
        var count: Int64
        var sums: [Int64?]
        /// In the base; nil where there is no rate.
        var base: [Int64?]

        init(_ row: Row, inBase: Bool) throws {
            month = try row.bigint(orNil: 0).map(Period.month)
            currency = try row.text(orNil: 1)
            count = try row.bigint(2)
            let places = ForecastReport.measures.indices
            sums = try places.map { try row.bigint(3 + $0) }
            let isWorthless = currency == nil
            base = inBase ? try places.map { isWorthless ? 0 : try row.bigint(orNil: 3 + places.count + $0) } : []
        }

        mutating func add(_ other: Line) {
            count += other.count
            sums = zip(sums, other.sums).map(Amounts.sum)
            base = zip(base, other.base).map(Amounts.sum)
        }
        func members(_ values: [Int64?]) -> [String: JSON] {
            var members: [String: JSON] = ["count": .integer(count)]
            for ((name, _), value) in zip(ForecastReport.measures, values) {
                members[name] = value.map { .integer($0) } ?? .null
            }
            return members
        }
        func json(inBase: Bool) -> JSON {
            var members = members(sums)
            members["month"] = month.map { .string($0) } ?? .null
            members["currency"] = currency.map { .string($0) } ?? .null
            return .object(members)
        }
    }
}
