import CRM
import Foundation
public import Kernel

/// Another CRM whose exports are known: a folder of tables, each with a mapping that comes along
/// (`schemas/imports/<system>-<kind>.yaml`).
public enum ForeignSystem: String, Sendable, CaseIterable {
    case salesforce, hubspot, dynamics, suitecrm
    /// What `daybook export` wrote, with the mappings that it wrote beside it.
    case daybook

    /// Its tables, in the order in which they are imported: what others refer to comes first.
    var tables: [ForeignTable] {
        switch self {
        case .salesforce:
            [
                ForeignTable("users", "user", role: .members),
                ForeignTable("account-changes", "accounthistory", role: .history(of: "accounts")),
                ForeignTable("contact-changes", "contacthistory", role: .history(of: "contacts")),
                ForeignTable("lead-changes", "leadhistory", role: .history(of: "leads")),
                ForeignTable("campaign-changes", "campaignhistory", role: .history(of: "campaigns")),
                ForeignTable("accounts", "account"), ForeignTable("contacts", "contact"),
                ForeignTable("products", "product2", "product"), ForeignTable("campaigns", "campaign", isTwice: true),
                ForeignTable("stages", "opportunitystage", role: .stages),
                ForeignTable("opportunity-histories", "opportunityhistory", role: .history(of: "opportunities")),
                ForeignTable("opportunity-changes", "opportunityfieldhistory", role: .history(of: "opportunities")),
                ForeignTable("opportunities", "opportunity", role: .deals),
                // What one was converted to stands before.
                ForeignTable("leads", "lead"), ForeignTable("contact-roles", "opportunitycontactrole"),
                ForeignTable("campaign-members", "campaignmember"), ForeignTable("tasks", "task", role: .activities),
                ForeignTable("events", "event", role: .meetings), ForeignTable("notes", "note", role: .activities),
            ]
        case .daybook:
            Self.ours.map { entity -> ForeignTable in
                let name = entity.plural.replacing("_", with: "-")
                let role: ForeignTable.Role = entity == Member.self ? .members : .records
                return ForeignTable(name, entity.plural.replacing("_", with: ""), role: role, isTwice: true)
            } + [ForeignTable(Attachment.plural, Attachment.plural, role: .files)]
        case .dynamics:
            [
                ForeignTable("users", "systemuser", "user", role: .members),
                ForeignTable("accounts", "account"), ForeignTable("contacts", "contact"),
                ForeignTable("campaigns", "campaign"), ForeignTable("opportunities", "opportunity", role: .deals),
                ForeignTable("leads", "lead"), ForeignTable("appointments", "appointment", role: .meetings),
                ForeignTable("phone-calls", "phonecall", role: .meetings),
                ForeignTable("tasks", "task", role: .activities),
                ForeignTable("notes", "annotation", "note", role: .activities),
            ]
        case .suitecrm:
            [
                ForeignTable("users", "user", role: .members),
                ForeignTable("account-changes", "accountsaudit", role: .history(of: "accounts")),
                ForeignTable("contact-changes", "contactsaudit", role: .history(of: "contacts")),
                ForeignTable("lead-changes", "leadsaudit", role: .history(of: "leads")),
                ForeignTable("campaign-changes", "campaignsaudit", role: .history(of: "campaigns")),
                ForeignTable("accounts", "account", isTwice: true),
                ForeignTable("contacts", "contact", isTwice: true), ForeignTable("leads", "lead", isTwice: true),
                ForeignTable("campaigns", "campaign"),
                ForeignTable("opportunity-changes", "opportunitiesaudit", role: .history(of: "opportunities")),
                ForeignTable("opportunities", "opportunity", role: .deals, isTwice: true),
                ForeignTable("email-addresses", "emailaddrbeanrel", role: .addressed),
                ForeignTable("addresses", "emailaddresses", role: .addresses),
                ForeignTable("accounts-contacts", "accountscontact"),
                ForeignTable("accounts-opportunities", "accountsopportunity"),
                ForeignTable("opportunities-contacts", "opportunitiescontact"),
                ForeignTable("accounts-custom", "accountscstm", definesFields: true),
                ForeignTable("contacts-custom", "contactscstm", definesFields: true),
                ForeignTable("leads-custom", "leadscstm", definesFields: true),
                ForeignTable("opportunities-custom", "opportunitiescstm", definesFields: true),
                ForeignTable("meetings", "meeting", role: .meetings), ForeignTable("calls", "call", role: .meetings),
                ForeignTable("tasks", "task", role: .activities), ForeignTable("notes", "note", role: .activities),
            ]
        case .hubspot:
            [
                ForeignTable("owners", "owner", role: .members),
                ForeignTable("company-changes", "companypropertyhistory", role: .history(of: "companies")),
                ForeignTable("contact-changes", "contactpropertyhistory", role: .history(of: "contacts")),
                ForeignTable("companies", "company", "companie"), ForeignTable("contacts", "contact"),
                ForeignTable("pipelines", "dealpipeline", "pipeline", role: .pipelines),
                ForeignTable("stages", "dealpipelinestage", "pipelinestage", role: .stages),
                ForeignTable("deal-stages", "dealstage", "dealstagehistory", role: .history(of: "deals")),
                ForeignTable("deal-changes", "dealpropertyhistory", role: .history(of: "deals")),
                ForeignTable("deals", "deal", role: .deals),
                ForeignTable("meetings", "meeting", "engagementmeeting", role: .meetings),
                ForeignTable("calls", "call", "engagementcall", role: .meetings),
                ForeignTable("tasks", "task", "engagementtask", role: .activities),
                ForeignTable("notes", "note", "engagementnote", role: .activities),
            ]
        }
    }

    /// The entities in the order in which an export writes them: what others refer to comes first. What refers on is
    /// set at the end, by the mapping `closing`; what a record must name never does.
    public static let ours: [any Entity.Type] = [
        Tag.self, Team.self, Member.self, Rate.self, Product.self, Pipeline.self, Account.self, Contact.self,
        Campaign.self, Deal.self, Lead.self, CampaignMember.self, Project.self, WorkTask.self, Interaction.self,
        Note.self,
    ]

    /// What stands before the names of columns in some of its exports, and is none of them.
    var prefix: String { self == .hubspot ? "property_" : "" }

    /// What the tables of a mapping of this name hold; nil where it is none of a table of this system.
    public func kind(ofMapping name: String) -> String? {
        tables.map(\.kind).first { "\(rawValue)-\($0)" == name }
    }

    /// The table that a file holds, as its name says: `sf_opportunity_data.csv`, `OpportunityContactRole.csv`.
    func table(_ file: String) -> ForeignTable? {
        let stem = file.prefix { $0 != "." }
        var words = stem.lowercased().split { !$0.isLetter && !$0.isNumber }.map(String.init)
        words.removeAll { Self.noise.contains($0) || $0 == rawValue || $0.allSatisfy(\.isNumber) }
        let name = words.joined()
        if self == .daybook { return tables.first { $0.names.contains(name) } }
        let singular =
            name.hasSuffix("ies") ? name.dropLast(3) + "y" : name.hasSuffix("s") ? name.dropLast() : name[...]
        return tables.first { $0.names.contains(name) || $0.names.contains(String(singular)) }
    }
    private static let noise: Set = ["sf", "hs", "data", "export", "exports", "table", "crm", "all"]

    /// The column of one of these names.
    static func column(_ names: [String], in header: [String]) -> Int? {
        let header = Header(header)
        return names.lazy.compactMap { header.columns($0).first?.index }.first
    }
}

/// One table of another CRM.
struct ForeignTable: Sendable, Hashable {
    /// Its mapping's name without the system's.
    let kind: String
    /// How files that hold it are called, in one word.
    let names: Set<String>
    let role: Role
    /// Whether it is imported again when all others were, by `<kind>-after` where there is such a mapping: what ends a
    /// record comes last.
    let isTwice: Bool
    /// Whether it is of fields that its organization defined: those become custom fields unasked.
    let definesFields: Bool

    enum Role: Sendable, Hashable {
        case records, members, deals, activities
        /// Calls and meetings, which took place or are to.
        case meetings
        /// What deals stand in: told with these.
        case pipelines, stages
        /// What happened to the records of a table, which is named by its kind: told with these.
        case history(of: String)
        /// E-mail addresses, and whose they are: told with these.
        case addresses, addressed
        /// What is known of files, whose bytes lie beside.
        case files
    }

    /// Whether it says what other tables mean.
    var isContext: Bool {
        switch role {
        case .members, .pipelines, .stages, .history, .addresses: true
        case .records, .deals, .activities, .meetings, .addressed, .files: false
        }
    }
    /// The kind of the records whose past it tells; nil where it tells none.
    var tellsOf: String? { if case .history(let kind) = role { kind } else { nil } }
    /// What its rows are called: "deals", "companies".
    var plural: String { kind == "opportunities" ? "deals" : kind }
    /// What one of its rows is called.
    var singular: String { plural.hasSuffix("ies") ? plural.dropLast(3) + "y" : String(plural.dropLast()) }

    init(_ kind: String, _ names: String..., role: Role = .records, isTwice: Bool = false, definesFields: Bool = false)
    {
        (self.kind, self.names, self.role) = (kind, Set(names), role)
        (self.isTwice, self.definesFields) = (isTwice, definesFields)
    }
}

/// What one look at a file tells.
struct Survey: Sendable {
    let header: [String]
    /// The columns in which something stands.
    var filled: Set<String> = []
    /// Lines that are no rows.
    var broken: [(line: Int, flaw: CSV.Flaw, text: String)] = []
    /// How many rows and broken lines there are.
    private(set) var count = 0
    /// What it says, in few letters.
    let digest: String
    private let table: any ImportTable

    init(_ table: any ImportTable) throws(CSV.Unreadable) {
        self.table = table
        let rows = try table.rows()
        guard case .record(let first)? = try rows.next() else {
            throw CSV.Unreadable("\(table.name) has no first line with the names of its columns.")
        }
        header = first.fields
        var isFilled = Array(repeating: false, count: header.count)
        var content = ContentDigest()
        content.add(.record(first))
        while let item = try rows.next() {
            count += 1
            content.add(item)
            switch item {
            case .record(let record):
                for (index, field) in record.fields.enumerated() where !field.isEmpty { isFilled[index] = true }
            case .broken(let line, let flaw, let text): broken.append((line, flaw, text))
            }
        }
        filled = Set(zip(header, isFilled).filter(\.1).map(\.0))
        digest = content.finish()
    }

    /// Reads the rows once more; none of them is held.
    func each(_ body: (_ line: Int, _ fields: [String]) -> Void) throws(CSV.Unreadable) {
        let rows = try table.rows()
        _ = try rows.next()
        while let item = try rows.next() {
            if case .record(let record) = item { body(record.line, record.fields) }
        }
    }

    /// The cell as names are compared; nil where nothing stands there.
    static func key(_ fields: [String], _ column: Int?) -> String? {
        let key = Normal.key(cell(fields, column))
        return key?.isEmpty == true ? nil : key
    }

    func column(_ names: String...) -> Int? { ForeignSystem.column(names, in: header) }
    /// What stands there; nothing where there is no such column.
    static func cell(_ fields: [String], _ column: Int?) -> String {
        guard let column, column < fields.count else { return "" }
        return CSV.unguarded(fields[column].trimmingCharacters(in: .whitespaces))
    }
}
