import FoundationEssentials
public import Kernel

// MARK: What is refused, and what to do then?

extension Campaign {
    /// Why not.
    public enum Rejection: String, LastingRefusal {
        case absent = "campaign.not_found"
        case exists = "campaign.already_exists"
        case archived = "campaign.archived"
        case notPlanned = "campaign.not_planned"
        case notActive = "campaign.not_active"
        case notPaused = "campaign.not_paused"
        case over = "campaign.over"
        case endsBeforeStart = "campaign.ends_before_start"
        case currencyDiffers = "campaign.currency_differs"
        case costUnknown = "campaign.cost_unknown"
        case costsFull = "campaign.costs_full"

        /// What to do.
        public var detail: String {
            switch self {
            case .absent: "There is no such campaign."
            case .exists: "This campaign exists already; edit it instead."
            case .archived: "This campaign is archived; restore it first."
            case .notPlanned: "Only a planned campaign is started; resume one that rests."
            case .notActive: "This campaign is not running; start or resume it first."
            case .notPaused: "This campaign does not rest; start it if it is planned."
            case .over: "This campaign is completed or cancelled; plan another."
            case .endsBeforeStart: "The campaign would end before it starts; change one of the days."
            case .currencyDiffers: "Budget and costs of a campaign are in one currency; give the amount in that one."
            case .costUnknown: "The campaign has no such cost; its costs are listed with their ids."
            case .costsFull:
                "A campaign takes at most 2,000 costs and 9,007,199,254,740,991 minor units; record several as one."
            }
        }
        /// What kind of refusal.
        public var reason: RefusalReason {
            switch self {
            case .absent: .absent
            case .exists, .archived, .notPlanned, .notActive, .notPaused, .over, .costsFull: .conflict
            case .endsBeforeStart, .currencyDiffers, .costUnknown: .invalid
            }
        }
    }
}

// MARK: What happens?

extension Campaign {
    /// What happens. A campaign that is over stays over; its costs may still come in.
    public static func decide(_ command: Command, given state: State, in context: Context) throws(Rejection) -> [Event]
    {
        switch command {
        case .plan(let record):
            return try begin(state, with: .planned(try checked(record)))
        case .edit(let patch): return try edited(patch, try inUse(state))
        case .start: return try moved(state, from: [.planning], to: .active, .started, else: .notPlanned)
        case .pause: return try moved(state, from: [.active], to: .paused, .paused, else: .notActive)
        case .resume: return try moved(state, from: [.paused], to: .active, .resumed, else: .notPaused)
        case .complete:
            return try moved(state, from: [.active, .paused], to: .completed, .completed, else: .notActive)
        case .cancel(let reason):
            let campaign = try inUse(state)
            if campaign.status == .cancelled, let reason, reason != campaign.cancelReason { throw .over }
            let all: [Status] = [.planning, .active, .paused]
            return try moved(state, from: all, to: .cancelled, .cancelled(cancel_reason: reason), else: .over)
        case .recordCost(let amount, let day, let description):
            let campaign = try inUse(state)
            guard campaign.currency.map({ $0 == amount.currency }) ?? true else { throw .currencyDiffers }
            // Both lie in the range, so that their sum does not overflow.
            guard campaign.costs.count < 2000, Money.range.contains(campaign.cost + amount.minor) else {
                throw .costsFull
            }
            return [
                .costRecorded(
                    cost_id: context.newID(), amount: amount, day: day ?? context.today, description: description)
            ]
        case .removeCost(let id):
            guard let amount = try inUse(state).costs[id] else { throw .costUnknown }
            return [.costRemoved(cost_id: id, amount: amount)]
        case .tag(let tags): return try retagged(state, by: tags)
        case .archive: return try archive(state, with: .archived)
        case .restore: return try restore(state, with: .restored)
        }
    }

    private static func moved(
        _ state: State, from: [Status], to: Status, _ event: Event, else rejection: Rejection
    ) throws(Rejection) -> [Event] {
        let status = try inUse(state).status
        if status == to { return [] }
        guard !status.isOver else { throw .over }
        guard from.contains(status) else { throw rejection }
        return [event]
    }

    private static func edited(_ patch: Patch, _ campaign: Content) throws(Rejection) -> [Event] {
        let change = patch.effective(on: campaign.record, fields)
        var after = campaign.record
        after.merge(change, fields)
        _ = try checked(after)
        if let budget = Money(change["budget"]), let cost = campaign.costs.values.first {
            guard budget.currency == cost.currency else { throw .currencyDiffers }
        }
        var events: [Event] = []
        if change["owner_id"] != nil {
            events.append(.assigned(from: campaign.record.id("owner_id"), owner_id: change.id("owner_id")))
        }
        let plain = change.without("owner_id")
        return plain.isEmpty ? events : events + [.edited(set: plain)]
    }

    private static func checked(_ record: Record) throws(Rejection) -> Record {
        if let start = record.day("starts_on"), let end = record.day("ends_on"), end < start { throw .endsBeforeStart }
        return record
    }
}

extension Campaign.Status {
    /// Whether nothing more comes of it.
    var isOver: Bool {
        switch self {
        case .planning, .active, .paused: false
        case .completed, .cancelled: true
        }
    }
}
