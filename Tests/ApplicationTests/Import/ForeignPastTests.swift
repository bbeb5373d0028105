import CRM
import EventLog
import Foundation
import Kernel
import Projections
import Testing

@testable import Application

/// The past of accounts, contacts and leads that other CRMs tell in tables of their own.
@Suite struct ForeignPastTests {
    static let salesforce = [
        "User.csv": "Id,Name,Email\n005A,Ann,ann@example.com\n005B,Bob,bob@example.com\n",
        "Account.csv": """
        Id,Name,Phone,BillingCity,BillingCountry,Type,OwnerId,ParentId,Site,CreatedDate
        001A,Acme,+12125550101,Oslo,Norway,Customer - Direct,005B,001B,HQ,2020-01-01T10:00:00.000Z
        001B,Brant,,,,,005A,,,2020-01-01T10:00:00.000Z

        """,
        "AccountHistory.csv": """
        Id,AccountId,Field,OldValue,NewValue,CreatedById,CreatedDate
        h9,001A,accountMerged,,,005A,2020-06-02T10:00:00.000Z
        h8,001A,Site,Yard,HQ,005A,2020-06-01T10:00:00.000Z
        h7,001A,Parent,,Brant,005A,2020-05-01T10:00:00.000Z
        h6,001A,Parent,,001B,005A,2020-05-01T10:00:00.000Z
        h5,001A,Owner,Ann,Bob,005A,2020-04-01T10:00:00.000Z
        h4,001A,Owner,005A,005B,005A,2020-04-01T10:00:00.000Z
        h3,001A,BillingCity,Bergen,Oslo,005A,2020-03-01T10:00:00.000Z
        h2,001A,Type,Prospect,Customer - Direct,005A,2020-02-01T10:00:00.000Z
        h1,001A,Phone,,+12125550101,005A,2020-02-01T10:00:00.000Z
        h0,001A,created,,,005A,2020-01-01T10:00:00.000Z
        g1,001Z,Phone,,+12125550101,005A,2020-02-01T10:00:00.000Z
        g2,001A,Description,,,005A,2020-02-01T10:00:00.000Z

        """,
    ]

    @Test func `an account opens as it was at first, and changes on the days when it changed`() async throws {
        let house = try await ImportHouse()
        let folder = try house.folder(Self.salesforce)
        let dry = try await house.take(.salesforce, folder, dryRun: true)
        let told = try await house.take(.salesforce, folder)
        #expect(dry.files.map(\.counts) == told.files.map(\.counts), "\(dry.json)")
        let history = try #require(told.files.first { $0.kind == "account-changes" })
        // The pair of rows that tell of an owner, or a parent, are one change each; both were taken.
        #expect(history.counts == [12, 8, 0, 4], "\(history.json)")
        #expect(
            try house.codes(history).map { Array($0.prefix(2)) } == [
                ["2", "import.field_unknown"], ["3", "import.field_unknown"], ["12", "import.reference_missing"],
                ["13", "import.field_unknown"],
            ])
        let id = try await house.id("account", "001A", source: "salesforce")
        #expect(
            try await house.days(id) == [
                "account.created 2020-01-01", "account.lifecycle_changed 2020-02-01", "account.edited 2020-02-01",
                "account.edited 2020-03-01", "account.assigned 2020-04-01", "account.parent_changed 2020-05-01",
            ])
        let first = try #require(try await house.events(id).first?["data"])
        #expect(first["lifecycle"] == "prospect" && first["custom"]?["type"] == "Prospect" && first["phone"] == nil)
        #expect(first["billing_address"] == ["city": "Bergen", "country": "Norway"] && first["parent_id"] == nil)
        #expect(try await first["owner_id"]?.string == house.id("member", "005A", source: "salesforce").text)
        let account = try #require(try await house.record(Account.self, "001A", source: "salesforce"))
        #expect(account.text("phone") == "+12125550101" && account.text("lifecycle") == "customer")
        #expect(account["billing_address"] == ["city": "Oslo", "country": "Norway"])
        #expect(try await account.id("parent_id") == house.id("account", "001B", source: "salesforce"))
        #expect(try await account.id("owner_id") == house.id("member", "005B", source: "salesforce"))

        let again = try await house.take(.salesforce, folder)
        #expect(again.files.allSatisfy { $0.accepted == 0 && $0.events == 0 }, "\(again.json)")
        #expect(again.files.first { $0.kind == "account-changes" }?.counts == [12, 0, 8, 4])
    }

    @Test func `with fields for all columns their past is told, too`() async throws {
        let house = try await ImportHouse()
        let told = try await house.take(.salesforce, try house.folder(Self.salesforce), define: true)
        #expect(told.files.first { $0.kind == "account-changes" }?.counts == [12, 9, 0, 3], "\(told.json)")
        let id = try await house.id("account", "001A", source: "salesforce")
        let events = try await house.events(id)
        #expect(events.first?["data"]?["custom"]?["site"] == "Yard")
        #expect(events.last?["data"]?["set"] == ["custom": ["site": "HQ"]], "\(events.last ?? .null)")
    }

    @Test func `the past of a record that was here before is not told; a revert takes all of it away`() async throws {
        let house = try await ImportHouse(importing: TestHouse(projecting: .init()))
        let known = "Id,Name,Phone,CreatedDate\n001A,Acme,,2020-01-01T10:00:00.000Z\n"
        _ = try await house.take(.salesforce, try house.folder(["Account.csv": known]))
        let told = try await house.take(.salesforce, try house.folder(Self.salesforce))
        let history = try #require(told.files.first { $0.kind == "account-changes" })
        #expect(history.counts == [12, 0, 8, 4], "\(history.json)")
        #expect(history.notes.contains { $0.hasPrefix("8 rows are of accounts that were here") }, "\(history.json)")
        let account = try #require(try await house.record(Account.self, "001A", source: "salesforce"))
        #expect(account.text("phone") == "+12125550101")
        try await house.house.projecting {
            let pages = try await house.pages(reverting: told.id)
            #expect(pages.reduce(0) { $0 + ($1["refused"]?.integer ?? 0) } == 0, "\(pages)")
        }
        #expect(try await house.record(Account.self, "001A", source: "salesforce")?.text("phone") == nil)
    }

    @Test func `a record that was made with its past is taken back, and comes again`() async throws {
        let house = try await ImportHouse(importing: TestHouse(projecting: .init()))
        let folder = try house.folder(Self.salesforce)
        let told = try await house.take(.salesforce, folder)
        try await house.house.projecting {
            let pages = try await house.pages(reverting: told.id)
            #expect(pages.reduce(0) { $0 + ($1["refused"]?.integer ?? 0) } == 0, "\(pages)")
        }
        let id = try await house.id("account", "001A", source: "salesforce")
        if case .archived? = try await house.house.states("account", [id]).first as? Account.State {
        } else {
            Issue.record("it is in use")
        }
        let back = try await house.take(.salesforce, folder)
        #expect(back.files.allSatisfy { $0.kind == "account-changes" || $0.rejected == 0 }, "\(back.json)")
        let account = try #require(try await house.record(Account.self, "001A", source: "salesforce"))
        #expect(account["billing_address"] == ["city": "Oslo", "country": "Norway"])
    }

    @Test func `a lead keeps what was said of it, and was converted when it was`() async throws {
        let house = try await ImportHouse()
        let folder = try house.folder([
            "Lead.csv": """
            Id,LastName,Company,Status,Phone,IsConverted,ConvertedDate,CreatedDate
            00QA,Lee,Acme,Closed - Converted,+12125550101,true,2020-03-01,2020-01-01T10:00:00.000Z
            00QB,Ray,Bolt,Open,,false,,2020-01-01

            """,
            "LeadHistory.csv": """
            Id,LeadId,Field,OldValue,NewValue,CreatedById,CreatedDate
            h1,00QA,leadConverted,,,005A,2020-03-01T15:00:00.000Z
            h2,00QA,Status,Open,Closed - Converted,005A,2020-03-01T15:00:00.000Z
            h3,00QA,Phone,555,+12125550101,005A,2020-02-01T10:00:00.000Z
            h4,00QB,Company,Bolts,Bolt,005A,2020-01-01T03:00:00.000Z
            h5,00QB,Status,New,Open,005A,2020-01-05T03:00:00.000Z
            h6,00QB,Status,Open,Late,005A,2999-01-05T03:00:00.000Z

            """,
        ])
        let told = try await house.take(.salesforce, folder)
        let history = try #require(told.files.first { $0.kind == "lead-changes" })
        #expect(history.counts == [6, 5, 0, 1], "\(told.json)")
        #expect(try house.codes(history).map { $0[1] } == ["time.in_future"])
        let leads = try #require(told.files.first { $0.kind == "leads" })
        #expect(leads.counts == [2, 2, 0, 0] && leads.leftOut == 1, "\(leads.json)")
        let days = try await house.days(house.id("lead", "00QA", source: "salesforce"))
        #expect(
            days == [
                "lead.captured 2020-01-01", "lead.edited 2020-02-01", "lead.edited 2020-03-01",
                "lead.converted 2020-03-01",
            ], "\(days)")
        let other = try await house.id("lead", "00QB", source: "salesforce")
        #expect(
            try await house.days(other) == [
                "lead.captured 2020-01-01", "lead.edited 2020-01-01", "lead.edited 2020-01-05",
            ])
        #expect(try await house.events(other).first?["data"]?["company"] == "Bolts")
    }

    @Test func `a lead was turned away when it came to say so, and was open until then`() async throws {
        let house = try await ImportHouse()
        let folder = try house.folder([
            "leads.csv": """
            id,last_name,status,status_description,date_entered,deleted
            l1,Lee,Dead,Too small,2020-01-01 10:00:00,0
            l2,Ray,In Process,,2020-01-01 10:00:00,0
            l3,Kay,New,,2020-01-01 10:00:00,1

            """,
            "leads_audit.csv": """
            id,parent_id,date_created,created_by,field_name,data_type,before_value_string,after_value_string
            h1,l1,2020-02-01 10:00:00,u1,status,enum,New,Assigned
            h2,l1,2020-03-01 10:00:00,u1,status,enum,Assigned,Dead
            h3,l1,2020-04-01 10:00:00,u1,last_name,name,Leigh,Lee
            h4,l3,2020-03-01 10:00:00,u1,deleted,bool,0,1
            h5,l3,2020-04-01 10:00:00,u1,last_name,name,Key,Kay

            """,
        ])
        let told = try await house.take(.suitecrm, folder)
        #expect(told.files.map(\.counts) == [[5, 5, 0, 0], [3, 3, 0, 0]], "\(told.json)")
        #expect(
            try await house.days(house.id("lead", "l1", source: "suitecrm")) == [
                "lead.captured 2020-01-01", "lead.edited 2020-02-01", "lead.edited 2020-03-01",
                "lead.disqualified 2020-03-01", "lead.edited 2020-04-01",
            ])
        let again = try await house.take(.suitecrm, folder)
        #expect(again.files.allSatisfy { $0.accepted == 0 && $0.rejected == 0 }, "\(again.json)")
    }

    @Test func `a past that is refused keeps nobody out`() async throws {
        let house = try await ImportHouse()
        let folder = try house.folder([
            "Contact.csv": """
            Id,LastName,Email,CreatedDate
            003A,Lee,lee@example.com,2020-01-01T10:00:00.000Z
            003B,Ray,ray@example.com,2020-01-01T10:00:00.000Z

            """,
            // A contact has a name.
            "ContactHistory.csv": """
            Id,ContactId,Field,OldValue,NewValue,CreatedById,CreatedDate
            h1,003B,LastName,,Ray,005A,2020-02-01T10:00:00.000Z
            h2,003A,Email,ray@example.com,lee@example.com,005A,2020-02-01T10:00:00.000Z

            """,
        ])
        let told = try await house.take(.salesforce, folder)
        let contacts = try #require(told.files.first { $0.kind == "contacts" })
        #expect(contacts.counts == [2, 2, 0, 0] && contacts.leftOut == 1, "\(contacts.json)")
        #expect(try house.codes(contacts).map { Array($0.prefix(2)) } == [["3", "import.past_refused"]])
        let history = try #require(told.files.first { $0.kind == "contact-changes" })
        // Who has an address now is asked, not who had it.
        #expect(history.counts == [2, 1, 0, 1])
        #expect(try house.codes(history).map { $0[1] } == ["import.past_refused"])
        let ray = try #require(try await house.record(Contact.self, "003B", source: "salesforce"))
        #expect(ray.text("primary_email") == "ray@example.com")
    }

    @Test func `what a past refers to may stand further down`() async throws {
        let house = try await ImportHouse()
        let folder = try house.folder([
            "Account.csv": """
            Id,Name,ParentId,CreatedDate
            001A,Acme,001C,2020-01-01T10:00:00.000Z
            001B,Brant,,2020-01-01T10:00:00.000Z
            001C,Crane,,2020-01-01T10:00:00.000Z

            """,
            "AccountHistory.csv": """
            Id,AccountId,Field,OldValue,NewValue,CreatedById,CreatedDate
            h1,001A,Parent,001B,001C,005A,2020-02-01T10:00:00.000Z
            h2,001A,Parent,Brant,Crane,005A,2020-02-01T10:00:00.000Z
            h3,001A,Name,Acne,Acme,005A,2020-03-01T10:00:00.000Z

            """,
        ])
        let told = try await house.take(.salesforce, folder)
        #expect(told.files.allSatisfy { $0.rejected == 0 && $0.leftOut == 0 }, "\(told.json)")
        let id = try await house.id("account", "001A", source: "salesforce")
        #expect(
            try await house.days(id) == [
                "account.created 2020-01-01", "account.parent_changed 2020-02-01", "account.edited 2020-03-01",
            ])
        let first = try await house.events(id).first?["data"]
        #expect(try await first?["parent_id"]?.string == house.id("account", "001B", source: "salesforce").text)
    }

    @Test func `a deal that was changed after it was closed was closed when it was`() async throws {
        let house = try await ImportHouse()
        let folder = try house.folder([
            "User.csv": "Id,Name\n005A,Ann\n005B,Bob\n",
            "Opportunity.csv": """
            Id,Name,StageName,IsWon,IsClosed,Amount,CurrencyIsoCode,CloseDate,OwnerId,CreatedDate
            006A,Pumps,Closed Won,true,true,900,EUR,2020-02-25,005B,2020-01-01T10:00:00.000Z
            006B,Pipes,Closed Won,true,true,10,EUR,2020-02-01,005B,2020-01-01T10:00:00.000Z

            """,
            "OpportunityFieldHistory.csv": """
            Id,OpportunityId,Field,OldValue,NewValue,CreatedById,CreatedDate
            h0,006A,created,,,005A,2020-01-01T10:00:00.000Z
            h1,006A,StageName,Prospecting,Closed Lost,005A,2020-02-01T10:00:00.000Z
            h2,006A,StageName,Closed Lost,Closed Won,005A,2020-02-25T10:00:00.000Z
            h3,006A,Amount,500,900,005A,2020-03-20T10:00:00.000Z
            h4,006A,Owner,Ann,Bob,005A,2020-03-21T10:00:00.000Z
            h5,006A,Owner,005A,005B,005A,2020-03-21T10:00:00.000Z
            h6,006B,StageName,Prospecting,Negotiation,005A,2020-03-01T10:00:00.000Z

            """,
        ])
        let told = try await house.take(.salesforce, folder)
        #expect(told.files.allSatisfy { $0.rejected == 0 && $0.leftOut == 0 }, "\(told.json)")
        let id = try await house.id("deal", "006A", source: "salesforce")
        #expect(
            try await house.days(id) == [
                "deal.opened 2020-01-01", "deal.lost 2020-02-01", "deal.reopened 2020-02-25", "deal.won 2020-02-25",
                "deal.edited 2020-03-20", "deal.assigned 2020-03-21",
            ])
        let events = try await house.events(id)
        #expect(events.first?["data"]?["amount"] == ["minor": 50_000, "currency": "EUR"])
        #expect(try await house.record(Deal.self, "006A", source: "salesforce")?["amount"]?["minor"] == 90_000)
        // It was moved after the day on which it is said to have been won: it cannot have been won before.
        let other = try await house.id("deal", "006B", source: "salesforce")
        #expect(
            try await house.days(other) == ["deal.opened 2020-01-01", "deal.moved 2020-03-01", "deal.won 2020-03-01"])
        let again = try await house.take(.salesforce, folder)
        #expect(again.files.allSatisfy { $0.accepted == 0 && $0.rejected == 0 }, "\(again.json)")
    }

    @Test func `an account that was rejected and corrected comes with its past, by its file alone`() async throws {
        let house = try await ImportHouse()
        var files = Self.salesforce
        files["Account.csv"] = files["Account.csv"]?.replacing("\n001A,", with: "\n,")
        let folder = try house.folder(files)
        let first = try await house.take(.salesforce, folder, rejects: folder)
        #expect(first.files.first { $0.kind == "account-changes" }?.counts == [12, 0, 0, 12], "\(first.json)")
        var text = try String(contentsOfFile: "\(folder)/Account.rejects.csv", encoding: .utf8)
        text = text.replacing(",Acme,", with: "001A,Acme,")
        try Data(text.utf8).write(to: URL(fileURLWithPath: "\(folder)/Account.rejects.csv"))
        let told = try await house.take(
            .salesforce, folder, only: FolderImport.Options.Only("Account.rejects.csv"), rejects: folder)
        #expect(told.files.count == 1 && told.files.first?.accepted == 1, "\(told.json)")
        let id = try await house.id("account", "001A", source: "salesforce")
        #expect(try await house.days(id).count == 6)
    }
}

extension FileSummary {
    /// Rows, and how many of them were accepted, unchanged and rejected.
    var counts: [Int] { [rows, accepted, unchanged, rejected] }
}

extension ImportHouse {
    /// What happened to a record, as its history tells it.
    func events(_ id: UUID) async throws -> [JSON] {
        let type = try #require(try await house.events([id]).first?.type)
        let entity = String(type.prefix { $0 != "." })
        return try await house.daybook.queries.history(entity, id, [], by: house.owner).json["items"]?.array ?? []
    }
    /// The types of these events, each with its day.
    func days(_ id: UUID) async throws -> [String] {
        try await house.events([id]).map { "\($0.type) \($0.occurredAt.text.prefix(10))" }
    }
}
