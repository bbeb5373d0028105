public import FoundationEssentials
public import Kernel

/// What a lead is to become: records that are there are named, others are made of what the lead tells; what is
/// described stands before what the lead tells.
public struct Conversion: Sendable, Equatable {
    /// An account that is there.
    public var accountID: UUID?
    /// A contact that is there.
    public var contactID: UUID?
    /// A deal that is there.
    public var dealID: UUID?
    /// What is said of a new account.
    public var account: [String: JSON]?
    /// What is said of a new contact.
    public var contact: [String: JSON]?
    /// What is said of a new deal; nil: none is made.
    public var deal: [String: JSON]?
    /// Whether it became what is named and nothing else: it was converted elsewhere, and what it became there may have
    /// been put away since. Nothing is made or changed beside the lead.
    public var onlyNamed = false

    /// The members of a body.
    static let body = [
        Field("account_id", .reference("account")), Field("contact_id", .reference("contact")),
        Field("deal_id", .reference("deal")),
        Field("account", .object(described(Account.acts))), Field("contact", .object(described(Contact.acts))),
        Field("deal", .object(described(Deal.acts))), Field("only_named", .flag),
    ]
    /// What can be said of a new record. That they belong together, the conversion says.
    private static func described<Command>(_ acts: [Act<Command>]) -> [Field] {
        (acts.first { $0.form == .creates }?.takes ?? [])
            .filter { !["affiliations", "account_id", "primary_contact_id"].contains($0.name) }.map { $0.optional() }
    }

    /// What a body in normal form asks for; of an empty one, an account and a contact, as far as they are known.
    public init(_ body: Body) {
        accountID = body.id("account_id")
        contactID = body.id("contact_id")
        dealID = body.id("deal_id")
        account = body.values["account"]?.object
        contact = body.values["contact"]?.object
        deal = body.values["deal"]?.object
        onlyNamed = body.values["only_named"] == true
    }

    // MARK: Does it fit?

    func check() throws(Lead.Rejection) {
        if accountID != nil, account != nil { throw .accountTwice }
        if contactID != nil, contact != nil { throw .contactTwice }
        if dealID != nil, deal != nil { throw .dealTwice }
        if onlyNamed, account != nil || contact != nil || deal != nil { throw .describedToo }
    }
    /// Whether a lead became just that.
    func isMet(by lead: Record) -> Bool {
        func fits(_ id: UUID?, _ member: String) -> Bool { id == nil || id == lead.id(member) }
        return fits(accountID, "account_id") && fits(contactID, "contact_id") && fits(dealID, "deal_id")
            && (deal == nil || lead["deal_id"] != nil)
    }
    func makesAccount(of lead: Record) -> Bool { !onlyNamed && (account != nil || lead["company"] != nil) }
    /// Whether there is enough to make a contact of, or one is described.
    public func makesContact(of lead: Record) -> Bool {
        !onlyNamed && (contact != nil || ["first_name", "last_name", "email"].contains { lead[$0] != nil })
    }
}

// MARK: What is asked of the others?

extension Lead {
    /// What merging asks of the others, and what converting does: a new account, a new contact who works with it, a new
    /// deal with both. A contact that is there begins to work with the account; what else is known of it stays as it
    /// is.
    public static func steps(_ command: Command, given state: State, deciding events: [Event], of id: UUID) -> [Step] {
        if case .merging(let wish) = command { return steps(wish, given: state, deciding: events, of: id) }
        guard case .convert(let wish) = command, !wish.onlyNamed, let lead = state.content,
            case .converted(_, let account, let contact, let deal)? = events.first
        else { return [] }
        var steps: [Step] = []
        if let account, wish.accountID == nil {
            steps.append(Step(Account.self, account, "create", wish.newAccount(of: lead), from: "account"))
        }
        if let contact, wish.contactID == nil {
            let body = wish.newContact(of: lead, at: account)
            steps.append(Step(Contact.self, contact, "create", body, from: "contact"))
        } else if let contact, let account {
            let body: [String: JSON] = ["account_id": .string(account.text)]
            steps.append(Step(Contact.self, contact, "affiliate", body, from: "contact_id"))
        }
        if let deal, wish.dealID == nil {
            let body = wish.newDeal(of: lead, at: account, with: contact)
            steps.append(Step(Deal.self, deal, "open", body, from: "deal"))
        }
        return steps
    }
}

extension Conversion {
    /// The body of a new account, named after the company. What is known of accounts stands in clear: a person's name
    /// is never taken, and of a lead without a company neither website nor address, which are hers.
    public func newAccount(of lead: Record) -> [String: JSON] {
        let isCompany = lead["company"] != nil
        let told: [String: JSON?] = [
            "name": lead["company"], "website": isCompany ? lead["website"] : nil,
            "industry": lead["industry"], "employee_count": lead["employee_count"],
            "annual_revenue": lead["annual_revenue"], "billing_address": isCompany ? lead["address"] : nil,
            "owner_id": lead["owner_id"], "lifecycle": "prospect",
        ]
        return told.compactMapValues(\.self).merging(account ?? [:]) { $1 }
    }

    /// The body of a new contact, who works with that account; the website is hers where no company's it can be.
    public func newContact(of lead: Record, at account: UUID?) -> [String: JSON] {
        let told: [String: JSON?] = [
            "first_name": lead["first_name"], "last_name": lead["last_name"], "title": lead["title"],
            "emails": lead["email"].map { [$0] }, "phone": lead["phone"], "mobile": lead["mobile"],
            "lead_source": lead["source"], "lead_score": lead["score"], "owner_id": lead["owner_id"],
            "website": account == nil || lead["company"] == nil ? lead["website"] : nil,
            "affiliations": account.map { [["account_id": .string($0.text)]] },
        ]
        return told.compactMapValues(\.self).merging(contact ?? [:]) { $1 }
    }

    /// The body of a new deal with them.
    public func newDeal(of lead: Record, at account: UUID?, with contact: UUID?) -> [String: JSON] {
        let title = lead.text("company") ?? lead.fullName ?? lead.text("email")
        let told: [String: JSON?] = [
            "title": title.map { .string($0) }, "amount": lead["amount"], "source": lead["source"],
            "owner_id": lead["owner_id"], "account_id": account.map { .string($0.text) },
            "primary_contact_id": contact.map { .string($0.text) },
        ]
        return told.compactMapValues(\.self).merging(deal ?? [:]) { $1 }
    }
}

extension Record {
    /// First and last name, as far as they are known.
    fileprivate var fullName: String? {
        let names = [text("first_name"), text("last_name")].compactMap(\.self)
        return names.isEmpty ? nil : String(names.joined(separator: " ").prefix(200))
    }
}

// MARK: What if it was converted elsewhere?

extension Conversion {
    /// What of a lead that was converted is told besides: what it became there and is not known yet.
    func more(of lead: Record, _ context: Context) throws(Lead.Rejection) -> [Lead.Event] {
        func known<E: Mergeable>(_: E.Type, _ id: UUID) -> UUID { context.state(E.self, id).mergedInto ?? id }
        let (account, contact) = (lead.id("account_id"), lead.id("contact_id"))
        // Whoever names the record that stands for one that was merged means the same.
        let isSame =
            accountID.map { given in account.map { [$0, known(Account.self, $0)].contains(given) } ?? true } ?? true
            && contactID.map { given in contact.map { [$0, known(Contact.self, $0)].contains(given) } ?? true } ?? true
            && dealID.map { given in lead.id("deal_id").map { $0 == given } ?? true } ?? true
        guard isSame else { throw .isConverted }
        let all = (account ?? accountID, contact ?? contactID, lead.id("deal_id") ?? dealID)
        guard all != (account, contact, lead.id("deal_id")) else { return [] }
        return [.converted(from: lead.standing, account_id: all.0, contact_id: all.1, deal_id: all.2)]
    }
    /// The records by which that is known.
    func known(of lead: Record?) -> [Reference] {
        guard onlyNamed, let lead, lead.standing == "converted" else { return [] }
        return [
            lead.id("account_id").map { Reference(Account.self, $0) },
            lead.id("contact_id").map { Reference(Contact.self, $0) },
        ].compactMap(\.self)
    }
}

// MARK: With whom may a lead belong?

extension Lead {
    /// The hosts by which an account may be that of a lead: its website's, its address', as long as that is no mailbox
    /// that anybody can have.
    public static func hosts(of lead: Record) -> [String] {
        Set([lead.text("email"), lead.text("website")].compactMap { $0.flatMap(Match.domain) }).sorted()
    }
    /// The host of an e-mail address; nil where it is one at which anybody can have a mailbox.
    public static func host(ofAddress email: String) -> String? { Match.domain(email) }
}
