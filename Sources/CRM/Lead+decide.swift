import FoundationEssentials
public import Kernel

// MARK: What is refused, and what to do then?

extension Lead {
    /// Why not.
    public enum Rejection: String, MergeRefusal {
        case absent = "lead.not_found"
        case exists = "lead.already_exists"
        case archived = "lead.archived"
        case nameMissing = "lead.name_missing"
        case isConverted = "lead.converted"
        case isDisqualified = "lead.disqualified"
        case nothingToBecome = "lead.nothing_to_become"
        case accountTwice = "lead.account_twice"
        case contactTwice = "lead.contact_twice"
        case dealTwice = "lead.deal_twice"
        case describedToo = "lead.described_too"
        case accountArchived = "lead.account_archived"
        case contactArchived = "lead.contact_archived"
        case dealArchived = "lead.deal_archived"
        case merged = "lead.merged"
        case withItself = "lead.merged_with_itself"
        case loserArchived = "lead.loser_archived"
        case loserMerged = "lead.loser_merged"
        case notMerged = "lead.not_merged"
        case mergedAlong = "lead.merged_along"
        case duplicateOfItself = "lead.duplicate_of_itself"
        case mergedConverted = "lead.merged_converted"

        /// What to do.
        public var detail: String {
            switch self {
            case .absent: "There is no such lead."
            case .exists: "This lead exists already; edit it instead."
            case .archived: "This lead is archived; restore it first."
            case .nameMissing: "A lead needs a name, a company, an e-mail address or a telephone number."
            case .isConverted: "This lead was converted; go on with the account, contact or deal that it became."
            case .isDisqualified: "This lead was turned away; qualify or reopen it first."
            case .nothingToBecome: "Neither a person nor a company is known; name an account_id or a contact_id."
            case .accountTwice: "Name an account that is there or describe a new one, not both."
            case .contactTwice: "Name a contact that is there or describe a new one, not both."
            case .dealTwice: "Name a deal that is there or describe a new one, not both."
            case .describedToo: "With only_named nothing is made; name what is there, or leave only_named out."
            case .accountArchived: "This account is archived; restore it or name another."
            case .contactArchived: "This contact is archived; restore it or name another."
            case .dealArchived: "This deal is archived; restore it or name another."
            case .merged: "This lead was merged into another; see merged_into, and go on with that one."
            case .withItself: "Name another lead as the loser."
            case .loserArchived: "The loser is archived; restore it first."
            case .loserMerged: "The loser was merged already; merge the lead that stands for it."
            case .notMerged: "The loser was not merged into this lead; ask the one that stands for it."
            case .mergedAlong: "It came along with another that was merged into this lead; un-merge that one first."
            case .duplicateOfItself: "Name another lead or contact: this one is the record itself."
            case .mergedConverted: "A lead that was converted is not merged; merge what it became."
            }
        }
        /// What kind of refusal.
        public var reason: RefusalReason {
            switch self {
            case .absent: .absent
            case .exists, .archived, .isConverted, .isDisqualified, .accountArchived, .contactArchived, .dealArchived,
                .merged, .loserArchived, .loserMerged, .notMerged, .mergedAlong, .mergedConverted:
                .conflict
            case .nameMissing, .nothingToBecome, .accountTwice, .contactTwice, .dealTwice, .describedToo,
                .withItself, .duplicateOfItself:
                .invalid
            }
        }
    }
}

// MARK: What does a decision read?

extension Lead {
    /// What a lead is to become part of.
    public static func references(_ command: Command, _ state: State, known: Context) -> [Reference] {
        switch command {
        case .merging(let wish): return references(wish, state, known: known)
        case .convert(let wish):
            let account = wish.accountID.map { Reference(Account.self, $0) }
            let contact = wish.contactID.map { Reference(Contact.self, $0) }
            let deal = wish.dealID.map { Reference(Deal.self, $0) }
            return [account, contact, deal].compactMap(\.self) + wish.known(of: state.content)
        case .capture, .edit, .qualify, .disqualify, .reopen, .followUp, .tag, .archive, .restore: return []
        }
    }
}

// MARK: What happens?

extension Lead {
    /// What happens. A lead that was converted only shows what it became.
    public static func decide(_ command: Command, given state: State, in context: Context) throws(Rejection) -> [Event]
    {
        switch command {
        case .capture(let record): return try begin(state, with: .captured(try captured(record)))
        case .edit(let patch):
            let lead = try inUse(state)
            let events = try edited(patch.effective(on: lead, fields), lead, context)
            // What it says already may be said again.
            guard lead.standing != "converted" || events.isEmpty else { throw .isConverted }
            return events
        case .qualify:
            let lead = try open(state)
            return lead.standing == "qualified" ? [] : [.qualified(from: lead.standing)]
        case .disqualify(let reason):
            let lead = try open(state)
            let isSame = lead.standing == "disqualified" && lead.text("disqualified_reason") == reason
            return isSame ? [] : [.disqualified(from: lead.standing, disqualified_reason: reason)]
        case .reopen:
            let lead = try open(state)
            return lead.standing == "open" ? [] : [.reopened(from: lead.standing)]
        case .convert(let wish):
            let lead = try inUse(state)
            try wish.check()
            if lead.standing == "converted", wish.onlyNamed { return try wish.more(of: lead, context) }
            if lead.standing == "converted" {
                guard wish.isMet(by: lead) else { throw .isConverted }
                return []
            }
            guard lead.standing != "disqualified" else { throw .isDisqualified }
            return [try converted(lead, wish, context)]
        case .followUp(let wish): return wish.events(on: try open(state), context.today)
        case .merging(let wish): return try merged(state, by: wish, in: context)
        case .tag(let tags): return try retagged(state, by: tags)
        case .archive: return try archive(state, with: .archived)
        case .restore: return try restore(state, with: .restored)
        }
    }

    private static func open(_ state: State) throws(Rejection) -> Record {
        let lead = try inUse(state)
        guard lead.standing != "converted" else { throw .isConverted }
        return lead
    }
    /// By what somebody can be told from others.
    private static let names = ["first_name", "last_name", "company", "email", "phone", "mobile"]

    private static func captured(_ record: Record) throws(Rejection) -> Record {
        guard names.contains(where: { record[$0] != nil }) else { throw .nameMissing }
        return record.with(defaults: ["status": "open"])
    }
    private static func edited(_ change: Patch, _ lead: Record, _ context: Context) throws(Rejection) -> [Event] {
        var after = lead
        after.merge(change, fields)
        guard names.contains(where: { after[$0] != nil }) || !names.contains(where: { change[$0] != nil }) else {
            throw .nameMissing
        }
        var events: [Event] = []
        if change["owner_id"] != nil {
            events.append(.assigned(from: lead.id("owner_id"), owner_id: change.id("owner_id")))
        }
        events += FollowUp.events(of: change, on: lead, context.today)
        let plain = change.without("owner_id", "contacted", "next_follow_up_at")
        return plain.isEmpty ? events : events + [.edited(set: plain)]
    }

    /// A contact may be the same person: then the lead is converted into that one.
    public static var alike: [String] { [name, Contact.name] }
    /// What became of a lead stays as it is.
    public static func fit(_ merged: Record, of winner: Record, and loser: UUID, in context: Context)
        throws(Rejection) -> Record
    {
        let both = [winner, context.state(Lead.self, loser).content ?? Record()]
        guard !both.contains(where: { $0.standing == "converted" }) else { throw .mergedConverted }
        return merged
    }
    /// By the events that tell of each part.
    public static func events(from old: Record, to new: Record, in context: Context) throws(Rejection) -> [Event] {
        let change = Patch.replacing(fields, of: old, by: new).effective(on: old, fields).without("contacted")
        let tags = Patch.tags(from: old, to: new).map { Event.tagsChanged(tags: $0) }
        return try edited(change, old, context) + FollowUp.contacts(from: old, to: new) + [tags].compactMap(\.self)
    }

    /// What it becomes: what is named, else something new where the lead tells enough or it is described.
    private static func converted(_ lead: Record, _ wish: Conversion, _ context: Context) throws(Rejection) -> Event {
        if wish.onlyNamed {
            return .converted(
                from: lead.standing, account_id: wish.accountID, contact_id: wish.contactID, deal_id: wish.dealID)
        }
        if let id = wish.accountID, case .archived = context.state(Account.self, id) { throw .accountArchived }
        if let id = wish.contactID, case .archived = context.state(Contact.self, id) { throw .contactArchived }
        if let id = wish.dealID, case .archived = context.state(Deal.self, id) { throw .dealArchived }
        let account = wish.accountID ?? (wish.makesAccount(of: lead) ? context.newID() : nil)
        let contact = wish.contactID ?? (wish.makesContact(of: lead) ? context.newID() : nil)
        let deal = wish.dealID ?? (wish.deal != nil ? context.newID() : nil)
        guard account != nil || contact != nil else { throw .nothingToBecome }
        return .converted(from: lead.standing, account_id: account, contact_id: contact, deal_id: deal)
    }
}

extension Record {
    /// Where a lead stands.
    var standing: String { text("status") ?? "open" }
}
