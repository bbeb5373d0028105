import CRM
import FoundationEssentials
import Kernel
import Postgres

extension Emails {
    /// Whom an address belongs to, with what one wants to see beside a message of theirs: `{"email","members":[…],
    /// "contacts":[…],"leads":[…],"account","owner","deals":[…],"interactions":[…],"tasks":[…],"position"}`. `account`
    /// is the one that comes first for a contact (`"why":"affiliation"`), else the one whose website is where the
    /// address is (`"why":"domain"`), else null; `owner` who of us looks after them. Of open deals, of what happened
    /// last and of tasks there are at most ten each. Where nobody has the address, the lists are empty.
    /// - Parameter parameters: `email`, whatever its case.
    /// - Throws: `parameter.invalid` where it is no address.
    public func lookup(
        _ parameters: [Parameter], by caller: Caller, min: PositionToken? = nil
    ) async throws(Problem) -> Reply {
        try ListRequest.refuse(parameters, besides: ["email"])
        guard let email = parameters.first.flatMap({ Normal.email($0.value) }) else {
            throw .parameter("email", "Give an e-mail address such as ann@example.com as email.")
        }
        let keys = try await commands.organizationKeys(of: caller.organization)
        let holders = try await holders(of: [email], keys, caller.organization)[email] ?? []
        return try await queries.lookup(email, holders, by: caller, min: min)
    }
}

extension Queries {
    /// What lookups stand on, and under which names it is shown.
    private static let parts = [
        "members", "contacts", "leads", "account", "owner", "deals", "interactions", "tasks",
    ]
    private static let views = [
        "member_documents", "contact_documents", "lead_documents", "account_documents", "deal_documents",
        "interaction_documents", "task_documents",
    ]

    /// - Parameter holders: who has the address, as the log says.
    func lookup(
        _ email: String, _ holders: [Correspondent.Person], by caller: Caller, min: PositionToken?
    ) async throws(Problem) -> Reply {
        let members = holders.filter { $0.entity == Member.name }.map(\.id)
        let contacts = holders.filter { $0.entity == Contact.name }.map(\.id)
        let hosts = [Lead.host(ofAddress: email)].compactMap(\.self)
        return try await answering { catalog throws(Problem) in
            var relations: [Relation] = []
            for view in Self.views { relations.append(try relation(view, catalog)) }
            func statement(_ sql: String, _ fill: @escaping (inout Parameters) -> Void) -> Statement {
                Statement(sql) {
                    $0.uuid(caller.organization)
                    fill(&$0)
                }
            }
            let kin = try await kin(of: contacts, catalog, nil, caller, min)
            let people = contacts.flatMap(kin.of)
            let ofPeople = [SQL.lookupOwner, SQL.lookupInteractions, SQL.lookupTasks].map { sql in
                statement(sql) {
                    $0.uuids(people)
                    $0.text(email)
                }
            }
            let statements = [
                statement(SQL.lookupMembers) { $0.uuids(members) },
                statement(SQL.lookupContacts) { $0.uuids(contacts) },
                statement(SQL.lookupLeads) { $0.text(email) },
                statement(SQL.lookupAccount) {
                    $0.uuids(contacts)
                    $0.texts(hosts)
                },
                ofPeople[0], statement(SQL.lookupDeals) { $0.uuids(people) }, ofPeople[1], ofPeople[2],
            ]
            let question = Question(
                organization: caller.organization, projections: Relation.projections(relations), min: min,
                statements: statements)
            let answer = try await ask(question, on: points)
            return try reading {
                var document = Document()
                document += "{\"email\":"
                document += JSON.string(email).bytes
                for (part, rows) in zip(Self.parts, answer.results) {
                    document += ",\"\(part)\":"
                    if part == "account" || part == "owner" {
                        if let row = rows.first { document.append(row, 0) } else { document += "null" }
                    } else {
                        document += "["
                        document.append(rows)
                        document += "]"
                    }
                }
                document.end(answer)
                return Reply(body: document.bytes, position: answer.position)
            }
        }
    }
}
