import EventLog
import FoundationEssentials
import Kernel

/// Which key signs a log's heads, by what the log itself says: the first event names the first key, later ones the keys
/// that took its place.
struct KeyHistory {
    /// The origin line of the log's checkpoints.
    private(set) var origin: String?
    private(set) var keys: [(since: Int64, key: VerifierKey)] = []

    /// Learns from the next event.
    mutating func take(_ event: RecordedEvent) {
        guard event.stream == event.organization else { return }
        switch event.type {
        case "organization.created":
            let log = (try? JSON(parsing: event.data))?["log"]
            origin = log?["origin"]?.string ?? origin
            learn(log?["key"], event.position)
        case "organization.log_key_changed": learn((try? JSON(parsing: event.data))?["key"], event.position)
        default: break
        }
    }

    /// The key that signs a head of that size; nil where the log names none.
    func inForce(at size: Int64) -> VerifierKey? { keys.last { $0.since <= size }?.key }

    private mutating func learn(_ text: JSON?, _ position: Int64) {
        guard let text = text?.string, let key = VerifierKey(text) else { return }
        keys.append((position, key))
    }
}
