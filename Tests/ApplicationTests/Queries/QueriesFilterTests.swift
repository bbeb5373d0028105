import Application
import CRM
import Foundation
import Kernel
import PostgresTesting
import Testing

extension QueriesTests {
    @Suite struct Filters {
        typealias Deal = SalesHistory.DealFact

        private func ids(_ home: QueriesHome, _ parameters: [Parameter], _ caller: Caller) async throws -> Set<String> {
            let most = [Parameter("limit", "200"), Parameter("archived", "any")]
            return Set(try await home.queries.list("deal", parameters + most, by: caller).json.ids)
        }

        /// A test with what it says of a deal.
        private typealias Leaf = (text: String, fits: (Deal) -> Bool)
        private func leaves(_ history: SalesHistory) -> [Leaf] {
            let owner = history.members[3].text
            let from = Day("2016-12-01")!
            let to = Day("2017-03-01")!
            return [
                ("status.eq.won", { $0.status == "won" }), ("status.ne.won", { $0.status != "won" }),
                ("status.in.(won,lost)", { $0.status != "open" }), ("status.nin.(won,lost)", { $0.status == "open" }),
                ("owner_id.eq.\(owner)", { $0.owner == 3 }), ("owner_id.null.true", { $0.owner == nil }),
                ("owner_id.nin.(\(owner),\(history.members[1].text))", { $0.owner != 3 && $0.owner != 1 }),
                ("owner_id.eq.me", { $0.owner == 2 }),
                ("amount.gte.2500000", { $0.amount.map { $0.minor >= 2_500_000 } ?? false }),
                ("amount.ne.2500000", { $0.amount?.minor != 2_500_000 }),
                (
                    "amount.between.(1000000,2500000)",
                    { $0.amount.map { (1_000_000...2_500_000).contains($0.minor) } ?? false }
                ),
                ("amount.currency.eq.EUR", { $0.amount?.currency.code == "EUR" }),
                ("title.contains.\"L 1\"", { $0.title.lowercased().contains("l 1") }),
                ("title.starts_with.deal 1", { $0.title.lowercased().hasPrefix("deal 1") }),
                ("title.contains.%", { _ in false }),
                (
                    "expected_close.between.(\(from.text),\(to.text))",
                    { $0.expected.map { from <= $0 && $0 <= to } ?? false }
                ),
                ("expected_close.lte.today", { $0.expected != nil }), ("opened_at.gt.today-1", { _ in false }),
                ("opened_at.lt.today+1", { _ in true }),
                ("opened_at.between.(2016-01-01,today)", { _ in true }),
                ("probability.null.false", { $0.probability != nil }),
            ]
        }

        private func tree(_ leaves: [Leaf], _ random: inout Seeded, depth: Int) -> Leaf {
            let kind = depth == 0 ? 3 : Int.random(in: 0...3, using: &random)
            if kind == 3 { return leaves.randomElement(using: &random) ?? leaves[0] }
            if kind == 2 {
                let part = tree(leaves, &random, depth: depth - 1)
                return ("not(\(part.text))", { !part.fits($0) })
            }
            let parts = (0..<Int.random(in: 1...3, using: &random)).map { _ in tree(leaves, &random, depth: depth - 1) }
            let inner = parts.map(\.text).joined(separator: ", ")
            if kind == 0 { return ("and(\(inner))", { deal in parts.allSatisfy { $0.fits(deal) } }) }
            return ("or(\(inner))", { deal in parts.contains { $0.fits(deal) } })
        }

        @Test func `any filter chooses the same rows as a loop over the facts`() async throws {
            let history = try SalesHistory(seed: 21, deals: 120)
            let home = try await QueriesHome([history.ledger])
            let caller = Caller.of(history.ledger.organization, actor: history.members[2])
            let leaves = leaves(history)
            var random = Seeded(4)
            let trees = leaves + (0..<150).map { _ in tree(leaves, &random, depth: 3) }
            for (text, fits) in trees {
                let found = try await ids(home, [Parameter("filter", text)], caller)
                #expect(found == Set(history.deals.filter(fits).map(\.id.text)), "\(text)")
            }
            // What stands beside it must hold as well.
            let both = try await ids(
                home, [.init("filter", "or(status.eq.won,status.eq.lost)"), .init("owner_id", "me")], caller)
            #expect(both == Set(history.deals.filter { $0.status != "open" && $0.owner == 2 }.map(\.id.text)))
        }

        @Test(arguments: [
            ("status.eq.banana", 1), ("and(status.eq.won,colour.eq.red)", 19), ("amount.gte.lots", 1),
            ("or(status.eq.won", 17), ("owner_id.gt.me", 1), ("status.null.maybe", 1), ("", 1), ("won", 1),
            ("and(not(amount.contains.5))", 9), ("custom.none.eq.1", 1), ("opened_at.in.(2017-01-01)", 1),
            ("expected_close.in.(today)", 1), ("expected_close.eq.tomorrow", 1), ("status.eq.won;", 1),
            ("organization_id.null.true", 1), ("amount.between.(1,x)", 1), ("id.eq.1) or (true", 8),
        ])
        func `a filter that is not understood is refused with its place`(text: String, place: Int) async throws {
            let history = try SalesHistory(seed: 22, deals: 3)
            let home = try await QueriesHome([history.ledger])
            let caller = Caller.of(history.ledger.organization)
            do {
                let answer = try await home.queries.list("deal", [.init("filter", text)], by: caller).json
                Issue.record("\(text) was answered with \(answer.items.count) rows")
            } catch let error as Application.Problem {
                #expect(error.code == "filter.invalid" && error.status == 400)
                #expect(error.more["place"]?.integer == Int64(place), "\(text): \(error.detail)")
            }
        }

        @Test func `a cursor belongs to its filter`() async throws {
            let history = try SalesHistory(seed: 23, deals: 30)
            let home = try await QueriesHome([history.ledger])
            let caller = Caller.of(history.ledger.organization)
            let won = [Parameter("filter", "not(status.eq.won)"), Parameter("limit", "2")]
            let next = try #require(try await home.queries.list("deal", won, by: caller).json["next"]?.string)
            let other = [Parameter("filter", "not(status.eq.lost)"), .init("limit", "2"), .init("cursor", next)]
            #expect(await code { try await home.queries.list("deal", other, by: caller) } == "cursor.invalid")
            #expect(
                await code { try await home.queries.list("deal", won + [.init("cursor", next)], by: caller) } == nil)
        }

        @Test func `what a list refers to is shown with it`() async throws {
            let history = try SalesHistory(seed: 24, deals: 40)
            let home = try await QueriesHome([history.ledger])
            let caller = Caller.of(history.ledger.organization)
            func list(_ parameters: [Parameter]) async throws -> [JSON] {
                try await home.queries.list("deal", parameters + [.init("limit", "50")], by: caller).json.items
            }
            let items = try await list([.init("include", "account,owner")])
            #expect(items.contains { $0["account"]?.object != nil } && items.contains { $0["account"] == .null })
            for item in items {
                let account = try await home.account(item["account_id"]?.string, caller)
                #expect(item["account"] == account)
                #expect(item["owner"]?["id"] == item["owner_id"] || item["owner"] == .null)
            }
            let named = try await list([
                .init("include", "account,owner"), .init("fields", "title,account.name,account.lifecycle"),
            ])
            let first = try #require(named.first { $0["account"]?.object != nil && $0["owner"]?.object != nil })
            #expect(first.object?.keys.sorted() == ["account", "owner", "title"])
            #expect(first["account"]?.object?.keys.sorted() == ["lifecycle", "name"])
            #expect(first["owner"]?["email"] != nil || first["owner"]?.object?.keys.contains("email") == true)
            let deal = try #require(history.deals.first { $0.account != nil })
            let record = try await home.queries.record(
                "deal", deal.id, [.init("include", "account"), .init("fields", "account.name")], by: caller
            ).json
            #expect(record == ["account": ["name": .string("Account \(deal.account ?? 0)")]])
            let then = [Parameter("as_of", "2017-06-01"), .init("include", "account")]
            #expect(try await list(then).contains { $0["account"]?["name"] != nil })
            for bad in ["colour", "account,account", "", "account_id", "custom"] {
                #expect(await code { try await home.queries.list("deal", [.init("include", bad)], by: caller) } != nil)
            }
            // What decisions make beside the fields refers to records, too.
            for (entity, names) in [("account", "primary_contact"), ("lead", "account,contact,deal")] {
                let included = [Parameter("include", names)]
                #expect(await code { try await home.queries.list(entity, included, by: caller) } == nil, "\(entity)")
            }
            let unasked = [Parameter("fields", "account.name")]
            #expect(await code { try await home.queries.list("deal", unasked, by: caller) } == "parameter.invalid")
        }
    }
}

extension QueriesHome {
    fileprivate func account(_ id: String?, _ caller: Caller) async throws -> JSON {
        guard let id = id.flatMap({ UUID(uuidString: $0) }) else { return .null }
        return try await queries.record("account", id, by: caller).json
    }
}
