import CRM
import EventLog
import Foundation
import Kernel
import Testing

@testable import Application

/// Leads that were converted in another CRM: they come as converted, and name the records of the other files.
@Suite struct ConvertedLeadTests {
    static let folders: [(system: ForeignSystem, files: [String: String])] = [
        (
            .salesforce,
            [
                "Account.csv": "Id,Name,IsDeleted\na1,Acme,true\n",
                "Contact.csv": "Id,LastName,AccountId\nc1,Lee,\n",
                "Opportunity.csv": "Id,Name,StageName,CreatedDate\no1,Pumps,Prospecting,2020-03-05T11:00:00Z\n",
                "Lead.csv": """
                Id,LastName,Company,CreatedDate,IsConverted,ConvertedDate,ConvertedAccountId,ConvertedContactId,ConvertedOpportunityId
                l1,Lee,Acme Inc,2020-03-05T10:00:00Z,true,2020-03-05,a1,c1,o1
                l2,Roe,Roe Inc,2020-03-05T10:00:00Z,false,,,,

                """,
            ]
        ),
        (
            .dynamics,
            [
                "account.csv": "accountid,name\na1,Acme\n", "contact.csv": "contactid,lastname\nc1,Lee\n",
                "opportunity.csv": "opportunityid,name,stepname,createdon\no1,Pumps,1-Qualify,2020-03-05T10:00:00Z\n",
                "lead.csv": """
                leadid,lastname,companyname,createdon,modifiedon,statecode,parentaccountid,parentcontactid,qualifyingopportunityid
                l1,Lee,Acme Inc,2020-03-05T10:00:00Z,2020-03-05T12:00:00Z,1,a1,c1,o1
                l2,Roe,Roe Inc,2020-03-05T10:00:00Z,2020-03-05T12:00:00Z,0,a1,,
                l3,Poe,Poe Inc,2020-03-05T10:00:00Z,2020-03-05T12:00:00Z,1,,,

                """,
            ]
        ),
        (
            .suitecrm,
            [
                "accounts.csv": "id,name\na1,Acme\n", "contacts.csv": "id,last_name\nc1,Lee\n",
                "opportunities.csv": "id,name,sales_stage\no1,Pumps,Prospecting\n",
                "leads.csv": """
                id,last_name,account_name,date_entered,status,converted,account_id,contact_id,opportunity_id,deleted
                l1,Lee,Acme Inc,2020-03-05 10:00:00,Converted,1,a1,c1,o1,0
                l2,Roe,Roe Inc,2020-03-05 10:00:00,New,0,,,,0
                l4,Gone,Gone Inc,2020-03-05 10:00:00,Converted,1,a1,,,1

                """,
                "leads_cstm.csv": "id_c,colour_c\nl1,red\n",
                "email_addresses.csv": "id,email_address\ne1,lee@acme.example\n",
                "email_addr_bean_rel.csv":
                    "id,email_address_id,bean_id,bean_module,primary_address,deleted\nr1,e1,l1,Leads,1,0\n",
            ]
        ),
    ]

    @Test(arguments: folders) func `a converted lead names what it became, and nothing is made of it`(
        system: ForeignSystem, files: [String: String]
    ) async throws {
        let house = try await ImportHouse()
        let folder = try house.folder(files)
        let dry = try await house.take(system, folder, dryRun: true)
        #expect(dry.files.allSatisfy { $0.rejected == 0 }, "\(dry.json)")
        let told = try await house.take(system, folder)
        #expect(told.files.allSatisfy { $0.rejected == 0 && $0.leftOut == 0 }, "\(told.json)")
        let lead = try #require(try await house.record(Lead.self, "l1", source: system.rawValue))
        #expect(lead.text("status") == "converted" && lead.text("company") == "Acme Inc")
        for (member, entity, key) in [("account_id", "account", "a1"), ("contact_id", "contact", "c1")] {
            #expect(try await lead.id(member) == house.id(entity, key, source: system.rawValue))
        }
        #expect(try await lead.id("deal_id") == house.id("deal", "o1", source: system.rawValue))
        let other = try #require(try await house.record(Lead.self, "l2", source: system.rawValue))
        #expect(other.text("status") == "open" && other["account_id"] == nil)
        // Who was not there before the import are those of the files: nobody was made of a lead.
        let contact = try #require(try await house.record(Contact.self, "c1", source: system.rawValue))
        #expect(contact["affiliations"] == nil)
        let again = try await house.take(system, folder)
        #expect(again.files.allSatisfy { $0.accepted == 0 && $0.rejected == 0 }, "\(again.json)")
    }

    @Test func `a lead is converted on its day, and what it became is told when that comes`() async throws {
        let house = try await ImportHouse(zone: "America/New_York")
        let files = Self.folders[0].files
        let alone = try await house.take(.salesforce, try house.folder(files.filter { $0.key == "Lead.csv" }))
        #expect(alone.files.map(\.rejected) == [0] && alone.files.map(\.leftOut) == [3], "\(alone.json)")
        let whole = try await house.take(.salesforce, try house.folder(files))
        #expect(whole.files.allSatisfy { $0.rejected == 0 && $0.leftOut == 0 }, "\(whole.json)")
        let events = try await house.house.events([house.id("lead", "l1", source: "salesforce")])
        #expect(
            events.map { "\($0.type) \($0.occurredAt.text)" } == [
                "lead.captured 2020-03-05T10:00:00.000000Z", "lead.converted 2020-03-05T10:00:00.000000Z",
                "lead.converted 2020-03-05T10:00:00.000000Z",
            ])
        let lead = try #require(try await house.record(Lead.self, "l1", source: "salesforce"))
        #expect(lead["account_id"] != nil && lead["contact_id"] != nil && lead["deal_id"] != nil)
    }

    @Test func `a lead of Dynamics that became nothing is qualified`() async throws {
        let house = try await ImportHouse()
        _ = try await house.take(.dynamics, try house.folder(Self.folders[1].files))
        #expect(try await house.record(Lead.self, "l3", source: "dynamics")?.text("status") == "qualified")
        let events = try await house.house.events([house.id("lead", "l1", source: "dynamics")])
        #expect(events.last?.occurredAt.text.prefix(16) == "2020-03-05T12:00")
    }
}
