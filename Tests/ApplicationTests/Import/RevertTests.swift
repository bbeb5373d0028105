import CRM
import Foundation
import Kernel
import Postgres
import PostgresTesting
import Projections
import Testing

@testable import Application

/// An import is taken back, its changes to what was there included.
@Suite struct RevertTests {
    static let accounts = """
        mapping: t
        source: test
        creates:
          custom:
            - {entity: account, key: branch, label: Branch, type: text}
        records:
          - entity: account
            key: name
            fields: {name: name, employee_count: staff}
            custom: {branch: branch}
        """

    static let plain = """
        mapping: t
        source: test
        records:
          - {entity: account, key: name, fields: {name: name, employee_count: staff}}
        """

    @Test func `what it made is archived, what it changed is as it was, and importing again restores it`() async throws
    {
        let house = try await ImportHouse(importing: TestHouse(projecting: .init()))
        try await house.house.projecting { try await revertTwice(house) }
    }
    private func revertTwice(_ house: ImportHouse) async throws {
        _ = try await house.run("name,staff\nAcme,5\n", Self.plain)
        let before = try await house.record(Account.self, "Acme")
        let second = "name,staff,branch\nAcme,7,Pumps\nInitech,9,Forms\n"
        let summary = try await house.run(second, Self.accounts + "# again\n")

        let position = try await house.position()
        let dry = try await house.revert(summary, dryRun: true)
        #expect(dry["done"] == 3 && dry["refused"] == 0, "\(dry)")
        #expect(try await house.position() == position)
        let told = try await house.revert(summary)
        #expect(told["done"] == 3 && told["unchanged"] == 0 && told["refused"] == 0, "\(told)")
        #expect(told["results"]?.array?.map { $0["entity"]?.string } == ["account", "account", "field_set"])
        #expect(try await house.record(Account.self, "Acme") == before)
        #expect(try await house.isArchived("Initech"))

        let again = try await house.revert(summary)
        #expect(again["done"] == 0 && again["unchanged"] == 3, "\(again)")

        let restored = try await house.run(second, Self.accounts + "# again\n")
        #expect(restored.accepted == 2 && restored.id == summary.id)
        #expect(try await !house.isArchived("Initech"))
        #expect(try await house.record(Account.self, "Acme")?["custom"]?["branch"] == "Pumps")
        let twice = try await house.revert(summary)
        #expect(twice["done"] == 3, "\(twice)")
        #expect(try await house.record(Account.self, "Acme") == before)
        #expect(try await house.isArchived("Initech"))
    }

    @Test func `what somebody changed since is left, and told with those changes`() async throws {
        let house = try await ImportHouse()
        let summary = try await house.run("name,staff\nAcme,5\nInitech,9\n", Self.plain)
        let acme = try await house.id("account", "Acme")
        _ = try await house.house.ask("account", .id(acme), "edit", ["industry": "pumps"])
        let told = try await house.revert(summary)
        #expect(told["done"] == 1 && told["refused"] == 1)
        let refused = told["results"]?.array?.first { $0["result"] == "refused" }
        #expect(refused?["id"] == .string(acme.text))
        #expect(refused?["problem"]?["code"] == "bulk.changed_since")
        #expect(refused?["problem"]?["changed"]?.array?.map { $0["data"]?["set"]?["industry"] } == ["pumps"])
        // Somebody takes that back, and the record can go.
        _ = try await house.house.ask("account", .id(acme), "edit", ["industry": .null])
        #expect(try await house.revert(summary)["done"] == 1)
        #expect(try await house.isArchived("Acme"))
    }

    @Test func `who may not write takes nothing back, and what was never imported is not there`() async throws {
        let house = try await ImportHouse()
        let summary = try await house.run("name,staff,branch\nAcme,5,\n", Self.accounts)
        let viewer = await #expect(throws: Problem.self) { try await house.revert(summary, role: .viewer) }
        #expect(viewer?.status == 403)
        var other = summary
        other.id = house.house.fresh().text
        let absent = await #expect(throws: Problem.self) { try await house.revert(other) }
        #expect(absent?.code == "import.not_found")
        // Only an owner gives a field to records no longer.
        let told = try await house.revert(summary, role: .member)
        #expect(told["done"] == 1 && told["refused"] == 1, "\(told)")
    }

    @Test func `a field that others use by now stays, and is told with who uses it`() async throws {
        let house = try await ImportHouse(importing: TestHouse(projecting: .init()))
        try await house.house.projecting {
            let second = "    - {entity: account, key: b, label: B, type: number}"
            let mapping = Self.accounts.replacing("type: text}", with: "type: text}\n\(second)")
            let summary = try await house.run("name,staff,branch\nAcme,5,Pumps\nInitech,9,Forms\n", mapping)
            let other = try await house.run("name,branch\nOther,Tea\n", Self.others)
            let named = try await house.id("account", "Other", source: "others")
            for dryRun in [true, false] {
                let told = try await house.revert(summary, dryRun: dryRun)
                #expect(told["done"] == 2 && told["refused"] == 1, "\(told)")
                let refused = told["results"]?.array?.last
                #expect(refused?["entity"] == "field_set" && refused?["problem"]?["code"] == "bulk.fields_in_use")
                #expect(
                    refused?["problem"]?["used_by"] == [
                        ["entity": "account", "field": "branch", "records": [.string(named.text)]]
                    ])
            }
            #expect(try await house.fields() == ["branch"], "the field that nobody uses is retired")
            #expect(try await house.record(Account.self, "Other", source: "others")?["custom"]?["branch"] == "Tea")
            // With who uses it, the field goes.
            #expect(try await house.revert(other)["done"] == 1)
            #expect(try await house.revert(summary)["done"] == 1)
            #expect(try await house.fields() == [])
            #expect(try await house.revert(summary)["unchanged"] == 3)
        }
    }
    static let others = """
        mapping: o
        source: others
        records:
          - {entity: account, key: name, fields: {name: name}, custom: {branch: branch}}
        """

    @Test func `another file of the same name is another import, and the same file is the same`() async throws {
        let house = try await ImportHouse()
        let first = try await house.run("name,staff\nAcme,5\n", Self.plain)
        let second = try await house.run("name,staff\nInitech,9\n", Self.plain)
        #expect(first.id != second.id)
        #expect(try await house.run("name,staff\n\"Acme\",5\n", Self.plain).id == first.id)
        #expect(try await house.revert(second)["done"] == 1)
        #expect(try await !house.isArchived("Acme"))
        #expect(try await house.isArchived("Initech"))
    }

    @Test(.enabled(if: SharedFilesTests.folder != nil, "the shared data are not here; set DAYBOOK_SHARED"))
    func `the four sales files reverted leave the read tables as they were before`() async throws {
        let folder = try #require(SharedFilesTests.folder)
        let house = try await ImportHouse(importing: TestHouse(projecting: .init()))
        try await house.house.projecting {
            let known = "name,staff,branch\n" + (0..<20).map { "Own \($0),\($0),B\n" }.joined()
            _ = try await house.run(known, Self.accounts)
            let before = try await house.tables()
            var imports: [ImportRun.Summary] = []
            for name in SharedFilesTests.orders[0] {
                let file = "\(folder)/\(name.replacing("-", with: "_")).csv"
                imports.append(try await house.run(file: file, try ImportHouse.shipped("maven-\(name)")))
            }
            #expect(imports.map(\.rejected) == [0, 0, 0, 0])
            #expect(try await house.tables() != before)
            var records = 0
            for summary in imports.reversed() {
                for page in try await house.pages(reverting: summary) {
                    let refused = page["results"]?.array?.filter { $0["result"] == "refused" } ?? []
                    #expect(refused.isEmpty, "\(refused.prefix(3))")
                    records += Int(page["done"]?.integer ?? 0)
                }
            }
            #expect(records > 4365 + 85 + 7 + 35)
            try await house.expectTables(before)
        }
    }

    @Test func `ten thousand rows that changed what was there, and made as much, are taken back`() async throws {
        let house = try await ImportHouse(importing: TestHouse(projecting: .init()))
        try await house.house.projecting {
            func rows(_ count: Int, _ staff: Int) -> String {
                "name,staff,branch\n" + (0..<count).map { "Account \($0),\(staff),\n" }.joined()
            }
            _ = try await house.run(rows(5_000, 1), Self.accounts)
            let before = try await house.tables()
            let summary = try await house.run(rows(10_000, 2), Self.accounts + "# again\n")
            #expect(summary.accepted == 10_000)
            let pages = try await house.pages(reverting: summary)
            #expect(pages.reduce(0) { $0 + ($1["done"]?.integer ?? 0) } == 10_000)
            try await house.expectTables(before)
        }
    }
}

extension ImportHouse {
    func revert(
        _ summary: ImportRun.Summary, dryRun: Bool = false, from: Int64? = nil, role: Role = .owner
    ) async throws -> JSON {
        let id = try #require(UUID(uuidString: summary.id))
        var body: [String: JSON] = ["dry_run": .bool(dryRun)]
        body["from"] = from.map { .integer($0) }
        return try await house.bulk.revert(id, Body(body), by: house.caller(role)).body
    }
    func pages(reverting id: String) async throws -> [JSON] {
        var summary = ImportRun.Summary()
        summary.id = id
        return try await pages(reverting: summary)
    }
    func pages(reverting summary: ImportRun.Summary) async throws -> [JSON] {
        var pages = [try await revert(summary)]
        while let next = pages.last?["next"]?.integer { pages.append(try await revert(summary, from: next)) }
        return pages
    }
    /// The keys of the fields that accounts have.
    func fields() async throws -> [String] {
        let state = try await house.states("field_set", [FieldSet.id(of: "account")])[0] as? FieldSet.State
        return (state?.inUse.keys).map { $0.sorted() } ?? []
    }
    func isArchived(_ key: String) async throws -> Bool {
        let state = try await house.states("account", [id("account", key)])[0]
        if case .archived? = state as? Account.State { return true }
        return false
    }

    /// The rows of the organization's read tables that are in use, by their keys, without versions, positions and times
    /// of change.
    func tables() async throws -> [String: Table] {
        try await caughtUp()
        let worker = PipelinedConnection(house.database.settings(role: "daybook_worker"), log: quiet)
        let sql = """
            SELECT t.table_name, bool_or(c.column_name = 'archived_at') FROM information_schema.tables t
            JOIN information_schema.columns c USING (table_schema, table_name)
            WHERE t.table_schema = 'read' AND t.table_type = 'BASE TABLE'
            GROUP BY 1 HAVING bool_or(c.column_name = 'position') AND bool_or(c.column_name = 'id')
            """
        var tables: [String: Table] = [:]
        for row in try await worker.query(Statement(sql)) {
            let name = try row.text(0)
            // What happened stays told; only the present is as it was.
            guard name != "timeline", !name.hasSuffix("_history") else { continue }
            var table = Table(isWhole: try row.bool(1))
            let query = """
                SELECT id, (to_jsonb(t) - 'version' - 'position' - 'updated_at' - 'recorded_at')::text FROM read.\(name) t
                WHERE organization_id = $1 \(table.isWhole ? "AND archived_at IS NULL" : "")
                """
            for row in try await worker.query(Statement(query) { $0.uuid(house.organization) }) {
                table.rows[try row.uuid(0)] = try row.text(1)
            }
            tables[name] = table
        }
        await worker.close()
        return tables
    }
    struct Table: Hashable {
        /// Whether its rows tell that they are archived; else those of archived records stand among the others.
        let isWhole: Bool
        var rows: [UUID: String] = [:]
    }

    /// Whether the tables are as they were.
    func expectTables(_ before: [String: Table]) async throws {
        let after = try await tables()
        #expect(before.count > 10)
        for (name, table) in before {
            let now = after[name]?.rows ?? [:]
            let differing = table.rows.first { now[$0.key] != $0.value }
            #expect(differing == nil, "\(name): \(now[differing?.key ?? house.organization] ?? "gone")")
            if table.isWhole { #expect(now.count == table.rows.count, "\(name)") }
        }
    }
    private func caughtUp() async throws {
        let head = try await house.head()
        for entity in ["account", "contact", "deal", "member", "pipeline", "product", "team"] {
            while true {
                do throws(Problem) {
                    _ = try await house.daybook.queries.export(entity, [], by: house.owner, min: head)
                    break
                } catch {
                    guard error.status == 503 else { throw error }
                }
            }
        }
    }
}
