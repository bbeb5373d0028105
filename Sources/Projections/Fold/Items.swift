/// The elements of a list, or the members of an object, one by one.
struct Items {
    private let scanner: Scanner
    private let isObject: Bool
    private var p: Pointer
    /// The element at hand.
    private(set) var value: Value
    /// The name under which it stands; absent in a list.
    private(set) var name: Value
    /// Which it is, from 0; −1 before the first.
    private(set) var index: Int64 = -1

    /// Nil where the value is neither a list nor an object.
    init?(_ value: Value) {
        guard value.kind == .array || value.kind == .object else { return nil }
        scanner = Scanner(value)
        isObject = value.kind == .object
        self.value = Value(kind: .absent, count: 0, start: value.start)
        name = self.value
        p = scanner.space(value.start + 1)
    }

    /// Goes on to the next element; false: there is none.
    mutating func next() throws(Malformed) -> Bool {
        guard p < scanner.end else { throw Malformed() }
        if p.pointee == UInt8(ascii: isObject ? "}" : "]") { return false }
        if index >= 0 {
            guard p.pointee == UInt8(ascii: ",") else { throw Malformed() }
            p = scanner.space(p + 1)
        }
        if isObject {
            guard p < scanner.end, p.pointee == UInt8(ascii: "\"") else { throw Malformed() }
            var escaped = false
            let close = try scanner.closingQuote(p + 1, &escaped)
            name = Value(kind: escaped ? .escaped : .string, count: Int32(close - p - 1), start: p + 1)
            p = scanner.space(close + 1)
            guard p < scanner.end, p.pointee == UInt8(ascii: ":") else { throw Malformed() }
            p = scanner.space(p + 1)
        }
        guard p < scanner.end else { throw Malformed() }
        let next = try scanner.skip(p)
        value = try Value(whole: p, next)
        p = scanner.space(next)
        index += 1
        return true
    }

    /// How many there are.
    static func count(_ value: Value) throws(Malformed) -> Int64? {
        guard var items = Items(value) else { return nil }
        while try items.next() {}
        return items.index + 1
    }
}

extension Value {
    /// A value of any kind that lies from `start` to `end`.
    init(whole start: Pointer, _ end: Pointer) throws(Malformed) {
        let count = Int32(truncatingIfNeeded: end - start)
        switch start.pointee {
        case UInt8(ascii: "\""):
            let escaped = UnsafeBufferPointer(start: start, count: end - start).contains(UInt8(ascii: "\\"))
            self.init(kind: escaped ? .escaped : .string, count: count - 2, start: start + 1)
        case UInt8(ascii: "{"): self.init(kind: .object, count: count, start: start)
        case UInt8(ascii: "["): self.init(kind: .array, count: count, start: start)
        case UInt8(ascii: "n"): self.init(kind: .null, count: count, start: start)
        case UInt8(ascii: "t"), UInt8(ascii: "f"): self.init(kind: .bool, count: count, start: start)
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"):
            self.init(kind: .number, count: count, start: start)
        case _: throw Malformed()
        }
    }

    /// As it is written, with its quotes.
    var whole: UnsafeBufferPointer<UInt8> {
        switch kind {
        case .string, .escaped: UnsafeBufferPointer(start: start - 1, count: Int(count) + 2)
        case .number, .bool, .object, .array, .null, .absent, .misplaced:
            UnsafeBufferPointer(start: start, count: Int(count))
        }
    }

    /// What a string says; nil where an escape is broken, or it is none.
    func textBytes() -> [UInt8]? {
        if kind == .string { return Array(UnsafeBufferPointer(start: start, count: Int(count))) }
        guard kind == .escaped else { return nil }
        var out = [UInt8](repeating: 0, count: Int(count))
        guard
            let length = out.withUnsafeMutableBufferPointer({ value in
                value.baseAddress.flatMap { unescape(to: $0) }
            })
        else { return nil }
        return Array(out.prefix(length))
    }

    /// The plain form of a number.
    func decimal() -> [UInt8]? {
        guard kind == .number else { return nil }
        return plainDecimal()
    }
    /// The same, also of a decimal in a string.
    func plainDecimal() -> [UInt8]? {
        guard kind == .number || kind == .string else { return nil }
        var out = [UInt8](repeating: 0, count: Numeric.room(Int(count)))
        let length = out.withUnsafeMutableBufferPointer { buffer in
            buffer.baseAddress.flatMap { Numeric.plain(start, Int(count), to: $0) }
        }
        return length.map { Array(out.prefix($0)) }
    }
}
