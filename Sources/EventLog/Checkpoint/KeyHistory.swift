import FoundationEssentials
import Kernel

/// Which key signs a log's heads, by what the log itself says: the first event names the first key, later ones the keys
/// that took its place.
public struct KeyHistory: Sendable {
    /// The origin line of the log's checkpoints.
    public private(set) var origin: String?
    /// The keys, each with the position from which it is in force.
    public private(set) var keys: [(since: Position, key: VerifierKey)] = []

    /// That of a log of which nothing was read yet.
    public init() {}

    /// Learns from the next event. Events of other streams than the organization's own tell nothing.
    public mutating func take(_ event: RecordedEvent) {
        guard event.stream == event.organization else { return }
        take(type: event.type, data: event.data, at: event.position)
    }

    /// Learns from the next event of the organization's own stream.
    public mutating func take(type: String, data: [UInt8], at position: Position) {
        switch type {
        case "organization.created":
            let log = (try? JSON(parsing: data))?["log"]
            origin = log?["origin"]?.string ?? origin
            learn(log?["key"], position)
        case "organization.log_key_changed": learn((try? JSON(parsing: data))?["key"], position)
        default: break
        }
    }

    /// The key that signs a head of that size; nil where the log names none.
    public func inForce(at size: Int64) -> VerifierKey? { keys.last { $0.since <= size }?.key }

    private mutating func learn(_ text: JSON?, _ position: Position) {
        guard let text = text?.string, let key = VerifierKey(text) else { return }
        keys.append((position, key))
    }
}
