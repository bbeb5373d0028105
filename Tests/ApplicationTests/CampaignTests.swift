import CRM
import FoundationEssentials
import Kernel
import Projections
import Testing

@testable import Application

/// A campaign from its plan to what it brought in.
@Suite struct CampaignTests {
    private func enrolment(_ house: TestHouse) -> Enrolment {
        Enrolment(commands: house.daybook.commands, queries: house.daybook.queries) { filter throws(Problem) in
            filter.split(separator: "&").map { pair in
                let parts = pair.split(separator: "=", maxSplits: 1)
                return Parameter(String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
            }
        }
    }
    /// What lies below a campaign.
    private func below(_ house: TestHouse, _ campaign: UUID, _ path: String, min: PositionToken? = nil) async throws
        -> JSON
    {
        let list = try #require(Sublist.all(entities).first { $0.entity == "campaign" && $0.path == path })
        return try await house.daybook.queries.sublist(list, of: campaign, [], by: house.owner, min: min).json
    }
    private func contacts(_ house: TestHouse, _ names: [String]) async throws -> [UUID] {
        var ids: [UUID] = []
        for name in names {
            ids.append(try await house.ask("contact", .new, "create", ["last_name": .string(name)]).results[0].id)
        }
        return ids
    }
    private func metrics(_ house: TestHouse, _ id: UUID, _ parameters: [Parameter] = []) async throws -> JSON {
        try await house.daybook.queries.metrics(id, parameters, by: house.owner, min: try await house.head()).json
    }

    @Test func `the audience comes in page by page, and nobody twice`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let people = try await contacts(house, ["Ann", "Bob", "Cid", "Dot", "Eve"])
            _ = try await house.ask("tag", .new, "define", ["name": "VIP"])
            for id in people.prefix(4) { _ = try await house.ask("contact", .id(id), "tag", ["tags": ["VIP"]]) }
            let plan: JSON = [
                "name": "Spring", "kind": "email",
                "audience": ["entity": "contact", "filter": "tag=VIP&status=active"],
            ]
            let campaign = try await house.ask("campaign", .new, "plan", plan).results[0].id
            let enrolment = enrolment(house)

            let named = try await enrolment.enroll(
                campaign, Body(["people": [["entity": "contact", "id": .string(people[0].text)]]]), by: house.owner)
            #expect(named.body["enrolled"] == 1)
            var (enrolled, unchanged, pages, cursor) = (Int64(0), Int64(0), 0, JSON.null)
            repeat {
                let body = Body(["audience": true, "limit": 3, "cursor": cursor])
                let page = try await enrolment.enroll(campaign, body, by: house.owner).body
                enrolled += page["enrolled"]?.integer ?? 0
                unchanged += page["unchanged"]?.integer ?? 0
                cursor = page["next"] ?? .null
                pages += 1
            } while cursor != .null && pages < 9
            #expect([enrolled, unchanged, Int64(pages)] == [3, 1, 2])
            let members = try await below(house, campaign, "members", min: try await house.head())
            #expect(Set(members.items.compactMap { $0["person_name"]?.string }) == ["Ann", "Bob", "Cid", "Dot"])

            let stranger = Body(["people": [["entity": "contact", "id": .string(house.fresh().text)]]])
            let refused = try await enrolment.enroll(campaign, stranger, by: house.owner).body["refused"]
            #expect(refused?.array?.count == 1)
            for filter in ["tags=VIP&nonsense=1", "filter=or(status", "tag=VIP&limit=3"] {
                _ = try await house.ask(
                    "campaign", .id(campaign), "edit",
                    ["audience": ["entity": "contact", "filter": .string(filter)]])
                let problem = await #expect(throws: Problem.self) {
                    try await enrolment.enroll(campaign, Body(["audience": true]), by: house.owner)
                }
                #expect(problem?.code == "campaign.audience_invalid", "\(filter)")
            }
            let both = await #expect(throws: Problem.self) {
                try await enrolment.enroll(campaign, Body(["audience": true, "people": []]), by: house.owner)
            }
            #expect(both?.code == "body.invalid")
        }
    }

    @Test func `what came of a campaign is its funnel, its cost, and the deals that name it`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let people = try await contacts(house, ["Ann", "Bob", "Cid", "Dot"])
            let plan: JSON = [
                "name": "Spring", "kind": "email", "budget": ["minor": 500_000, "currency": "EUR"],
                "goals": ["clicked": 2, "won_deals": 1, "smiles": 9],
            ]
            let campaign = try await house.ask("campaign", .new, "plan", plan).results[0].id
            _ = try await house.ask("campaign", .id(campaign), "start", [:])
            _ = try await enrolment(house).enroll(
                campaign, Body(["people": .array(people.map { ["entity": "contact", "id": .string($0.text)] })]),
                by: house.owner)
            let steps = [["sent", "delivered", "opened", "clicked"], ["sent", "opened"], ["sent", "bounced"], []]
            for (person, steps) in zip(people, steps) {
                let member = CampaignMember.id(of: campaign, person)
                for step in steps {
                    _ = try await house.ask("campaign_member", .id(member), "record", ["step": .string(step)])
                }
            }
            _ = try await house.ask(
                "campaign", .id(campaign), "record_cost", ["amount": ["minor": 100_000, "currency": "EUR"]])
            for (title, currency) in [("Won", "EUR"), ("Also won", "USD"), ("Open", "EUR")] {
                let body: JSON = [
                    "title": .string(title), "campaign_id": .string(campaign.text),
                    "amount": ["minor": 250_000, "currency": .string(currency)],
                ]
                let deal = try await house.ask("deal", .new, "open", body).results[0].id
                if title != "Open" { _ = try await house.ask("deal", .id(deal), "win", [:]) }
            }
            let found = try await metrics(house, campaign)
            func number(_ name: String) -> Int64? { found[name]?.integer }
            #expect(
                ["members", "sent", "delivered", "opened", "clicked", "bounced", "unsubscribed"].map(number)
                    == [4, 3, 2, 2, 1, 1, 0])
            #expect(["deals", "open_deals", "won_deals"].map(number) == [3, 1, 2])
            #expect(found["cost"] == ["minor": 100_000, "currency": "EUR"])
            #expect(
                found["won"] == [["minor": 250_000, "currency": "EUR"], ["minor": 250_000, "currency": "USD"]])
            #expect(found["roi"]?.double == 1.5)
            #expect(found["open_rate"]?.double == 1)
            #expect(
                found["goals"] == [
                    ["name": "clicked", "goal": 2, "reached": 1], ["name": "smiles", "goal": 9, "reached": .null],
                    ["name": "won_deals", "goal": 1, "reached": 2],
                ])
            let report = try await house.daybook.queries.campaignsReport(
                [Parameter("kind", "email")], by: house.owner, min: try await house.head()
            ).json
            #expect(report.items.map { $0["clicked"] } == [1])

            let costs = try await below(house, campaign, "costs")
            #expect(costs.items.map { $0["amount"] } == [["minor": 100_000, "currency": "EUR"]])
            let cost = try #require(costs.items.first?["cost_id"]?.string)
            _ = try await house.ask("campaign", .id(campaign), "remove_cost", ["cost_id": .string(cost)])
            #expect(try await metrics(house, campaign)["roi"] == .null)
            for one in try await house.daybook.models.verify() { #expect(one.equal, "\(one.projection)") }
        }
    }
}
