public import Kernel

/// People who sell together, under a manager and in a region.
public enum Team: Taggable {
    /// `team`.
    public static let name = "team"
    /// `teams`.
    public static let plural = "teams"
    /// Owners shape the organization.
    public static let audience = Audience.owners

    // MARK: What is known of one?

    /// Plain fields only.
    public static let fields = [
        Field("name", .line).required().searchable(.a),
        Field("region", .text(100)).searchable(.c),
        Field("manager_id", .reference("member")),
        .description, .custom,
    ]
    /// The fields are all that is remembered.
    public typealias Content = Record
    /// Absent, active or archived.
    public typealias State = Life<Content>

    // MARK: What can be asked?

    /// What can be asked.
    public enum Command: Sendable, Equatable, TagCommand {
        case create(Record)
        case edit(Patch)
        case tag(Patch)
        case archive, restore
    }
    /// How it is asked.
    public static let acts: [Act<Command>] =
        [
            Act("create", .creates, "Set up a team", takes: fields) { .create($0.record) },
            Act("edit", .edits, "Change what is known of a team", takes: fields) { .edit($0.patch) },
            Act("archive", .archives, "Put a team away") { _ in .archive },
            Act("restore", .verb, "Take a team out again") { _ in .restore },
        ] + tagging

    // MARK: What can have happened?

    /// What can have happened.
    public enum Event: Message, TagEvent {
        case created(Record)
        case edited(set: Patch)
        case tagsChanged(tags: Patch)
        case archived, restored
        /// Stored names; append-only.
        public enum CodingKeys: String, CodingKey, CaseIterable {
            case created = "team.created@1"
            case edited = "team.edited@1"
            case tagsChanged = "team.tags_changed@1"
            case archived = "team.archived@1"
            case restored = "team.restored@1"
        }
    }

    // MARK: What is refused, and what to do then?

    /// Why not.
    public enum Rejection: String, LastingRefusal {
        case absent = "team.not_found"
        case exists = "team.already_exists"
        case archived = "team.archived"

        /// What to do.
        public var detail: String {
            switch self {
            case .absent: "There is no such team."
            case .exists: "This team exists already; edit it instead."
            case .archived: "This team is archived; restore it first."
            }
        }
        /// What kind of refusal.
        public var reason: RefusalReason {
            switch self {
            case .absent: .absent
            case .exists, .archived: .conflict
            }
        }
    }

    // MARK: What happens, and what does it mean?

    /// What happens.
    public static func decide(_ command: Command, given state: State, in _: Context) throws(Rejection) -> [Event] {
        switch command {
        case .create(let record): return try begin(state, with: .created(record))
        case .edit(let patch):
            let change = patch.effective(on: try inUse(state), fields)
            return change.isEmpty ? [] : [.edited(set: change)]
        case .tag(let tags): return try retagged(state, by: tags)
        case .archive: return try archive(state, with: .archived)
        case .restore: return try restore(state, with: .restored)
        }
    }

    /// What it means.
    public static func evolve(_ state: inout State, _ event: Event) {
        switch event {
        case .created(let record): state = .active(record)
        case .edited(let change): state.change { $0.merge(change, fields) }
        case .tagsChanged(let tags): state.retag(tags)
        case .archived: state.archive()
        case .restored: state.restore()
        }
    }
}
