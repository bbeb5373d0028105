extension JSON {
    /// Why bytes are not taken as JSON, and at which byte.
    public struct Malformed: Error, Hashable {
        /// Offset of the byte at which reading stopped.
        public let offset: Int
        /// What is wrong there.
        public let reason: Reason

        /// What can be wrong.
        public enum Reason: String, Sendable {
            case syntax = "this is not JSON"
            case trailing = "something follows the value"
            case depth = "arrays and objects are nested too deeply"
            case duplicate = "an object has two members of one name"
            case text = "a string holds U+0000, a lone surrogate or bytes that are not UTF-8"
            case number = "a number is out of range"
        }
    }

    /// Reads one value (RFC 8259), strictly: no duplicate names, no U+0000, no lone surrogates, well-formed UTF-8, and
    /// nothing after it, so that what is taken can be stored and hashed byte for byte.
    /// - Parameter depth: how many arrays and objects may lie in one another.
    public init(parsing bytes: some Sequence<UInt8>, depth: Int = 32) throws(Malformed) {
        var parser = Parser(bytes: Array(bytes), depth: depth)
        self = try parser.document()
    }

    /// Reads one value of a text.
    public init(parsing text: String) throws(Malformed) { try self.init(parsing: text.utf8) }
}

private struct Parser {
    let bytes: [UInt8]
    let depth: Int
    var at = 0
    var level = 0

    init(bytes: [UInt8], depth: Int) { (self.bytes, self.depth) = (bytes, depth) }

    func failure(_ reason: JSON.Malformed.Reason) -> JSON.Malformed { JSON.Malformed(offset: at, reason: reason) }
    var byte: UInt8? { at < bytes.count ? bytes[at] : nil }

    mutating func space() {
        while let byte, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { at += 1 }
    }
    mutating func take(_ expected: UInt8) -> Bool {
        guard byte == expected else { return false }
        at += 1
        return true
    }
    mutating func word(_ text: StaticString, _ value: JSON) throws(JSON.Malformed) -> JSON {
        let end = at + text.utf8CodeUnitCount
        guard end <= bytes.count,
            bytes[at..<end].elementsEqual(UnsafeBufferPointer(start: text.utf8Start, count: end - at))
        else { throw failure(.syntax) }
        at = end
        return value
    }

    mutating func document() throws(JSON.Malformed) -> JSON {
        let result = try value()
        space()
        guard at == bytes.count else { throw failure(.trailing) }
        return result
    }

    mutating func value() throws(JSON.Malformed) -> JSON {
        space()
        switch byte {
        case UInt8(ascii: "{"): return try nested { parser throws(JSON.Malformed) in try parser.members() }
        case UInt8(ascii: "["): return try nested { parser throws(JSON.Malformed) in try parser.items() }
        case UInt8(ascii: "\""): return .string(try text())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: return try number()
        }
    }

    private mutating func nested(_ body: (inout Parser) throws(JSON.Malformed) -> JSON) throws(JSON.Malformed) -> JSON {
        level += 1
        guard level <= depth else { throw failure(.depth) }
        at += 1
        let result = try body(&self)
        level -= 1
        return result
    }

    mutating func members() throws(JSON.Malformed) -> JSON {
        var members: [String: JSON] = [:]
        space()
        if take(UInt8(ascii: "}")) { return .object(members) }
        while true {
            space()
            guard byte == UInt8(ascii: "\"") else { throw failure(.syntax) }
            let name = try text()
            guard members[name] == nil else { throw failure(.duplicate) }
            space()
            guard take(UInt8(ascii: ":")) else { throw failure(.syntax) }
            members[name] = try value()
            space()
            if take(UInt8(ascii: "}")) { return .object(members) }
            guard take(UInt8(ascii: ",")) else { throw failure(.syntax) }
        }
    }

    mutating func items() throws(JSON.Malformed) -> JSON {
        var items: [JSON] = []
        space()
        if take(UInt8(ascii: "]")) { return .array(items) }
        while true {
            items.append(try value())
            space()
            if take(UInt8(ascii: "]")) { return .array(items) }
            guard take(UInt8(ascii: ",")) else { throw failure(.syntax) }
        }
    }

    mutating func number() throws(JSON.Malformed) -> JSON {
        let start = at
        func digits(_ parser: inout Parser) -> Int {
            let first = parser.at
            while let byte = parser.byte, (0x30...0x39).contains(byte) { parser.at += 1 }
            return parser.at - first
        }
        _ = take(UInt8(ascii: "-"))
        let leadingZero = byte == UInt8(ascii: "0")
        let whole = digits(&self)
        guard whole > 0, !(leadingZero && whole > 1) else { throw failure(.syntax) }
        var isInteger = true
        if take(UInt8(ascii: ".")) {
            isInteger = false
            guard digits(&self) > 0 else { throw failure(.syntax) }
        }
        if byte == UInt8(ascii: "e") || byte == UInt8(ascii: "E") {
            isInteger = false
            at += 1
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            guard digits(&self) > 0 else { throw failure(.syntax) }
        }
        let literal = String(decoding: bytes[start..<at], as: UTF8.self)
        if isInteger, let value = Int64(literal) { return .integer(value) }
        guard let value = Double(literal), value.isFinite else { throw failure(.number) }
        return .number(value)
    }

    mutating func text() throws(JSON.Malformed) -> String {
        at += 1
        var out: [UInt8] = []
        while let byte {
            switch byte {
            case UInt8(ascii: "\""):
                at += 1
                guard let text = String(validating: out, as: UTF8.self) else { throw failure(.text) }
                return text
            case UInt8(ascii: "\\"): try escape(into: &out)
            case 0..<0x20: throw failure(.syntax)
            default:
                out.append(byte)
                at += 1
            }
        }
        throw failure(.syntax)
    }

    private mutating func escape(into out: inout [UInt8]) throws(JSON.Malformed) {
        at += 1
        guard let kind = byte else { throw failure(.syntax) }
        at += 1
        switch kind {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(kind)
        case UInt8(ascii: "b"): out.append(0x08)
        case UInt8(ascii: "f"): out.append(0x0C)
        case UInt8(ascii: "n"): out.append(0x0A)
        case UInt8(ascii: "r"): out.append(0x0D)
        case UInt8(ascii: "t"): out.append(0x09)
        case UInt8(ascii: "u"): out.append(contentsOf: try scalar())
        default: throw failure(.syntax)
        }
    }

    private mutating func scalar() throws(JSON.Malformed) -> [UInt8] {
        var code = UInt32(try unit())
        if (0xD800..<0xDC00).contains(code), take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) {
            let low = UInt32(try unit())
            guard (0xDC00..<0xE000).contains(low) else { throw failure(.text) }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard code != 0, let scalar = Unicode.Scalar(code) else { throw failure(.text) }
        return Array(String(Character(scalar)).utf8)
    }
    private mutating func unit() throws(JSON.Malformed) -> UInt16 {
        guard at + 4 <= bytes.count, bytes[at..<at + 4].allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let value = UInt16(String(decoding: bytes[at..<at + 4], as: UTF8.self), radix: 16)
        else { throw failure(.syntax) }
        at += 4
        return value
    }
}
