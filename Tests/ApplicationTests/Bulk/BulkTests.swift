import CRM
import EventLog
import FoundationEssentials
import Kernel
import PostgresTesting
import Projections
import Testing

@testable import Application

/// One act on many records: what becomes of each is told, and of all of them together.
@Suite struct BulkTests {
    @Test func `thousands that a list finds are assigned page by page, told as one act, and given back as one`()
        async throws
    {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let (ann, bob) = (try await house.member("Ann"), try await house.member("Bob"))
            let accounts = try await house.accounts(2_300, of: ann)
            let others = try await house.accounts(20, of: bob)
            let before = try await house.states("account", accounts + others)
            let request: [String: JSON] = [
                "entity": "account", "act": "assign", "body": ["owner_id": .string(bob.text)],
                "filter": .string("owner_id=\(ann.text)"),
            ]
            let told = try await house.pages(request, key: "give")
            #expect(told.map { $0["asked"]?.integer } == [2_300, 2_300, 2_300, 2_300, 2_300])
            #expect(told.flatMap(\.results).count == 2_300)
            #expect(Set(told.flatMap(\.results).compactMap { $0["id"]?.string }) == Set(accounts.map(\.text)))
            #expect(house.sum(told) == [2_300, 0, 0])

            // Auditors see one act.
            let act = try #require(told[0]["id"]?.string.flatMap(UUID.init(uuidString:)))
            let events = try await house.events(accounts).filter { $0.type == "account.assigned" }
            #expect(events.count == 2_300 && events.allSatisfy { $0.command == act })
            #expect(events.allSatisfy { Meta($0).correlation == act.text })
            let progress = try await house.bulk.progress(act, by: house.owner).body
            #expect(progress["asked"] == 2_300 && progress["done"] == 2_300 && progress["act"] == "assign")

            let undone = try await house.undo(act, key: "back")
            #expect(house.sum(undone) == [2_300, 0, 0])
            #expect(try await house.same("account", accounts + others, before))
            let back = try #require(undone[0]["id"]?.string.flatMap(UUID.init(uuidString:)))
            let all = try await house.events(accounts)
            #expect(all.filter { $0.command == back }.count == 2_300)
            for one in try await house.daybook.models.verify() { #expect(one.equal, "\(one.projection)") }
        }
    }

    @Test func `each record has its own result, in the order in which they were named`() async throws {
        let house = try await TestHouse()
        let ann = try await house.member("Ann")
        let accounts = try await house.accounts(3)
        let mine = try await house.accounts(1, of: ann)[0]
        _ = try await house.ask("account", .id(accounts[1]), "archive", [:])
        let ids = [accounts[0], accounts[1], mine, house.fresh(), ann, accounts[2]]
        let request: [String: JSON] = [
            "entity": "account", "act": "assign", "body": ["owner_id": .string(ann.text)], "ids": .ids(ids),
        ]
        let dry = try await house.run(request.merging(["dry_run": true]) { $1 })
        #expect(dry["id"] == .null && dry["dry_run"] == true)
        let head = try await house.head()
        let told = try await house.run(request)
        #expect(told.results.compactMap { $0["id"]?.string } == ids.map(\.text))
        let words = ["done", "refused", "unchanged", "refused", "refused", "done"]
        #expect(told.results.compactMap { $0["result"]?.string } == words)
        #expect(dry.results.compactMap { $0["result"]?.string } == words)
        #expect(
            told.results.map { $0["problem"]?["code"]?.string } == [
                nil, "account.archived", nil, "account.not_found", "account.not_found", nil,
            ])
        #expect(["asked", "done", "unchanged", "refused"].map { told[$0]?.integer } == [6, 2, 1, 3])
        #expect(told["next"] == .null && told.results[0]["version"] == 2)
        #expect(told.results[0]["position"] == .integer(head.position + 1))
        #expect(try await house.head().position == head.position + 2)
    }

    @Test func `a body that is wrong is refused for each, and a request that is wrong as a whole`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let accounts = try await house.accounts(2)
            let request: [String: JSON] = ["entity": "account", "act": "edit", "ids": .ids(accounts)]
            let told = try await house.run(request.merging(["body": ["nonsense": 1]]) { $1 })
            #expect(told["refused"] == 2 && told.results[0]["problem"]?["errors"]?.array?.count == 1)

            let wrong: [([String: JSON], String)] = [
                (["act": "assign", "ids": []], "/entity"), (["entity": "organization", "act": "edit"], "/entity"),
                (["entity": "account", "act": "create", "ids": []], "/act"),
                (["entity": "member", "act": "password_changed", "ids": []], "/act"),
                (["entity": "account", "act": "archive"], "/ids"),
                (["entity": "account", "act": "archive", "ids": [], "filter": "name=x"], "/filter"),
                (["entity": "account", "act": "archive", "filter": "name=x&limit=2"], "/filter"),
                (["entity": "account", "act": "archive", "filter": "sort=name"], "/filter"),
                (["entity": "account", "act": "archive", "ids": .ids([accounts[0], accounts[0]])], "/ids/1"),
                (["entity": "account", "act": "archive", "ids": [], "from": 1, "all_or_none": true], "/from"),
                (["entity": "account", "act": "archive", "ids": [], "wat": true], "/wat"),
            ]
            for (body, pointer) in wrong {
                let problem = await house.refusal(body)
                #expect(problem?.code == "body.invalid" && problem?.errors.first?.pointer == pointer, "\(body)")
            }
            for filter in ["nonsense=1", "filter=or(name", "name.near=x"] {
                let problem = await house.refusal(["entity": "account", "act": "archive", "filter": .string(filter)])
                #expect(problem?.status == 400, "\(filter)")
            }
            let viewer = await house.refusal(
                ["entity": "account", "act": "archive", "ids": .ids(accounts)], role: .viewer)
            #expect(viewer?.code == "auth.forbidden")
            let many = (0..<501).map { _ in house.fresh() }
            let archive: [String: JSON] = ["entity": "account", "act": "archive", "ids": .ids(many)]
            #expect(await house.refusal(archive)?.code == "bulk.key_required")
            #expect(await house.refusal(archive.merging(["all_or_none": true]) { $1 })?.code == "bulk.too_many")
            #expect(await house.bulkProblem(house.fresh())?.code == "bulk.not_found")
        }
    }

    @Test func `a request that is repeated finds what it did before, also after the process was killed`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let product = try await house.ask("product", .new, "create", ["name": "Pump"]).results[0].id
            let deals = try await house.deals(520)
            // A line is added anew each time it is asked: whoever does it twice has two.
            let request: [String: JSON] = [
                "entity": "deal", "act": "add_line", "filter": "status=open&sort=title",
                "body": [
                    "product_id": .string(product.text), "quantity": 1,
                    "unit_price": ["minor": 500, "currency": "EUR"],
                ],
            ]
            let first = try await house.run(request, key: "lines")
            #expect(first["next"] == 500 && first["done"] == 500)
            let head = try await house.head()
            #expect(try await house.run(request, key: "lines").results == first.results)
            #expect(try await house.head() == head)

            // What came to be meant since is not, and who goes on is another process.
            _ = try await house.deals(1)
            let again = Daybook(
                database: house.database.settings(), master: TestHouse.master, clock: TestHouse.clock, log: quiet)
            let bulk = Bulk(commands: again.commands, queries: again.queries, parse: TestHouse.parse)
            let rest = try await bulk.run(
                try BulkRequest(.object(request.merging(["from": 500]) { $1 }), offered: TestHouse.offered),
                by: house.owner, key: "lines"
            ).body
            #expect(rest["asked"] == 520 && rest["done"] == 20 && rest["next"] == .null)
            for state in try await house.states("deal", deals) {
                let record = (state as? Deal.State).flatMap(Deal.record)
                #expect(record?["lines"]?.object?.count == 1)
            }
            let other = request.merging(["filter": "status=won"]) { $1 }
            #expect(await house.refusal(other, key: "lines")?.code == "idempotency.key_reused")

            let id = try #require(first["id"]?.string.flatMap(UUID.init(uuidString:)))
            #expect(try await house.bulk.progress(id, by: house.owner).body["done"] == 520)
        }
    }

    @Test func `all or none is one unit, and tells what hinders it`() async throws {
        let house = try await TestHouse()
        let ann = try await house.member("Ann")
        let accounts = try await house.accounts(3)
        _ = try await house.ask("account", .id(accounts[1]), "archive", [:])
        let request: [String: JSON] = [
            "entity": "account", "act": "assign", "body": ["owner_id": .string(ann.text)], "ids": .ids(accounts),
            "all_or_none": true,
        ]
        let head = try await house.head()
        let problem = await house.refusal(request, key: "all")
        #expect(problem?.code == "bulk.refused" && problem?.more["refused"] == 1)
        #expect(problem?.more["results"]?.array?.first?["id"] == .string(accounts[1].text))
        #expect(try await house.head() == head)
        _ = try await house.ask("account", .id(accounts[1]), "restore", [:])
        let told = try await house.run(request, key: "mended")
        #expect(told["done"] == 3 && Set(told.results.map { $0["position"] }).count == 1)
        let after = try await house.head()
        #expect(try await house.run(request, key: "mended").results == told.results)
        #expect(try await house.head() == after)
    }
}
