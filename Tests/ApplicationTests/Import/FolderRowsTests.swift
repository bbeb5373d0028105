import CRM
import EventLog
import Foundation
import Kernel
import Testing

@testable import Application

/// Every row of a folder is told of, those too that are told of with others; and owners are found, or said.
@Suite struct FolderRowsTests {
    @Test func `lines of stages and histories that are no rows, or say nothing, are rejected and written down`()
        async throws
    {
        let house = try await ImportHouse()
        let folder = try house.folder([
            "Opportunity.csv": "Id,Name,StageName\no1,Pumps,Prospecting\n",
            "OpportunityStage.csv": "ApiName,MasterLabel\nProspecting,Prospecting\n,Nameless\n\"Lost,open quote\n",
            "OpportunityHistory.csv": """
            OpportunityId,StageName,CreatedDate
            o1,Prospecting,2020-01-01T10:00:00Z
            o1,Two,fields,2020-01-01T10:00:00Z
            o1,,2020-01-02T10:00:00Z
            ,Prospecting,2020-01-02T10:00:00Z
            o1,Prospecting,yesterday
            o9,Prospecting,2020-01-02T10:00:00Z

            """,
        ])
        let told = try await house.take(.salesforce, folder)
        let stages = try #require(told.files.first { $0.kind == "stages" })
        #expect(stages.counts == [3, 1, 0, 2], "\(stages.json)")
        #expect(
            try house.codes(stages) == [
                ["3", "import.key_missing", "", "Nameless"], ["4", "csv.unclosed_quote", "\"Lost,open quote", ""],
            ])
        let history = try #require(told.files.first { $0.kind == "opportunity-histories" })
        #expect(history.counts == [6, 1, 0, 5], "\(history.json)")
        #expect(
            try house.codes(history).map { Array($0.prefix(2)) } == [
                ["3", "csv.field_count"], ["4", "import.nothing_told"], ["5", "import.key_missing"],
                ["6", "import.not_an_instant"], ["7", "import.reference_missing"],
            ])
    }

    static let history = [
        "Opportunity.csv": """
        Id,Name,StageName,Amount,CreatedDate
        o1,Pumps,Negotiation,5,2020-01-01T10:00:00Z
        o2,Valves,Negotiation,5,2020-01-01T10:00:00Z

        """,
        "OpportunityFieldHistory.csv": """
        OpportunityId,Field,OldValue,NewValue,CreatedDate
        o1,StageName,Prospecting,Negotiation,2020-02-01T10:00:00Z
        o2,StageName,Prospecting,Negotiation,2020-02-01T10:00:00Z
        o2,Amount,3,5,2020-02-02T10:00:00Z

        """,
    ]

    @Test func `the past of deals that were here before is not told, and that is said`() async throws {
        let house = try await ImportHouse()
        let known = "Id,Name,StageName,Amount,CreatedDate\no2,Valves,Qualification,4,2020-01-01T10:00:00Z\n"
        _ = try await house.take(.salesforce, try house.folder(["Opportunity.csv": known]))
        for isRepeated in [false, true] {
            let told = try await house.take(.salesforce, try house.folder(Self.history))
            let deals = try #require(told.files.first { $0.kind == "opportunities" })
            #expect(deals.accepted == (isRepeated ? 0 : 2) && deals.rejected == 0, "\(deals.json)")
            let file = try #require(told.files.first { $0.kind == "opportunity-changes" })
            #expect(file.counts == (isRepeated ? [3, 0, 3, 0] : [3, 1, 2, 0]), "\(file.json)")
            let note = "2 rows are of deals that were here"
            #expect(file.notes.count == 1 && file.notes[0].hasPrefix(note), "\(file.json)")
        }
        let events = try await house.house.events([house.id("deal", "o2", source: "salesforce")])
        #expect(!events.contains { $0.occurredAt.text.hasPrefix("2020-02") })
        let made = try await house.house.events([house.id("deal", "o1", source: "salesforce")])
        #expect(made.contains { $0.type == "deal.moved" && $0.occurredAt.text.hasPrefix("2020-02-01") })
    }

    @Test func `two files of deals have one history, which is counted once`() async throws {
        let house = try await ImportHouse()
        var files = Self.history
        files["sf_opportunity_data.csv"] = "Id,Name,StageName,CreatedDate\no3,Pipes,Prospecting,2020-01-01T10:00:00Z\n"
        let told = try await house.take(.salesforce, try house.folder(files))
        let histories = told.files.filter { $0.kind == "opportunity-changes" }
        #expect(histories.map(\.rows) == [3] && histories.map(\.accepted) == [3], "\(told.json)")
    }

    // MARK: Whose is it?

    /// Folders in which owners are named by keys, by addresses and by names.
    static let owned: [(system: ForeignSystem, files: [String: String])] = [
        (
            .dynamics,
            [
                "systemuser.csv": """
                systemuserid,fullname,internalemailaddress
                u1,Ann of old,ANN@example.com
                u2,Bob New,bob@example.com

                """,
                "account.csv": "accountid,name,ownerid\na1,One,u1\na2,Two,u2\na3,Three,u9\n",
            ]
        ),
        (
            .suitecrm,
            [
                "users.csv": """
                id,user_name,first_name,last_name,email1
                u1,ann,Ann,of old,ann@example.com
                u2,bob,Bob,New,

                """,
                "accounts.csv": "id,name,assigned_user_id\na1,One,u1\na2,Two,u2\na3,Three,u9\n",
            ]
        ),
        (
            .hubspot,
            [
                "owners.csv":
                    "Owner ID,First name,Last name,Email\n51,Ann,of old,ann@example.com\n52,Bob,New,bob@x.io\n",
                "hubspot-crm-exports-all-companies-2026-01-31.csv":
                    "Record ID,Company name,Company owner\na1,One,Ann of old\na2,Two,Bob New\na3,Three,Nobody\n",
            ]
        ),
        (
            .hubspot,
            [
                "owners.csv": "Owner ID,First name,Last name,Email\n52,Bob,New,bob@x.io\n",
                "companies.csv": """
                Record ID,Company name,Company owner
                a1,One,ann@EXAMPLE.com
                a2,Two,bob@x.io
                a3,Three,c@x.io

                """,
            ]
        ),
    ]

    @Test(arguments: owned.indices)
    func `owners are found by keys, addresses and names; one that is not found is said`(_ index: Int) async throws {
        let (system, files) = Self.owned[index]
        let house = try await ImportHouse()
        let ann = try await house.house.ask("member", .new, "add", ["name": "Ann", "email": "ann@example.com"])
            .results[0].id
        let colleague = FolderImport.Colleague(id: ann.text, name: "Ann", email: "ann@example.com")
        let told = try await house.take(system, try house.folder(files), colleagues: [colleague])
        #expect(told.newMembers == ["Bob New"] && told.unknown.isEmpty, "\(told.json)")
        let source = system.rawValue
        #expect(try await house.record(Account.self, "a1", source: source)?.id("owner_id") == ann)
        let bob = try await house.id("member", system == .hubspot ? "52" : "u2", source: source)
        #expect(try await house.record(Account.self, "a2", source: source)?.id("owner_id") == bob)
        #expect(try await house.record(Member.self, system == .hubspot ? "52" : "u2", source: source) != nil)
        #expect(try await house.record(Account.self, "a3", source: source)?.id("owner_id") == nil)
        let accounts = try #require(told.files.last)
        #expect(accounts.leftOut == 1 && accounts.rejected == 0, "\(accounts.json)")
        #expect(try house.codes(accounts).map { $0[1] } == ["import.reference_missing"])
    }

    // MARK: What is one import?

    @Test func `other files of the same names are another import, the same files are the same`() async throws {
        let house = try await ImportHouse()
        func take(_ city: String) async throws -> FolderSummary {
            let contacts = "Id,LastName,MailingCity\nc1,Lee,\(city)\n"
            let files = ["Account.csv": "Id,Name\na1,One\n", "Contact.csv": contacts]
            return try await house.take(.salesforce, try house.folder(files))
        }
        let first = try await take("Oslo")
        #expect(try await take("Oslo").id == first.id)
        #expect(try await take("Rome").id != first.id)
    }

    // MARK: What of rows that were corrected?

    static let deals = [
        "User.csv": "Id,Name\nu1,Ann\n",
        "Opportunity.csv": """
        Id,Name,StageName,IsWon,IsClosed,Amount,CloseDate,CreatedDate,AccountId
        o1,Pumps,Closed Won,true,true,900,2020-03-01,2020-01-01T10:00:00Z,
        ,Valves,Closed Won,true,true,50,2020-03-01,2020-01-01T10:00:00Z,a9

        """,
        "OpportunityFieldHistory.csv": """
        OpportunityId,Field,OldValue,NewValue,CreatedDate
        o2,StageName,Prospecting,Negotiation,2020-02-01T10:00:00Z
        o2,StageName,Negotiation,Closed Won,2020-02-20T10:00:00Z

        """,
    ]

    @Test(arguments: [nil, "opportunities"])
    func `a deal that was rejected and corrected comes with its past, by its file alone`(kind: String?) async throws {
        let house = try await ImportHouse()
        let folder = try house.folder(Self.deals)
        let first = try await house.take(.salesforce, folder, rejects: folder)
        let rejected = try #require(first.files.first { $0.kind == "opportunities" })
        #expect(rejected.rejected == 1 && rejected.rejectFile == "\(folder)/Opportunity.rejects.csv")
        var text = try String(contentsOfFile: "\(folder)/Opportunity.rejects.csv", encoding: .utf8)
        text = text.replacing(",Valves", with: "o2,Valves").replacing("a9", with: "")
        let name = kind == nil ? "Opportunity.rejects.csv" : "corrected.csv"
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)"))

        let told = try await house.take(
            .salesforce, folder, only: FolderImport.Options.Only(name, kind: kind), rejects: folder)
        #expect(told.files.count == 1 && told.unknown.isEmpty, "\(told.json)")
        #expect(told.files.first?.accepted == 1, "\(told.json)")
        #expect(told.files.first?.unused == [], "neither what an import wrote before them, nor what others are made of")
        let events = try await house.house.events([house.id("deal", "o2", source: "salesforce")])
        #expect(
            events.map { "\($0.type) \($0.occurredAt.text.prefix(10))" } == [
                "deal.opened 2020-01-01", "deal.moved 2020-02-01", "deal.won 2020-02-20",
            ])
        let deal = try #require(try await house.record(Deal.self, "o2", source: "salesforce"))
        #expect(deal.text("actual_close") == "2020-03-01" && deal["amount"]?["minor"] == 5000)
        let again = try await house.take(.salesforce, folder, rejects: folder)
        #expect(again.files.first { $0.kind == "opportunities" }?.unchanged == 1, "\(again.json)")
    }

    @Test func `the name of a file of rejected rows says whose they are`() {
        for (name, stem) in [
            ("Opportunity.rejects.csv", "Opportunity"), ("Campaign.after.rejects.csv", "Campaign"),
            ("book.xlsx.Accounts.rejects.csv", "Accounts"), ("Task.rejects.rejects.csv", "Task"), ("Task.csv", nil),
        ] { #expect(RejectFile.stem(of: name) == stem) }
    }

    @Test func `a mapping of a folder does not take a file without what is worked out of it`() async throws {
        let house = try await ImportHouse()
        let mapping = try ImportHouse.shipped("salesforce-opportunities")
        let problem = await #expect(throws: Problem.self) {
            try await house.run("Id,Name,StageName\no1,A,Closed Won\n", mapping)
        }
        #expect(problem?.errors.first?.detail.contains("--from") == true, "\(problem?.detail ?? "")")
    }
}

extension ImportHouse {
    /// Line, code and own fields of each row in a file's reject file.
    func codes(_ file: FileSummary) throws -> [[String]] {
        let text = try String(contentsOfFile: file.rejectFile ?? "", encoding: .utf8)
        return CSVTests.rows(text, pieces: 4096).dropFirst().map { [$0[0], $0[2]] + $0.dropFirst(4).prefix(2) }
    }
}
