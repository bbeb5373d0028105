import CRM
import EventLog
import Foundation
import Kernel
import Projections
import Shipped
import Testing

@testable import Application

/// Folders of other CRMs' tables.
@Suite struct FolderImportTests {
    static let shared: String? = SharedFilesTests.folder.map { ($0 as NSString).deletingLastPathComponent }
    static let absence: Comment = "the shared data are not here; set DAYBOOK_SHARED"

    @Test(.enabled(if: shared != nil, absence))
    func `a Salesforce of a nonprofit comes whole, refers as it did, and comes again unchanged`() async throws {
        let folder = try #require(Self.shared) + "/salesforce-npsp"
        let house = try await ImportHouse(importing: TestHouse(projecting: .init()))
        let dry = try await house.take(.salesforce, folder, dryRun: true)
        #expect(try await house.position() == house.house.head().position && dry.files.count == 6)
        let told = try await house.take(.salesforce, folder)
        let counts = told.files.reduce(into: [String: [Int]]()) {
            $0[$1.kind] = [$1.rows, $1.accepted, $1.unchanged, $1.rejected, $1.leftOut]
        }
        #expect(counts["accounts"] == [167, 167, 0, 0, 0])
        // 57 telephone numbers name no country.
        #expect(counts["contacts"] == [102, 102, 0, 0, 57])
        #expect(counts["campaigns"] == [13, 13, 0, 0, 0])
        #expect(counts["campaign-members"] == [165, 165, 0, 0, 0])
        #expect(counts["opportunities"] == [342, 342, 0, 0, 0])
        #expect(counts["contact-roles"]?.first == 999 && counts["contact-roles"]?[3] == 0, "\(counts)")
        #expect(dry.files.map(\.accepted).reduce(0, +) >= 789, "\(dry.json)")
        let deal = try #require(try await house.record(Deal.self, "1", source: "salesforce"))
        #expect(deal.text("title") == "Carl Harvey Donation (7) 7/15/2019" && deal.text("actual_close") == "2019-07-15")
        #expect(try await deal.id("account_id") == house.id("account", "65", source: "salesforce"))
        #expect(try await deal.id("primary_contact_id") == house.id("contact", "68", source: "salesforce"))
        #expect(deal["amount"] == ["minor": 7500, "currency": "USD"])
        // Both accounts of a contact.
        let contact = try #require(try await house.record(Contact.self, "2", source: "salesforce"))
        #expect(contact["affiliations"]?.object?.count == 2 && contact["custom"]?["salutation"] == "Dr")
        let again = try await house.take(.salesforce, folder)
        #expect(again.files.allSatisfy { $0.accepted == 0 && $0.events == 0 }, "\(again.json)")
        #expect(again.id == told.id)
        // All of it goes together; whether others use a field that came with it is asked of the read tables.
        try await house.house.projecting {
            let pages = try await house.pages(reverting: told.id)
            #expect(pages.reduce(0) { $0 + ($1["refused"]?.integer ?? 0) } == 0)
        }
        let back = try await house.take(.salesforce, folder)
        #expect(back.files.reduce(0) { $0 + $1.rejected } == 0 && back.files.first?.accepted == 167, "\(back.json)")
    }

    @Test(.enabled(if: shared != nil, absence), arguments: ["salesforce-columns", "hubspot-columns"])
    func `every row of tables with all columns is told of, and comes again unchanged`(name: String) async throws {
        let folder = try #require(Self.shared) + "/\(name)"
        let house = try await ImportHouse()
        let system: ForeignSystem = name.hasPrefix("salesforce") ? .salesforce : .hubspot
        let told = try await house.take(system, folder)
        #expect(told.unknown.isEmpty)
        for file in told.files {
            #expect(file.rows == file.accepted + file.unchanged + file.rejected, "\(file.json)")
            let lines = try String(contentsOfFile: "\(folder)/\(file.name)", encoding: .utf8)
            let rows = CSVTests.rows(lines, pieces: 4096).count - 1
            #expect(file.rows == rows, "\(file.name)")
        }
        let again = try await house.take(system, folder)
        #expect(again.files.allSatisfy { $0.accepted == 0 }, "\(again.json)")
        #expect(again.files.map(\.rejected) == told.files.map(\.rejected))
    }

    static let files = [
        "User.csv":
            "Id,Name,Email\n0051G00000600Ml,Ann Member,ANN@example.com\n0051G00000600Mm,Bob New,bob@example.com\n",
        "Account.csv": "sf_id,NAME,OwnerId,Colour\n0011G00000aaaaa,Acme,0051G00000600Ml,red\n",
        "sf_opportunity_data.csv": """
        id,name,account_id,owner_id,stage_name,is_won,is_closed,amount,close_date,created_date,is_deleted
        0061G00000aaaaa,Pumps,0011G00000aaaaaQAA,0051G00000600Mm,Closed Won,true,true,900,2020-03-01,2020-01-01 09:00:00,false
        0061G00000aaaab,Gone,0011G00000aaaaaQAA,,Prospecting,false,false,1,2030-01-01,2020-01-02 09:00:00,true

        """,
        "OpportunityFieldHistory.csv": """
        OpportunityId,Field,OldValue,NewValue,CreatedDate
        0061G00000aaaaa,StageName,Prospecting,Negotiation,2020-01-10T10:00:00.000Z
        0061G00000aaaaa,Amount,500,900,2020-01-20T10:00:00.000Z
        0061G00000aaaaa,StageName,Negotiation,Closed Won,2020-02-25T10:00:00.000Z
        0061G00000aaaaz,Amount,5,9,2020-01-20T10:00:00.000Z

        """,
        "Custom_Thing__c.csv": "Id\n1\n",
    ]

    @Test func `a history becomes events of its own days, owners are found by address, columns become fields`()
        async throws
    {
        let house = try await ImportHouse()
        let ann = try await house.house.ask("member", .new, "add", ["name": "Ann", "email": "ann@example.com"]).results[
            0
        ].id
        let folder = try house.folder(Self.files)
        let told = try await house.take(
            .salesforce, folder, define: true,
            colleagues: [FolderImport.Colleague(id: ann.text, name: "Ann", email: "ann@example.com")])
        #expect(told.unknown == ["Custom_Thing__c.csv"] && told.newMembers == ["Bob New"])
        let history = try #require(told.files.first { $0.kind == "opportunity-changes" })
        #expect(history.rows == 4 && history.accepted == 3 && history.rejected == 1)
        let account = try #require(try await house.record(Account.self, "0011G00000aaaaaQAA", source: "salesforce"))
        #expect(account.id("owner_id") == ann && account["custom"]?["colour"] == "red")
        let id = try await house.id("deal", "0061G00000aaaaaQAA", source: "salesforce")
        let events = try await house.house.events([id])
        #expect(
            events.map { "\($0.type) \($0.occurredAt.text.prefix(10))" } == [
                "deal.opened 2020-01-01", "deal.moved 2020-01-10", "deal.edited 2020-01-20", "deal.won 2020-02-25",
            ])
        let deal = try #require(try await house.record(Deal.self, "0061G00000aaaaaQAA", source: "salesforce"))
        #expect(deal["amount"]?["minor"] == 90_000 && deal.text("actual_close") == "2020-03-01")
        // What was deleted there is archived here.
        let gone = try await house.house.states("deal", [house.id("deal", "0061G00000aaaabQAA", source: "salesforce")])
        if case .archived? = gone.first as? Deal.State {} else { Issue.record("it is in use: \(gone)") }
        let again = try await house.take(
            .salesforce, folder, define: true,
            colleagues: [FolderImport.Colleague(id: ann.text, name: "Ann", email: "ann@example.com")])
        #expect(again.files.allSatisfy { $0.accepted == 0 }, "\(again.json)")
    }

    @Test func `a number that names no country is of the one that is said`() async throws {
        let house = try await ImportHouse()
        let folder = try house.folder([
            "Contact.csv": "Id,LastName,Phone\n1,Lee,1-(212)555-0100\n2,Ray,212-555-0101\n3,Kay,+442079460018\n"
        ])
        let told = try await house.take(.salesforce, folder, callingCode: 1)
        #expect(told.files.first?.leftOut == 0, "\(told.json)")
        for (key, phone) in [("1", "+12125550100"), ("2", "+12125550101"), ("3", "+442079460018")] {
            #expect(try await house.record(Contact.self, key, source: "salesforce")?.text("phone") == phone)
        }
    }

    @Test func `ids of fifteen characters are those of eighteen`() {
        #expect(SalesforceID.long("0015500000Xyy06") == "0015500000Xyy06AAB")
        #expect(SalesforceID.long("0051G000005MreQ") == "0051G000005MreQAC" || SalesforceID.long("1") == "1")
    }

    @Test func `moments are read as databases write them`() {
        #expect(Moments.read("2021-01-07 6:49:18")?.text == "2021-01-07T06:49:18.000000Z")
        #expect(Moments.read("2020-07-09 15:25:37.051")?.text == "2020-07-09T15:25:37.051000Z")
        #expect(Moments.read("2019-01-01T10:00:00.000+0200")?.text == "2019-01-01T08:00:00.000000Z")
        #expect(Moments.read("1575463702000")?.text == "2019-12-04T12:48:22.000000Z")
        // Where no offset is told, the zone says what is meant: in winter, in summer, and where clocks go back.
        for (clock, moment) in [
            ("2021-01-07T06:49", "2021-01-07T05:49:00.000000Z"), ("2021-07-07 06:49:01", "2021-07-07T04:49:01.000000Z"),
            ("2021-10-31 03:00", "2021-10-31T02:00:00.000000Z"), ("2021-03-28 02:30", "2021-03-28T01:30:00.000000Z"),
            ("2021-07-07T06:49:01Z", "2021-07-07T06:49:01.000000Z"),
        ] { #expect(Moments.read(clock, zone: "Europe/Oslo")?.text == moment, "\(clock)") }
        #expect(Moments.read("2019-01-01") == nil && Moments.day("2019-01-01 00:00:00")?.text == "2019-01-01")
    }
}

extension ImportHouse {
    /// Files in a folder of their own.
    func folder(_ files: [String: String]) throws -> String {
        let folder = (rejects as NSString).deletingLastPathComponent + "/folder"
        try? FileManager.default.removeItem(atPath: folder)
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        for (name, text) in files { try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/\(name)")) }
        return folder
    }

    func take(
        _ system: ForeignSystem, _ folder: String, dryRun: Bool = false, define: Bool = false,
        colleagues: [FolderImport.Colleague] = [], callingCode: Int? = nil, mapping: ((String) -> String?)? = nil,
        only: FolderImport.Options.Only? = nil, rejects: String? = nil
    ) async throws -> FolderSummary {
        let rejects = rejects ?? (self.rejects as NSString).deletingLastPathComponent
        var options = FolderImport.Options(system, folder: folder, rejects: rejects, now: TestHouse.clock())
        options.only = only
        (options.dryRun, options.definesFields, options.callingCode) = (dryRun, define, callingCode)
        let (imports, caller) = (imports, house.caller(.owner))
        let run = FolderImport(
            options, colleagues: colleagues, mapping: mapping ?? { try? ImportHouse.shipped($0) },
            send: { path, body in
                let parts = path.split(separator: "/")
                guard parts.count > 1 else { return try await imports.open(body, by: caller).body }
                return try await imports.take(UUID(uuidString: String(parts[1])) ?? UUID(), body, by: caller).body
            })
        return try await run.run()
    }
}

/// Other CRMs of which there are no files here: the columns are theirs (the Common Data Model's `sourceName`,
/// SuiteCRM's tables).
@Suite struct OtherFoldersTests {
    static let dynamics = [
        "account.csv": """
        accountid,name,websiteurl,telephone1,numberofemployees,address1_city,statecode,createdon
        a1,Contoso,https://contoso.example,+12125550100,50,Oslo,0,2020-01-02T10:00:00Z
        a2,Closed Ltd,,,,,1,2020-01-02T10:00:00Z

        """,
        "contact.csv":
            "contactid,firstname,lastname,emailaddress1,parentcustomerid\nc1,Ann,Lee,ann@contoso.example,a1\n",
        "opportunity.csv": """
        opportunityid,name,estimatedvalue,parentaccountid,stepname,statecode,actualclosedate,createdon
        o1,Pumps,100,a1,2-Develop,0,,2020-02-01T10:00:00Z
        o2,Valves,50,a1,4-Close,1,2020-03-01,2020-02-01T10:00:00Z
        o3,Pipes,50,a1,1-Qualify,2,2020-03-01,2020-02-01T10:00:00Z

        """,
        "task.csv":
            "activityid,subject,regardingobjectid,regardingobjecttypecode,statecode\nt1,Call,o1,opportunity,1\n",
    ]
    static let suite = [
        "accounts.csv": "id,name,date_entered,deleted\na1,Acme,2020-01-01 08:00:00,0\na2,Gone,2020-01-01 08:00:00,1\n",
        "accounts_cstm.csv": "id_c,colour_c\na1,red\na2,blue\n",
        "contacts.csv": """
        id,first_name,last_name,date_entered,deleted
        c1,Ann,Lee,2020-01-01 08:00:00,0
        c2,Old,Lee,2020-01-01 08:00:00,1

        """,
        "contacts_cstm.csv": "id_c,age_c\nc1,41\nc2,42\n",
        "email_addresses.csv": "id,email_address\ne1,ann@lee.example\ne2,info@acme.example\ne3,a@acme.example\n",
        "email_addr_bean_rel.csv": """
        id,email_address_id,bean_id,bean_module,primary_address,deleted
        r1,e1,c1,Contacts,1,0
        r2,e2,a1,Accounts,1,0
        r3,e3,a1,Accounts,0,0
        r4,e3,c1,Contacts,0,1

        """,
        "accounts_contacts.csv": "id,contact_id,account_id,deleted\n1,c1,a1,0\n2,c1,a2,1\n",
        "opportunities.csv": """
        id,name,amount,sales_stage,date_entered,date_closed,deleted
        o1,Pumps,100,Closed Won,2020-01-01 08:00:00,2020-02-01,0
        o2,Valves,10,Prospecting,2020-01-01 08:00:00,2030-02-01,0
        o3,Pipes,10,Prospecting,2020-01-01 08:00:00,2030-02-01,1

        """,
        "opportunities_audit.csv": """
        id,parent_id,date_created,field_name,before_value_string,after_value_string
        h1,o1,2020-01-10 08:00:00,sales_stage,Prospecting,Negotiation
        h2,o1,2020-01-11 08:00:00,amount,70,100
        h3,o1,2020-02-01 08:00:00,sales_stage,Negotiation,Closed Won

        """,
        "accounts_opportunities.csv": "id,opportunity_id,account_id,deleted\n1,o1,a1,0\n",
        "notes.csv": "id,name,description,parent_type,parent_id\nn1,Hello,World,Opportunities,o1\n",
    ]

    @Test func `a Dynamics folder comes whole: won and lost as its states say, tasks about what they regard`()
        async throws
    {
        let house = try await ImportHouse()
        let told = try await house.take(.dynamics, try house.folder(Self.dynamics))
        #expect(told.files.allSatisfy { $0.rejected == 0 && $0.leftOut == 0 }, "\(told.json)")
        func deal(_ key: String) async throws -> Deal.Content? {
            let id = try await house.id("deal", key, source: "dynamics")
            return (try await house.house.states("deal", [id])[0] as? Deal.State)?.content
        }
        #expect(try await [deal("o1"), deal("o2"), deal("o3")].map { $0?.outcome } == [.open, .won, .lost])
        #expect(try await deal("o2")?.fields["amount"]?["minor"] == 5000)
        let account = try #require(try await house.record(Account.self, "a1", source: "dynamics"))
        #expect(account["employee_count"] == 50 && account["billing_address"]?["city"] == "Oslo")
        let task = try #require(try await house.record(WorkTask.self, "t1", source: "dynamics"))
        #expect(try await task["subject"]?["id"]?.string == house.id("deal", "o1", source: "dynamics").text)
        let again = try await house.take(.dynamics, try house.folder(Self.dynamics))
        #expect(again.files.allSatisfy { $0.accepted == 0 && $0.rejected == 0 }, "\(again.json)")
    }

    @Test func `a SuiteCRM folder comes whole: deleted rows, tables of links, and its own fields`() async throws {
        let house = try await ImportHouse()
        let told = try await house.take(.suitecrm, try house.folder(Self.suite))
        #expect(told.files.allSatisfy { $0.rejected == 0 } && told.unknown.isEmpty, "\(told.json)")
        let account = try #require(try await house.record(Account.self, "a1", source: "suitecrm"))
        #expect(account["custom"]?["colour_c"] == "red")
        let contact = try #require(try await house.record(Contact.self, "c1", source: "suitecrm"))
        #expect(contact["affiliations"]?.object?.count == 1)
        let deal = try #require(try await house.record(Deal.self, "o1", source: "suitecrm"))
        #expect(try await deal.id("account_id") == house.id("account", "a1", source: "suitecrm"))
        #expect(deal.text("actual_close") == "2020-02-01")
        let past =
            try await house.house.daybook.queries.history(
                "deal", house.id("deal", "o1", source: "suitecrm"), [], by: house.house.owner
            ).json["items"]?.array ?? []
        #expect(past.prefix(4).map { $0["type"] } == ["deal.opened", "deal.moved", "deal.edited", "deal.won"])
        let days = past.prefix(4).compactMap { $0["occurred_at"]?.string?.prefix(10) }
        #expect(days == ["2020-01-01", "2020-01-10", "2020-01-11", "2020-02-01"])
        #expect(past.first?["data"]?["amount"]?["minor"] == 7000)
        #expect(contact["primary_email"] == "ann@lee.example" && account["email"] == "info@acme.example")
        let note = try #require(try await house.record(Note.self, "r3", source: "suitecrm"))
        #expect(note["text"] == "Another e-mail address: a@acme.example")
        // What is away has what the other tables say of it, too.
        let gone = try await house.house.states("account", [house.id("account", "a2", source: "suitecrm")])
        guard case .archived(let away)? = gone.first as? Account.State else {
            Issue.record("it is in use")
            return
        }
        #expect(away["custom"]?["colour_c"] == "blue")
        let old = try await house.house.states("contact", [house.id("contact", "c2", source: "suitecrm")])
        guard case .archived(let she)? = old.first as? Contact.State else {
            Issue.record("it is in use")
            return
        }
        #expect(she["custom"]?["age_c"] == "42")
        let lost = try await house.house.states("deal", [house.id("deal", "o3", source: "suitecrm")])
        if case .archived? = lost.first as? Deal.State {} else { Issue.record("it is in use") }
        let again = try await house.take(.suitecrm, try house.folder(Self.suite))
        #expect(again.files.allSatisfy { $0.accepted == 0 && $0.rejected == 0 }, "\(again.json)")
    }
}
