public import Kernel

/// An entity whose records can be tagged. Which tags are on a record is told by the record's own stream, so that no tag
/// is a stream of a million events. An entity takes it on with a line in each place:
///
///     public enum Deal: Taggable
///     case tag(Patch)                                     // Command: TagCommand
///     acts = [ … ] + tagging
///     case tagsChanged(tags: Patch)                       // Event: TagEvent
///     case tagsChanged = "deal.tags_changed@1"
///     case .tag(let tags): return try retagged(state, by: tags)
///     case .tagsChanged(let tags): state.retag(tags)
public protocol Taggable: Lasting where Command: TagCommand, Event: TagEvent, Content: RecordHolder {}

/// A command that puts tags on and takes tags off.
public protocol TagCommand {
    /// By the tag's id: true for one that is put on, null for one that is taken off.
    static func tag(_ tags: Patch) -> Self
}

/// An event that tells which tags came and went.
public protocol TagEvent {
    /// By the tag's id: true for one that came, null for one that went.
    static func tagsChanged(tags: Patch) -> Self
}

/// What holds the values of a record.
public protocol RecordHolder {
    /// Those values.
    var record: Record { get set }
}
extension Record: RecordHolder {
    /// Itself.
    public var record: Record {
        get { self }
        set { self = newValue }
    }
}

extension Field {
    /// The tags of a record, by their ids.
    static let tags = Field("tags", .map(of: .flag, keys: .reference(Tag.name)))
}

// MARK: What can be asked?

extension Taggable {
    /// Told by events of their own.
    public static var aside: [Field] { [.tags] }

    /// Putting tags on and taking them off. What is taken off need not be in use any more.
    static var tagging: [Act<Command>] {
        [
            Act(
                "tag", .verb, "Put tags on it",
                takes: [Field("tags", .list(of: .reference(Tag.name), 50)).required()]
            ) { .tag(change($0, to: true)) },
            Act("untag", .verb, "Take tags off it", takes: [Field("tags", .list(of: .id, 50)).required()]) {
                .tag(change($0, to: .null))
            },
        ]
    }
    private static func change(_ body: Body, to value: JSON) -> Patch {
        let ids = (body.values["tags"]?.array ?? []).compactMap(\.string)
        return Patch(Dictionary(ids.map { ($0, value) }) { $1 })
    }

    // MARK: What happens?

    /// What is on already is not put on, and what is not on is not taken off.
    static func retagged(_ state: State, by tags: Patch) throws(Rejection) -> [Event] {
        let record = try inUse(state).record
        let change = Patch(["tags": .object(tags.values)]).effective(on: record, [.tags])
        return (change["tags"]?.object).map { [.tagsChanged(tags: Patch($0))] } ?? []
    }
}

extension Patch {
    /// Which tags come and go where a record becomes as another; nil where none do.
    static func tags(from old: Record, to new: Record) -> Patch? {
        let (had, has) = (old["tags"]?.object ?? [:], new["tags"]?.object ?? [:])
        let change = has.filter { had[$0.key] == nil }
            .merging(had.filter { has[$0.key] == nil }.mapValues { _ in JSON.null }) { $1 }
        return change.isEmpty ? nil : Patch(change)
    }
}

extension Life where Content: RecordHolder {
    /// Tags came and went.
    mutating func retag(_ tags: Patch) {
        change { $0.record.merge(Patch(["tags": .object(tags.values)]), [.tags]) }
    }
}
