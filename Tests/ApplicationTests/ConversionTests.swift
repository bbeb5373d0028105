import CRM
import EventLog
import FoundationEssentials
import Kernel
import Projections
import Testing
import Vault

@testable import Application

/// A lead becomes an account, a contact and a deal: all of it or nothing, and the person stays one person.
@Suite struct ConversionTests {
    private static let body: JSON = [
        "first_name": "Ada", "last_name": "Frobnitz", "company": "Acme", "email": "ada@acme.example",
        "phone": "+442079460018", "source": "website", "website": "https://www.acme.example/about",
    ]
    private func capture(_ house: TestHouse, _ body: JSON = body) async throws -> UUID {
        try await house.ask("lead", .new, "capture", body).results[0].id
    }
    private func record(_ entity: String, _ id: UUID, _ house: TestHouse) async throws -> JSON {
        let reply = try await house.daybook.queries.record(entity, id, by: house.owner, min: try await house.head())
        return try JSON(parsing: reply.body)
    }
    private func log(_ house: TestHouse) async throws -> [RecordedEvent] {
        try await house.daybook.reader.page(house.organization, after: 0, limit: 1000)
    }
    private func id(_ json: JSON?) throws -> UUID { try #require(json?.string.flatMap(UUID.init(uuidString:))) }

    @Test func `a lead becomes three records in one unit, and each tells where it came from`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let member = try await house.ask("member", .new, "add", ["name": "Bela"]).results[0].id
            let lead = try await capture(house)
            _ = try await house.ask("lead", .id(lead), "assign", ["owner_id": .string(member.text)])
            let before = try await log(house).count
            let answer = try await house.ask(
                "lead", .id(lead), "convert", ["deal": ["amount": ["minor": 500, "currency": "EUR"]]], key: "once")
            let result = answer.results[0]
            #expect(result.status == 200 && result.made.map(\.entity) == ["account", "contact", "deal"])
            let written = try await log(house).dropFirst(before)
            #expect(written.map(\.type) == ["account.created", "contact.created", "deal.opened", "lead.converted"])
            // One command, and each event says that it came of the conversion.
            #expect(Set(written.map(\.command)).count == 1)
            for event in written { #expect(try JSON(parsing: event.meta)["act"] == "lead.convert") }

            let converted = try await record("lead", lead, house)
            #expect(converted["status"] == "converted")
            #expect(try result.made.map(\.id) == ["account_id", "contact_id", "deal_id"].map { try id(converted[$0]) })
            let contact = try await record("contact", try id(converted["contact_id"]), house)
            #expect(contact["name"] == "Ada Frobnitz" && contact["primary_email"] == "ada@acme.example")
            #expect(contact["primary_account_name"] == "Acme" && contact["owner_name"] == "Bela")
            let deal = try await record("deal", try id(converted["deal_id"]), house)
            #expect(deal["title"] == "Acme" && deal["amount"]?["minor"] == 500 && deal["source"] == "website")

            // Once more is nothing more, with the same key and without.
            let again = try await house.ask(
                "lead", .id(lead), "convert", ["deal": ["amount": ["minor": 500, "currency": "EUR"]]], key: "once")
            #expect(again.results == answer.results)
            #expect(try await house.ask("lead", .id(lead), "convert", [:]).results[0].events == 0)
            #expect(try await log(house).count == before + 4)

            // What the lead went through is told on what it became.
            for name in ["account_id", "contact_id", "deal_id"] {
                let entity = String(name.dropLast(3))
                let reply = try await house.daybook.queries.timeline(
                    entity, try id(converted[name]), [], by: house.owner, min: try await house.head())
                let events = (try JSON(parsing: reply.body)["items"]?.array ?? []).compactMap { $0["event"]?.string }
                #expect(events.contains("lead.captured") && events.count { $0 == "lead.converted" } == 1, "\(entity)")
            }
            for one in try await house.daybook.models.verify() { #expect(one.equal, "\(one.projection)") }
        }
    }

    @Test func `where one of them is refused nothing is made, and the answer says what and where`() async throws {
        let house = try await TestHouse()
        let holder = try await house.ask(
            "contact", .new, "create", ["last_name": "Lee", "email": "ada@acme.example"]
        ).results[0].id
        let lead = try await capture(house)
        let before = try await log(house).count
        let taken = await house.problem("lead", .id(lead), "convert", [:])
        #expect(taken?.code == "contact.email_taken" && taken?.more["existing_id"] == .string(holder.text))
        let stage = await house.problem(
            "lead", .id(lead), "convert",
            ["contact": ["email": "other@acme.example"], "deal": ["stage_id": .string(house.fresh().text)]])
        #expect(stage?.code == "deal.stage_unknown")
        let name = await house.problem(
            "lead", .id(lead), "convert", ["account": ["website": "https://x.example", "custom": ["nothing": 1]]])
        #expect(name?.errors.first?.pointer == "/account/custom/nothing")
        #expect(try await log(house).count == before)
        let viewer = await house.problem("lead", .id(lead), "convert", [:], role: .viewer)
        #expect(viewer?.status == 403)
    }

    @Test func `accounts and contacts that are there are offered by address, domain and name`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let site = try await house.ask(
                "account", .new, "create", ["name": "Acme Group", "website": "http://acme.example"]
            ).results[0].id
            let named = try await house.ask("account", .new, "create", ["name": "Acme"]).results[0].id
            let employer = try await house.ask("account", .new, "create", ["name": "Elsewhere"]).results[0].id
            let away = try await house.ask(
                "account", .new, "create", ["name": "Acme", "website": "https://acme.example"]
            ).results[0].id
            _ = try await house.ask("account", .id(away), "archive", [:])
            let ann = try await house.ask(
                "contact", .new, "create",
                ["last_name": "Lee", "email": "ada@acme.example", "account_id": .string(employer.text)]
            ).results[0].id
            let lead = try await capture(house)

            let offer = try await house.daybook.commands.offer(lead, by: house.owner)
            let reply = try await house.daybook.queries.conversion(
                offer, by: house.owner, min: try await house.head())
            let json = try JSON(parsing: reply.body)
            let accounts = (json["accounts"]?.array ?? []).map { [$0["why"], $0["account"]?["id"]] }
            #expect(
                accounts == [
                    ["domain", .string(site.text)], ["contact", .string(employer.text)], ["name", .string(named.text)],
                ])
            #expect(json["contacts"]?.array?.map { $0["contact"]?["id"] } == [.string(ann.text)])
            #expect(json["would_make"]?["account"]?["name"] == "Acme")
            #expect(json["would_make"]?["contact"]?["emails"] == ["ada@acme.example"])
            #expect(json["lead"]?["status"] == "open")

            // What is offered is taken.
            let body: JSON = ["account_id": .string(site.text), "contact_id": .string(ann.text)]
            let answer = try await house.ask("lead", .id(lead), "convert", body)
            #expect(answer.results[0].made == [])
            let contact = try await record("contact", ann, house)
            #expect(contact["affiliations"]?[site.text] != nil && contact["last_name"] == "Lee")
        }
    }

    @Test func `the contact's data are under the contact's key, and whoever erases one erases both`() async throws {
        for isLeadNamed in [true, false] {
            let house = try await TestHouse(projecting: .init())
            try await house.projecting {
                let lead = try await capture(house)
                let made = try await house.ask("lead", .id(lead), "convert", ["deal": [:]]).results[0].made
                let contact = try #require(made.first { $0.entity == "contact" }).id
                let created = try #require(try await log(house).first { $0.type == "contact.created" })
                #expect(try SealedParts.persons(created.private ?? []) == [contact])
                for event in try await log(house) {
                    let line = String(decoding: event.line, as: UTF8.self)
                    #expect(!line.contains("Frobnitz") && !line.contains("ada@acme"), "\(event.type)")
                }
                let exported = try await house.daybook.people.export(contact, by: house.owner)
                #expect(try JSON(parsing: exported.body)["also"] == [.string(lead.text)])

                let (one, other) = isLeadNamed ? (lead, contact) : (contact, lead)
                let erased = try await house.daybook.people.erase(one, by: house.owner)
                #expect(erased.also == [other] && erased.isForgottenByTables)
                #expect(try await log(house).last?.position == erased.position.position)
                #expect(try await record("contact", contact, house)["primary_email"] == .null)
                #expect(try await record("lead", lead, house)["last_name"] == .null)
                #expect(try await record("lead", lead, house)["contact_id"] == .string(contact.text))
                let standings = try await house.daybook.persons.standings(house.organization, [lead, contact])
                for standing in standings.values { if case .held = standing { Issue.record("a key is still there") } }
                #expect(try await house.daybook.people.erase(other, by: house.owner).also == [one])
                for one in try await house.daybook.models.verify() { #expect(one.equal, "\(one.projection)") }
            }
        }
    }
}
