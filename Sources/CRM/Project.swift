public import FoundationEssentials
public import Kernel

/// Work for a customer, mostly after a deal was won: who leads it, how far it is, and how many hours went into it.
public enum Project: Taggable {
    /// `project`.
    public static let name = "project"
    /// `projects`.
    public static let plural = "projects"

    // MARK: What is known of one?

    /// Owner, status and hours are told by events of their own.
    public static let fields = [
        Field("name", .line).required().searchable(.a)
            .known(as: [.salesforce: "name", .dynamics: "name", .suitecrm: "name"]),
        Field("priority", .choice(["low", "medium", "high", "urgent"])).known(as: [.suitecrm: "priority"]),
        Field("account_id", .reference(Account.name)).alias("company_id").known(as: [.dynamics: "customerId"]),
        Field("deal_id", .reference(Deal.name)),
        .owner.known(as: [.salesforce: "owner_id", .dynamics: "ownerId", .suitecrm: "assigned_user_id"]),
        Field("manager_id", .reference(Member.name)).alias("project_manager_id"),
        Field("starts_on", .day).alias("start_date").known(as: [.suitecrm: "estimated_start_date"]),
        Field("due_on", .day).alias("due_date").known(as: [.suitecrm: "estimated_end_date"]),
        Field("estimated_hours", .decimal(0...1_000_000)),
        Field("progress", .integer(0...100)),
        .description.known(as: [.salesforce: "description", .dynamics: "description", .suitecrm: "description"]),
        .custom,
    ]

    /// What is remembered: the fields, where it stands, and the hours.
    public struct Content: Sendable, Equatable, RecordHolder {
        /// The fields.
        public var record: Record
        /// Where it stands.
        public var status = Status.planning
        /// The day on which it was completed.
        public var completedOn: Day?
        /// What was logged, by its id.
        private(set) var hours: [UUID: Logged] = [:]
        /// All of it; ten thousand days do not overflow.
        private(set) var minutes: Int64 = 0

        init(record: Record) { self.record = record }

        /// Some time came, or went.
        mutating func set(_ entry: UUID, _ logged: Logged?) {
            minutes = minutes &- (hours.removeValue(forKey: entry)?.minutes ?? 0) &+ (logged?.minutes ?? 0)
            hours[entry] = logged
        }
    }
    /// How far a project is.
    public enum Status: String, Sendable, CaseIterable {
        case planning
        case inProgress = "in_progress"
        case onHold = "on_hold"
        case completed, cancelled
    }
    /// Some time that a member worked on it.
    struct Logged: Sendable, Equatable {
        var minutes: Int64
        var member: UUID
    }
    /// Absent, active or archived.
    public typealias State = Life<Content>
    /// The plain fields, where it stands, and the minutes worked.
    public static func record(_ state: State) -> Record? {
        state.content.map { project in
            var record = project.record
            record.set("status", project.status.rawValue)
            record.set("completed_on", project.completedOn?.text)
            record.set("minutes", .integer(project.minutes))
            return record
        }
    }

    // MARK: What can be asked?

    /// What can be asked.
    public enum Command: Sendable, Equatable, TagCommand {
        case plan(Record)
        case edit(Patch)
        case change(Status, completed: Day?)
        case log(minutes: Int64, day: Day?, member: UUID?, description: String?)
        case removeHours(UUID)
        case tag(Patch)
        case archive, restore
    }
    /// How it is asked.
    public static let acts: [Act<Command>] =
        [
            Act("plan", .creates, "Plan a project", takes: fields) { .plan($0.record) },
            Act("edit", .edits, "Change what is known of a project", takes: fields.keeping("priority")) {
                .edit($0.patch)
            },
            Act("assign", .verb, "Give a project to a member", takes: [.owner.required()]) { .edit($0.patch) },
            Act(
                "change_status", .verb, "Say how far a project is",
                takes: [
                    Field("status", .choice(Status.allCases.map(\.rawValue))).required(),
                    Field("completed_on", .day).alias("completion_date"),
                ]
            ) { body throws(Flaw) in
                .change(
                    try body.required(body.text("status").flatMap(Status.init), "status"),
                    completed: body.day("completed_on"))
            },
            Act(
                "log_hours", .verb, "Log hours that a member worked on it on a day; without them it is you, today",
                takes: [
                    Field("hours", .decimal(0.01...24)).required(), Field("day", .day),
                    Field("member_id", .reference(Member.name)),
                    Field("description", .text(500)).alias("note").personal(),
                ]
            ) { body throws(Flaw) in
                .log(
                    minutes: try body.required(minutes(body.values["hours"]), "hours"), day: body.day("day"),
                    member: body.id("member_id"), description: body.text("description"))
            },
            Act(
                "remove_hours", .verb, "Take back hours that were logged wrongly",
                takes: [Field("entry_id", .id).required()]
            ) { body throws(Flaw) in .removeHours(try body.required(body.id("entry_id"), "entry_id")) },
            Act("archive", .archives, "Put a project away") { _ in .archive },
            Act("restore", .verb, "Take a project out again") { _ in .restore },
        ] + tagging

    /// Hours as whole minutes, at least one.
    private static func minutes(_ hours: JSON?) -> Int64? {
        switch hours {
        case .integer(let whole)?: whole * 60
        case .number(let number)?: max(1, Int64((number * 60).rounded()))
        case .null?, .bool?, .string?, .array?, .object?, nil: nil
        }
    }

    // MARK: What can have happened?

    /// What can have happened.
    public enum Event: Message, TagEvent {
        case planned(Record)
        case edited(set: Patch)
        case assigned(from: UUID?, owner_id: UUID?)
        case statusChanged(from: String, status: String, completed_on: Day?)
        case hoursLogged(entry_id: UUID, minutes: Int64, day: Day, member_id: UUID, description: String?)
        /// What was logged is told again, so that sums can be made without looking back.
        case hoursRemoved(entry_id: UUID, minutes: Int64, member_id: UUID)
        case tagsChanged(tags: Patch)
        case archived, restored
        /// Stored names; append-only.
        public enum CodingKeys: String, CodingKey, CaseIterable {
            case planned = "project.planned@1"
            case edited = "project.edited@1"
            case assigned = "project.assigned@1"
            case statusChanged = "project.status_changed@1"
            case hoursLogged = "project.hours_logged@1"
            case hoursRemoved = "project.hours_removed@1"
            case tagsChanged = "project.tags_changed@1"
            case archived = "project.archived@1"
            case restored = "project.restored@1"
        }
    }

    // MARK: What does it mean?

    /// What it means.
    public static func evolve(_ state: inout State, _ event: Event) {
        switch event {
        case .planned(let record): state = .active(Content(record: record))
        case .edited(let change): state.change { $0.record.merge(change, fields) }
        case .assigned(_, let owner): state.change { $0.record.set("owner_id", owner) }
        case .statusChanged(_, let status, let completed):
            guard let status = Status(rawValue: status) else { return }
            state.change { ($0.status, $0.completedOn) = (status, completed) }
        case .hoursLogged(let id, let minutes, _, let member, _):
            state.change { $0.set(id, Logged(minutes: minutes, member: member)) }
        case .hoursRemoved(let id, _, _): state.change { $0.set(id, nil) }
        case .tagsChanged(let tags): state.retag(tags)
        case .archived: state.archive()
        case .restored: state.restore()
        }
    }
}
