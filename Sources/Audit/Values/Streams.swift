import EventLog
import FoundationEssentials
import Kernel

/// How far each stream of a log is: what says whether the next event of it may come. About fifty bytes a stream; the
/// number of events does not matter.
struct Streams {
    private struct Last {
        var version: Int32
        var occurredAt: Instant
    }
    private var last: [UUID: Last] = [:]

    /// What is wrong with an event in its place, in words; nil where nothing is.
    mutating func take(_ event: RecordedEvent) -> Fault? {
        let before = last[event.stream]
        last[event.stream] = Last(version: event.version, occurredAt: event.occurredAt)
        guard event.version == (before?.version ?? 0) + 1 else {
            return .version(expected: (before?.version ?? 0) + 1, found: event.version)
        }
        guard event.occurredAt <= event.recordedAt, event.occurredAt >= before?.occurredAt ?? event.occurredAt else {
            return .time
        }
        return nil
    }

    /// Why an event cannot follow the ones before it.
    enum Fault: Hashable {
        case version(expected: Int32, found: Int32)
        /// It occurred before the stream's last event, or after it was recorded.
        case time

        func finding(_ event: RecordedEvent) -> Finding {
            switch self {
            case .version(let expected, let found) where found > expected:
                Finding(
                    .missing, at: event.position,
                    "version \(found) of stream \(event.stream.text) stands here, and version \(expected) does not "
                        + "come before it")
            case .version(let expected, let found):
                Finding(
                    .rowChanged, at: event.position,
                    "version \(found) of stream \(event.stream.text) stands here again: \(expected) is its turn")
            case .time:
                Finding(
                    .rowChanged, at: event.position,
                    "it occurred before its stream's last event, or after it was recorded")
            }
        }
    }
}
