import FoundationEssentials
import Kernel

/// The canonical form of an event: one line of JSON without spaces, its members in one order, for ever (DESIGN §3).
///
/// It is what is hashed, exported and shown to auditors. The standard library only: another writer of JSON might write
/// another line.
public enum EventLine {
    /// The most bytes a line may have (C2SP entry bundles keep lengths in two bytes).
    public static let limit = 65_535

    /// Appends the line of `event`, without a line feed. `merkle` is not part of it.
    public static func write(_ event: RecordedEvent, to line: inout [UInt8]) {
        line.reserveCapacity(
            line.count + 512 + event.data.count + event.meta.count + (event.private?.count ?? 0) * 4 / 3)
        writePlace(event.position, to: &line)
        writeName(event.organization, event.stream, event.version, event.type, event.schema, to: &line)
        writeTimes(event.occurredAt, event.recordedAt, to: &line)
        writeContent(event.actor, event.command, event.index, event.meta, event.data, event.private, to: &line)
    }

    // MARK: - Of which parts is it made?

    private static func writePlace(_ position: Position, to line: inout [UInt8]) {
        line.append("{\"position\":")
        line.append(number: position)
    }

    private static func writeName(
        _ organization: UUID, _ stream: UUID, _ version: Int32, _ type: String, _ schema: Int16,
        to line: inout [UInt8]
    ) {
        line.append(",\"organization\":")
        line.append(id: organization)
        line.append(",\"stream\":")
        line.append(id: stream)
        line.append(",\"version\":")
        line.append(number: Int64(version))
        line.append(",\"type\":\"")
        line.append(contentsOf: type.utf8)  // a name: nothing to escape, the table checks it
        line.append("\",\"schema\":")
        line.append(number: Int64(schema))
    }

    private static func writeTimes(_ occurredAt: Instant, _ recordedAt: Instant, to line: inout [UInt8]) {
        line.append(",\"occurred_at\":")
        line.append(instant: occurredAt)
        line.append(",\"recorded_at\":")
        line.append(instant: recordedAt)
    }

    private static func writeContent(
        _ actor: UUID, _ command: UUID, _ index: Int16, _ meta: [UInt8], _ data: [UInt8], _ sealed: [UInt8]?,
        to line: inout [UInt8]
    ) {
        line.append(",\"actor\":")
        line.append(id: actor)
        line.append(",\"command\":")
        line.append(id: command)
        line.append(",\"index\":")
        line.append(number: Int64(index))
        line.append(",\"meta\":")
        line.append(contentsOf: meta)
        line.append(",\"data\":")
        line.append(contentsOf: data)
        line.append(",\"private\":")
        if let sealed {
            line.append("\"")
            line.append(base64: sealed)
            line.append("\"}")
        } else {
            line.append("null}")
        }
    }
}

extension EventLine {
    /// What is known of a line before its event has a place: all but the position and the times.
    ///
    /// Callers of the appender write it, each on its own thread. What the appender's one thread has to do for an event
    /// is then little more than the hash.
    struct Stem: Sendable {
        private let name: [UInt8]
        private let content: [UInt8]

        init(_ draft: Draft, in organization: UUID) {
            var (name, content) = ([UInt8](), [UInt8]())
            name.reserveCapacity(192)
            content.reserveCapacity(
                192 + draft.meta.count + draft.data.count + (draft.private.map { $0.count * 4 / 3 + 4 } ?? 0))
            writeName(organization, draft.stream, draft.version, draft.type, draft.schema, to: &name)
            writeContent(
                draft.actor, draft.command, draft.index, draft.meta, draft.data, draft.private, to: &content)
            (self.name, self.content) = (name, content)
        }

        /// The leaf hash of the line in this place, and how many bytes the line has.
        func leaf(
            at position: Position, _ occurredAt: Instant, _ recordedAt: Instant
        ) -> (hash: [UInt8], count: Int) {
            var (place, times) = ([UInt8](), [UInt8]())
            place.reserveCapacity(32)
            times.reserveCapacity(96)
            writePlace(position, to: &place)
            writeTimes(occurredAt, recordedAt, to: &times)
            return (
                MerkleTree.leaf(place, name, times, content),
                place.count + name.count + times.count + content.count
            )
        }

        /// Bytes that it keeps in memory.
        var count: Int { name.count + content.count }
    }
}

// MARK: - How is each kind of value written?

extension [UInt8] {
    fileprivate mutating func append(_ text: StaticString) {
        text.withUTF8Buffer { append(contentsOf: $0) }
    }

    fileprivate mutating func append(number: Int64) {
        if number < 0 { append(UInt8(ascii: "-")) }
        var magnitude = number.magnitude
        let start = count
        repeat {
            append(UInt8(ascii: "0") + UInt8(magnitude % 10))
            magnitude /= 10
        } while magnitude > 0
        self[start...].reverse()
    }

    /// Lower case, in quotes.
    fileprivate mutating func append(id: UUID) {
        append(UInt8(ascii: "\""))
        Swift.withUnsafeBytes(of: id.uuid) { bytes in
            for (index, byte) in bytes.enumerated() {
                if index == 4 || index == 6 || index == 8 || index == 10 { append(UInt8(ascii: "-")) }
                append(hexDigit(byte >> 4))
                append(hexDigit(byte & 15))
            }
        }
        append(UInt8(ascii: "\""))
    }

    /// RFC 3339 with six digits and `Z`, in quotes: `Instant.text` without its strings.
    fileprivate mutating func append(instant: Instant) {
        let day = instant.day()
        let rest = Int(instant.microseconds - Instant(day).microseconds)
        let (year, month, number) = day.civil
        let seconds = rest / 1_000_000
        append(UInt8(ascii: "\""))
        append(padded: year, width: 4)
        append(UInt8(ascii: "-"))
        append(padded: month, width: 2)
        append(UInt8(ascii: "-"))
        append(padded: number, width: 2)
        append(UInt8(ascii: "T"))
        append(padded: seconds / 3600, width: 2)
        append(UInt8(ascii: ":"))
        append(padded: seconds / 60 % 60, width: 2)
        append(UInt8(ascii: ":"))
        append(padded: seconds % 60, width: 2)
        append(UInt8(ascii: "."))
        append(padded: rest % 1_000_000, width: 6)
        append("Z\"")
    }

    private mutating func append(padded value: Int, width: Int) {
        var divisor = 1
        for _ in 1..<width { divisor *= 10 }
        while divisor > 0 {
            append(UInt8(ascii: "0") + UInt8(value / divisor % 10))
            divisor /= 10
        }
    }

    /// RFC 4648 §4, padded.
    fileprivate mutating func append(base64 bytes: [UInt8]) {
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let left = bytes.count - start
            let word =
                UInt32(bytes[start]) << 16 | (left > 1 ? UInt32(bytes[start + 1]) << 8 : 0)
                | (left > 2 ? UInt32(bytes[start + 2]) : 0)
            append(base64Digit(word >> 18))
            append(base64Digit(word >> 12))
            append(left > 1 ? base64Digit(word >> 6) : UInt8(ascii: "="))
            append(left > 2 ? base64Digit(word) : UInt8(ascii: "="))
        }
    }
}

private func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
}

private func base64Digit(_ word: UInt32) -> UInt8 {
    let value = UInt8(word & 63)
    return switch value {
    case 0..<26: UInt8(ascii: "A") + value
    case 26..<52: UInt8(ascii: "a") + value - 26
    case 52..<62: UInt8(ascii: "0") + value - 52
    case 62: UInt8(ascii: "+")
    default: UInt8(ascii: "/")
    }
}
