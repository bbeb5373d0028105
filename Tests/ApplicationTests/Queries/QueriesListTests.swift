import Application
import CRM
import Foundation
import Kernel
import Postgres
import PostgresTesting
import Testing

extension QueriesTests {
    @Suite struct Lists {
        typealias Deal = SalesHistory.DealFact

        /// All pages of a list.
        private func all(
            _ queries: Queries, _ entity: String, _ parameters: [Parameter], by caller: Caller
        ) async throws -> [JSON] {
            try await all({ try await queries.list(entity, $0, by: $1, min: $2) }, parameters, by: caller)
        }
        private func all(
            _ list: ([Parameter], Caller, PositionToken?) async throws -> Reply, _ parameters: [Parameter],
            by caller: Caller
        ) async throws -> [JSON] {
            var items: [JSON] = []
            var cursor: String?
            repeat {
                let page = try await list(
                    parameters + (cursor.map { [Parameter("cursor", $0)] } ?? []), caller, nil
                ).json
                items += page.items
                cursor = page["next"]?.string
            } while cursor != nil
            return items
        }

        @Test func `filters choose the same rows as a loop over the facts`() async throws {
            let history = try SalesHistory(seed: 1, deals: 150)
            let home = try await QueriesHome([history.ledger])
            let caller = Caller.of(history.ledger.organization, actor: history.members[2])
            let owner = history.members[3].text
            let cases: [(String, String, (Deal) -> Bool)] = [
                ("status", "won", { $0.status == "won" }),
                ("status.ne", "won", { $0.status != "won" }),
                ("status.in", "won,lost", { $0.status != "open" }),
                ("owner_id", owner, { $0.owner == 3 }),
                ("owner_id", "me", { $0.owner == 2 }),
                ("owner_id.null", "true", { $0.owner == nil }),
                ("owner_id.in", "\(owner),\(history.members[1].text)", { $0.owner == 3 || $0.owner == 1 }),
                ("amount.gte", "2500000", { ($0.amount?.minor ?? 0) >= 2_500_000 }),
                ("amount.lt", "2500000", { $0.amount.map { $0.minor < 2_500_000 } ?? false }),
                ("amount.currency", "eur", { $0.amount?.currency.code == "EUR" }),
                ("amount.null", "false", { $0.amount != nil }),
                ("probability.lte", "40", { $0.probability.map { $0 <= 40 } ?? false }),
                ("expected_close.gte", "2017-03-01", { $0.expected.map { $0 >= Day("2017-03-01")! } ?? false }),
                ("expected_close_date.lt", "2017-03-01", { $0.expected.map { $0 < Day("2017-03-01")! } ?? false }),
                ("source.ne", "web", { $0.source != "web" }),
                ("stage", history.stages[1].id.text, { $0.stage == 1 }),
                ("opened_at.gt", "2016-10-15T00:00:00Z", { $0.opened > Instant("2016-10-15T00:00:00Z")! }),
                ("q", "deal 14", { $0.title.hasPrefix("Deal 14") }),
                ("q", "eal", { _ in true }),
            ]
            for (name, value, fits) in cases {
                let items = try await all(
                    home.queries, "deal", [Parameter(name, value), Parameter("limit", "37")], by: caller)
                let expected = history.deals.filter { !$0.isArchived && fits($0) }.map(\.id.text)
                #expect(Set(items.compactMap { $0["id"]?.string }) == Set(expected), "\(name)=\(value)")
                #expect(items.count == expected.count, "\(name)=\(value)")
            }
            let archived = try await all(home.queries, "deal", [Parameter("archived", "true")], by: caller)
            #expect(archived.count == history.deals.count { $0.isArchived })
            let any = try await home.queries.list(
                "deal", [Parameter("archived", "any"), Parameter("total", "exact")], by: caller
            ).json
            #expect(any["total"] == 150)
        }

        @Test func `a whole day of an instant is a day where the organization is`() async throws {
            let history = try SalesHistory(seed: 2, deals: 120, zone: "Asia/Tokyo")
            let home = try await QueriesHome([history.ledger])
            let caller = Caller.of(history.ledger.organization)
            func count(_ parameter: String, _ fits: (Int64) -> Bool) async throws {
                let name = parameter.split(separator: "=")
                let page = try await home.queries.list(
                    "deal",
                    [Parameter(String(name[0]), String(name[1])), .init("archived", "any"), .init("total", "exact")],
                    by: caller
                ).json
                let day = Instant("2016-10-09T15:00:00Z")!.microseconds  // 2016-10-10 in Tokyo
                #expect(page["total"]?.integer == Int64(history.deals.count { fits($0.opened.microseconds - day) }))
            }
            let day: Int64 = 86_400_000_000
            try await count("opened_at.gte=2016-10-10") { $0 >= 0 }
            try await count("opened_at.gt=2016-10-10") { $0 >= day }
            try await count("opened_at.lt=2016-10-10") { $0 < 0 }
            try await count("opened_at.lte=2016-10-10") { $0 < day }
            try await count("opened_at=2016-10-10") { (0..<day).contains($0) }
        }

        @Test func `rows come in the order asked for, those without a value last, and ids break ties`() async throws {
            let history = try SalesHistory(seed: 3, deals: 90)
            let home = try await QueriesHome([history.ledger])
            let caller = Caller.of(history.ledger.organization)
            func ids(_ sort: String) async throws -> [String] {
                try await all(home.queries, "deal", [.init("sort", sort), .init("limit", "7")], by: caller)
                    .compactMap { $0["id"]?.string }
            }
            let shown = history.deals.filter { !$0.isArchived }
            func sorted<Key: Comparable>(_ key: (Deal) -> Key?, descending: Bool) -> [String] {
                shown.sorted { a, b in
                    switch (key(a), key(b)) {
                    case (nil, nil): descending ? a.id.text > b.id.text : a.id.text < b.id.text
                    case (nil, _): false
                    case (_, nil): true
                    case (let left?, let right?) where left == right:
                        descending ? a.id.text > b.id.text : a.id.text < b.id.text
                    case (let left?, let right?): descending ? left > right : left < right
                    }
                }.map(\.id.text)
            }
            #expect(try await ids("amount") == sorted({ $0.amount?.minor }, descending: false))
            #expect(try await ids("-amount") == sorted({ $0.amount?.minor }, descending: true))
            #expect(try await ids("-expected_close") == sorted({ $0.expected }, descending: true))
            #expect(try await ids("id") == shown.map(\.id.text).sorted())
            #expect(try await ids("source,-amount").count == shown.count)
            let newest = try await all(home.queries, "deal", [], by: caller).compactMap { $0["created_at"]?.string }
            #expect(newest == newest.sorted(by: >))
        }

        @Test func `a page shows the members asked for, and documents carry the names of what they refer to`()
            async throws
        {
            let history = try SalesHistory(seed: 4, deals: 40)
            let home = try await QueriesHome([history.ledger])
            let caller = Caller.of(history.ledger.organization)
            let page = try await home.queries.list(
                "deal", [.init("fields", "title,id"), .init("limit", "3")], by: caller
            )
            .json
            #expect(page.items.count == 3)
            #expect(page.items.allSatisfy { $0.object?.keys.sorted() == ["id", "title"] })
            let won = try #require(history.deals.first { $0.status == "won" && $0.owner != nil && $0.amount != nil })
            let reply = try await home.queries.record("deal", won.id, by: caller)
            let deal = try reply.json
            #expect(reply.version == history.ledger.version(of: won.id))
            #expect(deal["status"] == "won" && deal["effective_probability"] == 100 && deal["stage_name"] == "Won")
            #expect(deal["owner_name"] == .string("Agent \(won.owner ?? 0)"))
            #expect(deal["amount"] == won.amount?.json && deal["weighted_amount"] == won.amount?.json)
            #expect(
                deal["opened_at"] == .string(won.opened.text) && deal["actual_close"] == .string(won.actual?.text ?? "")
            )
            #expect(deal["organization_id"] == nil && deal["custom"] == [:])
            let pipeline = try await home.queries.record("pipeline", history.pipeline, by: caller).json
            #expect(pipeline["stages"]?.array?.compactMap { $0["name"]?.string } == history.stages.map(\.name))
        }

        @Test func `search, custom fields and ids of other systems find records`() async throws {
            let history = try SalesHistory(seed: 5, deals: 1)
            let home = try await QueriesHome([history.ledger])
            let organization = history.ledger.organization
            let caller = Caller.of(organization)
            func count(_ entity: String, _ parameters: [Parameter]) async throws -> Int64? {
                try await home.queries.list(entity, parameters + [.init("total", "exact")], by: caller).json["total"]?
                    .integer
            }
            #expect(try await count("contact", [.init("q", "100% 3_")]) == 1)
            #expect(try await count("contact", [.init("q", "first C4@EXAMPLE")]) == 1)
            #expect(try await count("contact", [.init("email", "C4@example.com")]) == 1)
            #expect(try await count("contact", [.init("account_id", history.accounts[2].text)]) == 1)
            #expect(try await count("account", [.init("custom.segment", "north")]) == 6)
            #expect(try await count("account", [.init("custom.founded.gte", "1999")]) == 3)
            #expect(try await count("account", [.init("custom.segment.null", "true")]) == 0)
            #expect(try await count("account", [.init("status", "customer")]) == 4)
            #expect(try await count("account", [.init("annual_revenue.lte", "2000")]) == 3)
            #expect(try await count("deal", [.init("external_id", "salesforce:none:such")]) == 0)
            let fields = try await home.queries.fields([.init("entity", "account")], by: caller).json
            #expect(Set(fields.items.compactMap { $0["key"]?.string }) == ["segment", "founded"])
        }

        @Test func `a field that was retired is no longer shown and no list is chosen by it`() async throws {
            let ledger = Ledger()
            let at = try #require(Instant("2017-01-01T00:00:00Z"))
            let stream = FieldSet.id(of: "contact")
            for key in ["segment", "size"] {
                let fields = [key: FieldSet.Definition(label: key, type: .text)]
                try ledger.tell(stream, FieldSet.Event.defined(fields: fields), at: at)
            }
            let retired = FieldSet.Event.retired(key: "size", fields: Patch(["size": .null]))
            try ledger.tell(stream, retired, at: at)
            let home = try await QueriesHome([ledger])
            let caller = Caller.of(ledger.organization)
            let fields = try await home.queries.fields([], by: caller).json.items
            #expect(fields.count == 1 && fields[0]["key"] == "segment" && fields[0]["entity"] == "contact")
            func code(_ name: String) async -> String? {
                await ApplicationTests.code { try await home.queries.list("contact", [.init(name, "x")], by: caller) }
            }
            #expect(await code("custom.segment") == nil)
            #expect(await code("custom.size") == "parameter.unknown")
        }

        @Test func `any table is there for owners and auditors, with its own columns`() async throws {
            let history = try SalesHistory(seed: 6, deals: 30)
            let home = try await QueriesHome([history.ledger])
            let owner = Caller.of(history.ledger.organization, role: .auditor)
            let totals = try await home.queries.table("deals_totals", [.init("status", "open")], by: owner).json
            let open = history.deals.filter { $0.status == "open" }.count
            #expect(totals.items.compactMap { $0["deals"]?.integer }.reduce(0, +) == Int64(open))
            let all = try await self.all(home.queries.fields, [.init("limit", "1")], by: owner)
            #expect(all.compactMap { $0["key"]?.string } == ["founded", "segment"])
            let deals = try await home.queries.table("deals", [.init("limit", "200")], by: owner).json
            #expect(deals.items.count == 30 && deals.items.allSatisfy { $0["opened_at"]?.string?.count == 27 })
            let viewer = Caller.of(history.ledger.organization, role: .viewer)
            #expect(await code { try await home.queries.table("deals", [], by: viewer) } == "auth.forbidden")
            #expect(await code { try await home.queries.table("projection", [], by: owner) } == "table.not_found")
            #expect(await code { try await home.queries.table("nothing", [], by: owner) } == "table.not_found")
        }
    }
}
