import CRM
import FoundationEssentials
import Kernel
import Projections
import Testing

@testable import Application

/// An account with all that belongs to it.
@Suite struct CustomerTests {
    private func sublist(
        _ entity: String, _ id: UUID, _ path: String, _ house: TestHouse, _ parameters: [Parameter] = []
    ) async throws -> [JSON] {
        let list = try #require(Sublist.all(entities).first { $0.entity == entity && $0.path == path })
        let reply = try await house.daybook.queries.sublist(
            list, of: id, parameters, by: house.owner, min: try await house.head())
        return try JSON(parsing: reply.body)["items"]?.array ?? []
    }
    private func detail(_ id: UUID, _ house: TestHouse, limit: String? = nil) async throws -> JSON {
        let reply = try await house.daybook.queries.customerDetail(
            id, limit.map { [Parameter("limit", $0)] } ?? [], by: house.owner, min: try await house.head())
        return try JSON(parsing: reply.body)
    }
    private func make(_ house: TestHouse, _ entity: String, _ act: String, _ body: JSON) async throws -> UUID {
        try await house.ask(entity, .new, act, body).results[0].id
    }

    @Test func `an account's page tells who, what is open, what was won, what happened and above whom it stands`()
        async throws
    {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let group = try await make(house, "account", "create", ["name": "Group"])
            let holding = try await make(
                house, "account", "create", ["name": "Holding", "parent_id": .string(group.text)])
            let acme = try await make(
                house, "account", "create", ["name": "Acme", "parent_id": .string(holding.text)])
            let child = try await make(
                house, "account", "create", ["name": "Acme North", "parent_id": .string(acme.text)])
            let at: JSON = .string(acme.text)
            let ann = try await make(house, "contact", "create", ["last_name": "Lee", "account_id": at])
            let bob = try await make(house, "contact", "create", ["last_name": "Bo", "account_id": at])
            let gone = try await make(house, "contact", "create", ["last_name": "Gone", "account_id": at])
            _ = try await house.ask("contact", .id(gone), "end_affiliation", ["account_id": at])
            _ = try await house.ask("account", .id(acme), "set_primary_contact", ["contact_id": .string(ann.text)])
            for (title, amount) in [("A", 100), ("B", 200), ("C", 300)] {
                let deal = try await make(
                    house, "deal", "open",
                    [
                        "title": .string(title), "account_id": at, "primary_contact_id": .string(bob.text),
                        "amount": ["minor": .integer(Int64(amount)), "currency": title == "C" ? "USD" : "EUR"],
                    ])
                if title != "A" { _ = try await house.ask("deal", .id(deal), "win", [:]) }
            }

            let page = try await detail(acme, house)
            #expect(page["account"]?["name"] == "Acme" && page["account"]?["primary_contact_name"] == "Lee")
            #expect(page["chain"]?.array?.map { $0["name"] } == ["Holding", "Group"])
            #expect(page["chain"]?.array?.map { $0["distance"] } == [1, 2])
            let contacts = page["contacts"]?["items"]?.array ?? []
            #expect(contacts.map { $0["contact_name"] } == ["Lee", "Bo"])
            #expect(contacts.map { $0["primary_contact"] } == [true, false])
            #expect(page["open_deals"]?["items"]?.array?.map { $0["title"] } == ["A"])
            #expect(page["deals"]?["open"]?["count"] == 1 && page["deals"]?["won"]?["count"] == 2)
            #expect(
                page["deals"]?["won"]?["amounts"] == [
                    ["currency": "EUR", "count": 1, "minor": 200], ["currency": "USD", "count": 1, "minor": 300],
                ])
            #expect(page["children"]?["items"]?.array?.map { $0["id"] } == [.string(child.text)])
            #expect(page["timeline"]?["items"]?.array?.first?["event"] == "deal.won")
            #expect(page["timeline"]?["more"] == true && page["contacts"]?["more"] == false)
            #expect(try await detail(acme, house, limit: "1")["contacts"]?["more"] == true)

            #expect(try await sublist("account", acme, "contacts", house).count == 3)
            #expect(try await sublist("account", acme, "deals", house, [Parameter("status", "won")]).count == 2)
            #expect(try await sublist("contact", bob, "deals", house).count == 3)
            #expect(try await sublist("contact", gone, "accounts", house).first?["current"] == false)
            #expect(try await sublist("account", group, "children", house).map { $0["name"] } == ["Holding"])

            await #expect(throws: Problem.absent("account")) { try await detail(ann, house) }
            await #expect(throws: Problem.absent("account")) { try await sublist("account", ann, "deals", house) }
            for bad in ["0", "51", "+1", "x"] {
                await #expect(throws: Problem.self) { try await detail(acme, house, limit: bad) }
            }
        }
    }

    @Test func `an account's page shows what comes next and what happened with all that belongs to it`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let acme = try await make(house, "account", "create", ["name": "Acme"])
            let zeta = try await make(house, "account", "create", ["name": "Zeta"])
            let at: JSON = .string(acme.text)
            let ann = try await make(house, "contact", "create", ["last_name": "Lee", "account_id": at])
            let deal = try await make(house, "deal", "open", ["title": "Pumps", "account_id": at])
            let elsewhere = try await make(
                house, "deal", "open", ["title": "Hoses", "account_id": .string(zeta.text)])
            let rollout = try await make(house, "project", "plan", ["name": "Rollout", "account_id": at])
            let subjects = [("account", acme), ("contact", ann), ("deal", deal), ("project", rollout)]
            for (number, (entity, id)) in (subjects + [("deal", elsewhere)]).enumerated().reversed() {
                let subject: JSON = ["entity": .string(entity), "id": .string(id.text)]
                let day = "2040-01-0\(number + 1)"
                _ = try await make(
                    house, "task", "create", ["title": .string(entity), "due_on": .string(day), "subject": subject])
                _ = try await make(
                    house, "interaction", "schedule",
                    [
                        "kind": "call", "title": .string(entity), "scheduled_at": .string("\(day)T10:00:00Z"),
                        "subject": subject,
                    ])
            }
            let done: JSON = [
                "title": "Done", "status": "completed", "subject": ["entity": "deal", "id": .string(deal.text)],
            ]
            _ = try await make(house, "task", "create", done)
            _ = try await house.ask("project", .id(rollout), "change_status", ["status": "in_progress"])

            for part in ["tasks", "scheduled"] {
                let all = try await detail(acme, house)[part]
                let titles = all?["items"]?.array?.map { $0["title"] }
                #expect(titles == ["account", "contact", "deal", "project"], "\(part)")
                #expect(all?["more"] == false)
                let two = try await detail(acme, house, limit: "2")[part]
                #expect(two?["items"]?.array?.map { $0["title"] } == ["account", "contact"], "\(part)")
                #expect(two?["more"] == true)
            }
            let tasks = try await detail(acme, house)["tasks"]?["items"]?.array ?? []
            #expect(tasks.map { $0["subject_name"] } == ["Acme", "Lee", "Pumps", "Rollout"])
            let page = try await detail(acme, house)
            #expect(page["timeline"]?["items"]?.array?.first?["event"] == "project.status_changed")
        }
    }

    @Test func `a person's campaigns are listed, and what became of each`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let spring = try await make(house, "campaign", "plan", ["name": "Spring", "kind": "email"])
            let people = [
                ("contact", try await make(house, "contact", "create", ["last_name": "Lee"])),
                ("lead", try await make(house, "lead", "capture", ["last_name": "Larsen"])),
            ]
            for (entity, id) in people {
                let body: JSON = [
                    "campaign_id": .string(spring.text),
                    "person": ["entity": .string(entity), "id": .string(id.text)],
                ]
                let place = try await make(house, "campaign_member", "enroll", body)
                _ = try await house.ask("campaign_member", .id(place), "record", ["step": "clicked"])
                let campaigns = try await sublist(entity, id, "campaigns", house)
                #expect(campaigns.map { $0["campaign_name"] } == ["Spring"], "\(entity)")
                #expect(campaigns.first?["status"] == "clicked" && campaigns.first?["person_name"] != .null)
            }
        }
    }

    @Test func `keeping in touch, the platform and what bounces are seen on a contact, in filters and in history`()
        async throws
    {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let ann = try await make(house, "contact", "create", ["last_name": "Lee"])
            let bob = try await make(
                house, "contact", "create",
                ["last_name": "Bo", "platform_user_id": "u-2", "platform_profile": ["display_name": "Bob of Zeta"]])
            let taken = await house.problem("contact", .id(ann), "link_platform_user", ["user_id": "u-2"])
            #expect(taken?.code == "contact.platform_user_taken" && taken?.more["existing_id"] == .string(bob.text))
            _ = try await house.ask("contact", .id(ann), "mark_contacted", ["follow_up_at": "2030-01-01T09:00:00Z"])
            _ = try await house.ask("contact", .id(ann), "mark_bounced", [:])
            func list(_ parameters: [Parameter]) async throws -> [JSON] {
                let reply = try await house.daybook.queries.list(
                    "contact", parameters, by: house.owner, min: try await house.head())
                return try JSON(parsing: reply.body)["items"]?.array ?? []
            }
            let native = try await list([Parameter("mode", "native")])
            #expect(native.map { $0["name"] } == ["Bo"])
            #expect(native.first?["platform"]?["profile"]?["display_name"] == "Bob of Zeta")
            let external = try await list([Parameter("mode", "external"), Parameter("status", "bounced")])
            #expect(external.first?["next_follow_up_at"] == "2030-01-01T09:00:00.000000Z")
            #expect(external.first?["contacted"] == true && external.first?["platform"] == .null)
            let history = try await house.daybook.queries.history("contact", ann, [], by: house.owner)
            let events = (try JSON(parsing: history.body)["items"]?.array ?? []).compactMap { $0["type"]?.string }
            #expect(events.contains("contact.status_changed") && events.contains("contact.follow_up_planned"))

            _ = try await house.daybook.people.erase(bob, by: house.owner)
            let rows = try await list([Parameter("mode", "native"), Parameter("archived", "any")])
            #expect(rows.first?["platform"]?["user_id"] == .null && rows.first?["platform"]?["profile"] == [:])
            for one in try await house.daybook.models.verify() { #expect(one.equal, "\(one.projection)") }
        }
    }
}
