import FoundationEssentials
import Kernel

// Keeping in touch: accounts, contacts and leads remember that somebody spoke with them, and when that is due again.

extension Field {
    /// Whether anybody has spoken with them yet.
    static let contacted = Field("contacted", .flag)
    /// When somebody should, next.
    static let nextFollowUp = Field("next_follow_up_at", .instant).alias("follow_up_at")
    /// The day on which somebody last did, where the organization is.
    static let lastContacted = Field("last_contacted_on", .day)
}

/// A command to a record with which one keeps in touch.
protocol FollowUpCommand: Sendable {
    static func followUp(_ wish: FollowUp) -> Self
}

/// An event of a record with which one keeps in touch.
protocol FollowUpEvent {
    static func contacted(contacted: Bool, last_contacted_on: Day?) -> Self
    static func followUpPlanned(from: Instant?, next_follow_up_at: Instant?) -> Self
}

/// What is asked about keeping in touch.
public enum FollowUp: Sendable, Equatable {
    /// Somebody spoke with them; and, where it was agreed, when the next time is.
    case contacted(next: Instant?)
    /// When somebody should; nil: there is nothing planned.
    case planned(Instant?)

    /// How it is asked.
    /// - Parameter whom: with whom one speaks: "an account".
    static func acts<Command: FollowUpCommand>(_ whom: String) -> [Act<Command>] {
        [
            Act(
                "mark_contacted", .verb, "Note that somebody spoke with \(whom)",
                takes: [Field("occurred_at", .instant), Field.nextFollowUp]
            ) { .followUp(.contacted(next: $0.instant("next_follow_up_at"))) },
            Act(
                "plan_follow_up", .verb, "Plan when to speak with \(whom); without a time nothing is planned",
                takes: [Field.nextFollowUp]
            ) { .followUp(.planned($0.instant("next_follow_up_at"))) },
        ]
    }

    // MARK: What happens?

    /// What happens on `record`. Somebody who is spoken with twice a day was spoken with that day.
    func events<Event: FollowUpEvent>(on record: Record, _ today: Day) -> [Event] {
        switch self {
        case .contacted(let next):
            let isKnown = record["contacted"] == true && record.day("last_contacted_on").map { $0 >= today } == true
            let told: [Event] = isKnown ? [] : [.contacted(contacted: true, last_contacted_on: today)]
            return told + (next.map { FollowUp.planned($0).events(on: record, today) } ?? [])
        case .planned(let next):
            let known = record.instant("next_follow_up_at")
            return next == known ? [] : [.followUpPlanned(from: known, next_follow_up_at: next)]
        }
    }

    /// What an edit of these fields tells; an edit that takes back that anybody spoke with them forgets the day, too.
    static func events<Event: FollowUpEvent>(of change: Patch, on record: Record, _ today: Day) -> [Event] {
        var events: [Event] = []
        let isContacted = change["contacted"] == true
        if change["contacted"] != nil, isContacted != (record["contacted"] == true) {
            events.append(.contacted(contacted: isContacted, last_contacted_on: isContacted ? today : nil))
        }
        if change["next_follow_up_at"] != nil {
            events.append(
                .followUpPlanned(
                    from: record.instant("next_follow_up_at"), next_follow_up_at: change.instant("next_follow_up_at")))
        }
        return events
    }
}

// MARK: What is told where a record becomes as another?

extension FollowUp {
    /// That somebody spoke with them, and when last, or that nobody did.
    static func contacts<Event: FollowUpEvent>(from old: Record, to new: Record) -> [Event] {
        let isKnown =
            (old["contacted"] == true) == (new["contacted"] == true)
            && old["last_contacted_on"] == new["last_contacted_on"]
        if isKnown { return [] }
        return [.contacted(contacted: new["contacted"] == true, last_contacted_on: new.day("last_contacted_on"))]
    }
}

// MARK: What does it mean?

extension Record {
    mutating func take(contacted: Bool, on day: Day?) {
        set("contacted", .bool(contacted))
        set("last_contacted_on", day?.text)
    }
    mutating func plan(_ next: Instant?) { set("next_follow_up_at", next?.text) }
}
