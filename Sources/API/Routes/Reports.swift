import Application
import CRM
import HTTPTypes
import Kernel

// MARK: What do the records amount to?

extension Routes {
    /// The board, the reports, and any projection's table.
    var reports: [Route] {
        let queries = services.queries
        return [
            Self.question(
                "/pipelines/{id}/board", of: Pipeline.name, "A pipeline's open deals by stage.",
                .grammar(Describing.base + Describing.moment), queries.board),
            Self.question(
                "/deals/pipeline", "How many deals are in which stage, and what they amount to.",
                .grammar(Describing.base + Describing.moment), queries.pipeline),
            Self.question(
                "/reports/overview", "The organization's sales in a few numbers.",
                .grammar(Describing.base + Describing.moment), queries.overview),
            Self.question(
                "/reports/deals", "One measure of deals, by one property.", .grammar(Describing.deals),
                answer: Schema.report, queries.dealsReport),
            Self.question(
                "/reports/forecast", "What open deals may bring, by the month in which they are expected to close.",
                .grammar(Describing.forecast), queries.forecast),
            Self.question(
                "/reports/outcomes", "What was won and lost, by one property: period, source, reason, competitor.",
                .grammar(Describing.outcomes), queries.outcomes),
            Self.question(
                "/reports/conversion", "How many of the deals that entered a stage got further.",
                .grammar(Describing.stages), queries.conversionReport),
            Self.question(
                "/reports/stages", "How deals go through the stages, and how long they take.",
                .grammar(Describing.stages), queries.stagesReport),
            Self.question(
                "/deals/{id}/spans", of: Deal.name,
                "How long a deal was in which stage, and how often its close was put off.", .only(Describing.moment),
                queries.spans),
            Self.query(
                "/tables/{projection}", "The rows of any projection.", .grammar(Describing.listing), ["type": "object"]
            ) { exchange, caller throws(Problem) in
                let projection = exchange.captured["projection"] ?? ""
                return try await queries.table(
                    projection, exchange.query, by: caller, min: exchange.conditions.minimum)
            },
            Self.query(
                "/tables/{projection}/{key}/explain", "The events that made a row, and what each changed.",
                .only([Route.Described(name: "column", detail: "Only those that changed this column.")]),
                ["type": "object"]
            ) { [explanations = services.explanations] exchange, caller throws(Problem) in
                let column = exchange.query.first { $0.name == "column" }?.value
                return try await explanations.row(
                    exchange.captured["key"] ?? "", of: exchange.captured["projection"] ?? "", column: column,
                    by: caller)
            },
        ]
    }
}
