import CRM
import FoundationEssentials
import Kernel
import Projections
import Testing

@testable import Application

/// What happened with a record, as its page tells it.
@Suite struct TimelineTests {
    private func timeline(
        _ entity: String, _ id: UUID, _ house: TestHouse, limit: Int = 200
    ) async throws -> [JSON] {
        var items: [JSON] = []
        var cursor: String?
        repeat {
            let parameters = [Parameter("limit", "\(limit)")] + (cursor.map { [Parameter("cursor", $0)] } ?? [])
            let reply = try await house.daybook.queries.timeline(
                entity, id, parameters, by: house.owner, min: try await house.head())
            let page = try JSON(parsing: reply.body)
            items += page["items"]?.array ?? []
            cursor = page["next"]?.string
        } while cursor != nil
        return items
    }
    private func events(_ items: [JSON]) -> [String] { items.compactMap { $0["event"]?.string } }

    @Test func `what happened with all records stands in one list, newest first, each event once`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let acme = try await house.ask("account", .new, "create", ["name": "Acme"]).results[0].id
            let field: JSON = ["entity": "deal", "key": "fee", "label": "Fee", "type": "money"]
            _ = try await house.ask("field_set", .id(FieldSet.id(of: "deal")), "define", field)
            let deal = try await house.ask(
                "deal", .new, "open", ["title": "Pumps", "account_id": .string(acme.text)]
            ).results[0].id
            _ = try await house.ask("account", .id(acme), "edit", ["industry": "Tea"])
            func all(_ limit: Int) async throws -> [JSON] {
                var (items, cursor): ([JSON], String?) = ([], nil)
                repeat {
                    let more = cursor.map { [Parameter("cursor", $0)] } ?? []
                    let page = try await house.daybook.queries.happenings(
                        [Parameter("limit", "\(limit)")] + more, by: house.owner, min: try await house.head()
                    ).json
                    let found = page["items"]?.array ?? []
                    #expect(found.count <= limit)
                    items += found
                    cursor = page["next"]?.string
                } while cursor != nil
                return items
            }
            let items = try await all(200)
            let newest = items.prefix(3).map { $0["event"]?.string }
            #expect(newest == ["account.edited", "deal.opened", "account.created"])
            #expect(items[1]["record"]?["id"] == .string(deal.text) && items[1]["record_name"] == "Pumps")
            let places = items.compactMap { $0["position"]?.integer }
            #expect(places == places.sorted(by: >) && Set(places).count == places.count)
            #expect(try await all(1) == items)
            for (name, value) in [("cursor", "x"), ("limit", "0"), ("colour", "red")] {
                await #expect(throws: Problem.self) {
                    try await house.daybook.queries.happenings([Parameter(name, value)], by: house.owner)
                }
            }
        }
    }

    @Test func `a page tells who did what when, of the record and of what refers to it`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let acme = try await house.ask("account", .new, "create", ["name": "Acme"]).results[0].id
            let zeta = try await house.ask("account", .new, "create", ["name": "Zeta"]).results[0].id
            let ann = try await house.ask(
                "contact", .new, "create", ["last_name": "Lee", "account_id": .string(acme.text)]
            ).results[0].id
            let deal = try await house.ask(
                "deal", .new, "open",
                [
                    "title": "Ten pumps", "account_id": .string(acme.text), "primary_contact_id": .string(ann.text),
                ]
            ).results[0].id
            _ = try await house.ask("deal", .id(deal), "edit", ["next_step": "Call"])
            let call: JSON = [
                "kind": "call", "title": "Prices", "subject": ["entity": "deal", "id": .string(deal.text)],
                "participants": .object([ann.text: ["entity": "contact"]]),
            ]
            _ = try await house.ask("interaction", .new, "log", call, at: "2012-03-01T10:00:00Z")

            // It happened long before the deal was opened.
            let ofDeal = try await timeline("deal", deal, house)
            #expect(events(ofDeal) == ["deal.edited", "deal.opened", "interaction.logged"])
            let entry = try #require(ofDeal.last)
            #expect(entry["occurred_at"] == "2012-03-01T10:00:00.000000Z")
            #expect(entry["record_name"] == "Prices" && entry["record"]?["entity"] == "interaction")
            #expect(entry["details"]?["kind"] == "call")
            #expect(entry["actor_id"] == .string(house.founding.owner.text))
            #expect(ofDeal[0]["details"]?["set"]?["next_step"] == "Call")
            #expect(
                events(try await timeline("contact", ann, house)) == [
                    "deal.opened", "contact.created", "interaction.logged",
                ])
            // What belongs to the account is on its page, each event once.
            let ofAcme = try await timeline("account", acme, house)
            #expect(
                events(ofAcme) == [
                    "deal.edited", "deal.opened", "contact.created", "account.created", "interaction.logged",
                ])
            #expect(try await timeline("account", acme, house, limit: 2) == ofAcme)
            // And goes with it: the old account keeps what was about itself.
            _ = try await house.ask("deal", .id(deal), "edit", ["account_id": .string(zeta.text)])
            #expect(
                events(try await timeline("account", zeta, house)) == [
                    "deal.edited", "deal.edited", "deal.opened", "account.created", "interaction.logged",
                ])
            #expect(
                events(try await timeline("account", acme, house)) == [
                    "deal.opened", "contact.created", "account.created", "interaction.logged",
                ])
            for one in try await house.daybook.models.verify(["timeline"]) { #expect(one.equal, "\(one.differences)") }
        }
    }

    @Test func `a person's page tells what became of a campaign's mail, a deal's what becomes of its project`()
        async throws
    {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let ann = try await house.ask("contact", .new, "create", ["last_name": "Lee"]).results[0].id
            let spring = try await house.ask(
                "campaign", .new, "plan", ["name": "Spring", "kind": "email"]
            ).results[0].id
            let place = try await house.ask(
                "campaign_member", .new, "enroll",
                [
                    "campaign_id": .string(spring.text),
                    "person": ["entity": "contact", "id": .string(ann.text)],
                ]
            ).results[0].id
            _ = try await house.ask("campaign_member", .id(place), "record", ["step": "opened"])
            let told = try await timeline("contact", ann, house)
            #expect(events(told) == ["campaign_member.recorded", "campaign_member.enrolled", "contact.created"])
            #expect(told[0]["record_name"] == "Spring" && told[0]["details"]?["step"] == "opened")
            let ofSpring = events(try await timeline("campaign", spring, house))
            #expect(ofSpring == ["campaign_member.enrolled", "campaign.planned"])

            let deal = try await house.ask("deal", .new, "open", ["title": "Pumps"]).results[0].id
            let rollout = try await house.ask(
                "project", .new, "plan", ["name": "Rollout", "deal_id": .string(deal.text)]
            ).results[0].id
            _ = try await house.ask("project", .id(rollout), "change_status", ["status": "in_progress"])
            #expect(
                events(try await timeline("deal", deal, house)) == [
                    "project.status_changed", "project.planned", "deal.opened",
                ])
            for one in try await house.daybook.models.verify(["timeline"]) { #expect(one.equal, "\(one.differences)") }
        }
    }

    @Test func `with whom a meeting was to be has it on the page that it was put off and cancelled`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let ann = try await house.ask("contact", .new, "create", ["last_name": "Lee"]).results[0].id
            let deal = try await house.ask("deal", .new, "open", ["title": "Pumps"]).results[0].id
            let meeting = try await house.ask(
                "interaction", .new, "schedule",
                [
                    "kind": "meeting", "subject": ["entity": "deal", "id": .string(deal.text)],
                    "contact_id": .string(ann.text), "scheduled_at": "2040-01-01T10:00:00Z",
                ]
            ).results[0].id
            _ = try await house.ask(
                "interaction", .id(meeting), "reschedule", ["scheduled_at": "2040-01-02T10:00:00Z"])
            _ = try await house.ask("interaction", .id(meeting), "cancel", [:])
            let told = events(try await timeline("contact", ann, house))
            #expect(
                told == [
                    "interaction.cancelled", "interaction.rescheduled", "interaction.scheduled", "contact.created",
                ])
        }
    }

    @Test func `who was erased is on no page by name, and a page that is not there is not found`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let ann = try await house.ask("contact", .new, "create", ["last_name": "Frobnitz"]).results[0].id
            _ = try await house.ask("contact", .id(ann), "edit", ["title": "Frobnitz in chief"])
            #expect(try await timeline("contact", ann, house).contains { $0.text.contains("Frobnitz") })
            _ = try await house.daybook.people.erase(ann, by: house.owner)
            let told = try await timeline("contact", ann, house)
            #expect(events(told) == ["contact.edited", "contact.created"])
            #expect(told.allSatisfy { !$0.text.contains("Frobnitz") })
            for one in try await house.daybook.models.verify(["timeline"]) { #expect(one.equal, "\(one.differences)") }
            await #expect(throws: Problem.absent("deal")) { try await timeline("deal", ann, house) }
        }
    }
}
