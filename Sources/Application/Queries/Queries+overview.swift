import Kernel
import Postgres

extension Queries {
    /// The organization at a glance, from the totals that projections keep:
    /// `{"deals":{"total","open":{"count","amounts":[…]},"won","lost","win_rate"},"stages":[…],
    /// "accounts":{"total","by_lifecycle":{…}},"contacts":{"total","by_status":{…}},"leads":{"total","by_status":{…}},
    /// "position"}`. The archived do not count. `base=true`, `rate_date`: in the organization's own currency as well,
    /// at the rates of that day. `as_of`, `as_known`: as it was at that moment.
    public func overview(_ parameters: [Parameter] = [], by caller: Caller, min: PositionToken? = nil)
        async throws(Problem) -> Reply
    {
        try await overview(parameters, withPeople: true, by: caller, min: min)
    }

    /// The same of deals alone: `{"deals":{…},"stages":[…],"position"}`.
    public func pipeline(_ parameters: [Parameter] = [], by caller: Caller, min: PositionToken? = nil)
        async throws(Problem) -> Reply
    {
        try await overview(parameters, withPeople: false, by: caller, min: min)
    }

    private func overview(
        _ parameters: [Parameter], withPeople: Bool, by caller: Caller, min: PositionToken?
    ) async throws(Problem) -> Reply {
        let base = try BaseCurrency(parameters)
        let moment = try onlyMoment(parameters, besides: BaseCurrency.names)
        return try await answering { present throws(Problem) in
            let catalog = present.at(moment)
            var projections: Set<String> = []
            for name in ["deals_totals", "stages", "pipelines"]
                + (withPeople ? ["accounts_totals", "contacts_totals", "leads_totals"] : [])
                + (base == nil ? [] : ["base_rates"])
            {
                projections.formUnion(try relation(name, catalog).projections)
            }
            func statement(_ sql: String, _ more: (inout Parameters) -> Void) -> Statement {
                Statement(catalog.isPast ? Overview.past(sql) : sql) {
                    $0.uuid(caller.organization)
                    more(&$0)
                }
            }
            var statements = [statement(SQL.overviewDeals) { $0.bool(base != nil) }]
            if withPeople { statements.append(statement(SQL.overviewPeople) { _ in }) }
            if base != nil {
                let rates = try relation("base_rates", catalog)
                statements.append(BaseCurrency.told(rates, organization: caller.organization))
            }
            let question = Question(
                organization: caller.organization, projections: projections.sorted(), min: min, moment: moment,
                base: base, statements: statements)
            let answer = try await ask(question, on: reports)
            return try reading {
                let isInBase = base != nil
                let deals = answer.results[0].filter { $0.isNull(Overview.id) }
                let stages = answer.results[0].filter { !$0.isNull(Overview.id) }
                var members: [String: JSON] = [
                    "deals": try Overview.deals(deals, inBase: isInBase),
                    "stages": try Overview.stages(stages, inBase: isInBase),
                ]
                if withPeople {
                    for (name, what, by) in Overview.people {
                        members[name] = try Overview.counts(answer.results[1], of: what, by: by)
                    }
                }
                if isInBase {
                    let used = Set(try deals.compactMap { try $0.text(orNil: Overview.currency) })
                    members["base"] = try BaseCurrency.json(answer.results[withPeople ? 2 : 1], used: used)
                }
                let body = JSON.object(members.merging(answer.end) { $1 }).bytes
                return Reply(body: body, position: answer.position)
            }
        }
    }
}

private enum Overview {
    /// Whom it counts besides deals, and by what.
    static let people = [
        ("accounts", "account", "by_lifecycle"), ("contacts", "contact", "by_status"), ("leads", "lead", "by_status"),
    ]

    /// The same as of a moment. Stages are what deals are shown by: those of a pipeline that did not exist yet, too.
    static func past(_ sql: String) -> String {
        let framed = ["stages", "pipelines"].reduce(sql) {
            $0.replacing("read.\($1)", with: "as_of.\($1)__referred")
        }
        return ["deals_totals", "accounts_totals", "contacts_totals", "leads_totals", "base_rates"].reduce(framed) {
            $0.replacing("read.\($1)", with: "as_of.\($1)")
        }
    }

    /// Columns of `overview_deals.sql`; the id is a stage's.
    static let (id, kind, currency, count, minor, base) = (2, 4, 6, 7, 8, 9)

    private static func amounts(_ rows: [Row]) throws -> Amounts {
        var amounts = Amounts()
        try amounts.add(
            rows.filter { !$0.isNull(currency) }, currency: currency, count: count, minor: minor, base: base)
        return amounts
    }

    static func deals(_ rows: [Row], inBase: Bool) throws -> JSON {
        let groups = try Dictionary(grouping: rows) { try $0.text(orNil: kind) ?? "" }
        func count(_ status: String) throws -> Int64 {
            try (groups[status] ?? []).reduce(0) { try $0 + $1.bigint(Self.count) }
        }
        func group(_ status: String) throws -> JSON {
            let amounts = try Self.amounts(groups[status] ?? [])
            return .object(["count": .integer(try count(status))].merging(amounts.members(inBase: inBase)) { $1 })
        }
        let (won, lost) = (try count("won"), try count("lost"))
        return [
            "total": .integer(try rows.reduce(0) { try $0 + $1.bigint(Self.count) }),
            "open": try group("open"), "won": try group("won"), "lost": try group("lost"),
            "win_rate": won + lost == 0 ? .null : .number(Double(won) / Double(won + lost)),
        ]
    }

    static func stages(_ rows: [Row], inBase: Bool) throws -> JSON {
        var stages: [JSON] = []
        var at = 0
        while at < rows.count {
            let (first, id) = (rows[at], try rows[at].uuid(Self.id))
            var own: [Row] = []
            while at < rows.count, try rows[at].uuid(Self.id) == id {
                own.append(rows[at])
                at += 1
            }
            let amounts = try Self.amounts(own)
            let members: [String: JSON] = [
                "pipeline_id": .string(try first.uuid(0).text), "pipeline_name": .string(try first.text(1)),
                "id": .string(id.text), "name": .string(try first.text(3)), "kind": .string(try first.text(4)),
                "position": .integer(try first.bigint(5)),
                "count": .integer(try own.reduce(0) { try $0 + $1.bigint(Self.count) }),
            ]
            stages.append(.object(members.merging(amounts.members(inBase: inBase)) { $1 }))
        }
        return .array(stages)
    }

    static func counts(_ rows: Result, of what: String, by name: String) throws -> JSON {
        var counts: [String: JSON] = [:]
        var total: Int64 = 0
        for row in rows where try row.text(0) == what {
            total += try row.bigint(2)
            counts[try row.text(orNil: 1) ?? "none"] = .integer(try row.bigint(2))
        }
        return ["total": .integer(total), name: .object(counts)]
    }
}
