public import FoundationEssentials
public import Kernel

/// A business that is, was or may become a customer. Accounts may stand under a parent account.
public enum Account: Mergeable {
    /// `account`.
    public static let name = "account"
    /// `accounts`.
    public static let plural = "accounts"

    // MARK: What is known of one?

    /// Owner, lifecycle, parent and when to speak with it are told by events of their own; the slug is its alone.
    public static let fields = [
        Field("name", .line).required().searchable(.a)
            .known(as: [.salesforce: "name", .dynamics: "name", .suitecrm: "name", .hubspot: "name"]),
        Field("slug", .slug),
        Field("lifecycle", .choice(["lead", "prospect", "customer", "churned"])).alias("status")
            .known(as: [.salesforce: "type", .suitecrm: "account_type", .hubspot: "lifecyclestage"]),
        Field("industry", .text(100)).searchable(.c)
            .known(as: [
                .salesforce: "industry", .dynamics: "industryCode", .suitecrm: "industry", .hubspot: "industry",
            ]),
        Field("size", .choice(["startup", "small", "medium", "enterprise"])).known(as: [.dynamics: "customerSizeCode"]),
        Field("website", .link).searchable(.b)
            .known(as: [
                .salesforce: "website", .dynamics: "webSiteUrl", .suitecrm: "website", .hubspot: "website",
            ]),
        Field("email", .email).personal().searchable(.b).known(as: [.dynamics: "EMailAddress1", .suitecrm: "email1"]),
        Field("phone", .phone).personal()
            .known(as: [
                .salesforce: "phone", .dynamics: "telephone1", .suitecrm: "phone_office", .hubspot: "phone",
            ]),
        Field("billing_address", .address), Field("shipping_address", .address),
        Field("annual_revenue", .money)
            .known(as: [
                .salesforce: "annual_revenue", .dynamics: "revenue", .suitecrm: "annual_revenue",
                .hubspot: "annualrevenue",
            ]),
        Field("employee_count", .integer(0...10_000_000))
            .known(as: [
                .salesforce: "number_of_employees", .dynamics: "numberOfEmployees", .suitecrm: "employees",
                .hubspot: "numberofemployees",
            ]),
        .owner.known(as: [
            .salesforce: "owner_id", .dynamics: "ownerId", .suitecrm: "assigned_user_id", .hubspot: "hubspot_owner_id",
        ]),
        Field("parent_id", .reference("account"))
            .known(as: [.salesforce: "parent_id", .dynamics: "parentAccountId", .suitecrm: "parent_id"]),
        .contacted, .nextFollowUp,
        .description.known(as: [
            .salesforce: "description", .dynamics: "description", .suitecrm: "description", .hubspot: "description",
        ]),
        .custom,
    ]
    /// To whom one turns first, and when somebody last did.
    public static let derived = [Field("primary_contact_id", .reference("contact")), .lastContacted]
    /// Beside the fields the record has what is derived.
    public typealias Content = Record
    /// Absent, active or archived.
    public typealias State = Life<Content>

    // MARK: What can be asked?

    /// What can be asked. A verb that sets one field is an edit of that field.
    public enum Command: Sendable, Equatable, TagCommand, FollowUpCommand, MergeCommand {
        case create(Record)
        case edit(Patch)
        case tag(Patch)
        case preferContact(UUID?)
        case followUp(FollowUp)
        case merging(Merging)
        case archive, restore
    }
    /// How it is asked.
    public static let acts: [Act<Command>] =
        [
            Act("create", .creates, "Enter an account", takes: fields) { .create($0.record) },
            Act("edit", .edits, "Change what is known of an account", takes: fields.keeping("lifecycle")) {
                .edit($0.patch)
            },
            Act("assign", .verb, "Give an account to a member", takes: [.owner.required()]) { .edit($0.patch) },
            Act(
                "change_lifecycle", .verb, "Say what the account has become",
                takes: fields.filter { $0.name == "lifecycle" }.keeping("lifecycle")
            ) { .edit($0.patch) },
            Act(
                "set_parent", .verb, "Put an account under another; without one it stands alone",
                takes: [Field("parent_id", .reference("account"))]
            ) { .edit($0.change(of: "parent_id")) },
            Act(
                "set_primary_contact", .verb, "Say to which of its contacts one turns first; without one to none",
                takes: [Field("contact_id", .reference("contact")).alias("primary_contact_id")]
            ) { .preferContact($0.id("contact_id")) },
            Act("archive", .archives, "Put an account away") { _ in .archive },
            Act("restore", .verb, "Take an account out again") { _ in .restore },
        ] + FollowUp.acts("an account") + tagging + merges

    // MARK: What can have happened?

    /// What can have happened.
    public enum Event: Message, TagEvent, FollowUpEvent, MergeEvent {
        case created(Record)
        case edited(set: Patch)
        case assigned(from: UUID?, owner_id: UUID?)
        case lifecycleChanged(from: String?, lifecycle: String)
        case parentChanged(from: UUID?, parent_id: UUID?)
        case tagsChanged(tags: Patch)
        case primaryContactChanged(from: UUID?, primary_contact_id: UUID?)
        case contacted(contacted: Bool, last_contacted_on: Day?)
        case followUpPlanned(from: Instant?, next_follow_up_at: Instant?)
        case tookOver(loser: UUID, took: Record?, along: Record?)
        case gaveBack(loser: UUID, kept: Record?)
        case merged(into: UUID)
        case redirected(into: UUID)
        case unmerged
        case duplicateDismissed(other: SubjectRef)
        case duplicateReconsidered(other: SubjectRef)
        case archived, restored
        /// Stored names; append-only.
        public enum CodingKeys: String, CodingKey, CaseIterable {
            case created = "account.created@1"
            case edited = "account.edited@1"
            case assigned = "account.assigned@1"
            case lifecycleChanged = "account.lifecycle_changed@1"
            case parentChanged = "account.parent_changed@1"
            case tagsChanged = "account.tags_changed@1"
            case primaryContactChanged = "account.primary_contact_changed@1"
            case contacted = "account.contacted@1"
            case followUpPlanned = "account.follow_up_planned@1"
            case tookOver = "account.took_over@1"
            case gaveBack = "account.gave_back@1"
            case merged = "account.merged@1"
            case redirected = "account.redirected@1"
            case unmerged = "account.unmerged@1"
            case duplicateDismissed = "account.duplicate_dismissed@1"
            case duplicateReconsidered = "account.duplicate_reconsidered@1"
            case archived = "account.archived@1"
            case restored = "account.restored@1"
        }
    }

    // MARK: What is refused, and what to do then?

    /// Why not.
    public enum Rejection: String, MergeRefusal {
        case absent = "account.not_found"
        case exists = "account.already_exists"
        case archived = "account.archived"
        case parentCycle = "account.parent_cycle"
        case notAffiliated = "account.contact_not_affiliated"
        case merged = "account.merged"
        case withItself = "account.merged_with_itself"
        case loserArchived = "account.loser_archived"
        case loserMerged = "account.loser_merged"
        case notMerged = "account.not_merged"
        case mergedAlong = "account.merged_along"
        case duplicateOfItself = "account.duplicate_of_itself"

        /// What to do.
        public var detail: String {
            switch self {
            case .absent: "There is no such account."
            case .exists: "This account exists already; edit it instead."
            case .archived: "This account is archived; restore it first."
            case .parentCycle: "The parent stands under this account; choose one that does not."
            case .notAffiliated: "This contact does not work with the account; affiliate it first."
            case .merged: "This account was merged into another; see merged_into, and go on with that one."
            case .withItself: "Name another account as the loser."
            case .loserArchived: "The loser is archived; restore it first."
            case .loserMerged: "The loser was merged already; merge the account that stands for it."
            case .notMerged: "The loser was not merged into this account; ask the one that stands for it."
            case .mergedAlong: "It came along with another that was merged into this account; un-merge that one first."
            case .duplicateOfItself: "Name another account: this one is the record itself."
            }
        }
        /// What kind of refusal.
        public var reason: RefusalReason {
            switch self {
            case .absent: .absent
            case .exists, .archived, .merged, .loserArchived, .loserMerged, .notMerged, .mergedAlong: .conflict
            case .parentCycle, .notAffiliated, .withItself, .duplicateOfItself: .invalid
            }
        }
    }

    // MARK: What does a decision read?

    /// The new parent and all that stand above it; a contact who is to be the first.
    public static func references(_ command: Command, _ state: State, known: Context) -> [Reference] {
        switch command {
        case .merging(let wish): references(wish, state, known: known)
        case .create(let record): ancestry(record.id("parent_id"), known).map { Reference(Account.self, $0) }
        case .edit(let patch): ancestry(patch.id("parent_id"), known).map { Reference(Account.self, $0) }
        case .preferContact(let contact): contact.map { [Reference(Contact.self, $0)] } ?? []
        case .tag, .followUp, .archive, .restore: []
        }
    }
    /// An account and those above it, as far as they are known, nearest first; behind one that was merged comes the one
    /// that stands for it.
    /// - Parameter parted: what would stand for itself again, and takes along what had been merged into it.
    static func ancestry(_ first: UUID?, _ known: Context, parted: Merge? = nil) -> [UUID] {
        var chain: [UUID] = []
        var next = first
        while let id = next, !chain.contains(id) {
            chain.append(id)
            let state = known.state(Account.self, id)
            next = standsFor(id, state, parted) ?? state.content?.id("parent_id")
        }
        return chain
    }
    private static func standsFor(_ id: UUID, _ state: State, _ parted: Merge?) -> UUID? {
        switch parted {
        case let parted? where parted.loser == id: nil
        case let parted? where parted.along.contains(id): parted.loser
        case .some, nil: state.mergedInto
        }
    }

    // MARK: What happens?

    /// What happens. An account is a lead until something else is said.
    public static func decide(_ command: Command, given state: State, in context: Context) throws(Rejection) -> [Event]
    {
        switch command {
        case .create(let record):
            let events = try begin(state, with: .created(record.with(defaults: ["lifecycle": "lead"])))
            guard !ancestry(record.id("parent_id"), context).contains(context.id) else { throw .parentCycle }
            return events
        case .edit(let patch):
            let account = try inUse(state)
            let change = patch.effective(on: account, fields)
            guard !ancestry(change.id("parent_id"), context).contains(context.id) else { throw .parentCycle }
            return events(of: change, on: account, context.today)
        case .tag(let tags): return try retagged(state, by: tags)
        case .preferContact(let contact):
            let account = try inUse(state)
            if let contact {
                let accounts = Entries(context.state(Contact.self, contact).content?["affiliations"])
                let standsFor = [context.id] + account.mergedIDs
                guard standsFor.contains(where: { accounts.isCurrent($0.text) }) else { throw .notAffiliated }
            }
            let known = account.id("primary_contact_id")
            return contact == known ? [] : [.primaryContactChanged(from: known, primary_contact_id: contact)]
        case .followUp(let wish): return wish.events(on: try inUse(state), context.today)
        case .merging(let wish): return try merged(state, by: wish, in: context)
        case .archive: return try archive(state, with: .archived)
        case .restore: return try restore(state, with: .restored)
        }
    }
    static func events(of change: Patch, on account: Record, _ today: Day) -> [Event] {
        var events: [Event] = []
        if change["owner_id"] != nil {
            events.append(.assigned(from: account.id("owner_id"), owner_id: change.id("owner_id")))
        }
        if let lifecycle = change.text("lifecycle") {
            events.append(.lifecycleChanged(from: account.text("lifecycle"), lifecycle: lifecycle))
        }
        if change["parent_id"] != nil {
            events.append(.parentChanged(from: account.id("parent_id"), parent_id: change.id("parent_id")))
        }
        events += FollowUp.events(of: change, on: account, today)
        let plain = change.without("owner_id", "lifecycle", "parent_id", "contacted", "next_follow_up_at")
        return plain.isEmpty ? events : events + [.edited(set: plain)]
    }

    // MARK: What does it mean?

    /// What it means.
    public static func evolve(_ state: inout State, _ event: Event) {
        switch event {
        case .created(let record): state = .active(record)
        case .edited(let change): state.change { $0.merge(change, fields) }
        case .assigned(_, let owner): state.change { $0.set("owner_id", owner) }
        case .lifecycleChanged(_, let lifecycle): state.change { $0.set("lifecycle", lifecycle) }
        case .parentChanged(_, let parent): state.change { $0.set("parent_id", parent) }
        case .tagsChanged(let tags): state.retag(tags)
        case .primaryContactChanged(_, let contact): state.change { $0.set("primary_contact_id", contact) }
        case .contacted(let contacted, let day): state.change { $0.take(contacted: contacted, on: day) }
        case .followUpPlanned(_, let next): state.change { $0.plan(next) }
        case .tookOver(let loser, let took, let along): state.takeOver(loser, took, along, cells)
        case .gaveBack(let loser, let kept): state.giveBack(loser, kept: kept)
        case .merged(let winner), .redirected(let winner): state.merge(into: winner)
        case .unmerged: state.unmerge()
        case .duplicateDismissed(let other): state.dismiss(other.id)
        case .duplicateReconsidered(let other): state.reconsider(other.id)
        case .archived: state.archive()
        case .restored: state.restore()
        }
    }

    // MARK: What is its alone?

    /// Its slug while it is not archived.
    public static func claims(_ state: State) -> Set<Claim> {
        guard case .active(let account) = state, let slug = account.text("slug") else { return [] }
        return [Claim("account.slug", slug)]
    }
}
