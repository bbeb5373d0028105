import CRM
import Foundation
import Kernel
import Testing

@testable import Application

@Suite struct ImportTests {
    @Test func `importing a file again appends nothing`() async throws {
        let house = try await ImportHouse()
        let csv = "name,staff,parent\nA,1,\nB,2,A\n\"C, Inc\",3,b\n"
        let first = try await house.run(csv, ImportHouse.accounts("refuse"))
        #expect(first.accepted == 3)
        #expect(first.events == 3)
        #expect(try await house.record(Account.self, "c, inc")?.id("parent_id") == house.id("account", "B"))
        let before = try await house.position()
        let second = try await house.run(csv, ImportHouse.accounts("refuse"))
        #expect(second.unchanged == 3)
        #expect(second.accepted == 0)
        #expect(second.events == 0)
        #expect(try await house.position() == before)
        let third = try await house.run(csv.replacing("B,2", with: "B,7"), ImportHouse.accounts("refuse"))
        #expect(third.accepted == 1)
        #expect(third.events == 1)
        #expect(try await house.record(Account.self, "B")?["employee_count"] == 7)
    }

    @Test(arguments: ["refuse", "empty", "create"])
    func `a reference to a later row is set in a second pass`(policy: String) async throws {
        let house = try await ImportHouse()
        let csv = "name,staff,parent\nleaf,1,branch\nbranch,2,root\nroot,3,\n"
        let summary = try await house.run(csv, ImportHouse.accounts(policy))
        #expect(summary.accepted == 3)
        #expect(summary.unchanged == 0)
        #expect(summary.created == [])
        #expect(try await house.record(Account.self, "leaf")?.id("parent_id") == house.id("account", "branch"))
        #expect(try await house.record(Account.self, "branch")?.id("parent_id") == house.id("account", "root"))
        #expect(try await house.run(csv, ImportHouse.accounts(policy)).accepted == 0)
    }

    @Test func `a reference to what never comes is refused, left empty or created by name`() async throws {
        let csv = "name,staff,parent\nA,1,Nowhere\nB,2,\n"
        let strict = try await ImportHouse()
        let refused = try await strict.run(csv, ImportHouse.accounts("refuse"))
        #expect(refused.rejected == 1)
        #expect(refused.rejectFile == strict.rejects)
        #expect(try await strict.record(Account.self, "A") == nil)
        #expect(
            try strict.rejected() == [
                ["line", "column", "code", "reason", "name", "staff", "parent"],
                [
                    "2", "parent", "import.reference_missing",
                    "There is no account \"Nowhere\" from test; import it first.", "A", "1", "Nowhere",
                ],
            ])
        let lax = try await ImportHouse()
        let left = try await lax.run(csv, ImportHouse.accounts("empty"))
        #expect(left.accepted == 2)
        #expect(left.rejectFile == nil)
        #expect(try await lax.record(Account.self, "A")?["parent_id"] == nil)
        let making = try await ImportHouse()
        let made = try await making.run(csv, ImportHouse.accounts("create"))
        #expect(made.accepted == 2)
        #expect(made.created == ["account Nowhere"])
        #expect(try await making.record(Account.self, "Nowhere")?.text("name") == "Nowhere")
        #expect(try await making.record(Account.self, "A")?.id("parent_id") == making.id("account", "nowhere"))
    }

    @Test func `a row that cannot be taken is told by line, column and reason, the others are taken`() async throws {
        let house = try await ImportHouse()
        let csv = """
            name,staff,parent
            A,many,
            "B
            two",2,
            "C"x,1,
            D,-5,
            ,1,
            E
            F,6,
            """
        let summary = try await house.run(csv, ImportHouse.accounts("empty"))
        #expect(summary.rows == 7)
        #expect(summary.accepted == 2)
        let told = try house.rejected().dropFirst().map { Array($0.prefix(3)) }
        #expect(
            told == [
                ["2", "staff", "import.not_an_integer"], ["5", "", "csv.text_after_quote"],
                ["6", "staff", "import.out_of_range"], ["7", "name", "import.key_missing"],
                ["8", "", "csv.field_count"],
            ])
        #expect(try await house.run("name,staff,parent\nF,6,\n", ImportHouse.accounts("empty")).rejectFile == nil)
        #expect(!FileManager.default.fileExists(atPath: house.rejects), "a file of an earlier run would mislead")
    }

    @Test func `a file that no import wrote is never removed`() async throws {
        let house = try await ImportHouse()
        try Data("mine\n".utf8).write(to: URL(fileURLWithPath: house.rejects))
        #expect(try await house.run("name,staff,parent\nA,1,\n", ImportHouse.accounts("empty")).rejectFile == nil)
        #expect(FileManager.default.fileExists(atPath: house.rejects))
    }

    @Test func `rows that name one record are taken in their order`() async throws {
        let house = try await ImportHouse()
        let csv = "name,staff,parent\nA,1,\nA,2,\nA,2,\nA,3,\n"
        let summary = try await house.run(csv, ImportHouse.accounts("empty"))
        #expect(summary.accepted == 3)
        #expect(summary.unchanged == 1)
        #expect(try await house.record(Account.self, "A")?["employee_count"] == 3)
    }

    @Test func `a large file is many requests, and a server that was started again goes on`() async throws {
        let house = try await ImportHouse()
        let rows = (0..<1200).map { "n\($0),\($0),n\(($0 * 7 + 600) % 1200)" }
        let csv = "name,staff,parent\n" + rows.joined(separator: "\n")
        let commands = house.house.daybook.commands
        let path = FileManager.default.temporaryDirectory.appending(path: "daybook-\(UUID().uuidString).csv")
        defer { try? FileManager.default.removeItem(at: path) }
        try Data(csv.utf8).write(to: path)
        let caller = house.house.owner
        // Each request meets a process that knows of nothing.
        var imports = Imports(commands: commands)
        var count = 0
        let run = try ImportRun(path: path.path, mapping: ImportHouse.accounts("empty"), rejects: house.rejects) {
            path, body in
            let parts = path.split(separator: "/")
            guard parts.count > 1 else { return try await imports.open(body, by: caller).body }
            count += 1
            if count % 2 == 0 { imports = Imports(commands: commands) }
            return try await imports.take(UUID(uuidString: String(parts[1]))!, body, by: caller).body
        }
        let summary = try await run.run()
        #expect(summary.rows == 1200)
        // Parents stand in rings, which an account may not: exactly one row of each ring loses its parent.
        #expect(summary.accepted + summary.rejected == 1200)
        #expect(try await house.run(csv, ImportHouse.accounts("empty")).events == 0)
    }

    @Test func `a dry run tells what would be and appends nothing`() async throws {
        let house = try await ImportHouse()
        let mapping = try ImportHouse.shipped("maven-sales-pipeline")
        let csv = """
            opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value
            1,Ann,GTXPro,Acme,Won,2016-10-20,2017-03-01,1054
            2,Ann,GTXPro,,Prospecting,,,
            3,Ann,GTXPro,,Nowhere,,,
            """
        let before = try await house.position()
        let dry = try await house.run(csv, mapping, dryRun: true)
        #expect(try await house.position() == before)
        let real = try await house.run(csv, mapping)
        #expect(dry.accepted == 2)
        #expect(dry.rejected == 1)
        #expect(dry.created == real.created)
        #expect(dry.json.object?.filter { $0.key != "import" } == real.json.object?.filter { $0.key != "import" })
        #expect(dry.json["import"] == .null)
        #expect(try await house.run(csv, mapping, dryRun: true).unchanged == 2)
    }

    @Test func `who may not write may not import`() async throws {
        let house = try await ImportHouse()
        let body: JSON = ["mapping": .string(ImportHouse.accounts("empty")), "header": ["name", "staff", "parent"]]
        let id = try #require(try await house.imports.open(body, by: house.house.owner).body["id"]?.string)
        let rows: JSON = ["rows": [["A", "1", ""]]]
        for role in [Role.viewer, .auditor] {
            await #expect(throws: Problem.self) {
                _ = try await house.imports.take(UUID(uuidString: id)!, rows, by: house.house.caller(role))
            }
        }
        let stranger = try await TestHouse()
        do {
            _ = try await house.imports.take(UUID(uuidString: id)!, rows, by: stranger.owner)
            Issue.record("another organization's import was found")
        } catch { #expect(error.code == "import.not_found") }
    }
}
