public import FoundationEssentials
public import Kernel

/// Somebody who came in and of whom nobody knows yet whether there is business: captured, looked at, and then turned
/// away or converted into what one works with: an account, a contact, a deal.
public enum Lead: Mergeable {
    /// `lead`.
    public static let name = "lead"
    /// `leads`.
    public static let plural = "leads"

    // MARK: What is known of one?

    /// Owner, status and what became of it are told by events of their own.
    public static let fields: [Field] = [
        .firstName, .lastName,
        Field("company", .line).alias("account_name").personal().searchable(.a)
            .known(as: [
                .salesforce: "company", .dynamics: "companyName", .suitecrm: "account_name", .hubspot: "company",
            ]),
        .jobTitle,
        Field("email", .email).personal().searchable(.b)
            .known(as: [.salesforce: "email", .dynamics: "EMailAddress1", .suitecrm: "email1", .hubspot: "email"]),
        .phone, .mobile,
        Field("website", .link).personal()
            .known(as: [
                .salesforce: "website", .dynamics: "webSiteUrl", .suitecrm: "website", .hubspot: "website",
            ]),
        Field("address", .address).personal(),
        Field("industry", .text(100)).searchable(.c)
            .known(as: [.salesforce: "industry", .dynamics: "industryCode", .hubspot: "industry"]),
        Field("employee_count", .integer(0...10_000_000))
            .known(as: [.salesforce: "number_of_employees", .dynamics: "numberOfEmployees"]),
        Field("annual_revenue", .money).known(as: [.salesforce: "annual_revenue", .dynamics: "revenue"]),
        Field("amount", .money).alias("estimated_value")
            .known(as: [.dynamics: "estimatedAmount", .suitecrm: "opportunity_amount"]),
        Field("source", .text(100)).alias("lead_source").searchable(.c)
            .known(as: [.salesforce: "lead_source", .dynamics: "leadSourceCode", .suitecrm: "lead_source"]),
        Field("score", .integer(0...100)).alias("lead_score").known(as: [.hubspot: "hubspotscore"]),
        .contacted, .nextFollowUp,
        .description.known(as: [.salesforce: "description", .dynamics: "description", .suitecrm: "description"]),
        .owner.known(as: [
            .salesforce: "owner_id", .dynamics: "ownerId", .suitecrm: "assigned_user_id", .hubspot: "hubspot_owner_id",
        ]),
        .custom,
    ]
    /// Where it stands, why it was turned away, and what it became.
    public static let derived = [
        Field("status", .choice(["open", "qualified", "disqualified", "converted"])),
        Field("disqualified_reason", .text(500)).personal(), .lastContacted,
        Field("account_id", .reference("account")), Field("contact_id", .reference("contact")),
        Field("deal_id", .reference("deal")),
    ]
    /// Beside the fields the record has what is derived.
    public typealias Content = Record
    /// Absent, active or archived.
    public typealias State = Life<Content>

    /// The contact that it became tells of the same person.
    public static let samePerson: Set = ["contact_id"]

    // MARK: What can be asked?

    /// What can be asked.
    public enum Command: Sendable, Equatable, TagCommand, FollowUpCommand, MergeCommand {
        case capture(Record)
        case edit(Patch)
        case qualify
        case disqualify(reason: String)
        case reopen
        case convert(Conversion)
        case followUp(FollowUp)
        case merging(Merging)
        case tag(Patch)
        case archive, restore
    }
    /// How it is asked.
    public static let acts: [Act<Command>] =
        [
            Act("capture", .creates, "Note a lead that came in", takes: fields) { .capture($0.record) },
            Act("edit", .edits, "Change what is known of a lead", takes: fields) { .edit($0.patch) },
            Act("assign", .verb, "Give a lead to a member", takes: [.owner.required()]) { .edit($0.patch) },
            Act("qualify", .verb, "Say that there may be business with a lead") { _ in .qualify },
            Act(
                "disqualify", .verb, "Turn a lead away, and say why",
                takes: [Field("disqualified_reason", .text(500)).required().alias("reason")]
            ) { body throws(Flaw) in
                .disqualify(reason: try body.required(body.text("disqualified_reason"), "disqualified_reason"))
            },
            Act("reopen", .verb, "Look at a lead anew that was qualified or turned away") { _ in .reopen },
            Act(
                "convert", .verb, "Make an account, a contact and a deal of a lead, or take it to those that are there",
                takes: Conversion.body
            ) { .convert(Conversion($0)) },
            Act("archive", .archives, "Put a lead away") { _ in .archive },
            Act("restore", .verb, "Take a lead out again") { _ in .restore },
        ] + FollowUp.acts("a lead") + tagging + merges

    // MARK: What can have happened?

    /// What can have happened.
    public enum Event: Message, TagEvent, FollowUpEvent, MergeEvent {
        case captured(Record)
        case edited(set: Patch)
        case assigned(from: UUID?, owner_id: UUID?)
        case qualified(from: String?)
        case disqualified(from: String?, disqualified_reason: String?)
        case reopened(from: String?)
        /// What it became, whether that was made of it or was there already.
        case converted(from: String?, account_id: UUID?, contact_id: UUID?, deal_id: UUID?)
        case contacted(contacted: Bool, last_contacted_on: Day?)
        case followUpPlanned(from: Instant?, next_follow_up_at: Instant?)
        case tookOver(loser: UUID, took: Record?, along: Record?)
        case gaveBack(loser: UUID, kept: Record?)
        case merged(into: UUID)
        case redirected(into: UUID)
        case unmerged
        case duplicateDismissed(other: SubjectRef)
        case duplicateReconsidered(other: SubjectRef)
        case tagsChanged(tags: Patch)
        case archived, restored
        /// Stored names; append-only.
        public enum CodingKeys: String, CodingKey, CaseIterable {
            case captured = "lead.captured@1"
            case edited = "lead.edited@1"
            case assigned = "lead.assigned@1"
            case qualified = "lead.qualified@1"
            case disqualified = "lead.disqualified@1"
            case reopened = "lead.reopened@1"
            case converted = "lead.converted@1"
            case contacted = "lead.contacted@1"
            case followUpPlanned = "lead.follow_up_planned@1"
            case tookOver = "lead.took_over@1"
            case gaveBack = "lead.gave_back@1"
            case merged = "lead.merged@1"
            case redirected = "lead.redirected@1"
            case unmerged = "lead.unmerged@1"
            case duplicateDismissed = "lead.duplicate_dismissed@1"
            case duplicateReconsidered = "lead.duplicate_reconsidered@1"
            case tagsChanged = "lead.tags_changed@1"
            case archived = "lead.archived@1"
            case restored = "lead.restored@1"
        }
    }

    // MARK: What does it mean?

    /// What it means.
    public static func evolve(_ state: inout State, _ event: Event) {
        switch event {
        case .captured(let record): state = .active(record)
        case .edited(let change): state.change { $0.merge(change, fields) }
        case .assigned(_, let owner): state.change { $0.set("owner_id", owner) }
        case .qualified: state.change { $0.stand("qualified") }
        case .disqualified(_, let reason):
            state.change {
                $0.stand("disqualified")
                $0.set("disqualified_reason", reason)
            }
        case .reopened: state.change { $0.stand("open") }
        case .converted(_, let account, let contact, let deal):
            state.change {
                $0.stand("converted")
                $0.set("account_id", account)
                $0.set("contact_id", contact)
                $0.set("deal_id", deal)
            }
        case .contacted(let contacted, let day): state.change { $0.take(contacted: contacted, on: day) }
        case .followUpPlanned(_, let next): state.change { $0.plan(next) }
        case .tookOver(let loser, let took, let along): state.takeOver(loser, took, along, cells)
        case .gaveBack(let loser, let kept): state.giveBack(loser, kept: kept)
        case .merged(let winner), .redirected(let winner): state.merge(into: winner)
        case .unmerged: state.unmerge()
        case .duplicateDismissed(let other): state.dismiss(other.id)
        case .duplicateReconsidered(let other): state.reconsider(other.id)
        case .tagsChanged(let tags): state.retag(tags)
        case .archived: state.archive()
        case .restored: state.restore()
        }
    }
}

extension Record {
    /// A lead that stands elsewhere is not turned away any more.
    fileprivate mutating func stand(_ status: String) {
        set("status", status)
        set("disqualified_reason", Optional<String>.none)
    }
}
