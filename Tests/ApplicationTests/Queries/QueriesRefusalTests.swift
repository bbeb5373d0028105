import Application
import CRM
import Foundation
import Kernel
import Postgres
import PostgresTesting
import Testing

extension QueriesTests {
    @Suite struct Refusals {
        /// Parameters that a route has, with values it does not take.
        static let bad: [(String, String, String)] = [
            ("list", "status", "banana"), ("list", "status", ""), ("list", "status.in", "won,,lost"),
            ("list", "status.null", "maybe"), ("list", "owner_id", "someone"), ("list", "owner_id.in", "me,you"),
            ("list", "owner_id.gt", "me"), ("list", "amount", "5.5"), ("list", "amount.gte", "+5"),
            ("list", "amount.gte", "99999999999999999999"), ("list", "amount.currency", "XYZ"),
            ("list", "expected_close", "2017-02-30"), ("list", "expected_close.gte", "yesterday"),
            ("list", "opened_at", "2017-13-01T00:00:00Z"), ("list", "opened_at.ne", "2017-01-01"),
            ("list", "opened_at.in", "2017-01-01T00:00:00Z,2017-01-01"), ("list", "limit", "0"),
            ("list", "limit", "201"), ("list", "limit", "ten"), ("list", "limit", "+5"), ("list", "page", "0"),
            ("list", "page", "99999"), ("list", "sort", "colour"), ("list", "sort", ""), ("list", "sort", "--amount"),
            ("list", "sort", "amount,amount"), ("list", "sort", "custom"), ("list", "fields", "id,secret"),
            ("list", "fields", ""), ("list", "q", ""), ("list", "q", "a b c d e f g h i"), ("list", "total", "maybe"),
            ("list", "archived", "yes"), ("list", "external_id", "nothing"), ("list", "custom.null", "x"),
            ("list", "title", "a\u{0}b"), ("list", "archived.ne", "2"), ("list", "probability.gte", "1e3"),
            ("table", "limit", "-1"), ("table", "stage_id", "x"), ("table", "created_at.gte", "soon"),
            ("board", "limit", "500"), ("board", "owner_id", "x"),
            ("report", "by", "colour"), ("report", "from", "2017-13-01"), ("report", "to", "x"),
            ("report", "status", "banana"), ("report", "effective_probability.gt", "x"), ("report", "closed_on", "x"),
            ("history", "limit", "0"),
        ]

        @Test func `what is not understood is refused with a code, never answered with everything`() async throws {
            let history = try SalesHistory(seed: 13, deals: 20)
            let home = try await QueriesHome([history.ledger])
            let caller = Caller.of(history.ledger.organization)
            let (queries, pipeline, deal) = (home.queries, history.pipeline, history.deals[0].id)
            typealias Route = (String, ([Parameter]) async throws -> Reply)
            let routes: [Route] = [
                ("list", { try await queries.list("deal", $0, by: caller) }),
                ("table", { try await queries.table("deals", $0, by: caller) }),
                ("fields", { try await queries.fields($0, by: caller) }),
                ("board", { try await queries.board(pipeline, $0, by: caller) }),
                ("report", { try await queries.dealsReport([.init("measure", "count")] + $0, by: caller) }),
                ("overview", { try await queries.overview($0, by: caller) }),
                ("history", { try await queries.history("deal", deal, $0, by: caller) }),
            ]
            let unknown = [
                "colour", "Status", "status.like", "status.eq", "amount.starting", "custom.none", "custom", "limit.gte",
                "",
                "drop table", "id; --", "organization_id", "owner.name", "amount.minor", "\u{0}",
            ]
            for (name, ask) in routes {
                for parameter in unknown {
                    let code = await code { try await ask([.init(parameter, "1")]) }
                    #expect(code == "parameter.unknown", "\(name) ?\(parameter)=1")
                }
            }
            for (name, parameter, value) in Self.bad {
                let ask = try #require(routes.first { $0.0 == name }).1
                let code = await code { try await ask([.init(parameter, value)]) }
                #expect(
                    code == "parameter.invalid" || code == "parameter.unknown",
                    "\(name) ?\(parameter)=\(value): \(code ?? "")")
            }
            let future = Day(number: Int32(Date().timeIntervalSince1970 / 86_400) + 2).text
            for (name, ask) in routes where name != "history" {
                for parameter in ["as_of", "as_known"] {
                    for value in ["", "yesterday", "2017-02-29", "2017-01-01T00:00:00", future, future + "T00:00:00Z"] {
                        let code = await code { try await ask([.init(parameter, value)]) }
                        #expect(code == "parameter.invalid", "\(name) ?\(parameter)=\(value)")
                    }
                }
            }
            let past = [Parameter("as_of", "2017-01-01")]
            #expect(await code { try await queries.table("progress", past, by: caller) } == "parameter.unavailable")
            #expect(await code { try await queries.table("nothing", past, by: caller) } == "table.not_found")
            let sorted = past + [Parameter("sort", "title")]
            #expect(await code { try await queries.record("deal", deal, sorted, by: caller) } == "parameter.unknown")
            for (name, ask) in routes where name != "overview" {
                let code = await code { try await ask([.init("limit", "5"), .init("limit", "5")]) }
                #expect(code == "parameter.invalid", "\(name)")
            }
            let other = await code { try await queries.dealsReport([], by: caller) }
            #expect(other == "parameter.invalid")
            #expect(await code { try await queries.list("invoice", [], by: caller) } == "route_not_found")
            let both = [Parameter("cursor", "x"), Parameter("page", "2")]
            #expect(await code { try await queries.list("deal", both, by: caller) } == "parameter.invalid")
            let backwards = [Parameter("measure", "count"), .init("from", "2017-02-01"), .init("to", "2017-01-01")]
            #expect(await code { try await queries.dealsReport(backwards, by: caller) } == "parameter.invalid")
        }

        @Test func `nothing of one organization is seen by another`() async throws {
            let (ours, theirs) = (try SalesHistory(seed: 14, deals: 40), try SalesHistory(seed: 15, deals: 40))
            let home = try await QueriesHome([ours.ledger, theirs.ledger])
            let (queries, caller) = (home.queries, Caller.of(theirs.ledger.organization))
            let deal = ours.deals[0].id
            #expect(await code { try await queries.record("deal", deal, by: caller) } == "deal.not_found")
            #expect(await code { try await queries.record("deal", deal, by: .of(ours.ledger.organization)) } == nil)
            #expect(await code { try await queries.history("deal", deal, [], by: caller) } == "deal.not_found")
            #expect(await code { try await queries.board(ours.pipeline, [], by: caller) } == "pipeline.not_found")
            let entities = [
                "organization", "member", "team", "account", "contact", "product", "pipeline", "deal", "field_set",
            ]
            for entity in entities {
                let own = try await queries.list(entity, [.init("limit", "200")], by: caller).json.ids
                let other = try await queries.list(entity, [.init("limit", "200")], by: .of(ours.ledger.organization))
                    .json
                    .ids
                // The ids of field sets are the same everywhere.
                #expect(!own.isEmpty && (entity == "field_set" || Set(own).isDisjoint(with: other)), "\(entity)")
            }
            for table in ["deals", "deals_totals", "stages", "deal_facts", "progress"] {
                let mine = try await queries.table(table, [.init("limit", "200")], by: caller).json.items
                let others = try await queries.table(table, [.init("limit", "200")], by: .of(UUID())).json.items
                #expect(!mine.isEmpty && others.isEmpty, "\(table)")
            }
            let nobody = Caller.of(UUID())
            #expect(try await queries.overview(by: nobody).json["deals"]?["total"] == 0)
            #expect(try await queries.dealsReport([.init("measure", "count")], by: nobody).json.rows.isEmpty)
            #expect(try await queries.list("deal", [.init("total", "exact")], by: nobody).json["total"] == 0)
        }

        @Test func `row level security stands beneath: the app's role sees no other organization by itself`()
            async throws
        {
            let history = try SalesHistory(seed: 16, deals: 5)
            let home = try await QueriesHome([history.ledger])
            func count(_ relation: String, as organization: UUID?) async throws -> Int64 {
                let connection = PipelinedConnection(home.database.settings(role: "daybook_app"), log: quiet)
                let choose = organization.map { id in
                    Statement("SELECT set_config('daybook.organization', $1, true)") { $0.text(id.text) }
                }
                let count = Statement("SELECT count(*) FROM read.\(relation)")
                let results = try await connection.run((choose.map { [$0] } ?? []) + [count])
                await connection.close()
                return try results[results.count - 1][0].bigint(0)
            }
            for relation in ["deals", "deals_totals", "deal_documents", "deal_facts", "stages", "fields", "progress"] {
                #expect(try await count(relation, as: nil) == 0, "\(relation)")
                #expect(try await count(relation, as: UUID()) == 0, "\(relation)")
                #expect(try await count(relation, as: history.ledger.organization) > 0, "\(relation)")
            }
        }
    }
}
