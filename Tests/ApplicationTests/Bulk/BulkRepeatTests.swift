import CRM
import EventLog
import FoundationEssentials
import Kernel
import Postgres
import PostgresTesting
import Testing

@testable import Application

/// An act on many records that is disturbed, asked again, or asked long after.
@Suite struct BulkRepeatTests {
    @Test func `what an undo wrote while it was looked for is done, whatever else is so by now`() async throws {
        let house = try await TestHouse()
        let accounts = try await house.accounts(2)
        let act = try await house.record(of: house.run(.pumps(accounts)))
        let told = try await house.undo(act.id, key: "back")[0]
        let undo = try await house.record(of: told)
        _ = try await house.ask("account", .id(accounts[1]), "edit", ["industry": "paper"])
        // As a second process sees it that looked for traces just before the first one's commit.
        let ways = try await house.bulk.waysBack(accounts, Account.self, from: act, by: undo, house.owner)
        #expect(zip(accounts, ways).map { $1.settled?.json(of: $0, request: "") } == told.results)
    }

    @Test func `a stream that cannot be read is refused alone when an act is taken back`() async throws {
        let house = try await TestHouse()
        let accounts = try await house.accounts(3)
        let act = try await house.record(of: house.run(.pumps(accounts)))
        let strange = Draft(
            stream: accounts[1], version: 3, type: "account.teleported", schema: 1, data: Array("{}".utf8),
            actor: house.founding.owner, command: house.fresh(), index: 0)
        let unit = Unit(
            organization: house.organization, drafts: [strange], expected: [accounts[1]: 2],
            readAt: try await house.head().position)
        _ = try await house.daybook.commands.appender.append(unit)
        let undone = try await house.undo(act.id)[0]
        #expect(undone.results.compactMap { $0["result"]?.string } == ["done", "refused", "done"])
        #expect(undone.results[1]["problem"]?["code"] == "log.unreadable")
    }

    @Test func `a record that others are always faster with is refused alone, and the others' results are told`()
        async throws
    {
        let house = try await TestHouse()
        let accounts = try await house.accounts(3)
        let record = BulkRecord(id: house.fresh(), entity: "account", act: "edit", ids: accounts)
        let items = try await house.bulk.each(
            accounts, of: Account.self, in: record, house.owner, dryRun: false
        ) { open, traces throws(Problem) in
            _ = try await house.ask(
                "account", .id(accounts[1]), "edit", ["website": .string("https://\(house.fresh().text).example")])
            return open.map { id in
                .asked([Ask("account", .id(id), "edit", ["industry": "pumps"], ifMatch: traces[id]?.version)])
            }
        }
        #expect(items.map(\.word) == ["done", "refused", "done"])
        #expect(items[1].json(of: accounts[1], request: "")["problem"]?["code"] == "stream.conflict")
    }

    @Test func `what breaks off names the act, so that one can look how far it came`() async throws {
        let house = try await TestHouse()
        let accounts = try await house.accounts(1)
        let record = try await house.record(of: house.run(.pumps(accounts)))
        let keys = try await house.daybook.commands.organizationKeys(of: house.organization)
        let part = BulkPart(
            id: record.id, key: nil, hash: [], from: 0, dryRun: false, caller: house.owner, keys: keys)
        let problem = await #expect(throws: Problem.self) {
            try await house.bulk.tell(part, of: record) { _, _ throws(Problem) in throw .unavailable }
        }
        #expect(problem?.code == "database.unavailable" && problem?.more["id"] == .string(record.id.text))
        #expect(problem?.detail.contains("nothing was written") == false)
    }

    @Test func `one goes on only with what was begun under the same key`() async throws {
        let house = try await TestHouse()
        let accounts = try await house.accounts(2)
        let rest = [String: JSON].pumps(accounts).merging(["from": 1]) { $1 }
        #expect(await house.refusal(rest)?.code == "bulk.key_required")
        let other = await house.refusal(rest, key: "new")
        #expect(other?.code == "body.invalid" && other?.errors.map(\.pointer) == ["/from"])
        #expect(try await house.run(rest.merging(["dry_run": true]) { $1 })["done"] == 1)
        #expect(try await house.run(.pumps(accounts), key: "new")["done"] == 2)
        #expect(try await house.run(rest, key: "new").results.count == 1)
    }

    // MARK: What is a repeat told?

    @Test func `a repeat is told what the first request was, whatever is so by now`() async throws {
        let house = try await TestHouse()
        let accounts = try await house.accounts(3)
        _ = try await house.ask("account", .id(accounts[1]), "edit", ["industry": "pumps"])
        _ = try await house.ask("account", .id(accounts[2]), "archive", [:])
        let ids = accounts + [house.fresh()]
        let told = try await house.run(.pumps(ids), key: "k")
        #expect(told.results.compactMap { $0["result"]?.string } == ["done", "unchanged", "refused", "refused"])

        _ = try await house.ask("account", .id(accounts[0]), "edit", ["industry": "paper"])
        _ = try await house.ask("account", .id(accounts[1]), "edit", ["industry": "paper"])
        _ = try await house.ask("account", .id(accounts[2]), "restore", [:])
        let head = try await house.head()
        #expect(try await house.run(.pumps(ids), key: "k") == told)
        #expect(try await house.head() == head)
        let other = await house.refusal(.pumps(accounts), key: "k")
        #expect(other?.code == "idempotency.key_reused")
        #expect(try await house.run(.pumps(ids), key: "other")["done"] == 3)
    }

    @Test func `of a repeat of an undo, and of a unit that was hindered, the same is true`() async throws {
        let house = try await TestHouse()
        let accounts = try await house.accounts(2)
        let act = try await house.record(of: house.run(.pumps(accounts), key: "k"))
        _ = try await house.ask("account", .id(accounts[1]), "edit", ["industry": "secret paper"])
        let undone = try await house.undo(act.id, key: "u")
        #expect(house.sum(undone) == [1, 0, 1])
        _ = try await house.ask("account", .id(accounts[1]), "edit", ["industry": "pumps"])
        #expect(try await house.undo(act.id, key: "u") == undone)

        _ = try await house.ask("account", .id(accounts[0]), "archive", [:])
        let whole = [String: JSON].pumps(accounts).merging(["all_or_none": true]) { $1 }
        let refused = await house.refusal(whole, key: "w")
        #expect(refused?.code == "bulk.refused" && refused?.more["refused"] == 1, "\(String(describing: refused))")
        _ = try await house.ask("account", .id(accounts[0]), "restore", [:])
        #expect(await house.refusal(whole, key: "w") == refused)
        #expect(try await house.kept().contains { $0.contains("account.archived") })
        #expect(try await house.kept().allSatisfy { !$0.contains("secret") })
    }

    @Test func `a repeat is warned as the first request was, and nothing personal is kept for that`() async throws {
        let house = try await TestHouse()
        _ = try await house.ask("organization", .id(house.organization), "edit", ["email_policy": "warn"])
        var contacts: [UUID] = []
        for name in ["Ann", "Bob"] {
            contacts.append(try await house.ask("contact", .new, "create", ["last_name": .string(name)]).results[0].id)
        }
        let act: [String: JSON] = [
            "entity": "contact", "act": "edit", "body": ["email": "office@secret.example"], "ids": .ids(contacts),
        ]
        let told = try await house.run(act, key: "k")
        #expect(told["done"] == 2, "\(told)")
        let warning = told.results[1]["warnings"]?.array?.first
        #expect(warning?["existing_ids"] == .ids([contacts[0]]), "\(told)")
        #expect(try await house.run(act, key: "k") == told)
        #expect(try await house.kept().allSatisfy { !$0.contains("secret") })
    }

    @Test func `where others were faster with one record, a repeat asks that one again`() async throws {
        let house = try await TestHouse()
        let accounts = try await house.accounts(2)
        let record = BulkRecord(id: house.fresh(), entity: "account", act: "edit", ids: accounts)
        let keys = try await house.daybook.commands.organizationKeys(of: house.organization)
        let part = BulkPart(
            id: record.id, key: "k", hash: Array(repeating: 1, count: 32), from: 0, dryRun: false, caller: house.owner,
            keys: keys)
        let busy = try await house.bulk.tell(part, of: record) { _, _ throws(Problem) in
            [.unchanged(version: 1), .refused(.conflict)]
        }
        #expect(busy.body["refused"] == 1)
        let calm = try await house.bulk.tell(part, of: record) { _, _ throws(Problem) in
            [.unchanged(version: 1), .done(version: 2, position: 9)]
        }
        let again = try await house.bulk.tell(part, of: record) { _, _ throws(Problem) in throw .unavailable }
        #expect(calm.body["done"] == 1 && again.body == calm.body && again.position == calm.position)
    }

    @Test func `a key that was forgotten begins an act anew, also where it writes to the same records`() async throws {
        let house = try await TestHouse()
        let accounts = try await house.accounts(1)
        let first = try await house.record(of: house.run(.pumps(accounts), key: "k"))
        _ = try await house.undo(first.id, key: "u")
        _ = try await house.ask("account", .id(accounts[0]), "edit", ["industry": "paper"])
        try await house.forget()

        let told = try await house.run(.pumps(accounts), key: "k")
        #expect(told["done"] == 1 && told.results[0]["version"] == 5)
        let again = try await house.record(of: told)
        #expect(again.id == first.id)
        #expect(try await house.bulk.progress(again.id, by: house.owner).body["done"] == 1)
        let undone = try await house.undo(again.id, key: "u")[0]
        #expect(undone["done"] == 1 && undone.results[0]["version"] == 6, "\(undone)")
        let state = try await house.states("account", accounts)[0] as? Account.State
        #expect(state?.content?["industry"] == "paper")
    }
}

extension [String: JSON] {
    fileprivate static func pumps(_ accounts: [UUID]) -> [String: JSON] {
        ["entity": "account", "act": "edit", "body": ["industry": "pumps"], "ids": .ids(accounts)]
    }
}

extension BulkWay {
    fileprivate var settled: BulkItem? {
        switch self {
        case .settled(let item): item
        case .asked: nil
        }
    }
}

extension TestHouse {
    /// What is kept of an act, by one of its answers.
    fileprivate func record(of told: JSON) async throws -> BulkRecord {
        let id = try #require(told["id"]?.string.flatMap(UUID.init(uuidString:)))
        let keys = try await daybook.commands.organizationKeys(of: organization)
        return try await bulk.record(id, owner, keys)
    }
    /// What is kept of the answers to all requests.
    fileprivate func kept() async throws -> [String] {
        let worker = PipelinedConnection(database.settings(role: "daybook_worker"), log: quiet)
        let rows = try await worker.query(Statement("SELECT detail::text FROM log.command"))
        await worker.close()
        return try rows.map { try $0.text(0) }
    }
    /// As if 30 days had passed.
    fileprivate func forget() async throws {
        let worker = PipelinedConnection(database.settings(role: "daybook_worker"), log: quiet)
        _ = try await worker.query(Statement("DELETE FROM log.command"))
        await worker.close()
    }
}
