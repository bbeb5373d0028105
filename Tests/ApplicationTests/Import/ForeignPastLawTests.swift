import CRM
import Foundation
import Kernel
import Projections
import Testing

@testable import Application

/// Random pasts of records of other CRMs. The law: as of each moment a record is what its row, as it was then, makes of
/// a record without a past.
@Suite struct ForeignPastLawTests {
    /// A table of records, the table of their past, and what may stand in their columns.
    struct Tables: Sendable, CustomTestStringConvertible {
        let system: ForeignSystem
        let entity: String
        let file, key, made: String
        let past: String
        /// What may stand in each column; one that must say something has no empty text.
        let columns: [(name: String, words: [String])]
        /// Tables to which these refer.
        var others: [String: String] = [:]
        var testDescription: String { "\(system) \(file)" }
    }

    private static let phones = ["", "+12125550101", "+442079460018", "555"]
    private static let cities = ["", "Oslo", "Bergen", "'=Rome"]
    private static let parties = [
        "User.csv": "Id,Name,Email\n005A,Ann,ann@x.io\n005B,Bob,bob@x.io\n",
        "Account.csv": "Id,Name\n001P,Parr\n001Q,Quill\n",
    ]
    static let all = [
        Tables(
            system: .salesforce, entity: "account", file: "sf_account.csv", key: "Id", made: "CreatedDate",
            past: "AccountHistory.csv",
            columns: [
                ("Name", ["Acme", "Bolt", "Crane"]), ("Phone", phones), ("BillingCity", cities),
                ("BillingCountry", ["", "Norway"]), ("BillingStateCode", ["", "NO-03"]),
                ("BillingState", ["", "Oslo"]),
                ("Type", ["", "Prospect", "Customer - Direct", "Other"]), ("AnnualRevenue", ["", "100", "250.5"]),
                ("CurrencyIsoCode", ["EUR", "USD"]), ("OwnerId", ["005A", "005B", "005Z"]),
                ("ParentId", ["", "001P", "001Q"]), ("NumberOfEmployees", ["", "10", "20"]), ("Site", ["", "HQ"]),
            ], others: parties),
        Tables(
            system: .salesforce, entity: "contact", file: "Contact.csv", key: "sf_id", made: "created_date",
            past: "ContactHistory.csv",
            columns: [
                ("LAST_NAME", ["Lee", "Ray"]), ("FirstName", ["", "Ann"]), ("Title", ["", "Chief"]), ("Phone", phones),
                ("Email", ["", "a@x.io", "b@x.io"]), ("account_id", ["", "001P", "001Q"]),
                ("OwnerId", ["005A", "005B"]),
                ("mailing_city", cities), ("Salutation", ["", "Dr"]), ("Birthdate", ["", "1970-01-31"]),
            ], others: parties),
        Tables(
            system: .salesforce, entity: "lead", file: "Lead.csv", key: "Id", made: "CreatedDate",
            past: "LeadHistory.csv",
            columns: [
                ("LastName", ["Lee", "Ray"]), ("Company", ["Acme", "Bolt"]), ("Status", ["Open", "Working"]),
                ("City", cities), ("Phone", phones), ("Rating", ["", "Hot"]), ("OwnerId", ["005A", "005B"]),
            ], others: parties),
        Tables(
            system: .salesforce, entity: "campaign", file: "Campaign.csv", key: "Id", made: "CreatedDate",
            past: "CampaignHistory.csv",
            columns: [
                ("Name", ["Fair", "Letter"]), ("Type", ["", "Email", "Webinar"]), ("BudgetedCost", ["", "100", "250"]),
                ("StartDate", ["", "2020-06-01"]), ("OwnerId", ["005A", "005B"]), ("Description", ["", "Long"]),
            ], others: parties),
        Tables(
            system: .suitecrm, entity: "contact", file: "contacts.csv", key: "id", made: "date_entered",
            past: "contacts_audit.csv",
            columns: [
                ("last_name", ["Lee", "Ray"]), ("title", ["", "Chief"]), ("phone_work", phones),
                ("primary_address_city", cities), ("birthdate", ["", "1970-01-31"]), ("description", ["", "Long"]),
            ]),
        Tables(
            system: .suitecrm, entity: "account", file: "accounts.csv", key: "id", made: "date_entered",
            past: "accounts_audit.csv",
            columns: [
                ("name", ["Acme", "Bolt"]), ("phone_office", phones), ("billing_address_city", cities),
                ("account_type", ["", "Customer", "Press"]), ("assigned_user_id", ["", "005A", "005B"]),
                ("description", ["", "Long", "Longer"]),
            ], others: ["users.csv": "id,user_name,first_name,last_name\n005A,ann,Ann,Lee\n005B,bob,Bob,Lee\n"]),
        Tables(
            system: .suitecrm, entity: "lead", file: "leads.csv", key: "id", made: "date_entered",
            past: "leads_audit.csv",
            columns: [
                ("last_name", ["Lee", "Ray"]), ("status", ["New", "Assigned"]), ("phone_work", phones),
                ("primary_address_city", cities), ("account_name", ["", "Acme"]),
            ]),
        Tables(
            system: .hubspot, entity: "account", file: "company.csv", key: "id", made: "property_createdate",
            past: "company_property_history.csv",
            columns: [
                ("property_name", ["Acme", "Bolt"]), ("property_phone", phones), ("property_city", cities),
                ("property_address", ["", "Main Street 1"]), ("property_address2", ["", "Back"]),
                ("property_lifecyclestage", ["", "lead", "customer"]), ("property_hubspot_owner_id", ["", "51", "52"]),
            ], others: ["owner.csv": "owner_id,first_name,last_name,email\n51,Ann,Lee,a@x.io\n52,Bob,Lee,b@x.io\n"]),
        Tables(
            system: .hubspot, entity: "contact", file: "contact.csv", key: "id", made: "property_createdate",
            past: "contact_property_history.csv",
            columns: [
                ("property_lastname", ["", "Lee", "Ray"]), ("property_email", ["a@x.io", "b@x.io"]),
                ("property_phone", phones), ("property_jobtitle", ["", "Chief"]),
                ("property_hs_lead_status", ["", "NEW", "OPEN"]),
            ]),
    ]

    @Test(arguments: all) func `as of each moment a record is what its row was then`(_ tables: Tables) async throws {
        let house = try await ImportHouse(importing: TestHouse(projecting: .init()))
        _ = try await house.house.ask(
            "organization", .id(house.house.organization), "edit", ["email_policy": "allow", "time_zone": "UTC"])
        var random = Seeded(UInt64(tables.testDescription.utf8.reduce(0) { $0 &* 31 &+ Int($1) } & 0xFFFF))
        let lives = (0..<6).map { Life("r\($0)", tables, &random) }

        let told = try await house.take(tables.system, try house.folder(tables.files(lives)))
        let past = try #require(told.files.first { $0.name == tables.past })
        #expect(past.rows == past.accepted + past.rejected && past.accepted > 0, "\(past.json)")
        // The only rows that are refused tell of a column of which nothing is taken.
        if past.rejected > 0 { #expect(try house.codes(past).allSatisfy { $0[1] == "import.field_unknown" }) }
        let again = try await house.take(tables.system, try house.folder(tables.files(lives)))
        #expect(again.files.allSatisfy { $0.accepted == 0 && $0.events == 0 }, "\(again.json)")

        _ = try await house.take(tables.system, try house.folder(tables.truth(lives)))
        try await house.house.projecting {
            var all: Set<[String: JSON]> = []
            for life in lives {
                for (number, version) in life.versions.enumerated() {
                    let was = try await house.document(tables, life.key, asOf: version.at)
                    all.insert(was)
                    let truth = try await house.document(tables, "\(life.key)-\(number)")
                    #expect(was == truth, "\(life.key) at \(version.at.text)")
                }
                let last = try #require(life.versions.indices.last)
                let now = try await house.document(tables, life.key)
                #expect(try await now == house.document(tables, "\(life.key)-\(last)"))
            }
            #expect(all.count > lives.count, "they had a past")
        }
    }

    /// One record: what its row said from each moment on.
    struct Life: Sendable {
        let key: String
        var versions: [(at: Instant, cells: [String])]

        init(_ key: String, _ tables: Tables, _ random: inout Seeded) {
            self.key = key
            var cells = tables.columns.map { $0.words[Int.random(in: 0..<$0.words.count, using: &random)] }
            let began: Int64 = 1_577_872_800_000_000  // 2020-01-01T10:00:00Z
            versions = [(Instant(microseconds: began), cells)]
            for day in 1...Int.random(in: 1...8, using: &random) {
                // At times several fields at once.
                for _ in 0...Int.random(in: 0...2, using: &random) {
                    let index = Int.random(in: 0..<cells.count, using: &random)
                    let words = tables.columns[index].words
                    cells[index] = words[Int.random(in: 0..<words.count, using: &random)]
                }
                versions.append((Instant(microseconds: began + Int64(day) * 86_400_000_000), cells))
            }
        }
    }
}

extension ForeignPastLawTests.Tables {
    private func table(_ rows: [(key: String, cells: [String])]) -> String {
        let lines = [[key, made] + columns.map(\.name)] + rows.map { [$0.key, "2020-01-01T10:00:00Z"] + $0.cells }
        return lines.map { $0.joined(separator: ",") + "\n" }.joined()
    }

    /// The folder: the rows as they are, and the past.
    func files(_ lives: [ForeignPastLawTests.Life]) -> [String: String] {
        var files = others
        files[file] = table(lives.map { ($0.key, $0.versions.last?.cells ?? []) })
        files[past] = ([header] + lives.flatMap(changes).reversed()).map { $0.joined(separator: ",") + "\n" }.joined()
        return files
    }
    /// A row for each moment of each record.
    func truth(_ lives: [ForeignPastLawTests.Life]) -> [String: String] {
        var files = others
        files[file] = table(
            lives.flatMap { life in life.versions.enumerated().map { ("\(life.key)-\($0.offset)", $0.element.cells) } })
        return files
    }

    private var header: [String] {
        switch system {
        case .salesforce: ["Id", "\(entity)_id", "Field", "OldValue", "NewValue", "CreatedDate"]
        case .hubspot: ["\(entity == "account" ? "company" : entity)_id", "name", "value", "timestamp"]
        case .suitecrm, .dynamics, .daybook:
            [
                "parent_id", "field_name", "before_value_string", "after_value_string", "before_value_text",
                "after_value_text", "date_created",
            ]
        }
    }

    /// The rows that tell how one changed.
    private func changes(_ life: ForeignPastLawTests.Life) -> [[String]] {
        var rows: [[String]] = []
        if system == .hubspot {
            for (column, text) in zip(columns, life.versions[0].cells) where !text.isEmpty {
                rows.append(row(life.key, column.name, "", text, life.versions[0].at))
            }
        }
        for (old, new) in zip(life.versions, life.versions.dropFirst()) {
            for (index, column) in columns.enumerated() where old.cells[index] != new.cells[index] {
                let (before, after) = (old.cells[index], new.cells[index])
                rows.append(row(life.key, column.name, before, after, new.at))
                // Salesforce tells what a record refers to twice.
                let names = ["005A": "Ann", "005B": "Bob", "005Z": "Zoe", "001P": "Parr", "001Q": "Quill"]
                if system == .salesforce, column.name.lowercased().hasSuffix("id") {
                    rows.append(row(life.key, column.name, names[before] ?? "", names[after] ?? "", new.at))
                }
            }
        }
        return rows
    }
    private func row(_ key: String, _ column: String, _ before: String, _ after: String, _ at: Instant) -> [String] {
        switch system {
        case .salesforce:
            let field = column.lowercased().hasSuffix("id") ? String(column.dropLast(2)) : column
            return ["", key, field, before, after, at.text]
        case .hubspot: return [key, String(column.dropFirst("property_".count)), after, at.text]
        case .suitecrm, .dynamics, .daybook:
            return column == "description"
                ? [key, column, "", "", before, after, at.text] : [key, column, before, after, "", "", at.text]
        }
    }
}

extension ImportHouse {
    /// A record as it is told, now or as of a moment, without what every record has of its own.
    fileprivate func document(
        _ tables: ForeignPastLawTests.Tables, _ key: String, asOf moment: Instant? = nil
    ) async throws -> [String: JSON] {
        let id = try await id(tables.entity, key, source: tables.system.rawValue)
        let reply = try await house.daybook.queries.record(
            tables.entity, id, moment.map { [Parameter("as_of", $0.text)] } ?? [], by: house.owner,
            min: try await house.head())
        let own = ["id", "version", "position", "created_at", "updated_at", "emails", "lifecycle"]
        return try #require(reply.json.object).filter { !own.contains($0.key) }
    }
}
