import Kernel

// MARK: What do deals amount to?

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
        try await report(DealsReport.self, parameters, caller, min)
    }

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
        try await report(ForecastReport.self, parameters, caller, min)
    }

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
        try await report(OutcomesReport.self, parameters, caller, min)
    }

    /// How many of the deals that entered a stage got further: `{"rows":[{"pipeline_id","pipeline_name","stage_id",
    /// "stage_name","entered","advanced","won","lost","open","rate"}],"position"}`. A deal counts once in each open
    /// stage that it entered, in the cohort of the first time. It advanced if it came afterwards into a later open
    /// stage or was won; rate is advanced / entered. What was lost and opened again is judged by what came last.
    ///
    /// `from`, `to` (days of entering first, both included), `as_of`, `as_known`, and filters on the columns of
    /// `read.deal_spans`: `pipeline_id`, `owner_id=me`. Archived deals do not count.
    /// - Throws: `parameter.unknown`, `parameter.invalid`, `parameter.unavailable`.
    public func conversionReport(_ parameters: [Parameter], by caller: Caller, min: PositionToken? = nil)
        async throws(Problem) -> Reply
    {
        try await report(ConversionReport.self, parameters, caller, min)
    }

    /// How deals go through the stages: `{"rows":[{"pipeline_id","pipeline_name","stage_id","stage_name","kind",
    /// "deals","entries","left","now","mean_seconds","median_seconds"}],"position"}`. Times are of those who left.
    ///
    /// `from`, `to` (days of entering, both included), `as_of`, `as_known`, and filters on the columns of
    /// `read.deal_spans`: `pipeline_id`, `owner_id=me`, `kind`. Archived deals do not count.
    /// - Throws: `parameter.unknown`, `parameter.invalid`, `parameter.unavailable`.
    public func stagesReport(_ parameters: [Parameter], by caller: Caller, min: PositionToken? = nil)
        async throws(Problem) -> Reply
    {
        try await report(StagesReport.self, parameters, caller, min)
    }
}
