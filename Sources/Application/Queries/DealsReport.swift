import Kernel
import Postgres

/// A report on deals: one measure, by one property.
struct DealsReport: Report {
    static let view = "deal_facts"
    static let own = ["measure", "by"]
    static let tellsAmounts = true
    let request: ReportRequest
    private let measure: Measure
    private let grouping: Grouping

    /// What is measured.
    enum Measure: String, Sendable, CaseIterable {
        case wonAmount = "won_amount"
        case openAmount = "open_amount"
        case weightedAmount = "weighted_amount"
        case count
        case winRate = "win_rate"
        case daysToWin = "days_to_win"
    }
    /// By what it is broken down.
    enum Grouping: String, Sendable, CaseIterable {
        case stage, pipeline, quarter, month, owner, team, region, account, product, source, reason, competitor, none
    }

    init(_ request: ReportRequest) throws(Problem) {
        self.request = request
        guard let measure: Measure = try request.word("measure") else {
            let words = Measure.allCases.map(\.rawValue).joined(separator: ", ")
            throw .parameter("measure", "measure says what is measured: \(words).")
        }
        self.measure = measure
        grouping = try request.word("by") ?? Grouping.none
        if request.base != nil, !measure.isAmount {
            throw .parameter("base", "base goes with amounts; \(measure.rawValue) is none.")
        }
    }
}

extension DealsReport.Measure {
    /// The day on which a deal counts.
    fileprivate var day: String {
        switch self {
        case .wonAmount, .winRate, .daysToWin: "t.closed_on"
        case .openAmount, .weightedAmount: "t.expected_on"
        case .count: "t.opened_on"
        }
    }
    /// Which deals count.
    fileprivate var deals: String {
        switch self {
        case .wonAmount: " AND t.status = 'won'"
        case .openAmount, .weightedAmount: " AND t.status = 'open'"
        case .winRate: " AND t.status IN ('won', 'lost')"
        case .daysToWin: " AND t.status = 'won' AND t.days_to_close IS NOT NULL"
        case .count: ""
        }
    }
    /// What is summed; a mean is made of the sum and the count at the end.
    fileprivate var sum: String {
        switch self {
        case .wonAmount, .openAmount: "coalesce(sum(t.amount_minor), 0)::bigint"
        case .weightedAmount: "coalesce(sum(t.weighted_minor), 0)::bigint"
        case .count: "count(*)"
        case .winRate: "count(*) FILTER (WHERE t.status = 'won')"
        case .daysToWin: "sum(t.days_to_close)::bigint"
        }
    }
    /// Whether amounts of different currencies are kept apart.
    var isAmount: Bool {
        switch self {
        case .wonAmount, .openAmount, .weightedAmount: true
        case .count, .winRate, .daysToWin: false
        }
    }
    /// The value of a sum over so many deals.
    func value(_ sum: Int64, _ count: Int64) -> JSON {
        switch self {
        case .wonAmount, .openAmount, .weightedAmount, .count: .integer(sum)
        case .winRate, .daysToWin: count == 0 ? .null : .number(Double(sum) / Double(count))
        }
    }
}

extension DealsReport.Grouping {
    /// Key and label of a group, and whatever else it is sorted by. Months are counted from year 0.
    func columns(_ day: String) -> (key: String, label: String, order: String) {
        switch self {
        case .stage: ("t.stage_id::text", "t.stage_name", "t.pipeline_name, t.pipeline_id, t.stage_place")
        case .pipeline: ("t.pipeline_id::text", "t.pipeline_name", "")
        case .quarter, .month:
            ("(date_part('year', \(day)) * 12 + date_part('month', \(day)) - 1)::bigint", "t.fiscal_year_start", "")
        case .owner: ("t.owner_id::text", "t.owner_name", "")
        case .team: ("t.team_id::text", "t.team_name", "")
        case .region: ("t.region", "t.region", "")
        case .account: ("t.account_id::text", "t.account_name", "")
        case .product: ("t.product_id::text", "t.product_name", "")
        case .source: ("t.source", "t.source", "")
        case .reason: ("t.lost_reason", "t.lost_reason", "")
        case .competitor: ("t.lost_to", "t.lost_to", "")
        case .none: ("NULL::text", "NULL::text", "")
        }
    }
    var isTime: Bool { self == .quarter || self == .month }

    /// Key and label of a row that begins with the two columns.
    func names(_ row: Row) throws -> (key: String?, label: String?) {
        guard isTime else { return (try row.text(orNil: 0), try row.text(orNil: 1)) }
        guard let month = try row.bigint(orNil: 0) else { return (nil, nil) }
        let start = self == .quarter ? try row.bigint(1) : 1
        let name = self == .quarter ? Period.quarter(month, start) : Period.month(month)
        return (name, name)
    }
}

// MARK: What is asked, and what is made of the answer?

extension DealsReport {
    func write(_ facts: Relation, to text: inout SQLText) {
        let (key, label, order) = grouping.columns(measure.day)
        let currency = measure.isAmount ? "t.currency" : "NULL::text"
        text += "SELECT \(key) AS key, \(label) AS label, \(currency) AS currency, \(measure.sum), count(*)"
        request.write(measure.sum, inBaseOf: "t.currency", to: &text)
        text += " FROM \(facts.sql) t WHERE t.organization_id = $1\(measure.deals)"
        request.write(to: &text, of: measure.day)
        text += " GROUP BY 1, 2, 3" + (order.isEmpty ? "" : ", \(order)")
        text += " ORDER BY \(order.isEmpty ? "" : "\(order), ")1, 3"
    }

    /// `{"measure","by","rows":[{"key","label","currency","value","count"}],"totals":[{"currency","value","count"}]}`;
    /// in the base as well: each with `base_value`, and `base` with their sum and the rates.
    func members(_ rows: Result, rates: Result?) throws -> [String: JSON] {
        let inBase = rates != nil
        var groups: [Group] = []
        for row in rows {
            let (key, label) = try grouping.names(row)
            let group = Group(
                key: key, label: label, currency: try row.text(orNil: 2), sum: try row.bigint(3),
                count: try row.bigint(4), base: inBase ? try row.bigint(orNil: 5) : nil)
            // The months of a quarter come one after the other, but their currencies alternate.
            if grouping.isTime, let same = groups.lastIndex(where: { $0.key == key && $0.currency == group.currency }) {
                groups[same].add(group)
            } else {
                groups.append(group)
            }
        }
        if !grouping.isTime, grouping != .stage { groups.sort { rank($0, $1) } }
        var totals: [Group] = []
        for group in groups {
            if let same = totals.firstIndex(where: { $0.currency == group.currency }) {
                totals[same].add(group)
            } else {
                totals.append(
                    Group(
                        key: nil, label: nil, currency: group.currency, sum: group.sum, count: group.count,
                        base: group.base))
            }
        }
        var members: [String: JSON] = [
            "measure": .string(measure.rawValue), "by": .string(grouping.rawValue),
            "rows": .array(groups.map { $0.json(measure, isTotal: false, inBase: inBase) }),
            "totals": .array(totals.map { $0.json(measure, isTotal: true, inBase: inBase) }),
        ]
        if let rates {
            // Deals without an amount are worth nothing in any currency.
            let known = totals.filter { $0.currency != nil }
            let sum = known.reduce(Int64?.some(0)) { Amounts.sum($0, $1.base) }
            members["base"] = try BaseCurrency.json(
                rates, used: Set(known.compactMap(\.currency)), and: ["value": sum.map { .integer($0) } ?? .null])
        }
        return members
    }

    /// Most first; what belongs to nothing comes last.
    private func rank(_ a: Group, _ b: Group) -> Bool {
        if (a.key == nil) != (b.key == nil) { return b.key == nil }
        let (left, right) = (a.weight(measure), b.weight(measure))
        if left != right { return left > right }
        return (a.label ?? "", a.key ?? "", a.currency ?? "") < (b.label ?? "", b.key ?? "", b.currency ?? "")
    }

    private struct Group {
        let key: String?
        let label: String?
        let currency: String?
        var sum: Int64
        var count: Int64
        var base: Int64?

        mutating func add(_ other: Group) {
            sum += other.sum
            count += other.count
            base = Amounts.sum(base, other.base)
        }
        func weight(_ measure: Measure) -> Double {
            measure.isAmount || measure == .count ? Double(sum) : count == 0 ? 0 : Double(sum) / Double(count)
        }
        func json(_ measure: Measure, isTotal: Bool, inBase: Bool) -> JSON {
            var members: [String: JSON] = [
                "currency": currency.map { .string($0) } ?? .null, "value": measure.value(sum, count),
                "count": .integer(count),
            ]
            if !isTotal {
                members["key"] = key.map { .string($0) } ?? .null
                members["label"] = label.map { .string($0) } ?? .null
            }
            if inBase { members["base_value"] = base.map { .integer($0) } ?? .null }
            return .object(members)
        }
    }
}
