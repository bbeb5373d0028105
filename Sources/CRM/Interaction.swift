public import FoundationEssentials
public import Kernel

/// Something that happens between us and those we deal with: a call, a message, a meeting, a note, or what a platform
/// tells that they did there. It is logged when it is known, at the time at which it happened; or it is scheduled, and
/// then takes place or is called off.
public enum Interaction: Taggable {
    /// `interaction`.
    public static let name = "interaction"
    /// `interactions`.
    public static let plural = "interactions"

    // MARK: What is known of one?

    /// Who took part stands in the log by id only: names and addresses are the persons' own.
    public static let fields = [
        Field("kind", .choice(["call", "email", "meeting", "message", "note", "platform_event"])).required()
            .alias("type").spelled(["sms": "message", "event": "platform_event"]),
        .subject,
        Field("contact_id", .reference("contact")).known(as: [.salesforce: "who_id", .suitecrm: "contact_id"]),
        Field("participants", .map(of: .object(participant), keys: .record(of: Subjects.people))),
        Field("direction", .choice(["inbound", "outbound", "internal"])),
        Field("scheduled_at", .instant).alias("starts_at")
            .known(as: [.dynamics: "scheduledStart", .suitecrm: "date_start"]),
        Field("duration_minutes", .integer(0...100_000)).alias("duration")
            .known(as: [.dynamics: "actualDurationMinutes", .suitecrm: "duration_minutes"]),
        .owner.known(as: [.salesforce: "owner_id", .dynamics: "ownerId", .suitecrm: "assigned_user_id"]),
        Field("name", .text(200)),
        Field("title", .line).alias("summary").personal().searchable(.a)
            .known(as: [.salesforce: "subject", .dynamics: "subject", .suitecrm: "name"]),
        Field("text", .paragraph(20_000)).alias("body", "details").personal().searchable(.c)
            .known(as: [.salesforce: "description", .dynamics: "description", .suitecrm: "description"]),
        Field("location", .text(300)).personal().known(as: [.salesforce: "location", .dynamics: "location"]),
        Field("attributes", .anything),
        happenedAt, cancelReason, .custom,
        // Of an e-mail: by what it is known, which one it answers, and who had part in it that is no record of ours.
        Field("message_id", .text(500)).personal(),
        Field("in_reply_to_id", .reference("interaction")),
        Field("strangers", .map(of: .object(stranger), keys: .name)).personal(),
    ]
    private static let stranger = [
        Field("email", .text(320)).required(), Field("name", .text(200)),
        Field("role", .choice(["from", "to", "cc", "bcc"])),
    ]
    private static let participant = [
        Field("entity", .choice(Subjects.people)).required(),
        Field("role", .choice(["organizer", "attendee", "from", "to", "cc", "bcc"])),
    ]
    /// Where that is not when the event occurred that told of it.
    private static let happenedAt = Field("happened_at", .instant)
    private static let cancelReason = Field("cancel_reason", .text(500)).alias("reason").personal()

    /// Where it stands.
    public enum Status: String, Sendable, CaseIterable { case scheduled, completed, cancelled }
    /// What is remembered.
    public struct Content: Sendable, Equatable, RecordHolder {
        /// The fields.
        public var fields: Record
        /// What became of it.
        public var status = Status.completed
        /// The fields, and the tags.
        public var record: Record {
            get { fields }
            set { fields = newValue }
        }
        /// What it is about.
        public var subject: SubjectRef? { SubjectRef(fields["subject"]) }

        /// What is known of one, and where it stands.
        public init(fields: Record, status: Status = .completed) { (self.fields, self.status) = (fields, status) }
    }
    /// Absent, active or archived.
    public typealias State = Life<Content>
    /// The plain fields, and where it stands.
    public static func record(_ state: State) -> Record? {
        state.content.map { content in
            var record = content.fields
            record.set("status", content.status.rawValue)
            return record
        }
    }

    // MARK: Of whom does it tell?

    /// The person it is about; else the contact with whom it was.
    public static func person(_ state: State) -> UUID? {
        guard let content = state.content else { return nil }
        if content.fields["kind"] == "email" { return person(ofEmail: content) }
        return content.subject?.person ?? content.fields.id("contact_id") ?? onlyContact(content.fields)
    }
    /// The customer who wrote it; else the customer it is about or with whom it was; else the member who wrote it. That
    /// it lies with a member makes it nobody's: what a stranger writes is the record's.
    private static func person(ofEmail content: Content) -> UUID? {
        let writers = writers(content.fields)
        let subject = content.subject.flatMap { $0.entity == "member" ? nil : $0.person }
        return writers.first { !$0.isMember }?.id ?? subject ?? content.fields.id("contact_id")
            ?? onlyContact(content.fields) ?? writers.first?.id
    }
    /// Who wrote an e-mail; of several the same one comes first each time.
    private static func writers(_ record: Record) -> [(id: UUID, isMember: Bool)] {
        let writers = (record["participants"]?.object ?? [:]).filter { $0.value["role"] == "from" }
        return writers.sorted { $0.key < $1.key }.compactMap { key, value in
            UUID(text: key).map { ($0, value["entity"] == "member") }
        }
    }
    /// Strangers are nobody's: they stay when whose words it holds is forgotten.
    public static let sealedByRecord: Set<String> = ["strangers"]
    /// The only contact who took part.
    static func onlyContact(_ record: Record) -> UUID? {
        let contacts = (record["participants"]?.object ?? [:]).filter { $0.value["entity"] == "contact" }.keys
        return contacts.count == 1 ? contacts.first.flatMap(UUID.init(text:)) : nil
    }

    // MARK: What can be asked?

    /// What can be asked.
    public enum Command: Sendable, Equatable, TagCommand {
        case log(Record), schedule(Record)
        case edit(Patch), correct(Patch)
        case complete(at: Instant?, Patch)
        case cancel(reason: String?)
        case tag(Patch)
        case archive, restore
    }
    /// How it is asked. `occurred_at` says when it happened, where that is not now.
    public static let acts: [Act<Command>] =
        [
            Act(
                "log", .creates, "Log what happened: a call, a message, a meeting, an event of a platform",
                takes: told("scheduled_at") + [Field("occurred_at", .instant).alias("timestamp")]
            ) { .log(Record($0.patch.without("occurred_at").values)) },
            Act(
                "schedule", .creates, "Schedule what is to take place",
                takes: told("name").map { $0.name == "scheduled_at" ? $0.required() : $0 }
            ) { .schedule($0.record) },
            Act(
                "edit", .edits, "Change what is known of an interaction; of one that took place this is a correction",
                takes: told() + [happenedAt.required()]
            ) { .edit($0.patch) },
            Act(
                "reschedule", .verb, "Put a scheduled interaction at another time",
                takes: fields.filter { $0.name == "scheduled_at" }.keeping("scheduled_at")
            ) { .edit($0.patch) },
            Act(
                "complete", .verb, "Say that a scheduled interaction took place, and what came of it",
                takes: fields.filter {
                    ["duration_minutes", "title", "text", "participants", "custom"].contains($0.name)
                }
                    + [happenedAt.alias("occurred_at")]
            ) { .complete(at: $0.instant("happened_at"), $0.patch.without("happened_at")) },
            Act("cancel", .verb, "Call a scheduled interaction off", takes: [cancelReason]) {
                .cancel(reason: $0.text("cancel_reason"))
            },
            Act(
                "correct", .verb, "Put right what was told of an interaction that took place",
                takes: fields.filter { !["scheduled_at", "happened_at", "cancel_reason"].contains($0.name) }.optional
                    + [happenedAt.alias("occurred_at")]
            ) { .correct($0.patch) },
            Act("archive", .archives, "Put an interaction away") { _ in .archive },
            Act("restore", .verb, "Take an interaction out again") { _ in .restore },
        ] + tagging
    private static func told(_ hidden: String...) -> [Field] {
        fields.keeping("subject").filter { !(["happened_at", "cancel_reason"] + hidden).contains($0.name) }
    }

    // MARK: What can have happened?

    /// What can have happened. What follows the first event names those on whose pages it is told.
    public enum Event: Message, TagEvent {
        case logged(Record)
        case scheduled(Record)
        case edited(set: Patch)
        case rescheduled(from: Instant?, scheduled_at: Instant, subject: SubjectRef?)
        case completed(happened_at: Instant, set: Patch, subject: SubjectRef?, participants: Record?)
        case cancelled(cancel_reason: String?, subject: SubjectRef?)
        case corrected(set: Patch, subject: SubjectRef?)
        case tagsChanged(tags: Patch)
        case archived, restored
        /// Stored names; append-only.
        public enum CodingKeys: String, CodingKey, CaseIterable {
            case logged = "interaction.logged@1"
            case scheduled = "interaction.scheduled@1"
            case edited = "interaction.edited@1"
            case rescheduled = "interaction.rescheduled@1"
            case completed = "interaction.completed@1"
            case cancelled = "interaction.cancelled@1"
            case corrected = "interaction.corrected@1"
            case tagsChanged = "interaction.tags_changed@1"
            case archived = "interaction.archived@1"
            case restored = "interaction.restored@1"
        }
    }

    // MARK: What does it mean?

    /// What it means.
    public static func evolve(_ state: inout State, _ event: Event) {
        switch event {
        case .logged(let record): state = .active(Content(fields: record))
        case .scheduled(let record): state = .active(Content(fields: record, status: .scheduled))
        case .edited(let change), .corrected(let change, _): state.change { $0.fields.merge(change, fields) }
        case .rescheduled(_, let at, _): state.change { $0.fields.set("scheduled_at", at.text) }
        case .completed(let at, let change, _, _):
            state.change {
                $0.status = .completed
                $0.fields.merge(change, fields)
                $0.fields.set("happened_at", at.text)
            }
        case .cancelled(let reason, _):
            state.change {
                $0.status = .cancelled
                $0.fields.set("cancel_reason", reason)
            }
        case .tagsChanged(let tags): state.retag(tags)
        case .archived: state.archive()
        case .restored: state.restore()
        }
    }
}
