import CRM
import EventLog
import FoundationEssentials
import Kernel

/// What one stream amounts to, its types erased.
struct Loaded: Sendable {
    /// The entity's state.
    var state: any Sendable
    /// The stream's version; 0 where it has no events.
    var version: Int32
    /// When its last event occurred.
    var last: Instant?
    /// The person whose stream it is was erased.
    var isErased = false

    var exists: Bool { version > 0 }
}

/// The streams that the commands of one unit read and write, as they were at one position of the log.
struct WorkingSet: Sendable {
    /// The log's head when the oldest of them was read.
    var readAt: Int64
    var streams: [UUID: Loaded] = [:]
    /// Which of them were not read but remembered, see `SettledStreams`.
    var recalled: Set<UUID> = []
}

/// Streams that were read in one query.
struct FoldedStreams: Sendable {
    /// The log's head, not newer than any of them.
    let at: Int64
    var streams: [Reference: Result<Loaded, Problem>] = [:]
}

extension Entity {
    /// What a stored history amounts to.
    /// - Throws: a fault that names the event which this build cannot read; other streams are not concerned.
    static func load(_ history: [RecordedEvent], _ opening: Opening) throws(Problem) -> Loaded {
        var loaded = Loaded(state: initial, version: 0, last: nil)
        guard var state = loaded.state as? State else { throw .fault }
        for event in history {
            do {
                if event.type == Erasure.type {
                    loaded.isErased = true
                } else {
                    evolve(&state, try opening.stored(event).decode(Event.self))
                }
            } catch {
                let detail =
                    "Event \(event.position) (\(event.type), schema \(event.schema)) cannot be read by this version."
                throw Problem("log.unreadable", 500, detail)
            }
            loaded.version = event.version
            loaded.last = event.occurredAt
        }
        loaded.state = state
        return loaded
    }
}

extension Entity {
    /// Why others may not name the record any more.
    static func objection(to loaded: Loaded) -> String? { (loaded.state as? State).flatMap(objection) }
    /// A stream without events.
    static var nothing: Loaded { Loaded(state: initial, version: 0, last: nil) }
    /// Whether an act begins a record.
    static func begins(by name: String) -> Bool {
        switch act(named: name)?.form {
        case .creates?: true
        case .edits?, .verb?, .archives?, nil: false
        }
    }
    /// The stored names of its events, `name@schema`.
    static var storedNames: [String] { Event.storedNames }
}
