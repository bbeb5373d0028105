import Foundation
import Testing

@Suite(.serialized) struct ImportVerbTests {
    static let mapping = """
        mapping: staff
        source: test
        records:
          - {entity: account, key: name, fields: {name: name, employee_count: staff}}
        """

    @Test(.timeLimit(.minutes(2)))
    func `an import starts a server where none runs, and writes down what it rejects`() async throws {
        let house = try House()
        let (file, map) = (house.folder + "-rows.csv", house.folder + "-map.yaml")
        defer { for path in [file, map, house.folder + "-rows.rejects.csv"] { unlink(path) } }
        try Data("name,staff\nAcme,5\nInitech,few\n".utf8).write(to: URL(fileURLWithPath: file))
        try Data(Self.mapping.utf8).write(to: URL(fileURLWithPath: map))
        func run(_ more: String...) async throws -> Program.Outcome {
            try await house.run(["import", file, "--map", map, "--format", "json"] + more)
        }
        let dry = try await run("--dry-run")
        #expect(dry.code == 2, "\(dry.talk)")
        #expect(dry.object["accepted"] as? Int == 1)
        let first = try await run()
        #expect(first.code == 2)
        #expect(first.object["accepted"] as? Int == 1, "the dry run has written nothing")
        let rejects = try #require(first.object["reject_file"] as? String)
        let lines = try String(contentsOfFile: rejects, encoding: .utf8).split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines[1].hasPrefix("3,staff,import.not_an_integer,"))
        #expect(lines[1].hasSuffix(",Initech,few"))
        try Data("name,staff\nAcme,5\n".utf8).write(to: URL(fileURLWithPath: file))
        let again = try await run()
        #expect(again.code == 0)
        #expect(again.object["unchanged"] as? Int == 1)
        #expect(again.object["events"] as? Int == 0)
    }

    static let folder = [
        "Account.csv": "Id,Name,OwnerId,Colour\n001000000000001,Acme,005000000000001,red\n",
        "User.csv": "Id,Name,Email\n005000000000001,Ann Lee,ann@example.com\n",
        "Opportunity.csv": """
        Id,Name,AccountId,StageName,IsWon,IsClosed,Amount,CloseDate,CreatedDate
        006000000000001,Pumps,001000000000001,Closed Won,true,true,900,2020-03-01,2020-01-01T09:00:00.000Z
        006000000000002,Valves,001000000000009,Prospecting,false,false,10,2020-03-01,2020-01-01T09:00:00.000Z

        """,
        "Thing__c.csv": "Id\n1\n",
    ]

    @Test(.timeLimit(.minutes(3)))
    func
        `a folder of another CRM is imported as one, taken back as one, and all of it exported and imported elsewhere`()
        async throws
    {
        let house = try House()
        let (server, client) = try await house.serve(["--empty"])
        let (folder, out) = (house.folder + "-salesforce", house.folder + "-export")
        defer { for path in [folder, out] { try? FileManager.default.removeItem(atPath: path) } }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (name, text) in Self.folder { try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)")) }
        func take(_ more: String...) async throws -> Program.Outcome {
            try await house.run(["import", folder, "--from", "salesforce", "--format", "json"] + more)
        }
        let dry = try await take("--dry-run")
        #expect(dry.code == 0 && dry.object["accepted"] as? Int == 4, "\(dry.talk)")
        #expect(dry.talk.contains("Thing__c.csv") && dry.talk.contains("Colour"), "\(dry.talk)")
        let told = try await take("--define-fields")
        #expect(
            told.code == 0 && told.object["rows"] as? Int == 4 && told.object["rejected"] as? Int == 0, "\(told.talk)")
        #expect(told.object["left_out"] as? Int == 1, "the account of the second opportunity is not there")
        let again = try await take("--define-fields")
        #expect(again.object["accepted"] as? Int == 0 && again.object["events"] as? Int == 0, "\(again.talk)")
        let accounts = try await client.get("/api/v1/accounts?external_id=salesforce:001000000000001AAA")
        #expect(accounts.object["items"] as? [Any] != nil)

        let exported = try await house.run(["export", out, "--rows", "jsonl", "--format", "json"])
        #expect(exported.code == 0, "\(exported.talk)")
        let other = try House()
        let (second, _) = try await other.serve(["--empty"])
        let carried = try await other.run(["import", out, "--from", "daybook", "--format", "json"])
        #expect(carried.code == 0 && carried.object["rejected"] as? Int == 0, "\(carried.talk)")
        await other.leave(second)

        let id = try #require(told.object["import"] as? String)
        let back = try await house.run(["import", "revert", id, "--format", "json"])
        #expect(back.code == 0 && back.object["refused"] as? Int == 0, "\(back.talk)")
        await house.leave(server)
    }

    @Test func `a mapping or a file that is not there is told before anything else is done`() async throws {
        let house = try House()
        let none = try await house.run(["import", "/no/such.csv", "--map", "maven-accounts"])
        #expect(none.code == 1)
        #expect(none.talk.contains("There is no file /no/such.csv"), "\(none.talk)")
        let unknown = try await house.run(["import", "/dev/null", "--map", "maven-acounts"])
        #expect(unknown.code == 1)
        #expect(unknown.talk.contains("maven-accounts"), "\(unknown.talk)")
        #expect(!FileManager.default.fileExists(atPath: house.folder + "/postgres"))
    }
}
