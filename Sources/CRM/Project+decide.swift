import FoundationEssentials
public import Kernel

// MARK: What is refused, and what to do then?

extension Project {
    /// Why not.
    public enum Rejection: String, LastingRefusal {
        case absent = "project.not_found"
        case exists = "project.already_exists"
        case archived = "project.archived"
        case dueBeforeStart = "project.due_before_start"
        case notCompleted = "project.not_completed"
        case inFuture = "project.hours_in_future"
        case entryUnknown = "project.entry_unknown"
        case entriesFull = "project.entries_full"

        /// What to do.
        public var detail: String {
            switch self {
            case .absent: "There is no such project."
            case .exists: "This project exists already; edit it instead."
            case .archived: "This project is archived; restore it first."
            case .dueBeforeStart: "The project would be due before it starts; change one of the days."
            case .notCompleted: "Only a completed project has a day on which it was completed; leave the day out."
            case .inFuture: "Hours are logged once they are worked; give a day that is not in the future."
            case .entryUnknown: "The project has no such entry; its hours are listed with their ids."
            case .entriesFull: "A project takes at most 10,000 entries; plan another, or log several days as one."
            }
        }
        /// What kind of refusal.
        public var reason: RefusalReason {
            switch self {
            case .absent: .absent
            case .exists, .archived, .entriesFull: .conflict
            case .dueBeforeStart, .notCompleted, .inFuture, .entryUnknown: .invalid
            }
        }
    }
}

// MARK: What happens?

extension Project {
    /// What happens. Any status may follow any other: what was on hold goes on, what was completed is taken up again.
    public static func decide(_ command: Command, given state: State, in context: Context) throws(Rejection) -> [Event]
    {
        switch command {
        case .plan(let record):
            return try begin(state, with: .planned(try checked(record.with(defaults: ["priority": "medium"]))))
        case .edit(let patch): return try edited(patch, try inUse(state))
        case .change(let status, let completed):
            let project = try inUse(state)
            guard status == .completed || completed == nil else { throw .notCompleted }
            if status == project.status, completed ?? project.completedOn == project.completedOn { return [] }
            let day = status == .completed ? completed ?? context.today : nil
            return [.statusChanged(from: project.status.rawValue, status: status.rawValue, completed_on: day)]
        case .log(let minutes, let day, let member, let description):
            guard try inUse(state).hours.count < 10_000 else { throw .entriesFull }
            let day = day ?? context.today
            guard day <= context.today else { throw .inFuture }
            return [
                .hoursLogged(
                    entry_id: context.newID(), minutes: minutes, day: day, member_id: member ?? context.actor,
                    description: description)
            ]
        case .removeHours(let id):
            guard let entry = try inUse(state).hours[id] else { throw .entryUnknown }
            return [.hoursRemoved(entry_id: id, minutes: entry.minutes, member_id: entry.member)]
        case .tag(let tags): return try retagged(state, by: tags)
        case .archive: return try archive(state, with: .archived)
        case .restore: return try restore(state, with: .restored)
        }
    }

    private static func edited(_ patch: Patch, _ project: Content) throws(Rejection) -> [Event] {
        let change = patch.effective(on: project.record, fields)
        var after = project.record
        after.merge(change, fields)
        _ = try checked(after)
        var events: [Event] = []
        if change["owner_id"] != nil {
            events.append(.assigned(from: project.record.id("owner_id"), owner_id: change.id("owner_id")))
        }
        let plain = change.without("owner_id")
        return plain.isEmpty ? events : events + [.edited(set: plain)]
    }

    private static func checked(_ record: Record) throws(Rejection) -> Record {
        if let start = record.day("starts_on"), let due = record.day("due_on"), due < start { throw .dueBeforeStart }
        return record
    }
}
