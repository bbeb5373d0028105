public import FoundationEssentials
public import Kernel

/// An effort to win the attention of many: planned, run, and weighed against what it cost. Who takes part are campaign
/// members, each a record of its own.
public enum Campaign: Taggable {
    /// `campaign`.
    public static let name = "campaign"
    /// `campaigns`.
    public static let plural = "campaigns"

    // MARK: What is known of one?

    /// Owner, status and costs are told by events of their own. The audience is a list's parameters as one writes them
    /// in an address; it may name anybody, so it is sealed.
    public static let fields = [
        Field("name", .line).required().searchable(.a)
            .known(as: [.salesforce: "name", .dynamics: "name", .suitecrm: "name", .hubspot: "hs_name"]),
        Field("kind", .choice(["email", "social", "webinar", "event", "content", "other"])).required()
            .alias("type", "campaign_type")
            .known(as: [.salesforce: "type", .dynamics: "typeCode", .suitecrm: "campaign_type"]),
        Field("starts_on", .day).alias("start_date")
            .known(as: [.salesforce: "start_date", .dynamics: "actualStart", .suitecrm: "start_date"]),
        Field("ends_on", .day).alias("end_date")
            .known(as: [.salesforce: "end_date", .dynamics: "actualEnd", .suitecrm: "end_date"]),
        Field("budget", .money)
            .known(as: [.salesforce: "budgeted_cost", .dynamics: "budgetedCost", .suitecrm: "budget"]),
        Field("goals", .map(of: .decimal(0...1e15), keys: .name)),
        Field("audience", .object(audienceMembers)).alias("target_audience").personal(),
        .owner.known(as: [.salesforce: "owner_id", .dynamics: "ownerId", .suitecrm: "assigned_user_id"]),
        .description.known(as: [.salesforce: "description", .dynamics: "description", .suitecrm: "content"]),
        .custom,
    ]
    private static let audienceMembers = [
        Field("entity", .choice(CampaignMember.people)).required(), Field("filter", .text(2000)).required(),
    ]

    /// What is remembered: the fields, where it stands, and what it cost.
    public struct Content: Sendable, Equatable, RecordHolder {
        /// The fields.
        public var record: Record
        /// Where it stands.
        public var status = Status.planning
        /// Why it was called off.
        fileprivate(set) var cancelReason: String?
        /// The costs by their ids, all in one currency.
        private(set) var costs: [UUID: Money] = [:]
        /// All of them, in minor units.
        private(set) var cost: Int64 = 0

        init(record: Record) { self.record = record }

        /// In which its amounts are.
        var currency: Currency? { costs.values.first?.currency ?? Money(record["budget"])?.currency }
        /// A cost came, or went. Total: what does not fit wraps, which no decision lets happen.
        mutating func set(_ cost: UUID, _ amount: Money?) {
            let old = costs.removeValue(forKey: cost)?.minor ?? 0
            costs[cost] = amount
            self.cost = self.cost &- old &+ (amount?.minor ?? 0)
        }
    }
    /// How far a campaign is.
    public enum Status: String, Sendable, CaseIterable { case planning, active, paused, completed, cancelled }
    /// Absent, active or archived.
    public typealias State = Life<Content>
    /// The plain fields, where it stands, and what it cost.
    public static func record(_ state: State) -> Record? {
        state.content.map { campaign in
            var record = campaign.record
            record.set("status", campaign.status.rawValue)
            record.set("cost", campaign.currency.map { Money(minor: campaign.cost, currency: $0).json })
            return record
        }
    }
    /// Told by events of their own.
    public static let aside = [Field.tags, cancelReason]
    private static let cancelReason = Field("cancel_reason", .text(500)).alias("reason").personal()

    // MARK: What can be asked?

    /// What can be asked.
    public enum Command: Sendable, Equatable, TagCommand {
        case plan(Record)
        case edit(Patch)
        case start, pause, resume, complete
        case cancel(reason: String?)
        case recordCost(Money, day: Day?, description: String?)
        case removeCost(UUID)
        case tag(Patch)
        case archive, restore
    }
    /// How it is asked.
    public static let acts: [Act<Command>] =
        [
            Act("plan", .creates, "Plan a campaign", takes: fields) { .plan($0.record) },
            Act("edit", .edits, "Change what is known of a campaign", takes: fields.keeping("kind")) {
                .edit($0.patch)
            },
            Act("assign", .verb, "Give a campaign to a member", takes: [.owner.required()]) { .edit($0.patch) },
            Act("start", .verb, "Start a planned campaign") { _ in .start },
            Act("pause", .verb, "Let a campaign rest") { _ in .pause },
            Act("resume", .verb, "Go on with a campaign that rests") { _ in .resume },
            Act("complete", .verb, "Say that a campaign is over") { _ in .complete },
            Act(
                "cancel", .verb, "Call a campaign off",
                takes: [cancelReason]
            ) { .cancel(reason: $0.text("cancel_reason")) },
            Act(
                "record_cost", .verb, "Record what was spent; all costs of a campaign are in one currency",
                takes: [
                    Field("amount", .money).required(), Field("day", .day),
                    Field("description", .text(500)).alias("note").personal(),
                ]
            ) { body throws(Flaw) in
                .recordCost(
                    try body.required(Money(body.values["amount"]), "amount"), day: body.day("day"),
                    description: body.text("description"))
            },
            Act(
                "remove_cost", .verb, "Take back a cost that was recorded wrongly",
                takes: [Field("cost_id", .id).required()]
            ) { body throws(Flaw) in .removeCost(try body.required(body.id("cost_id"), "cost_id")) },
            Act("archive", .archives, "Put a campaign away") { _ in .archive },
            Act("restore", .verb, "Take a campaign out again") { _ in .restore },
        ] + tagging

    // MARK: What can have happened?

    /// What can have happened.
    public enum Event: Message, TagEvent {
        case planned(Record)
        case edited(set: Patch)
        case assigned(from: UUID?, owner_id: UUID?)
        case started, paused, resumed, completed
        case cancelled(cancel_reason: String?)
        case costRecorded(cost_id: UUID, amount: Money, day: Day, description: String?)
        /// The amount is told again, so that sums can be made without looking back.
        case costRemoved(cost_id: UUID, amount: Money)
        case tagsChanged(tags: Patch)
        case archived, restored
        /// Stored names; append-only.
        public enum CodingKeys: String, CodingKey, CaseIterable {
            case planned = "campaign.planned@1"
            case edited = "campaign.edited@1"
            case assigned = "campaign.assigned@1"
            case started = "campaign.started@1"
            case paused = "campaign.paused@1"
            case resumed = "campaign.resumed@1"
            case completed = "campaign.completed@1"
            case cancelled = "campaign.cancelled@1"
            case costRecorded = "campaign.cost_recorded@1"
            case costRemoved = "campaign.cost_removed@1"
            case tagsChanged = "campaign.tags_changed@1"
            case archived = "campaign.archived@1"
            case restored = "campaign.restored@1"
        }
    }

    // MARK: What does it mean?

    /// What it means.
    public static func evolve(_ state: inout State, _ event: Event) {
        switch event {
        case .planned(let record): state = .active(Content(record: record))
        case .edited(let change): state.change { $0.record.merge(change, fields) }
        case .assigned(_, let owner): state.change { $0.record.set("owner_id", owner) }
        case .started, .resumed: state.change { $0.status = .active }
        case .paused: state.change { $0.status = .paused }
        case .completed: state.change { $0.status = .completed }
        case .cancelled(let reason): state.change { ($0.status, $0.cancelReason) = (.cancelled, reason) }
        case .costRecorded(let id, let amount, _, _): state.change { $0.set(id, amount) }
        case .costRemoved(let id, _): state.change { $0.set(id, nil) }
        case .tagsChanged(let tags): state.retag(tags)
        case .archived: state.archive()
        case .restored: state.restore()
        }
    }
}
