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

        // Cards in a charset of their own, which nothing but the program's own words tells of.
        let cards = house.folder + "-cards.vcf"
        defer { unlink(cards) }
        let name = [UInt8]("BEGIN:VCARD\r\nVERSION:2.1\r\nN;CHARSET=ISO-8859-1:M".utf8) + [0xFC] + [UInt8]("ller".utf8)
        try Data(name + [UInt8]("\r\nEND:VCARD\r\n".utf8)).write(to: URL(fileURLWithPath: cards))
        let told = try await house.run(["import", cards, "--map", "vcard", "--format", "json"])
        #expect(told.object["accepted"] as? Int == 1 && !told.talk.contains("CRITICAL"), "\(told.talk)")
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

    @Test(.timeLimit(.minutes(2)))
    func `rejected rows that were corrected come in by the same mapping, and deals of another CRM as they were there`()
        async throws
    {
        let house = try House()
        let (server, client) = try await house.serve(["--empty"])
        let folder = house.folder + "-corrected"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        func write(_ text: String, _ name: String) throws {
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))
        }
        func correct(_ name: String, _ wrong: String, _ right: String) throws {
            let text = try String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
            #expect(text.contains(wrong))
            try write(text.replacing(wrong, with: right), name)
        }
        // With columns that a reject file has, too, and other separators than it has.
        let mapping = """
            mapping: staff
            source: test
            csv: {delimiter: ";"}
            records:
              - {entity: account, key: code, fields: {name: reason, employee_count: line}}
            """
        try write(mapping, "staff.yaml")
        try write("code;reason;line\na;Acme;5\nb;Initech;few\n", "staff.csv")
        func take(_ name: String) async throws -> Program.Outcome {
            let map = "\(folder)/staff.yaml"
            return try await house.run(["import", "\(folder)/\(name)", "--map", map, "--format", "json"])
        }
        #expect(try await take("staff.csv").object["rejected"] as? Int == 1)
        try correct("staff.rejects.csv", "Initech,few", "Initech,9")
        let corrected = try await take("staff.rejects.csv")
        #expect(corrected.code == 0 && corrected.object["accepted"] as? Int == 1, "\(corrected.talk)")

        try write("Id,Name\n001000000000001,Acme\n", "Account.csv")
        let deals = """
            Id,Name,AccountId,StageName,IsWon,IsClosed,Amount,CloseDate,CreatedDate
            ,Pumps,001000000000001,Closed Won,true,true,900,2020-03-01,2020-01-01T09:00:00.000Z

            """
        try write(deals, "Opportunity.csv")
        try write(
            "OpportunityId,Field,OldValue,NewValue,CreatedDate\n"
                + "006000000000001,StageName,Prospecting,Closed Won,2020-02-25T10:00:00.000Z\n",
            "OpportunityFieldHistory.csv")
        let first = try await house.run(["import", folder, "--from", "salesforce", "--format", "json"])
        #expect(first.code == 2, "\(first.talk)")
        try correct("Opportunity.rejects.csv", ",Pumps", "006000000000001,Pumps")
        for (option, value) in [("--map", "salesforce-opportunities"), ("--from", "salesforce")] {
            let told = try await house.run([
                "import", "\(folder)/Opportunity.rejects.csv", option, value, "--format", "json",
            ])
            #expect(told.code == 0 && told.object["rows"] as? Int == 1, "\(told.talk)")
            #expect(told.object["accepted"] as? Int == (option == "--map" ? 1 : 0), "\(told.talk)")
        }
        try await client.beCaughtUp(to: house.log().last)
        let list = try await client.get("/api/v1/deals?external_id=salesforce:006000000000001AAA")
        let deal = (list.object["items"] as? [[String: any Sendable]])?.first ?? [:]
        #expect(deal["status"] as? String == "won" && deal["actual_close"] as? String == "2020-03-01", "\(deal)")
        #expect(deal["account_name"] as? String == "Acme", "\(deal)")
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
