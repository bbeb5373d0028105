import FoundationEssentials
import Kernel

extension EventLine {
    /// Why bytes are not a line of a log, and at which byte.
    public struct Malformed: Error, Hashable, Sendable {
        /// Offset of the byte at which reading stopped.
        public let offset: Int
        /// What is wrong there.
        public let reason: Reason

        /// What can be wrong.
        public enum Reason: String, Sendable {
            case tooLong = "a line has 65,535 bytes at most"
            case member = "another member is expected here"
            case value = "the member's value is not one that a log holds"
            case json = "what stands here is not one compact JSON object"
            case form = "the same event is written otherwise"
            case trailing = "something follows the line's end"
        }
    }

    /// Reads a line: exactly what `write` makes, and nothing else, so that whoever read a line knows its bytes.
    ///
    /// `merkle` is empty in what comes back: the line does not have it.
    /// - Parameter line: without a line feed.
    public static func parse(_ line: [UInt8]) throws(Malformed) -> RecordedEvent {
        guard line.count <= limit else { throw Malformed(offset: limit, reason: .tooLong) }
        var parser = LineParser(bytes: line)
        let event = try parser.event()
        // Leading zeros, upper case, base64 with stray bits: one comparison refuses them all.
        let written = event.line
        guard written == line else {
            let offset = zip(written, line).enumerated().first { $1.0 != $1.1 }?.offset
            throw Malformed(offset: offset ?? min(written.count, line.count), reason: .form)
        }
        return event
    }
}

private struct LineParser {
    let bytes: [UInt8]
    var at = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    mutating func event() throws(EventLine.Malformed) -> RecordedEvent {
        let position: Int64 = try number(after: "{\"position\":")
        let organization = try id(after: ",\"organization\":")
        let stream = try id(after: ",\"stream\":")
        let version: Int32 = try number(after: ",\"version\":")
        let type = try name(after: ",\"type\":")
        let schema: Int16 = try number(after: ",\"schema\":")
        let occurredAt = try instant(after: ",\"occurred_at\":")
        let recordedAt = try instant(after: ",\"recorded_at\":")
        let actor = try id(after: ",\"actor\":")
        let command = try id(after: ",\"command\":")
        let index: Int16 = try number(after: ",\"index\":")
        let meta = try object(after: ",\"meta\":")
        let data = try object(after: ",\"data\":")
        let sealed = try base64(after: ",\"private\":")
        try take("}")
        guard at == bytes.count else { throw failure(.trailing) }
        return RecordedEvent(
            organization: organization, position: position, stream: stream, version: version, type: type,
            schema: schema, data: data, private: sealed, meta: meta, occurredAt: occurredAt, recordedAt: recordedAt,
            actor: actor, command: command, index: index, merkle: [])
    }

    // MARK: - How is each kind of value read?

    private mutating func number<T: FixedWidthInteger>(after name: StaticString) throws(EventLine.Malformed) -> T {
        try take(name)
        let start = at
        while let byte, byte == UInt8(ascii: "-") || isDigit(byte) { at += 1 }
        guard let value = T(String(decoding: bytes[start..<at], as: UTF8.self)) else { throw failure(.value, start) }
        return value
    }

    private mutating func id(after name: StaticString) throws(EventLine.Malformed) -> UUID {
        try take(name)
        try take("\"")
        // Not by `UUID(uuidString:)`, whose scanf would be a fifth of all the time that a line takes.
        var bytes: uuid_t = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
        for index in 0..<16 {
            if index == 4 || index == 6 || index == 8 || index == 10 { try take("-") }
            let value = try hexDigit() << 4 | hexDigit()
            withUnsafeMutableBytes(of: &bytes) { $0[index] = value }
        }
        try take("\"")
        return UUID(uuid: bytes)
    }

    private mutating func hexDigit() throws(EventLine.Malformed) -> UInt8 {
        guard let byte else { throw failure(.value) }
        at += 1
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): return byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): return byte - UInt8(ascii: "a") + 10
        default: throw failure(.value, at - 1)
        }
    }

    private mutating func instant(after name: StaticString) throws(EventLine.Malformed) -> Instant {
        let start = at
        guard let instant = Instant(try text(after: name)) else { throw failure(.value, start) }
        return instant
    }

    /// A stored name, as the table checks it: `^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$`.
    private mutating func name(after name: StaticString) throws(EventLine.Malformed) -> String {
        let start = at
        let text = try text(after: name)
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        let isName = parts.allSatisfy { part in
            part.utf8.first.map(isLetter) ?? false
                && part.utf8.allSatisfy { isLetter($0) || isDigit($0) || $0 == UInt8(ascii: "_") }
        }
        guard parts.count == 2, isName else { throw failure(.value, start) }
        return text
    }

    private mutating func base64(after name: StaticString) throws(EventLine.Malformed) -> [UInt8]? {
        try take(name)
        guard byte != UInt8(ascii: "n") else {
            try take("null")
            return nil
        }
        let start = at
        guard let data = Data(base64Encoded: try text()) else { throw failure(.value, start) }
        return [UInt8](data)
    }

    private mutating func text(after name: StaticString) throws(EventLine.Malformed) -> String {
        try take(name)
        return try text()
    }

    /// A string without escapes, which is what all of them are.
    private mutating func text() throws(EventLine.Malformed) -> String {
        try take("\"")
        guard let end = bytes[at...].firstIndex(of: UInt8(ascii: "\"")) else { throw failure(.value) }
        defer { at = end + 1 }
        return String(decoding: bytes[at..<end], as: UTF8.self)
    }

    /// A JSON object, byte for byte: compact, and all that `JSON(parsing:)` wants.
    private mutating func object(after name: StaticString) throws(EventLine.Malformed) -> [UInt8] {
        try take(name)
        let start = at
        guard byte == UInt8(ascii: "{") else { throw failure(.json) }
        var (depth, isText, isEscaped) = (0, false, false)
        while let byte {
            at += 1
            if isText {
                if isEscaped {
                    isEscaped = false
                } else if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                } else if byte == UInt8(ascii: "\"") {
                    isText = false
                }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""): isText = true
            case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"): depth -= 1
            case 0...0x20: throw failure(.json, at - 1)
            default: break
            }
            if depth == 0 { break }
        }
        let object = Array(bytes[start..<at])
        do { _ = try JSON(parsing: object, depth: 64) } catch { throw failure(.json, start + error.offset) }
        return object
    }

    // MARK: - What do these stand on?

    private var byte: UInt8? { at < bytes.count ? bytes[at] : nil }
    private func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
    private func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }

    private mutating func take(_ text: StaticString) throws(EventLine.Malformed) {
        let count = text.utf8CodeUnitCount
        let expected = UnsafeBufferPointer(start: text.utf8Start, count: count)
        guard bytes[at...].prefix(count).elementsEqual(expected) else { throw failure(.member) }
        at += count
    }

    private func failure(_ reason: EventLine.Malformed.Reason, _ offset: Int? = nil) -> EventLine.Malformed {
        EventLine.Malformed(offset: offset ?? at, reason: reason)
    }
}
