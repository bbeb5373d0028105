public import Kernel

/// A word that people put on records of any kind, to find them together. No two tags in use have the same name.
public enum Tag: Lasting {
    /// `tag`.
    public static let name = "tag"
    /// `tags`.
    public static let plural = "tags"

    // MARK: What is known of one?

    /// Plain fields only; the name is its alone, without regard to case.
    public static let fields = [
        Field("name", .text(60)).required().searchable(.a).known(as: [.salesforce: "name", .hubspot: "name"]),
        Field("colour", .choice(colours)).alias("color"),
        Field("description", .paragraph(1000)).personal().searchable(.d),
        .custom,
    ]
    private static let colours = [
        "grey", "red", "orange", "yellow", "green", "teal", "blue", "purple", "pink", "brown",
    ]
    /// The fields are all that is remembered.
    public typealias Content = Record
    /// Absent, in use or retired.
    public typealias State = Life<Content>

    // MARK: What can be asked?

    /// What can be asked.
    public enum Command: Sendable, Equatable {
        case define(Record)
        case edit(Patch)
        case retire, restore
    }
    /// How it is asked.
    public static let acts: [Act<Command>] = [
        Act("define", .creates, "Define a tag", takes: fields) { .define($0.record) },
        Act("edit", .edits, "Change what is known of a tag", takes: fields) { .edit($0.patch) },
        Act("rename", .verb, "Give a tag another name", takes: [Field("name", .text(60)).required()]) {
            .edit($0.patch)
        },
        Act(
            "recolour", .verb, "Give a tag another colour",
            takes: [Field("colour", .choice(colours)).required().alias("color")]
        ) { .edit($0.patch) },
        Act("retire", .archives, "Put a tag on no more records; those that have it keep it") { _ in .retire },
        Act("restore", .verb, "Take a tag into use again") { _ in .restore },
    ]

    // MARK: What can have happened?

    /// What can have happened.
    public enum Event: Message {
        case defined(Record)
        case renamed(from: String?, name: String)
        case edited(set: Patch)
        case retired, restored
        /// Stored names; append-only.
        public enum CodingKeys: String, CodingKey, CaseIterable {
            case defined = "tag.defined@1"
            case renamed = "tag.renamed@1"
            case edited = "tag.edited@1"
            case retired = "tag.retired@1"
            case restored = "tag.restored@1"
        }
    }

    // MARK: What is refused, and what to do then?

    /// Why not.
    public enum Rejection: String, LastingRefusal {
        case absent = "tag.not_found"
        case exists = "tag.already_exists"
        case archived = "tag.retired"

        /// What to do.
        public var detail: String {
            switch self {
            case .absent: "There is no such tag."
            case .exists: "This tag exists already; edit it instead."
            case .archived: "This tag is retired; restore it first."
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
        case .define(let record): return try begin(state, with: .defined(record))
        case .edit(let patch):
            let tag = try inUse(state)
            let change = patch.effective(on: tag, fields)
            let renamed: [Event] = change.text("name").map { [.renamed(from: tag.text("name"), name: $0)] } ?? []
            let plain = change.without("name")
            return plain.isEmpty ? renamed : renamed + [.edited(set: plain)]
        case .retire: return try archive(state, with: .retired)
        case .restore: return try restore(state, with: .restored)
        }
    }

    /// What it means.
    public static func evolve(_ state: inout State, _ event: Event) {
        switch event {
        case .defined(let record): state = .active(record)
        case .renamed(_, let name): state.change { $0.set("name", name) }
        case .edited(let change): state.change { $0.merge(change, fields) }
        case .retired: state.archive()
        case .restored: state.restore()
        }
    }

    // MARK: What is its alone, and who may name it?

    /// Its name while it is in use.
    public static func claims(_ state: State) -> Set<Claim> {
        guard case .active(let tag) = state, let name = tag.text("name").flatMap(Normal.key) else { return [] }
        return [Claim("tag.name", name)]
    }

    /// A retired tag is put on no more records.
    public static func objection(_ state: State) -> String? {
        switch state {
        case .absent, .active: nil
        case .archived, .merged: "this tag is retired; restore it, or take another"
        }
    }
}
