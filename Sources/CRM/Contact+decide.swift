import FoundationEssentials
import Kernel
public import Kernel

// MARK: What happens?

extension Contact {
    /// What happens.
    public static func decide(_ command: Command, given state: State, in context: Context) throws(Rejection) -> [Event]
    {
        switch command {
        case .create(let record): return try begin(state, with: .created(try created(record, context)))
        case .tag(let tags): return try retagged(state, by: tags)
        case .archive: return try archive(state, with: .archived)
        case .restore: return try restore(state, with: .restored)
        case .edit(let patch):
            let contact = try inUse(state)
            var (emails, accounts) = (Entries(contact["emails"]), Entries(contact["affiliations"]))
            emails.take(patch["emails"]) { address($0, $1, context) }
            accounts.take(patch["affiliations"]) { item, _ in affiliation(item) }
            return try edited(patch.without("emails", "affiliations").effective(on: contact, fields), contact, context)
                + told(emails, on: contact) + told(accounts: accounts, on: contact)
        case .addEmail, .removeEmail, .makeEmailPrimary:
            let contact = try inUse(state)
            return try told(emails(of: contact, after: command, context), on: contact)
        case .affiliate, .endAffiliation, .makePrimary:
            let contact = try inUse(state)
            return told(accounts: try accounts(of: contact, after: command, context), on: contact)
        case .link(let user, let profile): return try linked(try inUse(state), user, profile)
        case .unlink: return try inUse(state)["mode"] == "native" ? [.unlinkedFromPlatformUser] : []
        case .followUp(let wish): return wish.events(on: try inUse(state), context.today)
        case .merging(let wish): return try merged(state, by: wish, in: context)
        }
    }

    /// The first event's fields: addresses have ids, one of them and one account are primary.
    private static func created(_ record: Record, _ context: Context) throws(Rejection) -> Record {
        guard record["first_name"] != nil || record["last_name"] != nil else { throw .nameMissing }
        var (emails, accounts) = (Entries(nil), Entries(nil))
        emails.take(record["emails"]) { address($0, $1, context) }
        accounts.take(record["affiliations"]) { item, _ in affiliation(item) }
        try checkUnique(emails)
        let isNative = record["platform_user_id"] != nil
        guard isNative || record["platform_profile"] == nil else { throw .platformUserMissing }
        var result = record.with(defaults: ["status": "active", "mode": isNative ? "native" : "external"])
        result.set("emails", emails == Entries(nil) ? nil : emails.json)
        result.set("affiliations", accounts == Entries(nil) ? nil : accounts.json)
        result.set("primary_email", emails.primaryAddress)
        result.set("primary_account_id", accounts.primary)
        return result
    }

    private static func edited(_ change: Patch, _ contact: Record, _ context: Context) throws(Rejection) -> [Event] {
        var after = contact
        after.merge(change, fields)
        let renames = change["first_name"] != nil || change["last_name"] != nil
        if renames, after["first_name"] == nil, after["last_name"] == nil { throw .nameMissing }
        var events: [Event] = []
        if change["owner_id"] != nil {
            events.append(.assigned(from: contact.id("owner_id"), owner_id: change.id("owner_id")))
        }
        if let status = change.text("status") {
            events.append(.statusChanged(from: contact.text("status"), status: status))
        }
        events += FollowUp.events(of: change, on: contact, context.today)
        let plain = change.without("owner_id", "status", "contacted", "next_follow_up_at")
        return plain.isEmpty ? events : events + [.edited(set: plain)]
    }

    /// A profile that is not said again stays.
    private static func linked(_ contact: Record, _ user: String, _ given: [String: JSON]?) throws(Rejection) -> [Event]
    {
        let known = contact.text("platform_user_id")
        guard known == nil || known == user else { throw .isLinked }
        let old = contact["platform_profile"]?.object.map { Record($0) }
        let profile = given.map { Record($0) } ?? old
        let isSame = known == user && (profile ?? Record()) == (old ?? Record())
        return isSame ? [] : [.linkedToPlatformUser(platform_user_id: user, platform_profile: profile)]
    }

    // MARK: Which addresses has she then?

    private static func emails(of contact: Record, after command: Command, _ context: Context) throws(Rejection)
        -> Entries
    {
        var emails = Entries(contact["emails"])
        func known(_ name: String) throws(Rejection) -> String {
            if emails[name] != nil { return name }
            guard let key = emails.key(where: "address", is: .string(name)) else { throw .emailUnknown }
            return key
        }
        switch command {
        case .addEmail(let given):
            let key = emails.key(where: "address", is: given["address"]) ?? context.newID().text
            emails.put(key, (emails[key] ?? [:]).merging(given.values) { $1 })
        case .removeEmail(let name): emails.remove(try known(name))
        case .makeEmailPrimary(let name): emails.prefer(try known(name))
        case .create, .edit, .affiliate, .endAffiliation, .makePrimary, .link, .unlink, .tag, .followUp, .merging,
            .archive, .restore:
            break
        }
        return emails
    }
    private static func told(_ emails: Entries, on contact: Record) throws(Rejection) -> [Event] {
        guard let change = emails.change(from: Entries(contact["emails"])) else { return [] }
        try checkUnique(emails)
        return [.emailsChanged(emails: change, primary_email: emails.primaryAddress)]
    }
    private static func checkUnique(_ emails: Entries) throws(Rejection) {
        let addresses = emails.values("address")
        guard Set(addresses).count == addresses.count else { throw .emailTwice }
    }
    /// An address keeps the id it has; another gets one.
    private static func address(_ item: JSON, _ known: Entries, _ context: Context) -> (String, [String: JSON])? {
        let entry = item.object ?? ["address": item]
        return (known.key(where: "address", is: entry["address"]) ?? context.newID().text, entry)
    }

    // MARK: Which accounts has she then?

    private static func accounts(of contact: Record, after command: Command, _ context: Context) throws(Rejection)
        -> Entries
    {
        var accounts = Entries(contact["affiliations"])
        switch command {
        case .affiliate(let account, let given):
            let key = key(of: account, in: accounts, context)
            var entry = (accounts[key] ?? [:]).merging(given.values) { $1 }
            entry["to"] = nil
            accounts.put(key, entry)
        case .endAffiliation(let account, let to):
            let key = key(of: account, in: accounts, context)
            guard var entry = accounts[key] else { throw .notAffiliated }
            guard to != nil || entry["to"] == nil else { return accounts }
            entry["to"] = .string((to ?? context.today).text)
            accounts.put(key, entry)
        case .makePrimary(let account):
            let key = key(of: account, in: accounts, context)
            guard accounts[key] != nil else { throw .notAffiliated }
            guard !accounts.hasEnded(key) else { throw .affiliationEnded }
            accounts.prefer(key)
        case .create, .edit, .addEmail, .removeEmail, .makeEmailPrimary, .link, .unlink, .tag, .followUp, .merging,
            .archive, .restore:
            break
        }
        return accounts
    }
    /// Under which account she works with this one: itself, or another for which it stands.
    private static func key(of account: UUID, in accounts: Entries, _ context: Context) -> String {
        func standing(_ id: UUID) -> UUID { context.state(Account.self, id).mergedInto ?? id }
        if accounts[account.text] != nil { return account.text }
        return accounts.ids.first { standing($0) == standing(account) }?.text ?? account.text
    }
    private static func told(accounts: Entries, on contact: Record) -> [Event] {
        guard let change = accounts.change(from: Entries(contact["affiliations"])) else { return [] }
        let primary = accounts.primary.flatMap(UUID.init(text:))
        return [.affiliationsChanged(affiliations: change, primary_account_id: primary)]
    }
    /// An affiliation is keyed by its account.
    private static func affiliation(_ item: JSON) -> (String, [String: JSON])? {
        guard let account = (item["account_id"] ?? item).string else { return nil }
        return (account, (item.object ?? [:]).filter { $0.key != "account_id" })
    }
}

// MARK: What does a decision read?

extension Contact {
    /// Another contact with whom she is merged; the accounts with which she works, where none of them is the one that
    /// is meant by its own id: one of them may have been merged into it.
    public static func references(_ command: Command, _ state: State, known: Context) -> [Reference] {
        switch command {
        case .merging(let wish): return references(wish, state, known: known)
        case .affiliate(let account, _), .endAffiliation(let account, _), .makePrimary(let account):
            let accounts = Entries(state.content?["affiliations"])
            if accounts[account.text] != nil { return [] }
            return ([account] + accounts.ids).map { Reference(Account.self, $0) }
        case .create, .edit, .addEmail, .removeEmail, .makeEmailPrimary, .link, .unlink, .tag, .followUp, .archive,
            .restore:
            return []
        }
    }
    /// What merging asks of the other.
    public static func steps(_ command: Command, given state: State, deciding events: [Event], of id: UUID) -> [Step] {
        guard case .merging(let wish) = command else { return [] }
        return steps(wish, given: state, deciding: events, of: id)
    }
}

// MARK: How does one become what two are?

extension Contact {
    /// A lead may be she.
    public static var alike: [String] { [name, Lead.name] }
    /// Who she is on the platform is hers, too.
    public static var inherited: [Field] { platform }

    /// By the events that tell of each part.
    public static func events(from old: Record, to new: Record, in context: Context) throws(Rejection) -> [Event] {
        let change = Patch.replacing(fields, of: old, by: new).effective(on: old, fields)
            .without("emails", "affiliations", "contacted")
        var events = try edited(change, old, context) + FollowUp.contacts(from: old, to: new)
        events += try told(Entries(new["emails"]), on: old) + told(accounts: Entries(new["affiliations"]), on: old)
        if let tags = Patch.tags(from: old, to: new) { events.append(.tagsChanged(tags: tags)) }
        if old.platform != new.platform {
            if let user = new.text("platform_user_id") {
                let profile = new["platform_profile"]?.object.map { Record($0) }
                events.append(.linkedToPlatformUser(platform_user_id: user, platform_profile: profile))
            } else {
                events.append(.unlinkedFromPlatformUser)
            }
        }
        return events
    }
}

extension Record {
    fileprivate var platform: [JSON?] { [self["platform_user_id"], self["platform_profile"]] }
}

extension Entries {
    /// The address one writes to first.
    fileprivate var primaryAddress: String? { primary.flatMap { self[$0]?["address"]?.string } }
}
