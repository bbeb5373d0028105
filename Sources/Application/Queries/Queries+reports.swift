import Kernel
import Postgres

extension Queries {
    /// Deals counted and summed: `{"rows":[{"key","label","currency","value","count"}],"totals":[…],"position"}`.
    ///
    /// `measure=won_amount|open_amount|weighted_amount|count|win_rate|days_to_win`,
    /// `by=stage|pipeline|quarter|month|owner|team|region|account|product|source|reason|competitor|none`, `from`, `to`
    /// (days, both included), and filters on the columns of `read.deal_facts`. won_amount, win_rate and days_to_win
    /// count by actual close day, open_amount and weighted_amount by expected close, count by opening day. Amounts are
    /// in minor units; with `base=true` or `rate_date` in the organization's own currency as well. `as_of`, `as_known`:
    /// as it was at that moment.
    /// - Throws: `parameter.unknown`, `parameter.invalid`, `parameter.unavailable`.
    public func dealsReport(_ parameters: [Parameter], by caller: Caller, min: PositionToken? = nil)
        async throws(Problem) -> Reply
    {
        let moment = try moment(parameters)
        return try await answering { present throws(Problem) in
            let catalog = present.at(moment)
            let facts = try relation("deal_facts", catalog)
            let report = try DealsReport(parameters, criteria: try reportCriteria(facts), by: asker(caller))
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

    /// The columns of the facts, with the names and words that deals use.
    func reportCriteria(_ facts: Relation) throws(Problem) -> [String: Criterion] {
        let currency = Field("currency", .currency).alias("amount.currency")
        let fields = try entity("deal").fields + Subject.fields(besides: "deal") + [currency]
        return Criterion.byName(facts.shown, of: fields)
    }
}
