import Application
import CRM
import HTTPTypes
import Kernel

// MARK: What belongs to a campaign, or to a project?

extension Routes {
    /// Members, costs and metrics of campaigns, and how people come into them.
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
                    try exchange.id(of: Campaign.name), exchange.body, by: caller)
                return Outcome(page.body, position: page.position)
            })
        return [
            enroll,
            Self.query(
                "/campaigns/{id}/members", "Who is part of a campaign, and what became of it.",
                .grammar(Describing.listing), Schema.page(of: CampaignMember.self)
            ) { exchange, caller throws(Problem) in
                try await queries.list(
                    CampaignMember.name, of: Campaign.name, try exchange.id(of: Campaign.name), column: "campaign_id",
                    exchange.query, by: caller, min: exchange.conditions.minimum)
            },
            Self.query(
                "/campaigns/{id}/costs", "What was spent on a campaign.", .grammar(Describing.listing),
                ["type": "object"]
            ) { exchange, caller throws(Problem) in
                try await queries.parts(
                    "campaign_cost_documents", of: Campaign.name, try exchange.id(of: Campaign.name),
                    column: "campaign_id", exchange.query, by: caller, min: exchange.conditions.minimum)
            },
            Self.query(
                "/campaigns/{id}/metrics", "What came of a campaign: funnel, cost, deals, return and goals.",
                .only(Describing.moment), ["type": "object"]
            ) { exchange, caller throws(Problem) in
                try await queries.metrics(
                    try exchange.id(of: Campaign.name), exchange.query, by: caller,
                    min: exchange.conditions.minimum)
            },
            Self.query(
                "/reports/campaigns", "What came of campaigns, one row for each.", .grammar(Describing.listing),
                ["type": "object"]
            ) { exchange, caller throws(Problem) in
                try await queries.campaignsReport(exchange.query, by: caller, min: exchange.conditions.minimum)
            },
        ]
    }

    /// What belongs to projects.
    var projects: [Route] {
        let queries = services.queries
        return [
            Self.query(
                "/projects/{id}/hours", "The hours that were logged on a project.", .grammar(Describing.listing),
                ["type": "object"]
            ) { exchange, caller throws(Problem) in
                try await queries.parts(
                    "project_hour_documents", of: Project.name, try exchange.id(of: Project.name),
                    column: "project_id", exchange.query, by: caller, min: exchange.conditions.minimum)
            }
        ]
    }
}
