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
        line.append("{\"position\":")
        line.append(number: event.position)
        line.append(",\"organization\":")
        line.append(id: event.organization)
        line.append(",\"stream\":")
        line.append(id: event.stream)
        line.append(",\"version\":")
        line.append(number: Int64(event.version))
        line.append(",\"type\":\"")
        line.append(contentsOf: event.type.utf8)  // a name: nothing to escape, the table checks it
        line.append("\",\"schema\":")
        line.append(number: Int64(event.schema))
        line.append(",\"occurred_at\":")
        line.append(instant: event.occurredAt)
        line.append(",\"recorded_at\":")
        line.append(instant: event.recordedAt)
        line.append(",\"actor\":")
        line.append(id: event.actor)
        line.append(",\"command\":")
        line.append(id: event.command)
        line.append(",\"index\":")
        line.append(number: Int64(event.index))
        line.append(",\"meta\":")
        line.append(contentsOf: event.meta)
        line.append(",\"data\":")
        line.append(contentsOf: event.data)
        line.append(",\"private\":")
        if let sealed = event.private {
            line.append("\"")
            line.append(base64: sealed)
            line.append("\"}")
        } else {
            line.append("null}")
        }
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
