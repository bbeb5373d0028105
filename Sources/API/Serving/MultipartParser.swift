import Glibc

/// Takes a multipart body apart (RFC 2046 §5.1.1) as it comes, without holding more than a line of it.
struct MultipartParser {
    /// What was met next.
    enum Event: Equatable {
        /// A part begins, with these header lines.
        case part(headers: [String])
        /// Bytes of it.
        case bytes([UInt8])
        /// It is over.
        case partEnd
        /// So many bytes before the first part or behind the last one, which say nothing.
        case passed(Int)
    }
    /// It is no multipart body.
    struct Malformed: Error {}

    private enum State { case preamble, afterDelimiter, headers, body, epilogue }

    /// The most bytes of a part's headers.
    static let headerLimit = 8 << 10
    private let delimiter: [UInt8]
    private var state = State.preamble
    /// What may be the beginning of a delimiter or of a line. The first delimiter needs no line before it.
    private var rest: [UInt8] = [0x0D, 0x0A]
    private static let newline: [UInt8] = [0x0D, 0x0A]

    /// - Parameter boundary: 1 to 70 characters.
    init(boundary: String) { delimiter = Self.newline + Array("--\(boundary)".utf8) }

    /// Whether the last delimiter was met.
    var isWhole: Bool { state == .epilogue }

    /// Takes the next bytes.
    mutating func take(_ bytes: some Collection<UInt8>) throws(Malformed) -> [Event] {
        rest.append(contentsOf: bytes)
        var events: [Event] = []
        while try step(&events) {}
        return events
    }

    /// False: more bytes are needed.
    private mutating func step(_ events: inout [Event]) throws(Malformed) -> Bool {
        switch state {
        case .preamble: return skipToDelimiter(&events)
        case .afterDelimiter: return try afterDelimiter()
        case .headers: return try headers(&events)
        case .body: return body(&events)
        case .epilogue:
            if !rest.isEmpty { events.append(.passed(rest.count)) }
            rest = []
            return false
        }
    }

    private mutating func skipToDelimiter(_ events: inout [Event]) -> Bool {
        guard let found = rest.place(of: delimiter) else {
            let passed = max(0, rest.count - delimiter.count + 1)
            if passed > 0 { events.append(.passed(passed)) }
            rest.removeFirst(passed)
            return false
        }
        if found.lowerBound > 0 { events.append(.passed(found.lowerBound)) }
        rest.removeFirst(found.upperBound)
        state = .afterDelimiter
        return true
    }

    /// Two hyphens end it all; a line's end, before which blanks may stand, begins a part.
    private mutating func afterDelimiter() throws(Malformed) -> Bool {
        guard rest.count >= 2 else { return false }
        if rest.starts(with: Array("--".utf8)) {
            state = .epilogue
            return true
        }
        guard let end = rest.place(of: Self.newline) else {
            guard rest.count < 100 else { throw Malformed() }
            return false
        }
        guard rest[..<end.lowerBound].allSatisfy({ $0 == 0x20 || $0 == 0x09 }) else { throw Malformed() }
        rest.removeFirst(end.lowerBound)
        state = .headers
        return true
    }

    /// `rest` begins with the end of the line before the headers.
    private mutating func headers(_ events: inout [Event]) throws(Malformed) -> Bool {
        guard let end = rest.place(of: Self.newline + Self.newline) else {
            guard rest.count < Self.headerLimit else { throw Malformed() }
            return false
        }
        guard end.lowerBound < Self.headerLimit, let text = String(validating: rest[..<end.lowerBound], as: UTF8.self)
        else { throw Malformed() }
        events.append(.part(headers: text.split(separator: "\r\n").map(String.init)))
        // The line's end stays: an empty part's delimiter begins with it.
        rest.removeFirst(end.lowerBound + Self.newline.count)
        isAtStart = true
        state = .body
        return true
    }
    /// Whether `rest` begins with the end of the headers.
    private var isAtStart = false

    private mutating func body(_ events: inout [Event]) -> Bool {
        guard rest.count >= delimiter.count else { return false }
        let found = rest.place(of: delimiter)
        let end = found?.lowerBound ?? rest.count - delimiter.count + 1
        let start = isAtStart ? Self.newline.count : 0
        if end > start { events.append(.bytes(Array(rest[start..<end]))) }
        if end >= start { isAtStart = false }
        guard let found else {
            rest.removeFirst(isAtStart ? 0 : end)
            return false
        }
        rest.removeFirst(found.upperBound)
        events.append(.partEnd)
        state = .afterDelimiter
        return true
    }
}

extension [UInt8] {
    /// Where other bytes stand first, as fast as the system finds them: a file may be long.
    fileprivate func place(of other: [UInt8]) -> Range<Int>? {
        withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return nil }
            var start = 0
            while start + other.count <= bytes.count,
                let found = memchr(base + start, Int32(other[0]), bytes.count - start)
            {
                start = UnsafeRawPointer(found) - base
                if start + other.count <= bytes.count, memcmp(base + start, other, other.count) == 0 {
                    return start..<start + other.count
                }
                start += 1
            }
            return nil
        }
    }
}
