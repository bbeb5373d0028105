import Kernel

/// What a row of another CRM's activities is about: what it relates to, else the person.
struct ForeignSubject: Sendable {
    /// The names of the columns of it: none that a file has.
    static let columns = ["~subject", "~subject_entity"]

    private let system: ForeignSystem
    private let places: [(column: Int, entity: String?)]
    /// The column that says what kind of record is meant.
    private let kind: Int?

    /// A record by its key there.
    typealias Named = (key: String, entity: String)

    init(_ system: ForeignSystem, _ survey: Survey) {
        self.system = system
        let columns: [(Int?, String?)] = [
            (survey.column("what_id", "parent_id", "regardingobjectid", "objectid"), nil),
            (survey.column("who_id"), nil),
            (survey.column("associated_deal_ids", "associated_deal_id", "associateddealid"), "deal"),
            (survey.column("associated_company_ids", "associated_company_id", "associatedcompanyid"), "account"),
            (survey.column("associated_contact_ids", "associated_contact_id", "associatedcontactid"), "contact"),
            (survey.column("contact_id"), "contact"),
        ]
        places = columns.compactMap { column, entity in column.map { ($0, entity) } }
        kind = survey.column(
            "parent_type", "regardingobjecttypecode", "regardingobjectid_entitytype", "objecttypecode",
            "objectid_entitytype")
    }

    /// The columns out of which it is worked out.
    var reads: [Int] { places.map(\.column) + [kind].compactMap(\.self) }

    /// The cells behind a row's own.
    func cells(_ fields: [String]) -> [String] {
        let named = subject(fields)
        return [named?.key ?? "", named?.entity ?? ""]
    }

    /// What the row is about; nil where it does not say.
    func subject(_ fields: [String]) -> Named? { named(fields).first { _ in true } }
    /// The contact with whom it was; nil where none is named.
    func contact(_ fields: [String]) -> Named? { named(fields).first { $0.entity == "contact" } }

    private func named(_ fields: [String]) -> some Sequence<Named> {
        places.lazy.compactMap { column, entity -> Named? in
            // Of several the first: `12;13`.
            let key = String(Survey.cell(fields, column).prefix { $0 != ";" })
            guard !key.isEmpty, let entity = entity ?? self.entity(of: key, fields) else { return nil }
            return (key, entity)
        }
    }

    private func entity(of key: String, _ fields: [String]) -> String? {
        if system == .salesforce { return SalesforceID.entity(key) }
        switch Survey.cell(fields, kind).lowercased() {
        case "account", "accounts", "1": return "account"
        case "contact", "contacts", "2": return "contact"
        case "opportunity", "opportunities", "3": return "deal"
        case "lead", "leads", "4": return "lead"
        case "campaign", "campaigns", "4400": return "campaign"
        case _: return nil
        }
    }
}
