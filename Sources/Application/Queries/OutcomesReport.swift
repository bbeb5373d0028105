import Kernel
import Postgres

/// A report on what was won and lost, by one property.
struct OutcomesReport: ShortReport {
    static let view = "deal_facts"
    static let own = ["by"]
    static let frames = DealsReport.Grouping.frames
    static let tellsAmounts = true
    let request: ReportRequest
    private let grouping: DealsReport.Grouping

    init(_ request: ReportRequest) throws(Problem) {
        self.request = request
        grouping = try request.word("by") ?? DealsReport.Grouping.none
    }

    func write(_ facts: Relation, _ frames: ReportFrames, to text: inout SQLText) {
        let plan = grouping.plan("t.closed_on", frames)
        let sum = "coalesce(sum(g.sum), 0)::bigint"
        text += "SELECT (\(plan.key))::\(plan.type) AS key, min(\(plan.label)) AS label, g.status, g.currency,"
        text += " sum(g.count)::bigint, \(sum)"
        request.write(sum, inBaseOf: "g.currency", to: &text)
        text += " FROM (SELECT \(plan.columns), t.status, t.currency, count(*) AS count, sum(t.amount_minor) AS sum"
        text += " FROM \(facts.sql) t WHERE t.organization_id = $1 AND t.status IN ('won', 'lost')"
        request.write(to: &text, of: "t.closed_on")
        text += " GROUP BY \(plan.places(and: 2))) g\(plan.joined)"
        text += " GROUP BY \((plan.order + [plan.key]).joined(separator: ", ")), g.status, g.currency"
        text += " ORDER BY \((plan.order + ["1", "4"]).joined(separator: ", "))"
    }

    func members(_ rows: Result, rates: Result?) throws -> [String: JSON] {
        let inBase = rates != nil
        var groups: [Group] = []
        var places: [String?: Int] = [:]
        var total = Group(key: nil, label: nil)
        for row in rows {
            let (key, label) = try grouping.names(row)
            let place = places[key] ?? groups.count
            if place == groups.count {
                places[key] = place
                groups.append(Group(key: key, label: label))
            }
            try groups[place].add(row, inBase: inBase)
            try total.add(row, inBase: inBase)
        }
        if !grouping.isInOrder { groups.sort { $0.comes(before: $1) } }
        let told = groups.map { group -> JSON in
            let names: [String: JSON] = [
                "key": group.key.map { .string($0) } ?? .null, "label": group.label.map { .string($0) } ?? .null,
            ]
            return .object(names.merging(group.members(inBase: inBase)) { $1 })
        }
        var members: [String: JSON] = [
            "by": .string(grouping.rawValue), "rows": .array(told), "totals": .object(total.members(inBase: inBase)),
        ]
        if let rates { members["base"] = try BaseCurrency.json(rates, used: total.currencies) }
        return members
    }

    private struct Group {
        let key: String?
        let label: String?
        private var (won, lost) = (Side(), Side())

        init(key: String?, label: String?) { (self.key, self.label) = (key, label) }

        /// Deals that ended in one way.
        private struct Side {
            var count: Int64 = 0
            var amounts = Amounts()

            func json(inBase: Bool) -> JSON {
                .object(["count": .integer(count)].merging(amounts.members(inBase: inBase)) { $1 })
            }
        }

        var currencies: Set<String> { won.amounts.currencies.union(lost.amounts.currencies) }

        mutating func add(_ row: Row, inBase: Bool) throws {
            let isWon = try row.text(2) == "won"
            var side = isWon ? won : lost
            side.count += try row.bigint(4)
            // Deals without an amount are counted only.
            if !row.isNull(3) {
                side.amounts.add(
                    try row.text(3), count: try row.bigint(4), minor: try row.bigint(5),
                    base: inBase ? try row.bigint(orNil: 6) : nil)
            }
            if isWon { won = side } else { lost = side }
        }
        /// Most deals first; what belongs to nothing comes last.
        func comes(before other: Group) -> Bool {
            if (key == nil) != (other.key == nil) { return other.key == nil }
            let (mine, others) = (won.count + lost.count, other.won.count + other.lost.count)
            return mine != others ? mine > others : (label ?? "", key ?? "") < (other.label ?? "", other.key ?? "")
        }
        func members(inBase: Bool) -> [String: JSON] {
            let closed = won.count + lost.count
            return [
                "won": won.json(inBase: inBase), "lost": lost.json(inBase: inBase),
                "win_rate": closed == 0 ? .null : .number(Double(won.count) / Double(closed)),
            ]
        }
    }
}
