public import Kernel

/// A person who works for the organization and may sign in.
public enum Member: Taggable {
    /// `member`.
    public static let name = "member"
    /// `members`.
    public static let plural = "members"
    /// Owners shape the organization.
    public static let audience = Audience.owners

    // MARK: What is known of one?

    /// The role is told by an event of its own; the address is hers alone.
    public static let fields = [
        Field("name", .line).required().personal().searchable(.a).known(as: [.salesforce: "name"]),
        Field("email", .email).personal().searchable(.b)
            .known(as: [.salesforce: "email", .suitecrm: "email1", .hubspot: "email"]),
        Field("role", .choice(["owner", "member", "viewer", "auditor"])),
        Field("team_id", .reference("team")),
        Field("title", .text(100)).personal().searchable(.c).known(as: [.salesforce: "title", .suitecrm: "title"]),
        Field("phone", .phone).personal().known(as: [.salesforce: "phone", .suitecrm: "phone_work"]),
        .custom,
    ]
    /// The fields are all that is remembered.
    public typealias Content = Record
    /// Absent, active or archived.
    public typealias State = Life<Content>

    // MARK: What can be asked?

    /// What can be asked.
    public enum Command: Sendable, Equatable, TagCommand {
        case add(Record)
        case edit(Patch)
        case tellPasswordChanged
        case tag(Patch)
        case archive, restore
    }
    /// How it is asked.
    public static let acts: [Act<Command>] =
        [
            Act("add", .creates, "Add a member", takes: fields) { .add($0.record) },
            Act("edit", .edits, "Change what is known of a member", takes: fields.keeping("role")) { .edit($0.patch) },
            Act("password_changed", .verb, "Tell that a member has a new password") { _ in .tellPasswordChanged },
            Act("archive", .archives, "Put a member away; it can no longer sign in") { _ in .archive },
            Act("restore", .verb, "Take a member out again") { _ in .restore },
        ] + tagging

    // MARK: What can have happened?

    /// What can have happened.
    public enum Event: Message, TagEvent {
        case added(Record)
        case edited(set: Patch)
        case roleChanged(from: String?, to: String)
        /// That it changed; never the password.
        case passwordChanged
        case tagsChanged(tags: Patch)
        case archived, restored
        /// Stored names; append-only.
        public enum CodingKeys: String, CodingKey, CaseIterable {
            case added = "member.added@1"
            case edited = "member.edited@1"
            case roleChanged = "member.role_changed@1"
            case passwordChanged = "member.password_changed@1"
            case tagsChanged = "member.tags_changed@1"
            case archived = "member.archived@1"
            case restored = "member.restored@1"
        }
    }

    // MARK: What is refused, and what to do then?

    /// Why not.
    public enum Rejection: String, LastingRefusal {
        case absent = "member.not_found"
        case exists = "member.already_exists"
        case archived = "member.archived"

        /// What to do.
        public var detail: String {
            switch self {
            case .absent: "There is no such member."
            case .exists: "This member exists already; edit it instead."
            case .archived: "This member is archived; restore it first."
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

    // MARK: What happens?

    /// What happens. A new password is a new fact each time: it alone may be decided twice.
    public static func decide(_ command: Command, given state: State, in _: Context) throws(Rejection) -> [Event] {
        switch command {
        case .add(let record): return try begin(state, with: .added(record.with(defaults: ["role": "member"])))
        case .edit(let patch):
            let member = try inUse(state)
            let change = patch.effective(on: member, fields)
            let plain = change.without("role")
            var events: [Event] = []
            if let role = change.text("role") { events.append(.roleChanged(from: member.text("role"), to: role)) }
            if !plain.isEmpty { events.append(.edited(set: plain)) }
            return events
        case .tellPasswordChanged:
            _ = try inUse(state)
            return [.passwordChanged]
        case .tag(let tags): return try retagged(state, by: tags)
        case .archive: return try archive(state, with: .archived)
        case .restore: return try restore(state, with: .restored)
        }
    }

    // MARK: What does it mean?

    /// What it means.
    public static func evolve(_ state: inout State, _ event: Event) {
        switch event {
        case .added(let record): state = .active(record)
        case .edited(let change): state.change { $0.merge(change, fields) }
        case .roleChanged(_, let role): state.change { $0.set("role", role) }
        case .passwordChanged: break
        case .tagsChanged(let tags): state.retag(tags)
        case .archived: state.archive()
        case .restored: state.restore()
        }
    }

    // MARK: What is its alone?

    /// The address by which it signs in, while it is not archived.
    public static func claims(_ state: State) -> Set<Claim> {
        guard case .active(let member) = state, let email = member.text("email") else { return [] }
        return [Claim("member.email", email)]
    }
}
