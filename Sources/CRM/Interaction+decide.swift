import FoundationEssentials
public import Kernel

// MARK: What is refused, and what to do then?

extension Interaction {
    /// Why not.
    public enum Rejection: String, LastingRefusal {
        case absent = "interaction.not_found"
        case exists = "interaction.already_exists"
        case archived = "interaction.archived"
        case nameMissing = "interaction.name_missing"
        case nameMisplaced = "interaction.name_misplaced"
        case notPlannable = "interaction.not_plannable"
        case notScheduled = "interaction.not_scheduled"
        case notCompleted = "interaction.not_completed"
        case timeMissing = "interaction.time_missing"
        case inFuture = "interaction.in_future"

        /// What to do.
        public var detail: String {
            switch self {
            case .absent: "There is no such interaction."
            case .exists: "This interaction is logged already."
            case .archived: "This interaction is archived; restore it first."
            case .nameMissing: "An event of a platform needs a name: what the platform says happened."
            case .nameMisplaced: "Only an event of a platform has a name; give what happened a title instead."
            case .notPlannable: "An event of a platform is logged when it has happened; schedule something else."
            case .notScheduled: "This interaction took place or was called off; correct what was told, or log another."
            case .notCompleted: "This interaction has not taken place; complete it first, or edit what is planned."
            case .timeMissing: "What is scheduled has a time; reschedule it, or cancel it."
            case .inFuture: "It cannot have happened at a time that lies in the future; schedule it instead."
            }
        }
        /// What kind of refusal.
        public var reason: RefusalReason {
            switch self {
            case .absent: .absent
            case .exists, .archived, .notScheduled, .notCompleted: .conflict
            case .nameMissing, .nameMisplaced, .notPlannable, .timeMissing, .inFuture: .invalid
            }
        }
    }
}

// MARK: What happens?

extension Interaction {
    /// What happens.
    public static func decide(_ command: Command, given state: State, in context: Context) throws(Rejection) -> [Event]
    {
        switch command {
        case .log(let record): return try begin(state, with: .logged(try begun(record)))
        case .schedule(let record): return try begin(state, with: .scheduled(try planned(record)))
        case .edit(let patch): return try edited(patch, try inUse(state), context)
        case .correct(let patch):
            let content = try inUse(state)
            guard content.status == .completed else { throw .notCompleted }
            return try edited(patch, content, context)
        case .complete(let at, let patch): return try completed(at, patch, try inUse(state), context)
        case .cancel(let reason):
            let content = try inUse(state)
            let isSaid = reason == nil || reason == content.fields.text("cancel_reason")
            if content.status == .cancelled, isSaid { return [] }
            guard content.status == .scheduled else { throw .notScheduled }
            return [.cancelled(cancel_reason: reason, subject: content.subject)]
        case .tag(let tags): return try retagged(state, by: tags)
        case .archive: return try archive(state, with: .archived)
        case .restore: return try restore(state, with: .restored)
        }
    }

    /// The first event's fields.
    private static func begun(_ record: Record) throws(Rejection) -> Record {
        try check(record)
        var result = record
        if record["contact_id"] == nil { result.set("contact_id", contact(record)) }
        return result
    }
    /// The same of what is to take place: an event of a platform is refused before it is asked for its name.
    private static func planned(_ record: Record) throws(Rejection) -> Record {
        guard record["kind"] != "platform_event" else { throw .notPlannable }
        return try begun(record)
    }
    private static func check(_ record: Record) throws(Rejection) {
        switch (record["kind"] == "platform_event", record["name"] != nil) {
        case (true, false): throw .nameMissing
        case (false, true): throw .nameMisplaced
        case (true, true), (false, false): break
        }
    }
    /// With whom it was, where nobody says: whom it is about, or the only contact who took part.
    private static func contact(_ record: Record) -> UUID? {
        let subject = SubjectRef(record["subject"])
        return subject?.entity == "contact" ? subject?.id : onlyContact(record)
    }

    /// What a patch changes, and the fields afterwards. A contact that follows from who took part goes on doing so.
    private static func settled(_ patch: Patch, _ fields: Record) -> (change: Patch, after: Record) {
        var change = patch.effective(on: fields, Self.fields)
        var after = fields
        after.merge(change, Self.fields)
        // One that is named, though it is the same, is meant: it does not follow any more.
        if patch["contact_id"] == nil, fields.id("contact_id") == contact(fields) {
            after.set("contact_id", contact(after))
            if after["contact_id"] != fields["contact_id"] {
                change = Patch(change.values.merging(["contact_id": after["contact_id"] ?? .null]) { $1 })
            }
        }
        return (change, after)
    }

    /// While it is scheduled, a change of plan; once it took place, a correction.
    private static func edited(_ patch: Patch, _ content: Content, _ context: Context) throws(Rejection) -> [Event] {
        let (change, after) = settled(patch, content.fields)
        if after["kind"] == "platform_event", content.status != .completed { throw .notPlannable }
        try check(after)
        if let happened = change.instant("happened_at"), happened > context.now { throw .inFuture }
        switch content.status {
        case .completed: return change.isEmpty ? [] : [.corrected(set: change, subject: SubjectRef(after["subject"]))]
        case .scheduled, .cancelled:
            guard change["happened_at"] == nil else { throw .notCompleted }
            guard change["scheduled_at"] != nil else { return change.isEmpty ? [] : [.edited(set: change)] }
            guard content.status == .scheduled else { throw .notScheduled }
            guard let at = change.instant("scheduled_at") else { throw .timeMissing }
            let moved = Event.rescheduled(
                from: content.fields.instant("scheduled_at"), scheduled_at: at, subject: SubjectRef(after["subject"]))
            let plain = change.without("scheduled_at")
            return plain.isEmpty ? [moved] : [moved, .edited(set: plain)]
        }
    }

    /// Where nobody says when, it took place when it was to, and no later than now.
    private static func completed(
        _ at: Instant?, _ patch: Patch, _ content: Content, _ context: Context
    ) throws(Rejection) -> [Event] {
        let (change, after) = settled(patch, content.fields)
        if content.status == .completed, change.isEmpty,
            at == nil || at == content.fields.instant("happened_at")
        {
            return []
        }
        guard content.status == .scheduled else { throw .notScheduled }
        let happened = at ?? min(content.fields.instant("scheduled_at") ?? context.now, context.now)
        guard happened <= context.now else { throw .inFuture }
        return [
            .completed(
                happened_at: happened, set: change, subject: content.subject,
                participants: after["participants"]?.object.map { Record($0) })
        ]
    }
}
