import Application
import CRM
import Foundation
import Kernel
import Postgres
import PostgresTesting
import Testing

extension QueriesTests {
    @Suite struct Paging {
        /// Deals as rows of the read table, without a history: only lists look at them.
        private func insert(_ count: Int, into home: QueriesHome, _ organization: UUID, seed: UInt64) async throws
            -> [UUID]
        {
            var random = Seeded(seed)
            let ids = (0..<count).map { _ in UUID() }
            let amounts = ids.map { _ in Bool.random(using: &random) ? Int64.random(in: 0...20, using: &random) : nil }
            let titles = ids.map { _ in ["alpha", "Beta", "émile", "zeta", "Zeta", nil].randomElement(using: &random)! }
            let created = ids.map { _ in Int64.random(in: 0...30, using: &random) * 1_000_000 }
            let days = ids.map { _ in
                Bool.random(using: &random) ? Int32.random(in: 17_000...17_020, using: &random) : nil
            }
            try await home.work(
                """
                INSERT INTO read.deals (organization_id, id, version, position, created_at, updated_at, title, \
                amount_minor, amount_currency, expected_close, status) \
                SELECT $1, u.id, 1, 1, u.at, u.at, u.title, u.amount, 'USD', u.day, 'open' \
                FROM unnest($2::uuid[], $3::timestamptz[], $4::text[], $5::bigint[], $6::date[]) \
                AS u (id, at, title, amount, day)
                """
            ) { values in
                values.uuid(organization)
                values.uuids(ids)
                values.timestamptzs(created)
                values.texts(titles)
                values.bigints(amounts)
                values.dates(days)
            }
            return ids
        }

        @Test(arguments: [
            "", "id", "-id", "amount", "-amount", "title,-amount", "-title,amount", "-expected_close,title,amount",
            "-created_at",
            "created_at,-amount",
        ])
        func `no row is lost or doubled while others are put in`(sort: String) async throws {
            let home = try await QueriesHome()
            let organization = UUID()
            let first = try await insert(300, into: home, organization, seed: 1)
            let caller = Caller.of(organization)
            let writer = Task {
                var seed: UInt64 = 2
                while !Task.isCancelled {
                    _ = try await insert(3, into: home, organization, seed: seed)
                    seed += 1
                }
            }
            var seen: [String: Int] = [:]
            var cursor: String?
            repeat {
                var parameters = [Parameter("limit", "11"), Parameter("fields", "id")]
                if !sort.isEmpty { parameters.append(Parameter("sort", sort)) }
                if let cursor { parameters.append(Parameter("cursor", cursor)) }
                let page = try await home.queries.list("deal", parameters, by: caller).json
                for id in page.ids { seen[id, default: 0] += 1 }
                cursor = page["next"]?.string
            } while cursor != nil && seen.count < 3_000
            writer.cancel()
            _ = await writer.result
            #expect(seen.values.allSatisfy { $0 == 1 }, "a row came twice")
            #expect(cursor != nil || first.allSatisfy { seen[$0.text] == 1 }, "a row was lost")
        }

        @Test(arguments: [
            "", "amount", "-title,amount", "-expected_close,title,-amount", "custom.rank", "-custom.word",
            "custom.word,-amount",
            "title,-custom.rank",
        ])
        func `rows that stood throughout come once each while others come, change and go`(sort: String) async throws {
            let ledger = Ledger()
            let fields: [String: FieldSet.Definition] = [
                "rank": .init(label: "Rank", type: .number), "word": .init(label: "Word", type: .text),
            ]
            let at = try #require(Instant("2017-01-01T00:00:00Z"))
            try ledger.tell(FieldSet.id(of: "deal"), FieldSet.Event.defined(fields: fields), at: at)
            let home = try await QueriesHome([ledger])
            let organization = ledger.organization
            let standing = try await insert(200, into: home, organization, seed: 11)
            let restless = try await insert(200, into: home, organization, seed: 12)
            try await home.work(Self.dress) {
                $0.uuid(organization)
                $0.uuids(standing + restless)
                $0.text("first")
            }
            let writer = Task {
                var round: UInt64 = 13
                while !Task.isCancelled {
                    var random = Seeded(round)
                    let some = (0..<20).compactMap { _ in restless.randomElement(using: &random) }
                    try await home.work(Self.dress) {
                        $0.uuid(organization)
                        $0.uuids(some)
                        $0.text("\(round)")
                    }
                    try await home.work(
                        "DELETE FROM read.deals WHERE organization_id = $1 AND id = ANY ($2)"
                    ) {
                        $0.uuid(organization)
                        $0.uuids([restless[Int(round) % restless.count]])
                    }
                    _ = try await insert(2, into: home, organization, seed: round)
                    round += 1
                }
            }
            var seen: [String: Int] = [:]
            var cursor: String?
            var pages = 0
            repeat {
                var parameters = [Parameter("limit", "9"), Parameter("fields", "id")]
                if !sort.isEmpty { parameters.append(Parameter("sort", sort)) }
                if let cursor { parameters.append(Parameter("cursor", cursor)) }
                let page = try await home.queries.list("deal", parameters, by: Caller.of(organization)).json
                for id in page.ids { seen[id, default: 0] += 1 }
                cursor = page["next"]?.string
                pages += 1
            } while cursor != nil && pages < 600
            writer.cancel()
            _ = await writer.result
            #expect(cursor == nil, "the list has an end")
            #expect(standing.allSatisfy { seen[$0.text] == 1 }, "a row that stood was lost or doubled")
        }
        /// Gives rows other places in every order.
        private static let dress = """
            UPDATE read.deals SET amount_minor = nullif(hashtext(id::text || $3) % 20, 3), \
            title = CASE hashtext($3 || id::text) % 3 WHEN 0 THEN NULL ELSE substr(md5($3 || id::text), 1, 2) END, \
            expected_close = date '2017-01-01' + hashtext(id::text || $3 || 'd') % 20, \
            custom = CASE hashtext(id::text || $3 || 'c') % 4 WHEN 0 THEN NULL ELSE jsonb_build_object(\
            'rank', hashtext(id::text || $3 || 'r') % 9, 'word', substr(md5(id::text || $3), 1, 1)) END \
            WHERE organization_id = $1 AND id = ANY ($2)
            """

        @Test(arguments: [
            ("deal_spans", "deal_id", ["", "kind", "-stage_id"]),
            ("deals_versions", "id", ["", "status", "-stage_id"]),
        ])
        func `rows without an id of their own come once each, whatever the order`(
            _ table: String, _ id: String, _ sorts: [String]
        ) async throws {
            let history = try SalesHistory(seed: 7, deals: 80)
            let home = try await QueriesHome([history.ledger])
            let caller = Caller.of(history.ledger.organization)
            for sort in sorts {
                let order = sort.isEmpty ? [] : [Parameter("sort", sort)]
                var seen: [JSON: Int] = [:]
                var cursor: String?
                repeat {
                    let parameters =
                        order + [.init("limit", "7"), .init("fields", "\(id),since_position")]
                        + (cursor.map { [Parameter("cursor", $0)] } ?? [])
                    let page = try await home.queries.table(table, parameters, by: caller).json
                    for row in page.items { seen[row, default: 0] += 1 }
                    cursor = page["next"]?.string
                } while cursor != nil
                let counted = try await home.queries.table(table, [.init("total", "exact")], by: caller).json
                #expect(Int64(seen.count) == counted["total"]?.integer, "by \(sort)")
                #expect(seen.values.allSatisfy { $0 == 1 }, "by \(sort)")
            }
        }

        @Test func `pages by number come in the same order`() async throws {
            let home = try await QueriesHome()
            let organization = UUID()
            _ = try await insert(55, into: home, organization, seed: 3)
            let caller = Caller.of(organization)
            let whole = try await home.queries.list(
                "deal", [.init("sort", "amount"), .init("limit", "200")], by: caller
            )
            .json
            var ids: [String] = []
            for number in 1...6 {
                let page = try await home.queries.list(
                    "deal", [.init("sort", "amount"), .init("page", "\(number)"), .init("page_size", "10")], by: caller
                ).json
                ids += page.ids
            }
            #expect(ids == whole.ids && ids.count == 55)
        }

        @Test func `a cursor serves its own question, organization and log only`() async throws {
            let history = try SalesHistory(seed: 12, deals: 60)
            let home = try await QueriesHome([history.ledger])
            let caller = Caller.of(history.ledger.organization)
            let page = try await home.queries.list("deal", [.init("status", "open"), .init("limit", "2")], by: caller)
                .json
            let cursor = try #require(page["next"]?.string)
            func code(_ parameters: [Parameter], _ entity: String = "deal", by caller: Caller) async -> String? {
                await ApplicationTests.code { try await home.queries.list(entity, parameters, by: caller) }
            }
            let again = [Parameter("status", "open"), Parameter("cursor", cursor)]
            #expect(await code(again, by: caller) == nil)
            #expect(await code(again + [.init("limit", "5"), .init("fields", "id")], by: caller) == nil)
            #expect(await code([.init("cursor", cursor)], by: caller) == "cursor.invalid")
            #expect(await code(again + [.init("sort", "amount")], by: caller) == "cursor.invalid")
            #expect(await code([.init("cursor", cursor)], "account", by: caller) == "cursor.invalid")
            #expect(await code(again, by: .of(UUID())) == "cursor.invalid")
            #expect(await code([.init("cursor", "nonsense")], by: caller) == "cursor.invalid")
            #expect(await code([.init("cursor", "")], by: caller) == "cursor.invalid")
            for index in stride(from: 0, to: cursor.count, by: 7) {
                var changed = Array(cursor)
                changed[index] = changed[index] == "A" ? "B" : "A"
                let tampered = [Parameter("status", "open"), Parameter("cursor", String(changed))]
                #expect(await code(tampered, by: caller) == "cursor.invalid", "byte \(index)")
            }
            // Another database in which the organization's log is shorter, as after a restore.
            let older = try await QueriesHome()
            let forked = await ApplicationTests.code { try await older.queries.list("deal", again, by: caller) }
            #expect(forked == "log.forked")
        }
    }
}
