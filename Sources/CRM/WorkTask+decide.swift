import FoundationEssentials
public import Kernel

// MARK: What is refused, and what to do then?

extension WorkTask {
    /// Why not.
    public enum Rejection: String, LastingRefusal {
        case absent = "task.not_found"
        case exists = "task.already_exists"
        case archived = "task.archived"
        case closed = "task.closed"
        case dueTwice = "task.due_twice"

        /// What to do.
        public var detail: String {
            switch self {
            case .absent: "There is no such task."
            case .exists: "This task exists already; edit it instead."
            case .archived: "This task is archived; restore it first."
            case .closed: "This task is completed or cancelled; reopen it first."
            case .dueTwice: "A task is due on a day or at a moment; give due_on or due_at, not both."
            }
        }
        /// What kind of refusal.
        public var reason: RefusalReason {
            switch self {
            case .absent: .absent
            case .exists, .archived, .closed: .conflict
            case .dueTwice: .invalid
            }
        }
    }
}

// MARK: What happens?

extension WorkTask {
    /// What happens. A task without an assignee is that of who enters it.
    public static func decide(_ command: Command, given state: State, in context: Context) throws(Rejection) -> [Event]
    {
        switch command {
        case .create(let record):
            let events = try begin(state, with: .created(begun(record, context)))
            guard record["due_on"] == nil || record["due_at"] == nil else { throw .dueTwice }
            return events
        case .edit(let patch): return try edited(patch, try inUse(state))
        case .start: return try turned(to: .inProgress, nil, try inUse(state))
        case .complete(let outcome): return try turned(to: .completed, outcome, try inUse(state))
        case .cancel(let outcome): return try turned(to: .cancelled, outcome, try inUse(state))
        case .reopen:
            let task = try inUse(state)
            return task.status == .pending ? [] : [.reopened(subject: SubjectRef(task["subject"]))]
        case .tag(let tags): return try retagged(state, by: tags)
        case .archive: return try archive(state, with: .archived)
        case .restore: return try restore(state, with: .restored)
        }
    }

    private static func begun(_ record: Record, _ context: Context) -> Record {
        var result = record.with(defaults: ["type": .string(plain), "status": "pending", "priority": "medium"])
        // The organization itself acts where no member does.
        if record["assignee_id"] == nil, context.actor != context.organization {
            result.set("assignee_id", context.actor)
        }
        return result
    }

    /// Begins or ends an open task; the same again says nothing new.
    private static func turned(to status: Status, _ outcome: String?, _ task: Record) throws(Rejection) -> [Event] {
        let isSaid = outcome == nil || outcome == task.text("outcome")
        if task.status == status, isSaid { return [] }
        guard task.status.isOpen else { throw .closed }
        return [turn(to: status, outcome, SubjectRef(task["subject"]))]
    }
    private static func turn(to status: Status, _ outcome: String?, _ subject: SubjectRef?) -> Event {
        switch status {
        case .pending: .reopened(subject: subject)
        case .inProgress: .started(subject: subject)
        case .completed: .completed(outcome: outcome, subject: subject)
        case .cancelled: .cancelled(outcome: outcome, subject: subject)
        }
    }

    /// A day takes the place of a moment, and a moment that of a day. A status that is given is where the task stands
    /// afterwards, however it comes there.
    private static func edited(_ patch: Patch, _ task: Record) throws(Rejection) -> [Event] {
        var wish = patch.values
        let (day, moment) = (patch.text("due_on"), patch.text("due_at"))
        guard day == nil || moment == nil else { throw .dueTwice }
        if day != nil { wish["due_at"] = .null }
        if moment != nil { wish["due_on"] = .null }
        let change = Patch(wish).effective(on: task, fields)
        var after = task
        after.merge(change, fields)
        let subject = SubjectRef(after["subject"])
        var events: [Event] = []
        if let status = change.text("status").flatMap(Status.init) {
            if !task.status.isOpen, status != .pending { events.append(.reopened(subject: subject)) }
            events.append(turn(to: status, change.text("outcome"), subject))
        }
        if change["assignee_id"] != nil {
            events.append(
                .assigned(from: task.id("assignee_id"), assignee_id: change.id("assignee_id"), subject: subject))
        }
        if change["due_on"] != nil || change["due_at"] != nil || change["reminder_at"] != nil {
            guard task.status.isOpen || after.status.isOpen else { throw .closed }
            events.append(
                .rescheduled(
                    due_on: after.day("due_on"), due_at: after.instant("due_at"),
                    reminder_at: after.instant("reminder_at"), subject: subject))
        }
        var plain = change.without("status", "assignee_id", "due_on", "due_at", "reminder_at")
        if change["status"] != nil { plain = outcomeLeft(plain, after: events, on: task) }
        return plain.isEmpty ? events : events + [.edited(set: plain, subject: subject)]
    }
    /// What of a change those events have not told: they may have told the outcome, or have taken it away.
    private static func outcomeLeft(_ change: Patch, after events: [Event], on task: Record) -> Patch {
        var state = State.active(task)
        for event in events { evolve(&state, event) }
        return change.effective(on: state.content ?? task, fields)
    }
}

extension Record {
    /// Where the task stands; one that says nothing is to be done.
    fileprivate var status: WorkTask.Status { text("status").flatMap(WorkTask.Status.init) ?? .pending }
}
