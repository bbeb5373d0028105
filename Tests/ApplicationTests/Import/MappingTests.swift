import Kernel
import Shipped
import Testing

@testable import Application

@Suite struct MappingTests {
    static let settings = ImportSettings(zone: "Europe/Paris", currency: Currency("EUR"))

    static func read(_ yaml: String, _ header: [String]) throws(Problem) -> Mapping {
        try Mapping.read(yaml, header: header, settings: settings)
    }
    /// What is said against a mapping, one flaw a line.
    static func flaws(_ yaml: String, _ header: [String] = ["name", "sector"]) -> [String] {
        do {
            _ = try read(yaml, header)
            return []
        } catch { return error.errors.map { "\($0.code) \($0.detail)" } }
    }

    private static let eventlog =
        "case_id,seq,activity,lifecycle,resource,timestamp,event_attrs_json,case_attrs_json"
    static let headers = [
        "eventlog-bpic2013.yaml": eventlog, "eventlog-helpdesk.yaml": eventlog,
        "maven-accounts.yaml": "account,sector,year_established,revenue,employees,office_location,subsidiary_of",
        "maven-products.yaml": "product,series,sales_price",
        "maven-sales-teams.yaml": "sales_agent,manager,regional_office",
        "maven-sales-pipeline.yaml":
            "opportunity_id,sales_agent,product,account,deal_stage,engage_date,close_date,close_value",
    ]
    static func shipped(_ name: String) throws -> Mapping {
        let text = try #require(Shipped.files(in: "schemas/imports").first { $0.name == name }?.text)
        return try read(text, try #require(headers[name]).split(separator: ",").map(String.init))
    }

    /// The columns by which other systems name their records: a table may have no more.
    private static let keys = [
        "salesforce": ["Id", "OpportunityId"], "hubspot": ["id", "owner_id", "deal_id"], "vcard": ["key"],
        "dynamics": [
            "systemuserid", "accountid", "contactid", "leadid", "campaignid", "opportunityid", "activityid",
            "annotationid",
        ],
        "suitecrm": ["id", "id_c", "contact_id", "opportunity_id", "bean_id"],
    ]

    @Test func `the mappings that come along can be read, and use every column`() throws {
        for file in Shipped.files(in: "schemas/imports") where Self.headers[file.name] == nil {
            let keys = try #require(Self.keys.first { file.name.hasPrefix($0.key) }?.value)
            // What is worked out of them is there always.
            let columns = keys + Set(ForeignDeals.columns + ForeignMeetings.columns + ForeignAddresses.columns)
            let mapping = try Self.read(file.text, columns)
            #expect(mapping.name + ".yaml" == file.name)
            #expect(mapping.leavesUnfit, "\(file.name)")
        }
        for name in Self.headers.keys {
            let mapping = try Self.shipped(name)
            #expect(mapping.name + ".yaml" == name)
            #expect(mapping.unused == [])
        }
    }

    /// A mapping whose record says `body`, which is wrong where `mark` stands.
    struct Wrong: Sendable, CustomTestStringConvertible {
        let body: String
        let mark: String
        let detail: String
        init(_ body: String, at mark: String, _ detail: String) {
            (self.body, self.mark, self.detail) = (body, mark, detail)
        }
        var testDescription: String { body }
    }
    @Test(arguments: [
        Wrong(
            "fields: {name: name, industri: sector}", at: "industri",
            "`create` of account takes no `industri`; did you mean `industry`?"),
        Wrong("fields: {name: nmae}", at: "nmae", "the file has no column `nmae`; did you mean `name`?"),
        Wrong("feilds: {name: name}", at: "feilds", "a record has no `feilds`; did you mean `fields`?"),
        Wrong(
            "fields: {name: name, parent_id: sector}", at: "sector",
            "the id of a record of account (write {reference: account, key: COLUMN}), which cannot be read from a column"
        ),
        Wrong(
            "fields: {name: name, parent_id: {reference: contact, key: sector}}", at: "contact",
            "this member refers to a record of account, not of contact"),
        Wrong(
            "fields: {name: name, parent_id: {reference: acount, key: sector}}", at: "acount",
            "rows make no `acount`; did you mean `account`?"),
        Wrong(
            "fields: {name: name, billing_address.contry: sector}", at: "billing_address",
            "`billing_address` has no `contry`; did you mean `country`?"),
        Wrong(
            "fields: {name: name, employee_count: {column: sector, parse: day}}", at: "{column",
            "this member is read as `integer`, not as `day`"),
        Wrong(
            "fields: {name: {column: name, transalte: {a: b}}}", at: "transalte",
            "a value has no `transalte`; did you mean `translate`?"),
        Wrong(
            "fields: {name: name}\n    steps: [{act: archve}]", at: "archve",
            "a account has no act `archve`; did you mean `archive`?"),
        Wrong(
            "fields: {name: name}\n    when: {sektor: [a]}", at: "sektor",
            "the file has no column `sektor`; did you mean `sector`?"),
        Wrong(
            "fields: {name: name, lifecycle: {stage: sector}}", at: "{stage",
            "a stage is one of the pipeline in `creates`, and there is none"),
        Wrong(
            "fields: {name: {template: \"{name\"}}", at: "\"{name", "`{` is not closed by `}`"),
        Wrong(
            "fields: {name: name, next_follow_up_at: {column: sector, days: DD.MM.YY}}", at: "DD.MM",
            "`DD.MM.YY` is no way to write days; write YYYY, MM or M, and DD or D, as in D.M.YYYY"),
        Wrong(
            "fields: {name: name, employee_count: {value: many}}", at: "many", "\"many\" is no whole number."),
    ])
    func `what is wrong is told with its place and the nearest right name`(wrong: Wrong) throws {
        let yaml = "mapping: test\nsource: here\nrecords:\n  - entity: account\n    key: name\n    \(wrong.body)"
        let before = try #require(yaml.ranges(of: wrong.mark).first).lowerBound
        let lines = yaml[..<before].split(separator: "\n", omittingEmptySubsequences: false)
        let place = "line \(lines.count), column \(lines[lines.count - 1].count + 1)"
        let told = Self.flaws(yaml)
        #expect(told.contains { $0.hasSuffix("\(place): \(wrong.detail)") }, "\(told)")
    }

    @Test(arguments: [
        ("", "required the mapping is empty"),
        ("- a", "wrong_type line 1, column 1: a mapping is a list of `name: value`"),
        ("mapping: [", "malformed line 2, column 1: did not find expected node content while parsing a flow node"),
        ("mapping: a\nmapping: b", "malformed line 1, column 1: given twice: mapping"),
        ("mapping: a\nsource: b", "required line 1, column 1: `records`, what a row makes, must be given"),
        (
            "mapping: a\nsource: b\ncurrency: DM\nrecords: []",
            "malformed line 3, column 11: `DM` is no ISO 4217 currency such as USD"
        ),
        ("source: b\nrecords: []", "required line 1, column 1: `mapping`, its name, must be given"),
    ])
    func `a text that is no mapping is told in a sentence`(yaml: String, flaw: String) {
        #expect(Self.flaws(yaml).contains(flaw), "\(Self.flaws(yaml))")
    }
    @Test func `a mapping that is made to be expensive is refused`() {
        let deep = String(repeating: "[", count: 100_000)
        #expect(!Self.flaws(deep).isEmpty)
        var bomb = "a0: &a0 [x, x]\n"
        for level in 1...40 { bomb += "a\(level): &a\(level) [*a\(level - 1), *a\(level - 1)]\n" }
        #expect(!Self.flaws(bomb).isEmpty)
        #expect(!Self.flaws(bomb + "? *a40\n: x\n").isEmpty)
        #expect(!Self.flaws("mapping: " + String(repeating: "x", count: 200_000)).isEmpty)
    }
    @Test func `all that is wrong is told at once`() {
        let yaml =
            "mapping: t\nsource: s\nrecords:\n  - entity: account\n    key: nam\n    fields: {nmae: name, sze: sector}"
        #expect(Self.flaws(yaml).count == 4, "\(Self.flaws(yaml))")
    }
    @Test func `a column is known in any case and with other spellings`() throws {
        let yaml = """
            mapping: t
            source: s
            columns: {key: [AccountId, sf_id]}
            records:
              - {entity: account, key: key, fields: {name: account_name}}
            """
        let mapping = try Self.read(yaml, ["Other", "SF_ID", "AccountName"])
        #expect(mapping.records[0].key == [FileColumn(index: 1, name: "SF_ID")])
        #expect(mapping.unused == ["Other"])
        // Of several that are there, and of one that is there twice, the first that holds something counts.
        let both = try Self.read(yaml, ["sf_id", "AccountId", "account_name", "account_name"])
        #expect(both.unused == [])
        let (id, name) = (both.records[0].key[0], both.records[0].fields[0].columns[0])
        #expect(FileRow(line: 2, ["1", "", "", "Acme"])[id] == "1")
        #expect(FileRow(line: 2, ["1", "2", "", "Acme"])[id] == "2")
        #expect(FileRow(line: 2, ["1", "2", "", "Acme"])[name] == "Acme")
        #expect(
            Self.flaws(yaml, ["key", "AccountName", "account name"]) == [
                "ambiguous line 5, column 48: `account_name` may be any of AccountName, account name; write it as the file does"
            ])
    }
}
