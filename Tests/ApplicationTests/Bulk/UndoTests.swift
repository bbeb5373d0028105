import CRM
import EventLog
import FoundationEssentials
import Kernel
import Projections
import Testing

@testable import Application

/// An act on many records is taken back: each is what it was, or it is told why not.
@Suite struct UndoTests {
    @Test func `edits, tags, moves and the archive are taken back whole, and taking back is taken back`() async throws {
        let house = try await TestHouse()
        let stages = try await house.stages()
        _ = try await house.ask("tag", .new, "define", ["name": "VIP"])
        let deals = try await house.deals(5)
        _ = try await house.ask("deal", .id(deals[0]), "edit", ["source": "fair", "next_step": "call"])
        _ = try await house.ask("deal", .id(deals[1]), "tag", ["tags": ["VIP"]])
        let before = try await house.states("deal", deals)
        let acts: [(String, JSON)] = [
            ("edit", ["source": "web", "next_step": .null, "expected_close": "2027-01-31"]),
            ("tag", ["tags": ["VIP"]]), ("move", ["stage_id": .string(stages[1].text)]), ("archive", [:]),
            ("win", ["amount": ["minor": 900, "currency": "EUR"]]), ("lose", ["lost_reason": "price"]),
        ]
        for (act, body) in acts {
            let told = try await house.run(["entity": "deal", "act": .string(act), "body": body, "ids": .ids(deals)])
            let done = try #require(told["done"]?.integer)
            #expect(done >= 4 && told["refused"] == 0, "\(act): \(told)")
            let after = try await house.states("deal", deals)
            let id = try #require(told["id"]?.string.flatMap(UUID.init(uuidString:)))

            let head = try await house.head()
            let dry = try await house.undo(id, dryRun: true)[0]
            #expect(dry["done"] == .integer(done) && dry["id"] == .null)
            #expect(try await house.head() == head)
            let undone = try await house.undo(id)[0]
            #expect(undone["done"] == .integer(done) && undone["refused"] == 0, "\(act): \(undone)")
            #expect(undone["undoes"] == .string(id.text) && undone["act"] == "undo")
            #expect(try await house.same("deal", deals, before), "\(act)")
            #expect(try await house.undo(id)[0]["unchanged"] == 5)

            let back = try #require(undone["id"]?.string.flatMap(UUID.init(uuidString:)))
            #expect(try await house.undo(back)[0]["done"] == .integer(done), "\(act)")
            #expect(try await house.same("deal", deals, after), "\(act)")
            let redone = try await house.undo(try #require(try await house.lastAct(deals)))[0]
            #expect(redone["done"] == .integer(done) && redone["refused"] == 0)
            #expect(try await house.same("deal", deals, before), "\(act)")
        }
    }

    @Test func `what somebody changed since stays, and is told with the change`() async throws {
        let house = try await TestHouse()
        let accounts = try await house.accounts(4)
        let told = try await house.run([
            "entity": "account", "act": "edit", "body": ["industry": "pumps"], "ids": .ids(accounts),
        ])
        let id = try #require(told["id"]?.string.flatMap(UUID.init(uuidString:)))
        _ = try await house.ask("account", .id(accounts[1]), "edit", ["website": "https://pumps.example"])
        _ = try await house.ask("account", .id(accounts[2]), "edit", ["industry": "steel"])
        let undone = try await house.undo(id)[0]
        #expect(undone.results.compactMap { $0["result"]?.string } == ["done", "refused", "unchanged", "done"])
        let problem = undone.results[1]["problem"]
        #expect(problem?["code"] == "bulk.changed_since" && problem?["changed"]?.array?.count == 1)
        #expect(problem?["changed"]?.array?.first?["type"] == "account.edited")
        let state = try await house.states("account", [accounts[1]])[0]
        #expect((state as? Account.State)?.content?["industry"] == "pumps")
    }

    @Test func `whose value somebody else took meanwhile stays archived, and is told who has it`() async throws {
        let house = try await TestHouse()
        var contacts: [UUID] = []
        for name in ["ann", "bob"] {
            let body: JSON = ["last_name": .string(name), "email": .string("\(name)@example.com")]
            contacts.append(try await house.ask("contact", .new, "create", body).results[0].id)
        }
        let told = try await house.run(["entity": "contact", "act": "archive", "ids": .ids(contacts)])
        let id = try #require(told["id"]?.string.flatMap(UUID.init(uuidString:)))
        let other = try await house.ask("contact", .new, "create", ["last_name": "B", "email": "bob@example.com"])
            .results[0].id
        let undone = try await house.undo(id)[0]
        #expect(undone.results.compactMap { $0["result"]?.string } == ["done", "refused"])
        #expect(undone.results[1]["problem"]?["code"] == "contact.email_taken")
        #expect(undone.results[1]["problem"]?["existing_id"] == .string(other.text))
    }

    @Test func `leads that were looked at or turned away and campaigns that were paused are as before`() async throws {
        let house = try await TestHouse()
        var leads: [UUID] = []
        for name in ["Ann", "Bob", "Cid"] {
            leads.append(try await house.ask("lead", .new, "capture", ["last_name": .string(name)]).results[0].id)
        }
        _ = try await house.ask("lead", .id(leads[1]), "qualify", [:])
        _ = try await house.ask("lead", .id(leads[2]), "disqualify", ["reason": "no budget"])
        var campaigns: [UUID] = []
        for name in ["Spring", "Autumn"] {
            let id = try await house.ask("campaign", .new, "create", ["name": .string(name), "kind": "email"])
                .results[0].id
            _ = try await house.ask("campaign", .id(id), "start", [:])
            campaigns.append(id)
        }
        let acts: [(String, [UUID], String, JSON, Int64)] = [
            ("lead", leads, "disqualify", ["reason": "too small"], 3), ("lead", leads, "qualify", [:], 2),
            ("lead", leads, "reopen", [:], 2), ("campaign", campaigns, "pause", [:], 2),
        ]
        for (entity, ids, act, body, done) in acts {
            let before = try await house.states(entity, ids)
            let told = try await house.run([
                "entity": .string(entity), "act": .string(act), "body": body, "ids": .ids(ids),
            ])
            #expect(told["done"] == .integer(done) && told["refused"] == 0, "\(act): \(told)")
            let after = try await house.states(entity, ids)
            let undone = try await house.undo(try #require(try await house.lastAct(ids)))[0]
            #expect(undone["done"] == .integer(done) && undone["refused"] == 0, "\(act): \(undone)")
            #expect(try await house.same(entity, ids, before), "\(act)")
            let redone = try await house.undo(try #require(try await house.lastAct(ids)))[0]
            #expect(redone["done"] == .integer(done), "\(act): \(redone)")
            #expect(try await house.same(entity, ids, after), "\(act)")
            _ = try await house.undo(try #require(try await house.lastAct(ids)))
        }
    }

    @Test func `what a record's acts cannot give back is refused, and the record stays as it is`() async throws {
        let house = try await TestHouse()
        var leads: [UUID] = []
        for name in ["Ann", "Bob"] {
            let body: JSON = ["last_name": .string(name), "company": .string("\(name) Ltd")]
            leads.append(try await house.ask("lead", .new, "capture", body).results[0].id)
        }
        let told = try await house.run(["entity": "lead", "act": "convert", "ids": .ids(leads)])
        #expect(told["done"] == 2, "\(told)")
        let after = try await house.states("lead", leads)
        let id = try #require(told["id"]?.string.flatMap(UUID.init(uuidString:)))
        let undone = try await house.undo(id)[0]
        #expect(undone["refused"] == 2, "\(undone)")
        #expect(try await house.same("lead", leads, after))
    }
}
