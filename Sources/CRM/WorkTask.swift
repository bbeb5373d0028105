public import FoundationEssentials
public import Kernel

/// Something that somebody is to do: a call, a mail, a meeting, a demonstration. It is due on a day or at a moment,
/// given to a member, mostly about a record; it is pending, in progress, completed or cancelled. On the wire it is a
/// `task`, which in Swift means something else.
public enum WorkTask: Taggable {
    /// `task`.
    public static let name = "task"
    /// `tasks`.
    public static let plural = "tasks"

    // MARK: What is known of one?

    /// Status, assignee and when it is due are told by events of their own. Whether it is overdue is never stored: that
    /// is a question to the clock.
    public static let fields = [
        Field("title", .line).required().personal().searchable(.a)
            .known(as: [.salesforce: "subject", .dynamics: "subject", .suitecrm: "name", .hubspot: "hs_task_subject"]),
        Field("type", .choice(["call", "email", "meeting", plain, "follow_up", "demo"])).alias("task_type")
            .spelled(["to_do": plain, "followup": "follow_up", "follow-up": "follow_up"])
            .known(as: [.salesforce: "type", .hubspot: "hs_task_type"]),
        status,
        Field("priority", .choice(["low", "medium", "high", "urgent"])).spelled(["normal": "medium"])
            .known(as: [
                .salesforce: "priority", .dynamics: "priorityCode", .suitecrm: "priority",
                .hubspot: "hs_task_priority",
            ]),
        Field("due_on", .day).alias("due_date").known(as: [.salesforce: "activity_date"]),
        Field("due_at", .instant)
            .known(as: [.dynamics: "scheduledEnd", .suitecrm: "date_due", .hubspot: "hs_timestamp"]),
        Field("reminder_at", .instant).alias("remind_at").known(as: [.salesforce: "reminder_date_time"]),
        Field("assignee_id", .reference("member")).alias("owner_id", "assigned_to_id", "assigned_to")
            .known(as: [
                .salesforce: "owner_id", .dynamics: "ownerId", .suitecrm: "assigned_user_id",
                .hubspot: "hubspot_owner_id",
            ]),
        .subject.alias("related_to"),
        Field("interaction_id", .reference("interaction")),
        .description.known(as: [
            .salesforce: "description", .dynamics: "description", .suitecrm: "description", .hubspot: "hs_task_body",
        ]),
        outcome, .custom,
    ]
    /// The type of one of which nobody says more. R76's own word, spelled as clients send it and as it is stored; it
    /// marks nothing that was left undone here.
    public static let plain = "todo"
    /// `plain` is also how boards of cards call what nobody has begun.
    private static let status = Field("status", .choice(Status.allCases.map(\.rawValue)))
        .spelled([
            "open": "pending", plain: "pending", "scheduled": "pending", "started": "in_progress",
            "done": "completed", "canceled": "cancelled",
        ])
        .known(as: [.salesforce: "status", .dynamics: "stateCode", .suitecrm: "status", .hubspot: "hs_task_status"])
    /// What came of it, or why it was called off.
    private static let outcome = Field("outcome", .text(1000)).alias("reason").personal()

    /// Where a task stands.
    public enum Status: String, Sendable, CaseIterable {
        case pending, inProgress = "in_progress", completed, cancelled

        /// Whether something is still to be done.
        var isOpen: Bool { self == .pending || self == .inProgress }
    }
    /// The fields are all that is remembered.
    public typealias Content = Record
    /// Absent, active or archived.
    public typealias State = Life<Content>

    /// The person it is about.
    public static func person(_ state: State) -> UUID? { state.content.flatMap { SubjectRef($0["subject"])?.person } }

    // MARK: What can be asked?

    /// What can be asked.
    public enum Command: Sendable, Equatable, TagCommand {
        case create(Record)
        case edit(Patch)
        case start
        case complete(outcome: String?), cancel(outcome: String?)
        case reopen
        case tag(Patch)
        case archive, restore
    }
    /// How it is asked.
    public static let acts: [Act<Command>] =
        [
            Act("create", .creates, "Enter a task", takes: fields) { .create($0.record) },
            Act("edit", .edits, "Change a task", takes: fields.keeping("type", "status", "priority")) {
                .edit($0.patch)
            },
            Act("start", .verb, "Begin a task") { _ in .start },
            Act("complete", .verb, "Say that a task is done, and what came of it", takes: [outcome]) {
                .complete(outcome: $0.text("outcome"))
            },
            Act("cancel", .verb, "Call a task off", takes: [outcome]) { .cancel(outcome: $0.text("outcome")) },
            Act(
                "reschedule", .verb, "Let a task be due at another time; what is not given stays",
                takes: fields.filter { ["due_on", "due_at", "reminder_at"].contains($0.name) }
            ) { .edit($0.patch) },
            Act("assign", .verb, "Give a task to a member", takes: [assignee.required()]) { .edit($0.patch) },
            Act("reopen", .verb, "Let a task be pending again") { _ in .reopen },
            Act("archive", .archives, "Put a task away") { _ in .archive },
            Act("restore", .verb, "Take a task out again") { _ in .restore },
        ] + tagging
    private static let assignee = Field("assignee_id", .reference("member"))
        .alias("owner_id", "assigned_to_id", "assigned_to")

    // MARK: What can have happened?

    /// What can have happened. What follows the first event names the record on whose page it is told.
    public enum Event: Message, TagEvent {
        case created(Record)
        case edited(set: Patch, subject: SubjectRef?)
        case assigned(from: UUID?, assignee_id: UUID?, subject: SubjectRef?)
        /// All three as they are from now on; what is not there is not set.
        case rescheduled(due_on: Day?, due_at: Instant?, reminder_at: Instant?, subject: SubjectRef?)
        case started(subject: SubjectRef?)
        case completed(outcome: String?, subject: SubjectRef?)
        case cancelled(outcome: String?, subject: SubjectRef?)
        case reopened(subject: SubjectRef?)
        case tagsChanged(tags: Patch)
        case archived, restored
        /// Stored names; append-only.
        public enum CodingKeys: String, CodingKey, CaseIterable {
            case created = "task.created@1"
            case edited = "task.edited@1"
            case assigned = "task.assigned@1"
            case rescheduled = "task.rescheduled@1"
            case started = "task.started@1"
            case completed = "task.completed@1"
            case cancelled = "task.cancelled@1"
            case reopened = "task.reopened@1"
            case tagsChanged = "task.tags_changed@1"
            case archived = "task.archived@1"
            case restored = "task.restored@1"
        }
    }

    // MARK: What does it mean?

    /// What it means. What was said of how it ended goes when it is reopened.
    public static func evolve(_ state: inout State, _ event: Event) {
        switch event {
        case .created(let record): state = .active(record)
        case .edited(let change, _): state.change { $0.merge(change, fields) }
        case .assigned(_, let member, _): state.change { $0.set("assignee_id", member) }
        case .rescheduled(let day, let at, let reminder, _):
            state.change {
                $0.set("due_on", day?.text)
                $0.set("due_at", at?.text)
                $0.set("reminder_at", reminder?.text)
            }
        case .started: state.change { $0.set("status", Status.inProgress.rawValue) }
        case .completed(let outcome, _): state.change { $0.end(.completed, outcome) }
        case .cancelled(let outcome, _): state.change { $0.end(.cancelled, outcome) }
        case .reopened:
            state.change {
                $0.end(.pending, nil)
                $0.set("outcome", String?.none)
            }
        case .tagsChanged(let tags): state.retag(tags)
        case .archived: state.archive()
        case .restored: state.restore()
        }
    }
}

extension Record {
    fileprivate mutating func end(_ status: WorkTask.Status, _ outcome: String?) {
        set("status", status.rawValue)
        if let outcome { set("outcome", outcome) }
    }
}
