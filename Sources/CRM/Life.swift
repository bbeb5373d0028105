public import FoundationEssentials
public import Kernel

/// What most records go through: nothing yet, in use, put away; and what some do (`Mergeable`): another one stands for
/// it.
public enum Life<Content: Sendable & Equatable>: Sendable, Equatable {
    case absent
    case active(Content)
    case archived(Content)
    case merged(Content, into: UUID)

    /// What is known of the record, also while it is put away.
    public var content: Content? {
        switch self {
        case .absent: nil
        case .active(let content), .archived(let content), .merged(let content, _): content
        }
    }
}

/// The state of a record for which another may stand.
public protocol Replaceable {
    /// The record that stands for this one since they were merged; nil while it stands for itself.
    var mergedInto: UUID? { get }
}
extension Life: Replaceable {
    /// The record that stands for this one.
    public var mergedInto: UUID? {
        switch self {
        case .absent, .active, .archived: nil
        case .merged(_, let winner): winner
        }
    }
}

/// An entity whose records begin once, can be put away, and can be taken out again.
public protocol Lasting: Entity where State == Life<Content>, Rejection: LastingRefusal {
    /// What is known of one.
    associatedtype Content: Sendable, Equatable
    /// What is asked first where a record ended and is to be as if it had not, or the other way round; nil where its
    /// fields say that.
    static func turn(from now: State, to before: State) -> Turn?
}

/// The refusals all such records share.
public protocol LastingRefusal: Refusal {
    /// `<entity>.not_found`.
    static var absent: Self { get }
    /// `<entity>.already_exists`.
    static var exists: Self { get }
    /// `<entity>.archived`.
    static var archived: Self { get }
    /// Another record stands for this one, where that can be: `<entity>.merged`.
    static var replaced: Self { get }
}
extension LastingRefusal {
    /// Records that are never merged are never asked for it.
    public static var replaced: Self { .archived }
}

// MARK: What do they decide alike?

extension Lasting {
    /// A stream without events.
    public static var initial: Life<Content> { .absent }

    /// A record begins once; what it begins with is only made then.
    static func begin(_ state: State, with event: @autoclosure () throws(Rejection) -> Event) throws(Rejection)
        -> [Event]
    {
        guard case .absent = state else { throw .exists }
        return [try event()]
    }
    /// What may be changed: a record in use.
    static func inUse(_ state: State) throws(Rejection) -> Content {
        switch state {
        case .absent: throw .absent
        case .archived: throw .archived
        case .merged: throw .replaced
        case .active(let content): return content
        }
    }
    /// Putting away what is away already decides nothing.
    static func archive(_ state: State, with event: Event) throws(Rejection) -> [Event] {
        switch state {
        case .absent: throw .absent
        case .archived: return []
        case .merged: throw .replaced
        case .active: return [event]
        }
    }
    /// Taking out what is out already decides nothing.
    static func restore(_ state: State, with event: Event) throws(Rejection) -> [Event] {
        switch state {
        case .absent: throw .absent
        case .archived: return [event]
        case .merged: throw .replaced
        case .active: return []
        }
    }
}

extension Lasting where Content == Record {
    /// The plain fields.
    public static func record(_ state: State) -> Record? { state.content }
}

// MARK: What do their events mean alike?

extension Life {
    /// A change, whether or not the record is in use; without a record it means nothing.
    mutating func change(_ body: (inout Content) -> Void) {
        switch self {
        case .absent: break
        case .active(var content):
            body(&content)
            self = .active(content)
        case .archived(var content):
            body(&content)
            self = .archived(content)
        case .merged(var content, let winner):
            body(&content)
            self = .merged(content, into: winner)
        }
    }
    mutating func archive() { if let content { self = .archived(content) } }
    mutating func restore() { if let content { self = .active(content) } }
}
