public import Kernel

/// The business whose log it is: its currency, its calendar, its habits. Its stream has the organization's own id.
public enum Organization: Entity {
    /// `organization`.
    public static let name = "organization"
    /// `organizations`.
    public static let plural = "organizations"
    /// Owners shape the organization.
    public static let audience = Audience.owners

    // MARK: What is known of it?

    /// Plain fields only.
    public static let fields = [
        Field("name", .line).required().searchable(.a),
        Field("currency", .currency).required(),
        Field("time_zone", .zone).required(),
        Field("fiscal_year_start", .integer(1...12)),
        Field("default_pipeline_id", .reference("pipeline")),
        // What its people call a deal and deals: a grant, a contract.
        Field("labels", .object([Field("deal", .text(60)), Field("deals", .text(60))])),
        EmailPolicy.field,
    ]
    /// Its fields, once it was created. It is never archived.
    public typealias State = Record?
    /// A stream without events.
    public static let initial: State = nil
    /// The plain fields.
    public static func record(_ state: State) -> Record? { state }

    /// Of its log: the origin of its signed heads (C2SP tlog-checkpoint), and the key that signs the first of them
    /// (a C2SP vkey). Told by the first event, so that who has the log has the key; no client sets or edits it.
    static let log = Field("log", .object([Field("origin", .line).required(), Field("key", .line).required()]))
    /// Its log's origin and key.
    public static let derived = [log]

    // MARK: What can be asked?

    /// What can be asked.
    public enum Command: Sendable, Equatable {
        case create(Record)
        case edit(Patch)
        case changeLogKey(String)
    }
    /// How it is asked.
    public static let acts: [Act<Command>] = [
        Act("create", .creates, "Found an organization", takes: fields + [log]) { .create($0.record) },
        Act("edit", .edits, "Change the organization", takes: fields.keeping("fiscal_year_start")) { .edit($0.patch) },
        Act("change_log_key", .verb, "Tell that another key signs the log", takes: [Field("key", .line).required()]) {
            body throws(Flaw) in .changeLogKey(try body.required(body.text("key"), "key"))
        },
    ]

    // MARK: What can have happened?

    /// What can have happened.
    public enum Event: Message {
        case created(Record)
        case edited(set: Patch)
        /// Heads of the log from this event on are signed by `key`, a C2SP vkey.
        case logKeyChanged(key: String, from: String?)
        /// Stored names; append-only.
        public enum CodingKeys: String, CodingKey, CaseIterable {
            case created = "organization.created@1"
            case edited = "organization.edited@1"
            case logKeyChanged = "organization.log_key_changed@1"
        }
    }

    // MARK: What is refused, and what to do then?

    /// Why not.
    public enum Rejection: String, Refusal {
        case absent = "organization.not_found"
        case exists = "organization.already_exists"

        /// What to do.
        public var detail: String {
            switch self {
            case .absent: "There is no such organization."
            case .exists: "This organization exists already; edit it instead."
            }
        }
        /// What kind of refusal.
        public var reason: RefusalReason {
            switch self {
            case .absent: .absent
            case .exists: .conflict
            }
        }
    }

    // MARK: What happens, and what does it mean?

    /// What happens. The fiscal year starts in January where nothing else is said.
    public static func decide(_ command: Command, given state: State, in _: Context) throws(Rejection) -> [Event] {
        switch (command, state) {
        case (.create(let record), nil): return [.created(record.with(defaults: ["fiscal_year_start": 1]))]
        case (.create, _?): throw .exists
        case (.edit, nil), (.changeLogKey, nil): throw .absent
        case (.edit(let patch), let record?):
            let change = patch.effective(on: record, fields)
            return change.isEmpty ? [] : [.edited(set: change)]
        case (.changeLogKey(let key), let record?):
            let old = record["log"]?["key"]?.string
            return key == old ? [] : [.logKeyChanged(key: key, from: old)]
        }
    }

    /// What it means.
    public static func evolve(_ state: inout State, _ event: Event) {
        switch event {
        case .created(let record): state = record
        case .edited(let change): state?.merge(change, fields)
        case .logKeyChanged(let key, _):
            var log = state?["log"]?.object ?? [:]
            log["key"] = .string(key)
            state?.set("log", .object(log))
        }
    }
}
