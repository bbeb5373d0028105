import Kernel
import Postgres

/// A report on deals: one measure, by one property.
struct DealsReport: Report {
    static let view = "deal_facts"
    static let own = ["measure", "by"]
    static let frames = DealsReport.Grouping.frames
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
        case .wonAmount, .openAmount: "sum(t.amount_minor)"
        case .weightedAmount: "sum(t.weighted_minor)"
        case .count: "count(*)"
        case .winRate: "count(*) FILTER (WHERE t.status = 'won')"
        case .daysToWin: "sum(t.days_to_close)"
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
    /// Where names stand.
    static let frames = ["stages", "members", "teams", "accounts", "products"]

    /// How deals are grouped: by what they say themselves (`told`), of which then is made what is asked for. Key and
    /// label of a group, and whatever else it is sorted by.
    struct Plan {
        /// Columns of deals, called `t`; behind that `g.r0`, `g.r1`.
        var told: [String]
        /// What is joined to these.
        var joined = ""
        var key = "g.r0"
        var label = "g.r0"
        var order: [String] = []
        /// Of what type the key is shown.
        var type = "text"

        /// What stands in the inner query for these columns.
        var columns: String { told.enumerated().map { "\($1) AS r\($0)" }.joined(separator: ", ") }
        /// The places of the columns by which the inner query groups, where so many stand behind these.
        func places(and more: Int) -> String { (1...told.count + more).map(String.init).joined(separator: ", ") }
    }
    /// How. Months are counted from year 0.
    func plan(_ day: String, _ frames: ReportFrames) -> Plan {
        func join(_ name: String, _ alias: String, _ id: String) -> String {
            " LEFT JOIN \(frames[name]) \(alias) ON \(alias).organization_id = $1 AND \(alias).id = \(id)"
        }
        let stage = join("stages", "s", "g.r0") + " AND s.pipeline_id = g.r1"
        let owner = join("members", "o", "g.r0")
        switch self {
        case .stage:
            return Plan(
                told: ["t.stage_id", "t.pipeline_id"], joined: stage, label: "s.name",
                order: ["s.pipeline_name", "g.r1", "s.place"])
        case .pipeline:
            return Plan(
                told: ["t.stage_id", "t.pipeline_id"], joined: stage, key: "g.r1", label: "s.pipeline_name")
        case .quarter, .month:
            return Plan(
                told: [day, "t.fiscal_year_start"],
                key: "(date_part('year', g.r0) * 12 + date_part('month', g.r0) - 1)", label: "g.r1", type: "bigint")
        case .owner: return Plan(told: ["t.owner_id"], joined: owner, label: "o.name")
        case .team:
            return Plan(
                told: ["t.owner_id"], joined: owner + join("teams", "m", "o.team_id"), key: "o.team_id",
                label: "m.name")
        case .region:
            return Plan(
                told: ["t.owner_id"], joined: owner + join("teams", "m", "o.team_id"), key: "m.region",
                label: "m.region")
        case .account:
            return Plan(
                told: ["t.told_account_id"], joined: join("accounts", "a", "g.r0"),
                key: "coalesce(a.merged_into, g.r0)",
                label: "CASE WHEN a.merged_into IS NULL THEN a.name ELSE (SELECT w.name FROM \(frames["accounts"]) w"
                    + " WHERE w.organization_id = $1 AND w.id = a.merged_into) END")
        case .product: return Plan(told: ["t.product_id"], joined: join("products", "p", "g.r0"), label: "p.name")
        case .source: return Plan(told: ["t.source"])
        case .reason: return Plan(told: ["t.lost_reason"])
        case .competitor: return Plan(told: ["t.lost_to"])
        case .none: return Plan(told: ["NULL::text"])
        }
    }
    var isTime: Bool { self == .quarter || self == .month }
    /// Whether groups have an order of their own; else the most comes first.
    var isInOrder: Bool { isTime || self == .stage }

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
    func write(_ facts: Relation, _ frames: ReportFrames, to text: inout SQLText) {
        let plan = grouping.plan(measure.day, frames)
        let sum = "coalesce(sum(g.sum), 0)::bigint"
        text += "SELECT (\(plan.key))::\(plan.type) AS key, min(\(plan.label)) AS label, g.currency, \(sum),"
        text += " sum(g.count)::bigint"
        request.write(sum, inBaseOf: "g.currency", to: &text)
        text += " FROM (SELECT \(plan.columns), \(measure.isAmount ? "t.currency" : "NULL::text") AS currency,"
        text += " \(measure.sum) AS sum, count(*) AS count"
        text += " FROM \(facts.sql) t WHERE t.organization_id = $1\(measure.deals)"
        request.write(to: &text, of: measure.day)
        text += " GROUP BY \(plan.places(and: 1))) g\(plan.joined)"
        text += " GROUP BY \((plan.order + [plan.key]).joined(separator: ", ")), g.currency"
        // Others are put in order when all sums are known; there may be as many as accounts, so they come nearly so.
        text += " ORDER BY "
        text +=
            grouping.isInOrder
            ? (plan.order + ["1", "3"]).joined(separator: ", ")
            : "\(sum) DESC, min(\(plan.label)) COLLATE \"C\", 1, 3"
    }

    /// `{"measure","by","rows":[{"key","label","currency","value","count"}],"totals":[{"currency","value","count"}]}`;
    /// in the base as well: each with `base_value`, and `base` with their sum and the rates.
    func document(_ rows: Result, rates: Result?, _ end: [String: JSON]) throws -> [UInt8] {
        let (groups, members) = try told(rows, rates)
        // There may be as many groups as accounts, and values of them would cost more than their sums.
        return Document.object(members.merging(end) { $1 }, "rows", groups) { group, out in
            group.write(measure, inBase: rates != nil, to: &out)
        }
    }

    /// The groups in their order, and all members of the answer but these.
    private func told(_ rows: Result, _ rates: Result?) throws -> (groups: [Group], members: [String: JSON]) {
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
        if !grouping.isInOrder { groups.sort { rank($0, $1) } }
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
            "totals": .array(totals.map { $0.total(measure, inBase: inBase) }),
        ]
        if let rates {
            // Deals without an amount are worth nothing in any currency.
            let known = totals.filter { $0.currency != nil }
            let sum = known.reduce(Int64?.some(0)) { Amounts.sum($0, $1.base) }
            members["base"] = try BaseCurrency.json(
                rates, used: Set(known.compactMap(\.currency)), and: ["value": sum.map { .integer($0) } ?? .null])
        }
        return (groups, members)
    }

    /// Most first; what belongs to nothing comes last.
    private func rank(_ a: Group, _ b: Group) -> Bool {
        if (a.key == nil) != (b.key == nil) { return b.key == nil }
        let (left, right) = (a.weight(measure), b.weight(measure))
        if left != right { return left > right }
        // One after the other: most groups are told apart by their names, and there may be as many as accounts.
        let (name, other) = (a.label ?? "", b.label ?? "")
        if name != other { return name < other }
        return (a.key ?? "", a.currency ?? "") < (b.key ?? "", b.currency ?? "")
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
        /// A group as an object, its members in the order of their names.
        func write(_ measure: Measure, inBase: Bool, to out: inout [UInt8]) {
            func member(_ name: String, _ value: JSON) {
                out.append(contentsOf: name.utf8)
                value.write(to: &out)
            }
            out.append(UInt8(ascii: "{"))
            if inBase {
                member("\"base_value\":", base.map { .integer($0) } ?? .null)
                out.append(UInt8(ascii: ","))
            }
            member("\"count\":", .integer(count))
            member(",\"currency\":", currency.map { .string($0) } ?? .null)
            member(",\"key\":", key.map { .string($0) } ?? .null)
            member(",\"label\":", label.map { .string($0) } ?? .null)
            member(",\"value\":", measure.value(sum, count))
            out.append(UInt8(ascii: "}"))
        }
        /// All groups of a currency as one.
        func total(_ measure: Measure, inBase: Bool) -> JSON {
            var members: [String: JSON] = [
                "currency": currency.map { .string($0) } ?? .null, "value": measure.value(sum, count),
                "count": .integer(count),
            ]
            if inBase { members["base_value"] = base.map { .integer($0) } ?? .null }
            return .object(members)
        }
    }
}
