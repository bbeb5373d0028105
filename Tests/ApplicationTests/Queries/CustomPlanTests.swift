import CRM
import Foundation
import Kernel
import Postgres
import PostgresTesting
import Testing

@testable import Application

extension QueriesTests {
    /// Lists by a field of an organization's own read what is on the page, not the organization. The plans are the same
    /// at a million records: none depends on statistics, of which these columns keep none.
    @Suite struct CustomPlans {
        private static let count = 20_000

        private func home() async throws -> (QueriesHome, Caller) {
            let ledger = Ledger()
            let fields: [String: FieldSet.Definition] = [
                "segment": .init(label: "Segment", type: .text), "half": .init(label: "Half", type: .text),
                "score": .init(label: "Score", type: .number), "day": .init(label: "Day", type: .day),
                "tags": .init(label: "Tags", type: .choices, choices: ["t1", "t2", "t3", "rare"]),
            ]
            let at = try #require(Instant("2017-01-01T00:00:00Z"))
            try ledger.tell(FieldSet.id(of: "account"), FieldSet.Event.defined(fields: fields), at: at)
            let home = try await QueriesHome([ledger])
            for (organization, count) in [(ledger.organization, Self.count), (UUID(), Self.count / 10)] {
                try await home.work(Self.fill) {
                    $0.uuid(organization)
                    $0.bigint(Int64(count))
                }
            }
            try await home.analyze(["accounts", "accounts_values"])
            return (home, Caller.of(ledger.organization))
        }
        private static let fill = """
            INSERT INTO read.accounts (organization_id, id, version, position, created_at, updated_at, name, custom) \
            SELECT $1, gen_random_uuid(), 1, 1, now() - n * interval '1 minute', now(), 'Account ' || n, \
            jsonb_build_object('segment', 's' || n % 2000, 'half', CASE n % 2 WHEN 0 THEN 'left' ELSE 'right' END, \
            'score', (n * 7919 % 10007)::float8 / 10, 'day', to_char(date '2020-01-01' + (n % 1500)::int, 'YYYY-MM-DD'), \
            'tags', jsonb_build_array('t' || n % 3 + 1, CASE WHEN n % 1000 = 5 THEN 'rare' ELSE 't1' END)) \
            FROM generate_series(1, $2::bigint) n
            """

        /// How many rows a list's statement reads, by the nodes of its plan, and by which indexes.
        private func read(_ parameters: [Parameter], _ home: QueriesHome, _ caller: Caller) async throws
            -> (rows: Double, indexes: Set<String>)
        {
            let statement = try await home.queries.statement(of: Account.self, parameters, by: caller)
            let plan = try await home.explain(statement, caller)
            var rows = 0.0
            var indexes: Set<String> = []
            func walk(_ node: Plan) {
                if node.relation?.hasPrefix("accounts") == true, node.loops > 0 {
                    rows += (node.rows + (node.filtered ?? 0)) * node.loops
                    if let index = node.index { indexes.insert(index) }
                    if node.type == "Seq Scan" { rows += Double(Self.count) }
                }
                for child in node.plans ?? [] { walk(child) }
            }
            walk(plan)
            return (rows, indexes)
        }

        @Test func `lists chosen and sorted by a field of one's own read what they show`() async throws {
            let (home, caller) = try await home()
            let cases: [(parameters: [(String, String)], index: String)] = [
                ([("custom.segment", "s7")], "accounts_values_text"),
                ([("custom.segment.in", "s7,s8,s9")], "accounts_values_text"),
                ([("custom.score.between", "10,10.5")], "accounts_values_number"),
                ([("custom.day", "2021-03-04")], "accounts_values_text"),
                ([("custom.tags", "rare")], "accounts_values_text"),
                ([("custom.segment", "s7"), ("sort", "-custom.score,name")], "accounts_values_text"),
                ([("filter", "and(custom.half.eq.left,custom.segment.eq.s8)")], "accounts_values_text"),
                ([("custom.half", "left")], "accounts_0"),
                ([("custom.score.gte", "1")], "accounts_0"),
                ([("sort", "custom.segment")], "accounts_values_text"),
                ([("sort", "-custom.day")], "accounts_values_text"),
                ([("sort", "custom.score")], "accounts_values_number"),
                ([("sort", "-custom.score"), ("custom.half", "right")], "accounts_values_number"),
            ]
            for (parameters, index) in cases {
                var asked = parameters.map { Parameter($0.0, $0.1) }
                for page in 1...2 {
                    let (rows, indexes) = try await read(asked, home, caller)
                    #expect(rows <= 800, "\(parameters) page \(page): \(rows) rows by \(indexes.sorted())")
                    #expect(indexes.contains(index), "\(parameters) page \(page): \(indexes.sorted())")
                    let next = try await home.queries.list("account", asked, by: caller).json["next"]?.string
                    guard let next else { break }
                    asked = parameters.map { Parameter($0.0, $0.1) } + [Parameter("cursor", next)]
                }
            }
        }

        @Test func `in whatever order, each row comes once and in its place`() async throws {
            let (home, caller) = try await home()
            // Every seventh has no score, every fifth no text.
            try await home.work(
                """
                UPDATE read.accounts SET custom = custom - CASE WHEN hashtext(id::text) % 7 = 0 THEN 'score' ELSE 'none' END \
                - CASE WHEN hashtext(id::text) % 5 = 0 THEN 'half' ELSE 'none' END WHERE organization_id = $1 \
                AND name LIKE '%1'
                """
            ) { $0.uuid(caller.organization) }
            for sort in [
                "custom.score", "-custom.score", "custom.half,-name", "-custom.day,custom.score", "name,custom.score",
            ] {
                let parameters = [
                    Parameter("sort", sort), .init("filter", "name.contains.1"), .init("limit", "200"),
                    .init("fields", "id,custom"), .init("custom.segment.starts_with", "s1"),
                ]
                var items: [JSON] = []
                var cursor: String?
                repeat {
                    let page = try await home.queries.list(
                        "account", parameters + (cursor.map { [Parameter("cursor", $0)] } ?? []), by: caller
                    ).json
                    items += page.items
                    cursor = page["next"]?.string
                } while cursor != nil
                let total = try await home.queries.list(
                    "account", parameters + [.init("total", "exact")], by: caller
                ).json["total"]?.integer
                #expect(Int64(items.count) == total && Set(items.compactMap { $0["id"]?.string }).count == items.count)
                let scores = items.map { $0["custom"]?["score"]?.double }
                let present = scores.compactMap { $0 }
                if sort == "custom.score" { #expect(present == present.sorted()) }
                if sort == "-custom.score" { #expect(present == present.sorted(by: >)) }
                if sort.hasSuffix("custom.score"), !sort.contains(",") {
                    #expect(scores.prefix(present.count).allSatisfy { $0 != nil }, "those without a value come last")
                }
            }
        }
    }
}

extension QueriesHome {
    fileprivate func analyze(_ tables: [String]) async throws {
        let connection = PipelinedConnection(database.settings(role: "daybook_owner"), log: quiet)
        for table in tables { _ = try await connection.query(Statement("ANALYZE read.\(table)")) }
        await connection.close()
    }
    /// The plan of a statement as the app's role runs it, with what it really read.
    func explain(_ statement: Statement, _ caller: Caller) async throws -> Plan {
        let settings = database.settings(role: "daybook_app").with(
            settings: ["plan_cache_mode": "force_custom_plan", "jit": "off"])
        let connection = PipelinedConnection(settings, log: quiet)
        let results = try await connection.run([
            Statement("SELECT set_config('daybook.organization', $1, true)") { $0.text(caller.organization.text) },
            Statement(
                "EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF, FORMAT JSON) \(statement.sql)",
                parameters: statement.parameters),
        ])
        await connection.close()
        let explained = try JSONDecoder().decode([Explained].self, from: Data(results[1][0].bytea(0)))
        return try #require(explained.first).plan
    }
}

extension Queries {
    /// The statement of a list's page.
    func statement(of entity: any Entity.Type, _ parameters: [Parameter], by caller: Caller) async throws -> Statement {
        let catalog = try await catalog()
        let subject = try subject(entity, catalog)
        let custom = try await customCriteria(subject, parameters, catalog, caller, nil)
        let request = try ListRequest(parameters, of: subject, custom: custom, by: asker(caller))
        var query = ListQuery(
            subject: subject, request: request, organization: caller.organization)
        query.driver = try await driver(request, caller)
        var cursor: Cursor?
        if let text = request.cursor {
            let shape = Cursor.shape(subject.table.name, request.shape)
            let key = try await surroundings.cursorKey(caller.organization)
            cursor = try Cursor(text, shape: shape, organization: caller.organization, key: key)
        }
        return try query.page(after: cursor)
    }
}

private struct Explained: Decodable {
    let plan: Plan
    enum CodingKeys: String, CodingKey { case plan = "Plan" }
}

/// A node of a plan, with what it really read.
struct Plan: Decodable {
    let type: String
    let relation: String?
    let index: String?
    let rows: Double
    let loops: Double
    let filtered: Double?
    let plans: [Plan]?

    enum CodingKeys: String, CodingKey {
        case type = "Node Type"
        case relation = "Relation Name"
        case index = "Index Name"
        case rows = "Actual Rows"
        case loops = "Actual Loops"
        case filtered = "Rows Removed by Filter"
        case plans = "Plans"
    }
}
