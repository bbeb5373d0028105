public import FoundationEssentials
public import Kernel

/// That a person is part of a campaign, and what became of it: one stream for each campaign and person, so that a
/// campaign of a hundred thousand is no stream of a hundred thousand events.
public enum CampaignMember: Lasting {
    /// `campaign_member`.
    public static let name = "campaign_member"
    /// `campaign_members`.
    public static let plural = "campaign_members"

    /// The stream of a person in a campaign: a UUIDv8 of both ids (FNV-1a of 128 bits; ids are random already).
    public static func id(of campaign: UUID, _ person: UUID) -> UUID {
        let bytes = (campaign.text + person.text).utf8
        let hash = bytes.reduce(UInt128(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d)) { hash, byte in
            (hash ^ UInt128(byte)) &* 0x0000_0000_0100_0000_0000_0000_0000_013b
        }
        return UUID.v8((0..<16).map { UInt8(truncatingIfNeeded: hash >> (120 - 8 * $0)) })
    }
    /// The stream in which a body begins a membership.
    public static func id(for body: JSON) -> UUID? {
        guard let campaign = body["campaign_id"]?.string.flatMap(UUID.init(text:)),
            let person = SubjectRef(body["person"])
        else { return nil }
        return id(of: campaign, person.id)
    }

    // MARK: What is known of one?

    /// Neither the campaign nor the person ever changes.
    public static let fields = [
        Field("campaign_id", .reference(Campaign.name)).required(),
        Field("person", .record(of: people)).required(),
    ]
    /// Who can be part of a campaign.
    public static let people = [Contact.name, Lead.name]
    private static let step = Field("step", .choice(Step.allCases.map(\.rawValue))).required().alias("status")

    /// What became of it, in the order of a funnel: who is further has come through what lies before.
    public enum Step: String, Sendable, CaseIterable, Comparable {
        case sent, bounced, delivered, opened, clicked, unsubscribed

        /// By how far it is.
        public static func < (a: Step, b: Step) -> Bool { a.rank < b.rank }
        private var rank: Int { Step.allCases.firstIndex(of: self) ?? 0 }
    }

    /// What is remembered.
    public struct Content: Sendable, Equatable {
        /// The fields.
        public var record: Record
        /// What became of it so far.
        public var steps: Set<Step> = []
    }
    /// Absent, part of the campaign, or taken out.
    public typealias State = Life<Content>
    /// The plain fields, and how far it is.
    public static func record(_ state: State) -> Record? {
        state.content.map { member in
            var record = member.record
            record.set("status", member.steps.max()?.rawValue ?? "enrolled")
            return record
        }
    }

    // MARK: What can be asked?

    /// What can be asked.
    public enum Command: Sendable, Equatable {
        case enroll(Record)
        case record(Step, at: Instant?)
        case remove, restore
    }
    /// How it is asked.
    public static let acts: [Act<Command>] = [
        Act("enroll", .creates, "Make a person part of a campaign", takes: fields) { .enroll($0.record) },
        Act(
            "record", .verb, "Record what became of it; reports may come in any order",
            takes: [step, Field("at", .instant)]
        ) { body throws(Flaw) in
            .record(try body.required(body.text("step").flatMap(Step.init), "step"), at: body.instant("at"))
        },
        Act("remove", .archives, "Take a person out of a campaign") { _ in .remove },
        Act("restore", .verb, "Take a person into the campaign again") { _ in .restore },
    ]

    // MARK: What can have happened?

    /// What can have happened.
    public enum Event: Message {
        case enrolled(Record)
        /// One step, when it was made, and how far the person is then.
        case recorded(step: String, at: Instant, status: String)
        case removed, restored
        /// Stored names; append-only.
        public enum CodingKeys: String, CodingKey, CaseIterable {
            case enrolled = "campaign_member.enrolled@1"
            case recorded = "campaign_member.recorded@1"
            case removed = "campaign_member.removed@1"
            case restored = "campaign_member.restored@1"
        }
    }

    // MARK: What is refused, and what to do then?

    /// Why not.
    public enum Rejection: String, LastingRefusal {
        case absent = "campaign_member.not_found"
        case exists = "campaign_member.already_exists"
        case archived = "campaign_member.removed"
        case misplaced = "campaign_member.misplaced"
        case campaignArchived = "campaign_member.campaign_archived"
        case campaignOver = "campaign_member.campaign_over"
        case inFuture = "campaign_member.in_future"

        /// What to do.
        public var detail: String {
            switch self {
            case .absent: "There is no such member of a campaign."
            case .exists: "This person is part of the campaign already."
            case .archived: "This person was taken out of the campaign; restore the membership first."
            case .misplaced: "The id of a membership follows from campaign and person; leave it to the server."
            case .campaignArchived: "The campaign is archived; restore it first."
            case .campaignOver: "The campaign is completed or cancelled; nobody comes into it any more."
            case .inFuture: "What became of it lies in the past; leave `at` out for now."
            }
        }
        /// What kind of refusal.
        public var reason: RefusalReason {
            switch self {
            case .absent: .absent
            case .exists, .archived, .campaignArchived, .campaignOver: .conflict
            case .misplaced, .inFuture: .invalid
            }
        }
    }

    // MARK: What happens, and what does it mean?

    /// The campaign that a person comes into.
    public static func references(_ command: Command, _ state: State, known _: Context) -> [Reference] {
        let campaign: UUID? =
            switch command {
            case .enroll(let record): record.id("campaign_id")
            case .restore: state.content?.record.id("campaign_id")
            case .record, .remove: nil
            }
        return campaign.map { [Reference(Campaign.self, $0)] } ?? []
    }

    /// What happens. Whoever is enrolled again stays as she is; one that was taken out comes in again.
    public static func decide(_ command: Command, given state: State, in context: Context) throws(Rejection) -> [Event]
    {
        switch command {
        case .enroll(let record):
            guard let campaign = record.id("campaign_id"), let person = SubjectRef(record["person"]),
                context.id == id(of: campaign, person.id)
            else { throw .misplaced }
            switch state {
            case .active: return []
            case .archived, .merged:
                try check(campaign, context)
                return [.restored]
            case .absent:
                try check(campaign, context)
                return [.enrolled(record)]
            }
        case .record(let step, let at):
            let member = try inUse(state)
            if member.steps.contains(step) { return [] }
            let at = at ?? context.now
            guard at <= context.now else { throw .inFuture }
            let status = max(step, member.steps.max() ?? step)
            return [.recorded(step: step.rawValue, at: at, status: status.rawValue)]
        case .remove: return try archive(state, with: .removed)
        case .restore:
            let events = try restore(state, with: .restored)
            if !events.isEmpty, let campaign = state.content?.record.id("campaign_id") { try check(campaign, context) }
            return events
        }
    }
    private static func check(_ campaign: UUID, _ context: Context) throws(Rejection) {
        switch context.state(Campaign.self, campaign) {
        case .absent, .archived, .merged: throw .campaignArchived
        case .active(let campaign): guard !campaign.status.isOver else { throw .campaignOver }
        }
    }

    /// What it means.
    public static func evolve(_ state: inout State, _ event: Event) {
        switch event {
        case .enrolled(let record): state = .active(Content(record: record))
        case .recorded(let step, _, _):
            guard let step = Step(rawValue: step) else { return }
            state.change { $0.steps.insert(step) }
        case .removed: state.archive()
        case .restored: state.restore()
        }
    }
}
