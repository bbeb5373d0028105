import FoundationEssentials
import Kernel
import Postgres

extension Queries {
    /// What was won and lost, by one property: `{"by","rows":[{"key","label","won":{"count","amounts":[{"currency",
    /// "count","minor"}]},"lost":{…},"win_rate"}],"totals":{…},"position"}`. win_rate is won / (won + lost).
    ///
    /// `by=month|quarter|source|reason|competitor|owner|team|region|account|product|pipeline|stage|none`, `from`, `to`
    /// (days of actual close, both included), filters on the columns of `read.deal_facts`, `base=true`, `rate_date`,
    /// `as_of`, `as_known`.
    /// - Throws: `parameter.unknown`, `parameter.invalid`, `parameter.unavailable`.
    public func outcomes(_ parameters: [Parameter], by caller: Caller, min: PositionToken? = nil)
        async throws(Problem) -> Reply
    {
        let moment = try moment(parameters)
        return try await answering { present throws(Problem) in
            let catalog = present.at(moment)
            let facts = try relation("deal_facts", catalog)
            let report = try OutcomesReport(parameters, criteria: try reportCriteria(facts), by: asker(caller))
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

/// A report on what was won and lost: by what, over which days and which deals.
struct OutcomesReport: Sendable {
    /// Whether amounts are wanted in the organization's own currency, too.
    let base: BaseCurrency?
    private var grouping = DealsReport.Grouping.none
    private let days: DaySpan
    private var conditions: [Selection] = []

    init(_ parameters: [Parameter], criteria: [String: Criterion], by asker: Asker) throws(Problem) {
        try ListRequest.refuseDoubles(parameters)
        days = try DaySpan(parameters)
        base = try BaseCurrency(parameters)
        let known = DaySpan.names + Moment.names + BaseCurrency.names
        for parameter in parameters where !known.contains(parameter.name) {
            if parameter.name == "by" {
                grouping = try DealsReport.word(parameter)
                continue
            }
            guard let condition = try Condition(parameter, among: criteria, by: asker) else {
                throw .unknownParameter(parameter.name, known: ["by"] + known + criteria.keys)
            }
            conditions.append(.one(condition))
        }
    }

    func statement(_ facts: Relation, rates: Relation?, organization: UUID) -> Statement {
        var text = SQLText(organization)
        if let rates { text += BaseCurrency.rates(rates) }
        let (key, label, order) = grouping.columns("t.closed_on")
        let sum = "coalesce(sum(t.amount_minor), 0)::bigint"
        text += "SELECT \(key) AS key, \(label) AS label, t.status, t.currency, count(*), \(sum)"
        if rates != nil { text += ", " + BaseCurrency.converted(sum, of: "t.currency") }
        text += " FROM \(facts.sql) t WHERE t.organization_id = $1 AND t.status IN ('won', 'lost')"
        days.write(to: &text, of: "t.closed_on")
        for condition in conditions { condition.write(to: &text) }
        text += " GROUP BY 1, 2, 3, 4" + (order.isEmpty ? "" : ", \(order)")
        text += " ORDER BY \(order.isEmpty ? "" : "\(order), ")1, 4"
        return text.statement
    }

    func document(_ answer: Findings) throws -> [UInt8] {
        var groups: [Group] = []
        var places: [String?: Int] = [:]
        var total = Group(key: nil, label: nil)
        for row in answer.results[0] {
            let (key, label) = try grouping.names(row)
            let place = places[key] ?? groups.count
            if place == groups.count {
                places[key] = place
                groups.append(Group(key: key, label: label))
            }
            try groups[place].add(row, inBase: base != nil)
            try total.add(row, inBase: base != nil)
        }
        if !grouping.isTime, grouping != .stage { groups.sort { $0.comes(before: $1) } }
        var members: [String: JSON] = [
            "by": .string(grouping.rawValue),
            "rows": .array(
                groups.map { group in
                    let names: [String: JSON] = [
                        "key": group.key.map { .string($0) } ?? .null,
                        "label": group.label.map { .string($0) } ?? .null,
                    ]
                    return .object(names.merging(group.members(inBase: base != nil)) { $1 })
                }), "totals": .object(total.members(inBase: base != nil)),
        ]
        if base != nil { members["base"] = try BaseCurrency.json(answer.results[1], used: total.currencies) }
        return JSON.object(members.merging(answer.end) { $1 }).bytes
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
