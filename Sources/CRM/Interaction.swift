public import FoundationEssentials
public import Kernel

/// Something that happened between us and those we deal with: a call, a message, a meeting, or what a platform tells
/// that they did there. Logged when it is known, at the time at which it happened.
public enum Interaction: Entity {
    /// `interaction`.
    public static let name = "interaction"
    /// `interactions`.
    public static let plural = "interactions"

    // MARK: What is known of one?

    /// Who took part stands in the log by id only: names and addresses are the persons' own.
    public static let fields = [
        Field("kind", .choice(["call", "email", "meeting", "message", "note", "platform_event"])).required()
            .alias("type"),
        Field("subject", .record(of: Subjects.all)),
        Field("participants", .map(of: .object(participant), keys: .record(of: Subjects.people))),
        Field("direction", .choice(["inbound", "outbound", "internal"])),
        Field("duration_minutes", .integer(0...100_000)).alias("duration")
            .known(as: [.dynamics: "actualDurationMinutes", .suitecrm: "duration_minutes"]),
        .owner.known(as: [.salesforce: "owner_id", .dynamics: "ownerId", .suitecrm: "assigned_user_id"]),
        Field("name", .text(200)),
        Field("title", .line).alias("summary").personal().searchable(.a)
            .known(as: [.salesforce: "subject", .dynamics: "subject", .suitecrm: "name"]),
        Field("text", .paragraph(20_000)).alias("body", "details").personal().searchable(.c)
            .known(as: [.salesforce: "description", .dynamics: "description", .suitecrm: "description"]),
        Field("attributes", .anything),
    ]
    private static let participant = [
        Field("entity", .choice(Subjects.people)).required(),
        Field("role", .choice(["organizer", "attendee", "from", "to", "cc", "bcc"])),
    ]

    /// Nothing yet, or what happened.
    public enum State: Sendable, Equatable {
        case absent
        case logged(Record)
    }
    /// Nothing happened.
    public static let initial = State.absent
    /// The plain fields.
    public static func record(_ state: State) -> Record? {
        switch state {
        case .absent: nil
        case .logged(let record): record
        }
    }

    // MARK: Of whom does it tell?

    /// The person it is about; else the only contact who took part.
    public static func person(_ state: State) -> UUID? {
        guard let record = record(state) else { return nil }
        if let entity = record["subject"]?["entity"]?.string, Subjects.people.contains(entity) {
            return record["subject"]?["id"]?.string.flatMap(UUID.init(uuidString:))
        }
        let contacts = (record["participants"]?.object ?? [:]).filter { $0.value["entity"] == "contact" }.keys
        return contacts.count == 1 ? contacts.first.flatMap(UUID.init(uuidString:)) : nil
    }

    // MARK: What can be asked?

    /// What can be asked.
    public enum Command: Sendable, Equatable { case log(Record) }
    /// How it is asked. `occurred_at` says when it happened, where that is not now.
    public static let acts: [Act<Command>] = [
        Act(
            "log", .creates, "Log what happened: a call, a message, a meeting, an event of a platform",
            takes: fields.keeping("subject") + [Field("occurred_at", .instant).alias("timestamp")]
        ) { .log(Record($0.patch.without("occurred_at").values)) }
    ]

    // MARK: What can have happened?

    /// What can have happened.
    public enum Event: Message {
        case logged(Record)
        /// Stored names; append-only.
        public enum CodingKeys: String, CodingKey, CaseIterable {
            case logged = "interaction.logged@1"
        }
    }

    // MARK: What is refused, and what to do then?

    /// Why not.
    public enum Rejection: String, Refusal {
        case exists = "interaction.already_exists"
        case nameMissing = "interaction.name_missing"
        case nameMisplaced = "interaction.name_misplaced"

        /// What to do.
        public var detail: String {
            switch self {
            case .exists: "This interaction is logged already."
            case .nameMissing: "An event of a platform needs a name: what the platform says happened."
            case .nameMisplaced: "Only an event of a platform has a name; give what happened a title instead."
            }
        }
        /// What kind of refusal.
        public var reason: RefusalReason {
            switch self {
            case .exists: .conflict
            case .nameMissing, .nameMisplaced: .invalid
            }
        }
    }

    // MARK: What happens, and what does it mean?

    /// What happens.
    public static func decide(_ command: Command, given state: State, in _: Context) throws(Rejection) -> [Event] {
        switch (command, state) {
        case (.log, .logged): throw .exists
        case (.log(let record), .absent):
            switch (record["kind"] == "platform_event", record["name"] != nil) {
            case (true, false): throw .nameMissing
            case (false, true): throw .nameMisplaced
            case (true, true), (false, false): return [.logged(record)]
            }
        }
    }

    /// What it means.
    public static func evolve(_ state: inout State, _ event: Event) {
        switch event {
        case .logged(let record): state = .logged(record)
        }
    }
}
