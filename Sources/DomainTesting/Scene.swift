public import FoundationEssentials
public import Kernel
import Synchronization

/// The fixed circumstances in which tests decide.
public enum Scene {
    /// 2017-03-01T12:00:00Z.
    public static let now = Instant(today, microseconds: 43_200_000_000)
    /// 2017-03-01.
    public static let today = Day(number: 17_226)
    /// The organization of all tests.
    public static let organization = UUID.number(0xA000)
    /// The record decided on.
    public static let id = UUID.number(0xA001)
    /// Who asks.
    public static let actor = UUID.number(0xA002)

    /// What a decision is told. Fresh ids are `UUID.number(1)`, `(2)`, … in order, or begin later.
    public static func context(
        id: UUID = id, states: [Reference: any Sendable] = [:], freshFrom first: UInt32 = 1
    ) -> Context {
        let ids = Ids(first)
        return Context(
            now: now, today: today, organization: organization, id: id, actor: actor, states: states,
            fresh: { ids.next() })
    }

    private final class Ids: Sendable {
        private let following: Mutex<UInt32>
        init(_ first: UInt32) { following = Mutex(first) }
        func next() -> UUID {
            .number(
                following.withLock { number in
                    defer { number += 1 }
                    return number
                })
        }
    }
}

extension UUID {
    /// A recognisable id: `00000000-0000-8000-8000-00000000002a`.
    public static func number(_ number: UInt32) -> UUID {
        .v8([UInt8](repeating: 0, count: 12) + (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) })
    }
}

/// Another stream that a decision may read.
public struct Other: Sendable {
    let reference: Reference
    let state: any Sendable

    /// What events of another record amount to.
    public init<E: Entity>(_: E.Type, _ id: UUID, _ events: [E.Event]) {
        (reference, state) = (Reference(E.self, id), E.state(after: events))
    }
}

extension Entity {
    /// The context of a decision that may read `others`: it gets the streams it names, and no other.
    static func context(
        of command: Command, given state: State, id: UUID, others: [Reference: any Sendable],
        freshFrom first: UInt32 = 1
    ) -> Context {
        var read: [Reference: any Sendable] = [:]
        while true {
            let known = Scene.context(id: id, states: read, freshFrom: first)
            let missing = references(command, state, known: known).filter { !known.knows($0) }
            if missing.isEmpty { return known }
            for reference in missing { read[reference] = others[reference] ?? Nothing() }
        }
    }
}

/// Stands for a stream without events: whatever is asked of it, it is the entity's initial state.
private struct Nothing: Sendable {}
