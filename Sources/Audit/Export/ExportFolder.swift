import EventLog
import FoundationEssentials
import Kernel

/// What the files of an export are called, and in what they are written.
///
/// `events-<first>-<last>.jsonl.lz4` hold the lines, `checkpoint` is the head that is signed over all of them,
/// `key.pub` the key that signed it, `checkpoints.jsonl.lz4` the heads signed earlier, by which a change is located.
enum ExportFolder {
    static let checkpoint = "checkpoint"
    static let key = "key.pub"
    static let checkpoints = "checkpoints.jsonl.lz4"
    /// How many events a file has, unless told otherwise.
    static let eventsPerFile: Int64 = 100_000

    /// The name of a file of events.
    static func events(_ first: Position, _ last: Position) -> String {
        "events-\(padded(first))-\(padded(last)).jsonl.lz4"
    }

    /// The positions that a file's name tells; nil where it is another file.
    static func positions(_ name: String) -> ClosedRange<Position>? {
        let parts = name.split(separator: ".", maxSplits: 1)
        guard parts.count == 2, parts[1] == "jsonl.lz4", parts[0].hasPrefix("events-") else { return nil }
        let numbers = parts[0].split(separator: "-", omittingEmptySubsequences: false).dropFirst().map { Position($0) }
        guard numbers.count == 2, let first = numbers[0], let last = numbers[1], first >= 1, first <= last,
            events(first, last) == name
        else { return nil }
        return first...last
    }

    private static func padded(_ position: Position) -> String {
        let text = String(position)
        return String(repeating: "0", count: max(0, 12 - text.count)) + text
    }
}

/// A line of `checkpoints.jsonl.lz4`: a head that was signed, as `log.checkpoint` keeps it.
public struct ExportedHead: Sendable {
    /// How many events it is of.
    public let size: Position
    /// When it was signed.
    public let signedAt: Instant
    /// The C2SP signed note.
    public let note: String

    init(size: Position, signedAt: Instant, note: String) {
        (self.size, self.signedAt, self.note) = (size, signedAt, note)
    }

    /// Reads a line; nil where it is none.
    init?(_ line: [UInt8]) {
        guard let json = try? JSON(parsing: line), let size = json["size"]?.integer,
            let signedAt = json["signed_at"]?.string.flatMap({ Instant($0) }), let note = json["note"]?.string
        else { return nil }
        self.init(size: size, signedAt: signedAt, note: note)
    }

    /// The line with its line feed.
    var line: [UInt8] {
        let json: JSON = ["size": .integer(size), "signed_at": .string(signedAt.text), "note": .string(note)]
        return json.bytes + [UInt8(ascii: "\n")]
    }
}
