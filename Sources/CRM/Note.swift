public import FoundationEssentials
public import Kernel

/// What somebody noted on a record, for all who look at it. It stays on its record; a pinned one stands first there.
public enum Note: Lasting {
    /// `note`.
    public static let name = "note"
    /// `notes`.
    public static let plural = "notes"

    // MARK: What is known of one?

    /// Whether it is pinned is told by events of its own.
    public static let fields = [
        Field("text", .paragraph(20_000)).required().alias("content", "body").personal().searchable(.a)
            .known(as: [.salesforce: "body", .dynamics: "noteText", .suitecrm: "description", .hubspot: "hs_note_body"]
            ),
        Field.subject.required().alias("related_to"), pinned, .custom,
    ]
    private static let pinned = Field("pinned", .flag).alias("is_pinned")
    /// The fields are all that is remembered.
    public typealias Content = Record
    /// Absent, active or archived.
    public typealias State = Life<Content>

    /// The person on whose record it stands.
    public static func person(_ state: State) -> UUID? { state.content.flatMap { SubjectRef($0["subject"])?.person } }

    // MARK: What can be asked?

    /// What can be asked.
    public enum Command: Sendable, Equatable {
        case write(Record)
        case edit(Patch)
        case archive, restore
    }
    /// How it is asked.
    public static let acts: [Act<Command>] = [
        Act("write", .creates, "Write a note on a record", takes: fields) { .write($0.record) },
        Act("edit", .edits, "Change a note", takes: fields.filter { $0.name != "subject" }) { .edit($0.patch) },
        Act("pin", .verb, "Let a note stand first on its record") { _ in .edit(Patch(["pinned": true])) },
        Act("unpin", .verb, "Let a note stand among the others again") { _ in .edit(Patch(["pinned": false])) },
        Act("archive", .archives, "Put a note away") { _ in .archive },
        Act("restore", .verb, "Take a note out again") { _ in .restore },
    ]

    // MARK: What can have happened?

    /// What can have happened. What follows the first event names the record on whose page it is told.
    public enum Event: Message {
        case written(Record)
        case edited(set: Patch, subject: SubjectRef?)
        case pinned(subject: SubjectRef?), unpinned(subject: SubjectRef?)
        case archived(subject: SubjectRef?), restored(subject: SubjectRef?)
        /// Stored names; append-only.
        public enum CodingKeys: String, CodingKey, CaseIterable {
            case written = "note.written@1"
            case edited = "note.edited@1"
            case pinned = "note.pinned@1"
            case unpinned = "note.unpinned@1"
            case archived = "note.archived@1"
            case restored = "note.restored@1"
        }
    }

    // MARK: What is refused, and what to do then?

    /// Why not.
    public enum Rejection: String, LastingRefusal {
        case absent = "note.not_found"
        case exists = "note.already_exists"
        case archived = "note.archived"

        /// What to do.
        public var detail: String {
            switch self {
            case .absent: "There is no such note."
            case .exists: "This note is written already; edit it instead."
            case .archived: "This note is archived; restore it first."
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
        let subject = SubjectRef(state.content?["subject"])
        switch command {
        case .write(let record): return try begin(state, with: .written(record))
        case .edit(let patch):
            let note = try inUse(state)
            let wasPinned = note["pinned"] == true
            let isPinned = patch["pinned"].map { $0 == true } ?? wasPinned
            let change = patch.without("pinned").effective(on: note, fields)
            var events: [Event] = change.isEmpty ? [] : [.edited(set: change, subject: subject)]
            if isPinned != wasPinned {
                events.append(isPinned ? .pinned(subject: subject) : .unpinned(subject: subject))
            }
            return events
        case .archive: return try archive(state, with: .archived(subject: subject))
        case .restore: return try restore(state, with: .restored(subject: subject))
        }
    }

    /// What it means.
    public static func evolve(_ state: inout State, _ event: Event) {
        switch event {
        case .written(let record): state = .active(record)
        case .edited(let change, _): state.change { $0.merge(change, fields) }
        case .pinned: state.change { $0.set("pinned", true) }
        case .unpinned: state.change { $0.set("pinned", false) }
        case .archived: state.archive()
        case .restored: state.restore()
        }
    }
}
