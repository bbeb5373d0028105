import CRM
import EventLog
import FoundationEssentials
import Kernel
import Projections
import Testing
import Vault

@testable import Application

/// What was said with a person is forgotten with the person; when it happened is as it was told.
@Suite struct InteractionTests {
    private static func subject(_ entity: String, _ id: UUID) -> JSON {
        ["entity": .string(entity), "id": .string(id.text)]
    }
    private func interaction(_ house: TestHouse, _ id: UUID) async throws -> JSON {
        let reply = try await house.daybook.queries.record(
            "interaction", id, by: house.owner, min: try await house.head())
        return try JSON(parsing: reply.body)
    }

    @Test func `what was said with somebody is sealed under that person's key, and goes with it`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let ann = try await house.ask("contact", .new, "create", ["last_name": "Frobnitz"]).results[0].id
            let deal = try await house.ask("deal", .new, "open", ["title": "Ten pumps"]).results[0].id
            let about: JSON = [
                "kind": "call", "subject": Self.subject("contact", ann), "title": "Frobnitz calls",
                "attributes": ["line": "Frobnitz"],
            ]
            let with: JSON = [
                "kind": "meeting", "subject": Self.subject("deal", deal), "text": "Frobnitz objects",
                "participants": .object([ann.text: ["entity": "contact", "role": "attendee"]]),
            ]
            let other: JSON = ["kind": "note", "subject": Self.subject("deal", deal), "text": "Seventh floor"]
            var ids: [UUID] = []
            for body in [about, with, other] {
                ids.append(try await house.ask("interaction", .new, "log", body).results[0].id)
            }
            let log = try await house.daybook.reader.page(house.organization, after: 0, limit: 1000)
            let logged = log.filter { $0.type == "interaction.logged" }
            #expect(try logged.map { try SealedParts.persons($0.private ?? []) } == [[ann], [ann], [ids[2]]])
            for event in logged {
                let line = String(decoding: event.line, as: UTF8.self)
                #expect(!line.contains("Frobnitz") && !line.contains("Seventh"))
            }
            #expect(try await interaction(house, ids[0])["title"] == "Frobnitz calls")
            #expect(try await interaction(house, ids[1])["text"] == "Frobnitz objects")
            #expect(try await interaction(house, ids[1])["subject_name"] == "Ten pumps")

            let erased = try await house.daybook.people.erase(ann, by: house.owner)
            #expect(erased.isForgottenByTables)
            #expect(erased.mentioning.count == 2)
            #expect(try await interaction(house, ids[0])["title"] == .null)
            #expect(try await interaction(house, ids[0])["attributes"] == [:])
            #expect(try await interaction(house, ids[1])["text"] == .null)
            #expect(try await interaction(house, ids[1])["kind"] == "meeting")
            #expect(try await interaction(house, ids[2])["text"] == "Seventh floor")
            for one in try await house.daybook.models.verify() { #expect(one.equal, "\(one.projection)") }
            // Nothing more is told of who was forgotten.
            #expect(await house.problem("interaction", .new, "log", about)?.code == "person.erased")
        }
    }

    @Test func `the body says when it happened, and what it is about must be there`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let deal = try await house.ask("deal", .new, "open", ["title": "Ten pumps"]).results[0].id
            let body: JSON = [
                "kind": "platform_event", "name": "Opened", "subject": Self.subject("deal", deal),
                "occurred_at": "2012-03-01T10:00:00+02:00",
            ]
            let id = try await house.ask("interaction", .new, "log", body).results[0].id
            let document = try await interaction(house, id)
            #expect(document["occurred_at"] == "2012-03-01T08:00:00.000000Z")
            #expect(document["attributes"] == [:])
            let event = try await house.daybook.reader.stream(house.organization, id, limit: 1).first
            #expect(event?.occurredAt.text == "2012-03-01T08:00:00.000000Z")
            #expect(try JSON(parsing: event?.data ?? [])["occurred_at"] == nil)

            let twice = await house.problem("interaction", .new, "log", body, at: "2012-03-01T10:00:00Z")
            #expect(twice?.errors.first?.pointer == "/occurred_at")
            let future: JSON = [
                "kind": "note", "subject": Self.subject("deal", deal), "occurred_at": "2999-01-01T00:00:00Z",
            ]
            #expect(await house.problem("interaction", .new, "log", future)?.code == "time.in_future")
            let nobody: JSON = ["kind": "note", "subject": Self.subject("account", deal)]
            #expect(await house.problem("interaction", .new, "log", nobody)?.errors.first?.pointer == "/subject/id")
            let viewer = await house.problem("interaction", .new, "log", body, role: .viewer)
            #expect(viewer?.status == 403)
            #expect(await house.problem("interaction", .id(id), "log", body)?.code == "interaction.already_exists")
        }
    }

    @Test func `a list holds what is about one record, the last told first where the moment is the same`() async throws
    {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let deal = try await house.ask("deal", .new, "open", ["title": "Ten pumps"]).results[0].id
            let account = try await house.ask("account", .new, "create", ["name": "Pumps"]).results[0].id
            for n in 0..<12 {
                let body: JSON = [
                    "kind": "platform_event", "name": .string("step \(n)"),
                    "subject": n % 3 == 2 ? Self.subject("account", account) : Self.subject("deal", deal),
                ]
                _ = try await house.ask("interaction", .new, "log", body, at: "2012-03-01T10:00:00Z")
            }
            var names: [String] = []
            var cursor: String?
            repeat {
                let page = [
                    Parameter("subject_id", deal.text), Parameter("subject_entity", "deal"), Parameter("limit", "3"),
                ]
                let reply = try await house.daybook.queries.list(
                    "interaction", page + (cursor.map { [Parameter("cursor", $0)] } ?? []), by: house.owner,
                    min: try await house.head())
                let json = try JSON(parsing: reply.body)
                names += (json["items"]?.array ?? []).compactMap { $0["name"]?.string }
                cursor = json["next"]?.string
            } while cursor != nil
            #expect(names == [10, 9, 7, 6, 4, 3, 1, 0].map { "step \($0)" })
        }
    }
}
