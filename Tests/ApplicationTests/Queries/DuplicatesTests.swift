import CRM
import Foundation
import Kernel
import Projections
import Testing

@testable import Application

/// Records that may be the same are found as they arrive, with the reasons, until somebody says that they are not.
@Suite struct DuplicatesTests {
    private struct Found: Equatable, CustomStringConvertible {
        let records: Set<String>
        let reasons: [String]
        var description: String { "\(records.sorted()) by \(reasons)" }
    }
    private func create(_ entity: String, _ body: JSON, _ house: TestHouse) async throws -> UUID {
        try await house.ask(entity, .new, entity == "lead" ? "capture" : "create", body).results[0].id
    }
    private func page(_ text: String, _ house: TestHouse) async throws -> JSON {
        let parameters = text.split(separator: "&").map { part in
            let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
            return Parameter(pair[0], pair[1])
        }
        return try await house.daybook.queries.duplicates(parameters, by: house.owner, min: try await house.head()).json
    }
    private func pairs(_ text: String, _ house: TestHouse) async throws -> [Found] {
        try await page(text, house).items.map(found)
    }
    private func pairs(_ entity: String, _ id: UUID, _ house: TestHouse, _ parameters: [Parameter] = []) async throws
        -> [Found]
    {
        try await house.daybook.queries.duplicates(
            of: entity, id, parameters, by: house.owner, min: try await house.head()
        ).json.items.map(found)
    }
    private func found(_ item: JSON) -> Found {
        let ids = (item["records"]?.array ?? []).compactMap { $0["id"]?.string }
        return Found(records: Set(ids), reasons: (item["reasons"]?.array ?? []).compactMap { $0["by"]?.string })
    }
    private func of(_ ids: UUID..., by reasons: String...) -> Found {
        Found(records: Set(ids.map(\.text)), reasons: reasons)
    }
    private func other(_ entity: String, _ id: UUID) -> JSON {
        ["other": ["entity": .string(entity), "id": .string(id.text)]]
    }

    @Test func `who arrives and may be there already is found with the reasons`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let ada = try await create(
                "contact",
                ["first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.com", "phone": "+49 89 1234567"],
                house)
            #expect(try await pairs("entity=contact", house) == [])
            let twin = try await create(
                "contact",
                ["first_name": "Lovelase", "last_name": "Dr. Ada", "email": "Ada+crm@example.com"], house)
            #expect(try await pairs("entity=contact", house) == [of(ada, twin, by: "email", "name")])
            let called = try await create("contact", ["last_name": "Byron", "mobile": "+49 (0)89 1234567"], house)
            let all = try await page("entity=contact", house)
            #expect(all.items.map(found) == [of(ada, called, by: "phone"), of(ada, twin, by: "email", "name")])
            #expect(all.items[0]["score"]?.double == 0.6 && all.items[0]["resolution"] == "merge")
            #expect(all.items[0]["reasons"]?.array?[0]["values"] == ["91234567"])
            let records = all.items[0]["records"]?.array ?? []
            #expect(records.map { $0["id"]?.string } == [ada.text, called.text], "the older first")
            #expect(records.first?["name"] == "Ada Lovelace" && records.first?["emails"] == ["ada@example.com"])
            let score = try #require(all.items[1]["score"]?.double)
            #expect(score > 0.9 && score < 1)
            let similarity = try #require(all.items[1]["reasons"]?.array?[1]["similarity"]?.double)
            #expect(similarity > 0.5 && similarity < 1)

            // A lead is compared with leads and contacts; it is converted into the contact that it is.
            let lead = try await create("lead", ["company": "Analytical", "email": "a.da@example.com"], house)
            #expect(try await pairs("entity=lead", house) == [], "dots count but at Google")
            _ = try await house.ask("lead", .id(lead), "edit", ["email": "ada+lead@example.com"])
            let mixed = try await page("entity=lead", house)
            #expect(Set(mixed.items.map { found($0).description }).count == 2)
            #expect(mixed.items.allSatisfy { $0["resolution"] == "convert" })
            #expect(try await pairs("contact", ada, house).count == 3)
            _ = try await house.ask("lead", .id(lead), "convert", ["contact_id": .string(ada.text)])
            #expect(try await pairs("entity=lead", house) == [])
            #expect(try await pairs("contact", ada, house).count == 2)

            // What is put away or changed is found no more.
            _ = try await house.ask("contact", .id(called), "archive", [:])
            #expect(try await pairs("contact", ada, house) == [of(ada, twin, by: "email", "name")])
            _ = try await house.ask("contact", .id(called), "restore", [:])
            _ = try await house.ask("contact", .id(called), "edit", ["mobile": .null])
            _ = try await house.ask("contact", .id(twin), "edit", ["first_name": "Grace", "last_name": "Hopper"])
            #expect(try await pairs("entity=contact", house) == [of(ada, twin, by: "email")])
            for one in try await house.daybook.models.verify() { #expect(one.equal, "\(one.projection)") }
        }
    }

    @Test func `accounts are found by host, address, number and name, and never by a mailbox's host`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let acme = try await create("account", ["name": "Acme GmbH", "website": "https://www.acme.example"], house)
            let inc = try await create("account", ["name": "ACME, Inc."], house)
            let site = try await create("account", ["name": "Road Runner", "email": "info@acme.example"], house)
            #expect(
                try await pairs("entity=account", house)
                    == [of(acme, site, by: "domain"), of(acme, inc, by: "name")])
            _ = try await create("account", ["name": "One", "email": "one@gmail.com"], house)
            _ = try await create("account", ["name": "Two", "email": "two@gmail.com"], house)
            // Whatever day it is about, what arrived last comes first.
            let old = try await house.ask(
                "account", .new, "create", ["name": "Acme AG"], at: "2017-01-01T00:00:00Z"
            ).results[0].id
            let last = try await pairs("entity=account&limit=2", house)
            #expect(Set(last.map(\.records)) == [of(acme, old).records, of(inc, old).records])
            _ = try await house.ask("account", .id(old), "archive", [:])
            // Colleagues have one host, and a first name is many people's.
            _ = try await create("contact", ["first_name": "Ada", "email": "ada@acme.example"], house)
            _ = try await create("contact", ["first_name": "Ada", "email": "bob@acme.example"], house)
            #expect(try await pairs("entity=account", house).count == 2)
            #expect(try await pairs("entity=contact", house) == [])
        }
    }

    @Test func `what was dismissed stays so, also when either is merged, and is taken back`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            var ids: [UUID] = []
            for name in ["Ann", "Anne", "Anna"] {
                ids.append(
                    try await create(
                        "contact", ["first_name": .string(name), "last_name": "Lee", "phone": "+442079460018"], house))
            }
            #expect(try await pairs("entity=contact", house).count == 3)
            let position = try await house.head().position
            _ = try await house.ask("contact", .id(ids[0]), "dismiss_duplicate", other("contact", ids[1]))
            #expect(try await house.head().position == position + 2, "both tell of it")
            let left = [of(ids[1], ids[2], by: "phone", "name"), of(ids[0], ids[2], by: "phone", "name")]
            #expect(Set(try await pairs("entity=contact", house).map(\.description)) == Set(left.map(\.description)))
            let gone = try await page("entity=contact&dismissed=true", house).items
            #expect(gone.map { found($0).records } == [of(ids[0], ids[1]).records])
            #expect(gone.first?["dismissed"]?["by"]?.string == house.owner.actor.text)
            // From the other's side it is dismissed already, and an edit changes nothing.
            _ = try await house.ask("contact", .id(ids[1]), "dismiss_duplicate", other("contact", ids[0]))
            #expect(try await house.head().position == position + 2)
            _ = try await house.ask("contact", .id(ids[1]), "edit", ["first_name": "Annie"])
            #expect(try await pairs("contact", ids[1], house).map(\.records) == [of(ids[1], ids[2]).records])
            for id in ids.prefix(2) {
                let told = try await house.daybook.queries.timeline(
                    "contact", id, [], by: house.owner, min: try await house.head()
                ).json.items
                #expect(told.filter { $0["event"] == "contact.duplicate_dismissed" }.count == 1)
            }

            // The third stands for the first: who is not the first is not the third either.
            _ = try await house.ask("contact", .id(ids[2]), "merge", ["loser": .string(ids[0].text)])
            #expect(try await pairs("entity=contact", house) == [])
            #expect(
                try await pairs("contact", ids[0], house, [Parameter("dismissed", "true")]).map(\.records) == [
                    of(ids[1], ids[2]).records
                ])
            _ = try await house.ask("contact", .id(ids[1]), "reconsider_duplicate", other("contact", ids[0]))
            #expect(try await pairs("entity=contact", house).map(\.records) == [of(ids[1], ids[2]).records])
            _ = try await house.ask("contact", .id(ids[2]), "unmerge", ["loser": .string(ids[0].text)])
            #expect(try await pairs("entity=contact", house).count == 3)
            let problem = await house.problem("contact", .id(ids[0]), "dismiss_duplicate", other("contact", ids[0]))
            #expect(problem?.code == "contact.duplicate_of_itself" && problem?.status == 422)
            let absent = await house.problem("contact", .id(ids[0]), "dismiss_duplicate", other("lead", house.fresh()))
            #expect(absent?.status == 422)
            for one in try await house.daybook.models.verify() { #expect(one.equal, "\(one.projection)") }
        }
    }

    @Test func `a merged one is found as the one that stands for it, and what it alone had finds that one, too`()
        async throws
    {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let winner = try await create("account", ["name": "Acme", "phone": "+442079460018"], house)
            let loser = try await create("account", ["name": "Acme Ltd", "phone": "+442079460019"], house)
            let third = try await create("account", ["name": "Zenith", "phone": "+442079460019"], house)
            #expect(try await pairs("entity=account", house).count == 2)
            _ = try await house.ask("account", .id(winner), "merge", ["loser": .string(loser.text)])
            let one = [of(winner, third, by: "phone")]
            #expect(try await pairs("entity=account", house) == one)
            #expect(try await pairs("account", loser, house) == one)
            _ = try await house.ask("account", .id(winner), "unmerge", ["loser": .string(loser.text)])
            #expect(try await pairs("entity=account", house).count == 2)
            #expect(try await pairs("account", winner, house) == [of(winner, loser, by: "name")])
            for one in try await house.daybook.models.verify() { #expect(one.equal, "\(one.projection)") }
        }
    }

    @Test func `what more than twenty have in common says nothing of two of them`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            var ids: [UUID] = []
            for number in 1...21 {
                let name = JSON.string("Name\(number)")
                ids.append(try await create("contact", ["last_name": name, "phone": "+442079460018"], house))
                let found = try await page("entity=contact&limit=200", house).items.count
                #expect(found == (number <= 20 ? number * (number - 1) / 2 : 0), "\(number)")
            }
            _ = try await house.ask("contact", .id(ids[4]), "archive", [:])
            #expect(try await page("entity=contact&limit=200", house).items.count == 190)
            // Page by page each comes once.
            var seen: [Found] = []
            var cursor: String?
            repeat {
                let next = try await page("entity=contact&limit=50" + (cursor.map { "&cursor=\($0)" } ?? ""), house)
                seen += next.items.map(found)
                cursor = next["next"]?.string
            } while cursor != nil
            #expect(seen.count == 190 && Set(seen.map(\.records)).count == 190)
            for one in try await house.daybook.models.verify() { #expect(one.equal, "\(one.projection)") }
            let kept = try await house.daybook.queries.table(
                "person_keys_pairs", [Parameter("limit", "200")], by: house.owner, min: try await house.head()
            ).json.items
            _ = try await house.daybook.models.rebuild(["person_keys"])
            let built = try await house.daybook.queries.table(
                "person_keys_pairs", [Parameter("limit", "200")], by: house.owner, min: try await house.head()
            ).json.items
            #expect(kept.count == 190 && Set(kept.map(\.bytes)) == Set(built.map(\.bytes)))
        }
    }

    @Test func `nothing that a person was found by is left when she is erased`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let ada = try await create(
                "contact", ["first_name": "Frobnitz", "last_name": "Zyx", "email": "frobnitz@example.com"], house)
            let lead = try await create("lead", ["email": "Frobnitz@example.com"], house)
            #expect(try await pairs("contact", ada, house) == [of(ada, lead, by: "email")])
            for id in [ada, lead] { _ = try await house.daybook.people.erase(id, by: house.owner) }
            #expect(try await pairs("entity=lead", house) == [])
            for name in ["person_keys", "person_keys_values", "person_keys_pairs"] {
                let rows = try await house.daybook.queries.table(name, [], by: house.owner, min: try await house.head())
                #expect(!String(decoding: rows.body, as: UTF8.self).lowercased().contains("frobnitz"), "\(name)")
            }
            let personal = try await house.daybook.models.personalColumns()
            #expect(personal["person_keys"]?.contains("keys") == true)
            #expect(personal["person_keys_pairs"] == ["text"])
            for one in try await house.daybook.models.verify() { #expect(one.equal, "\(one.projection)") }
        }
    }

    @Test func `what is not understood is refused`() async throws {
        let house = try await TestHouse(projecting: .init())
        for text in [
            "entity=deal", "limit=20", "entity=contact&dismissed=maybe", "entity=contact&as_of=2026-01-01",
            "entity=contact&cursor=x",
        ] {
            let problem = await code { () async throws -> Reply in
                let parameters = text.split(separator: "&").map { part in
                    let pair = part.split(separator: "=").map(String.init)
                    return Parameter(pair[0], pair[1])
                }
                return try await house.daybook.queries.duplicates(parameters, by: house.owner)
            }
            let expected =
                text.contains("as_of")
                ? "parameter.unknown" : text.contains("cursor") ? "cursor.invalid" : "parameter.invalid"
            #expect(problem == expected, "\(text)")
        }
        let absent = await code {
            try await house.daybook.queries.duplicates(of: "contact", UUID(), [], by: house.owner)
        }
        #expect(absent == "contact.not_found")
    }
}
