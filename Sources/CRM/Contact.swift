public import FoundationEssentials
public import Kernel

/// A person one deals with: many addresses, many accounts, and of each one that comes first.
public enum Contact: Mergeable {
    /// `contact`.
    public static let name = "contact"
    /// `contacts`.
    public static let plural = "contacts"

    // MARK: What is known of one?

    /// Owner, status, addresses, accounts and when to speak with her are told by events of their own; an address is
    /// hers alone unless the organization's `EmailPolicy` lets others have it, too.
    public static let fields: [Field] = [
        .firstName, .lastName, .jobTitle,
        Field("department", .text(100)).personal()
            .known(as: [.salesforce: "department", .dynamics: "department", .suitecrm: "department"]),
        Field("status", .choice(["active", "inactive", "bounced"])),
        Field("lead_source", .text(100))
            .known(as: [.salesforce: "lead_source", .dynamics: "leadSourceCode", .suitecrm: "lead_source"]),
        Field("lead_score", .integer(0...100)).known(as: [.hubspot: "hubspotscore"]),
        .phone, .mobile,
        Field("website", .link).personal().known(as: [.dynamics: "webSiteUrl", .hubspot: "website"]),
        Field("social_profiles", .map(of: .link, keys: .name)).personal(),
        Field("preferences", .map(of: .text(500), keys: .name)).personal(),
        .description.known(as: [.salesforce: "description", .dynamics: "description", .suitecrm: "description"]),
        .owner.known(as: [
            .salesforce: "owner_id", .dynamics: "ownerId", .suitecrm: "assigned_user_id", .hubspot: "hubspot_owner_id",
        ]),
        Field("emails", .entries(of: email, keys: .id, by: "address")).alias("email").personal().searchable(.b)
            .known(as: [.salesforce: "email", .dynamics: "EMailAddress1", .suitecrm: "email1", .hubspot: "email"]),
        Field("affiliations", .entries(of: affiliation, keys: .reference("account"), by: "account_id"))
            .alias("account_id").known(as: [.salesforce: "account_id", .dynamics: "accountId"]),
        .contacted, .nextFollowUp, .custom,
    ]
    private static let email = [
        Field("address", .email).required(), Field("label", .text(40)), Field("primary", .flag),
    ]
    private static let affiliation = [
        Field("role", .text(100)), Field("primary", .flag), Field("from", .day), Field("to", .day),
    ]
    /// The first of each, as a decision settles it, and what a platform says of her, which is never mixed with what we
    /// do.
    public static let derived =
        [
            Field("primary_email", .email).personal(), Field("primary_account_id", .reference("account")),
            Field("mode", .choice(["external", "native"])), .lastContacted,
        ] + platform
    /// Who she is on the platform, and the profile that it vouches for.
    static let platform = [
        Field("platform_user_id", .text(200)).personal(),
        Field("platform_profile", .map(of: .text(500), keys: .name)).personal(),
    ]
    /// Absent, active or archived. Beside the fields the record has what is derived.
    public typealias Content = Record
    /// Absent, active or archived.
    public typealias State = Life<Content>

    // MARK: What can be asked?

    /// What can be asked. An address is named by itself or by its id.
    public enum Command: Sendable, Equatable, TagCommand, FollowUpCommand, MergeCommand {
        case create(Record)
        case edit(Patch)
        case addEmail(Record)
        case removeEmail(String), makeEmailPrimary(String)
        case affiliate(account: UUID, Record)
        case endAffiliation(account: UUID, to: Day?)
        case makePrimary(account: UUID)
        case tag(Patch)
        case link(user: String, profile: [String: JSON]?)
        case unlink
        case followUp(FollowUp)
        case merging(Merging)
        case archive, restore
    }
    /// How it is asked.
    public static let acts: [Act<Command>] =
        [
            Act("create", .creates, "Enter a contact", takes: fields + platform) { .create($0.record) },
            Act("edit", .edits, "Change what is known of a contact", takes: fields.keeping("status")) {
                .edit($0.patch)
            },
            Act("assign", .verb, "Give a contact to a member", takes: [.owner.required()]) { .edit($0.patch) },
            Act("add_email", .verb, "Add an address", takes: email) { .addEmail($0.record) },
            Act("remove_email", .verb, "Remove an address", takes: oneEmail) { body throws(Flaw) in
                .removeEmail(try body.required(body.text("email_id") ?? body.text("address"), "email_id"))
            },
            Act("make_email_primary", .verb, "Write to this address first", takes: oneEmail) { body throws(Flaw) in
                .makeEmailPrimary(try body.required(body.text("email_id") ?? body.text("address"), "email_id"))
            },
            Act(
                "affiliate", .verb, "Say that the contact works with an account",
                takes: [account] + affiliation.filter { $0.name != "to" }
            ) { body throws(Flaw) in
                let id = try body.required(body.id("account_id"), "account_id")
                return .affiliate(account: id, Record(body.values.filter { $0.key != "account_id" }))
            },
            Act("end_affiliation", .verb, "Say that it no longer does", takes: [account, Field("to", .day)]) {
                body throws(Flaw) in
                .endAffiliation(account: try body.required(body.id("account_id"), "account_id"), to: body.day("to"))
            },
            Act("make_primary", .verb, "Make an account the contact's first", takes: [account]) { body throws(Flaw) in
                .makePrimary(account: try body.required(body.id("account_id"), "account_id"))
            },
            Act("mark_bounced", .verb, "Note that mail to a contact comes back") { _ in
                .edit(Patch(["status": "bounced"]))
            },
            Act(
                "link_platform_user", .verb,
                "Say who a contact is on the platform, with the profile that it vouches for",
                takes: [platform[0].required().alias("user_id"), platform[1].alias("profile")]
            ) { body throws(Flaw) in
                let user = try body.required(body.text("platform_user_id"), "platform_user_id")
                return .link(user: user, profile: body.values["platform_profile"]?.object)
            },
            Act("unlink_platform_user", .verb, "Say that a contact is nobody on the platform") { _ in .unlink },
            Act("archive", .archives, "Put a contact away") { _ in .archive },
            Act("restore", .verb, "Take a contact out again") { _ in .restore },
        ] + FollowUp.acts("a contact") + tagging + merges
    private static let account = Field("account_id", .reference("account")).required()
    private static let oneEmail = [Field("email_id", .id), Field("address", .email)]

    // MARK: What can have happened?

    /// What can have happened.
    public enum Event: Message, TagEvent, FollowUpEvent, MergeEvent {
        case created(Record)
        case edited(set: Patch)
        case assigned(from: UUID?, owner_id: UUID?)
        /// Whole entries by id; null for one that was removed.
        case emailsChanged(emails: Patch?, primary_email: String?)
        /// Whole entries by account; null for one that was removed.
        case affiliationsChanged(affiliations: Patch?, primary_account_id: UUID?)
        case tagsChanged(tags: Patch)
        case statusChanged(from: String?, status: String)
        /// The whole profile.
        case linkedToPlatformUser(platform_user_id: String?, platform_profile: Record?)
        case unlinkedFromPlatformUser
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
            case created = "contact.created@1"
            case edited = "contact.edited@1"
            case assigned = "contact.assigned@1"
            case emailsChanged = "contact.emails_changed@1"
            case affiliationsChanged = "contact.affiliations_changed@1"
            case tagsChanged = "contact.tags_changed@1"
            case statusChanged = "contact.status_changed@1"
            case linkedToPlatformUser = "contact.linked_to_platform_user@1"
            case unlinkedFromPlatformUser = "contact.unlinked_from_platform_user@1"
            case contacted = "contact.contacted@1"
            case followUpPlanned = "contact.follow_up_planned@1"
            case tookOver = "contact.took_over@1"
            case gaveBack = "contact.gave_back@1"
            case merged = "contact.merged@1"
            case redirected = "contact.redirected@1"
            case unmerged = "contact.unmerged@1"
            case duplicateDismissed = "contact.duplicate_dismissed@1"
            case duplicateReconsidered = "contact.duplicate_reconsidered@1"
            case archived = "contact.archived@1"
            case restored = "contact.restored@1"
        }
    }

    // MARK: What is refused, and what to do then?

    /// Why not.
    public enum Rejection: String, MergeRefusal {
        case absent = "contact.not_found"
        case exists = "contact.already_exists"
        case archived = "contact.archived"
        case nameMissing = "contact.name_missing"
        case emailUnknown = "contact.email_unknown"
        case emailTwice = "contact.email_twice"
        case notAffiliated = "contact.not_affiliated"
        case affiliationEnded = "contact.affiliation_ended"
        case platformUserMissing = "contact.platform_user_missing"
        case isLinked = "contact.linked_to_another"
        case merged = "contact.merged"
        case withItself = "contact.merged_with_itself"
        case loserArchived = "contact.loser_archived"
        case loserMerged = "contact.loser_merged"
        case notMerged = "contact.not_merged"
        case mergedAlong = "contact.merged_along"
        case duplicateOfItself = "contact.duplicate_of_itself"

        /// What to do.
        public var detail: String {
            switch self {
            case .absent: "There is no such contact."
            case .exists: "This contact exists already; edit it instead."
            case .archived: "This contact is archived; restore it first."
            case .nameMissing: "A contact needs a first name or a last name."
            case .emailUnknown: "The contact has no such address; its emails are listed with their ids."
            case .emailTwice: "The contact would have the same address twice; remove one."
            case .notAffiliated: "The contact is not affiliated with this account; affiliate it first."
            case .affiliationEnded: "The affiliation has ended; affiliate the contact again first."
            case .platformUserMissing: "A platform's profile is of a platform's user; give platform_user_id."
            case .isLinked: "The contact is another user on the platform; unlink that one first."
            case .merged: "This contact was merged into another; see merged_into, and go on with that one."
            case .withItself: "Name another contact as the loser."
            case .loserArchived: "The loser is archived; restore it first."
            case .loserMerged: "The loser was merged already; merge the contact that stands for it."
            case .notMerged: "The loser was not merged into this contact; ask the one that stands for it."
            case .mergedAlong: "It came along with another that was merged into this contact; un-merge that one first."
            case .duplicateOfItself: "Name another contact or lead: this one is the record itself."
            }
        }
        /// What kind of refusal.
        public var reason: RefusalReason {
            switch self {
            case .absent: .absent
            case .exists, .archived, .affiliationEnded, .isLinked, .merged, .loserArchived, .loserMerged, .notMerged,
                .mergedAlong:
                .conflict
            case .nameMissing, .emailUnknown, .emailTwice, .notAffiliated, .platformUserMissing, .withItself,
                .duplicateOfItself:
                .invalid
            }
        }
    }

    // MARK: What does it mean?

    /// What it means.
    public static func evolve(_ state: inout State, _ event: Event) {
        switch event {
        case .created(let record): state = .active(record)
        case .edited(let change): state.change { $0.merge(change, fields) }
        case .assigned(_, let owner): state.change { $0.set("owner_id", owner) }
        case .emailsChanged(let emails, let primary):
            state.change {
                $0.merge(Patch(["emails": .object(emails?.values ?? [:])]), fields)
                $0.set("primary_email", primary)
            }
        case .affiliationsChanged(let affiliations, let primary):
            state.change {
                $0.merge(Patch(["affiliations": .object(affiliations?.values ?? [:])]), fields)
                $0.set("primary_account_id", primary)
            }
        case .tagsChanged(let tags): state.retag(tags)
        case .statusChanged(_, let status): state.change { $0.set("status", status) }
        case .linkedToPlatformUser(let user, let profile):
            state.change {
                $0.set("mode", "native")
                $0.set("platform_user_id", user)
                $0.set("platform_profile", profile.map { .object($0.values) })
            }
        case .unlinkedFromPlatformUser:
            state.change {
                $0.merge(Patch(["platform_user_id": .null, "platform_profile": .null]), [])
                $0.set("mode", "external")
            }
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

    // MARK: What is hers alone?

    /// Each of her addresses, and who she is on the platform, while she is not archived.
    public static func claims(_ state: State) -> Set<Claim> {
        guard case .active(let contact) = state else { return [] }
        let user = contact.text("platform_user_id").map { [Claim("contact.platform_user", $0)] } ?? []
        return Set(Entries(contact["emails"]).values("address").map { Claim("contact.email", $0) } + user)
    }
}
