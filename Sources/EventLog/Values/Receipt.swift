import FoundationEssentials
import Kernel

/// The end of an organization's log.
public struct Head: Sendable, Hashable {
    /// The last position; 0 where there is no event.
    public var position: Position
    /// The leaf hash there: 32 bytes, zeros where there is no event.
    public var leaf: [UInt8]
    /// When the last event was recorded.
    public var recordedAt: Instant?

    /// A head.
    public init(position: Position, leaf: [UInt8], recordedAt: Instant?) {
        self.position = position
        self.leaf = leaf
        self.recordedAt = recordedAt
    }

    /// The head of a log without events.
    public static let empty = Head(position: 0, leaf: Array(repeating: 0, count: 32), recordedAt: nil)
}

/// The end of a log with the right edge of its tree: what the next event is hashed into.
struct Tip: Sendable, Equatable {
    var head: Head
    var frontier: Frontier

    /// That of a log without events.
    static let empty = Tip(head: .empty, frontier: .empty)
}

/// A unit was committed.
public struct Receipt: Sendable, Hashable {
    /// The position of its first event; without events, one more than `last`.
    public var first: Position
    /// The position of its last event; without events, the head on which nothing was decided.
    public var last: Position
    /// The leaf hash at `last`: 32 bytes, zeros at position 0.
    public var leaf: [UInt8]
    /// When it was recorded: never earlier than the event before.
    public var recordedAt: Instant
    /// The versions that the streams it wrote have now.
    public var versions: [UUID: Int32]

    /// A receipt.
    public init(first: Position, last: Position, leaf: [UInt8], recordedAt: Instant, versions: [UUID: Int32]) {
        self.first = first
        self.last = last
        self.leaf = leaf
        self.recordedAt = recordedAt
        self.versions = versions
    }
}

/// An organization's log has grown, and this process or another knows it.
public struct Hint: Sendable, Hashable {
    /// Whose log.
    public var organization: UUID
    /// Its head then.
    public var head: Head

    /// A hint.
    public init(organization: UUID, head: Head) {
        self.organization = organization
        self.head = head
    }
}
