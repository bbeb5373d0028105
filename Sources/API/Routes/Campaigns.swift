import Application
import CRM
import HTTPTypes
import Kernel

// MARK: What comes of a campaign?

extension Routes {
    /// How people come into campaigns, and what came of these. Who is in one, and what it cost, are `sublists`.
    var campaigns: [Route] {
        let queries = services.queries
        let enrolment = Enrolment(commands: services.commands, queries: queries) { filter throws(Problem) in
            try QueryItems.parse(Substring(filter))
        }
        let enroll = Route(
            .post, "\(Self.base)/campaigns/{id}/enroll",
            "Make people part of a campaign: at most 500 that are named, or a page of its audience.",
            body: .members(Enrolment.takes, optional: false), answer: .json(["type": "object"], position: true),
            handler: .known { exchange, caller throws(Problem) in
                let page = try await enrolment.enroll(
                    try exchange.id(of: Campaign.name), try Self.read(exchange.body, Enrolment.takes), by: caller)
                return Outcome(page.body, position: page.position)
            })
        return [
            enroll,
            Self.question(
                "/campaigns/{id}/metrics", of: Campaign.name,
                "What came of a campaign: funnel, cost, deals, return and goals.", .only(Describing.moment),
                queries.metrics),
            Self.question(
                "/reports/campaigns", "What came of campaigns, one row for each.", .grammar(Describing.listing),
                queries.campaignsReport),
        ]
    }
}
