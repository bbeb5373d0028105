import Glibc

/// The bytes are not JSON, or not an object.
struct Malformed: Error {}

/// One pass over one JSON object; wanted members are noted, everything else is stepped over.
///
/// Trusts the log: Postgres checked the JSON, the appender refused duplicate keys. It never leaves its bounds, whatever
/// the bytes are, and recurses no deeper than the wanted paths do.
struct Scanner {
    let end: Pointer
    let tree: PathTree
    let values: UnsafeMutablePointer<Value>

    /// Fills `values`, one for each path of `tree`; what is not there is `.absent` or, where the scan is `adding` to an
    /// earlier one, what that found.
    @inline(__always) static func scan(
        _ data: UnsafeRawBufferPointer, _ tree: PathTree, into values: UnsafeMutablePointer<Value>, adding: Bool = false
    ) throws(Malformed) {
        if !adding { for i in 0..<tree.slots { values[i].kind = .absent } }
        if tree.slots == 0 { return }
        guard let base = data.baseAddress else { throw Malformed() }
        let start = base.assumingMemoryBound(to: UInt8.self)
        let scanner = Scanner(end: start + data.count, tree: tree, values: values)
        let p = scanner.space(start)
        guard p < scanner.end, p.pointee == UInt8(ascii: "{") else { throw Malformed() }
        _ = try scanner.object(p + 1, 0)
    }

    /// From behind the opening brace to behind the closing one.
    private func object(_ start: Pointer, _ node: Int) throws(Malformed) -> Pointer {
        var p = space(start)
        guard p < end else { throw Malformed() }
        if p.pointee == UInt8(ascii: "}") { return p + 1 }
        while true {
            guard p < end, p.pointee == UInt8(ascii: "\"") else { throw Malformed() }
            let key = p + 1
            var escaped = false
            let close = try closingQuote(key, &escaped)
            p = space(close + 1)
            guard p < end, p.pointee == UInt8(ascii: ":") else { throw Malformed() }
            p = space(p + 1)
            let child =
                escaped
                ? try unescapedChild(of: node, key, close - key)
                : tree.child(of: node, key, close - key, prefix(key, close - key))
            p = child < 0 ? try skip(p) : try value(p, child)
            p = space(p)
            guard p < end else { throw Malformed() }
            if p.pointee == UInt8(ascii: "}") { return p + 1 }
            guard p.pointee == UInt8(ascii: ",") else { throw Malformed() }
            p = space(p + 1)
        }
    }

    /// A name with escapes is compared by what it says: `"\u0074itle"` is `title`.
    @inline(never) private func unescapedChild(of node: Int, _ key: Pointer, _ length: Int) throws(Malformed) -> Int {
        let name = Value(kind: .escaped, count: Int32(length), start: key)
        var out = [UInt8](repeating: 0, count: length + 8)
        let child = out.withUnsafeMutableBufferPointer { buffer -> Int? in
            guard let n = name.unescape(to: buffer.baseAddress!) else { return nil }
            let scanner = Scanner(end: Pointer(buffer.baseAddress! + n), tree: tree, values: values)
            return tree.child(of: node, buffer.baseAddress!, n, scanner.prefix(buffer.baseAddress!, n))
        }
        guard let child else { throw Malformed() }
        return child
    }

    @inline(__always) private func value(_ p: Pointer, _ node: Int) throws(Malformed) -> Pointer {
        let n = tree.nodes[node]
        guard p < end else { throw Malformed() }
        let next: Pointer
        var kind: Value.Kind
        var first = p
        let count: Int
        switch p.pointee {
        case UInt8(ascii: "\""):
            var escaped = false
            let close = try closingQuote(p + 1, &escaped)
            (kind, first, count, next) = (escaped ? .escaped : .string, p + 1, close - p - 1, close + 1)
        case UInt8(ascii: "{"):
            next = n.edges > 0 ? try object(p + 1, node) : try skip(p)
            (kind, count) = (.object, next - p)
        case let byte:
            next = try skip(p)
            count = next - p
            switch byte {
            case UInt8(ascii: "["): kind = .array
            case UInt8(ascii: "n"): kind = .null
            case UInt8(ascii: "t"), UInt8(ascii: "f"): kind = .bool
            case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): kind = .number
            case _: throw Malformed()
            }
        }
        if n.edges > 0, kind != .object { tree.mark(below: node, kind == .null ? .null : .misplaced, values) }
        if n.slot >= 0 {
            values[Int(n.slot)] = Value(kind: kind, count: Int32(truncatingIfNeeded: count), start: first)
        }
        return next
    }

    /// Behind a value of any kind and depth.
    func skip(_ start: Pointer) throws(Malformed) -> Pointer {
        var p = start
        var depth = 0
        var escaped = false
        while p < end {
            switch p.pointee {
            case UInt8(ascii: "\""):
                p = try closingQuote(p + 1, &escaped) + 1
                if depth == 0 { return p }
            case UInt8(ascii: "{"), UInt8(ascii: "["):
                depth += 1
                p += 1
            case UInt8(ascii: "}"), UInt8(ascii: "]"):
                if depth == 0 { return try some(start, p) }  // the end of a scalar
                depth -= 1
                p += 1
                if depth == 0 { return p }
            case UInt8(ascii: ","), 0...0x20:
                if depth == 0 { return try some(start, p) }
                p += 1
            case _: p += 1
            }
        }
        throw Malformed()
    }
    @inline(__always) private func some(_ start: Pointer, _ end: Pointer) throws(Malformed) -> Pointer {
        guard end > start else { throw Malformed() }
        return end
    }

    /// Eight bytes at a time to the next quote or backslash.
    @inline(__always) func closingQuote(_ start: Pointer, _ escaped: inout Bool) throws(Malformed) -> Pointer {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let tops: UInt64 = 0x8080_8080_8080_8080
        var p = start
        while end - p >= 8 {
            let word = UnsafeRawPointer(p).loadUnaligned(as: UInt64.self)
            let quote = word ^ 0x2222_2222_2222_2222
            let back = word ^ 0x5C5C_5C5C_5C5C_5C5C
            let hit = ((quote &- ones) & ~quote | (back &- ones) & ~back) & tops
            if hit == 0 {
                p += 8
                continue
            }
            p += hit.trailingZeroBitCount >> 3
            if p.pointee == UInt8(ascii: "\"") { return p }
            escaped = true
            p += 2
        }
        while p < end {
            if p.pointee == UInt8(ascii: "\"") { return p }
            if p.pointee == UInt8(ascii: "\\") {
                escaped = true
                p += 1
            }
            p += 1
        }
        throw Malformed()
    }

    @inline(__always) func space(_ start: Pointer) -> Pointer {
        var p = start
        while p < end, p.pointee <= 0x20 { p += 1 }
        return p
    }

    @inline(__always) private func prefix(_ key: Pointer, _ length: Int) -> UInt64 {
        if end - key >= 8 {
            let word = UInt64(littleEndian: UnsafeRawPointer(key).loadUnaligned(as: UInt64.self))
            return length >= 8 ? word : word & ((1 << UInt64(8 * length)) &- 1)
        }
        var word: UInt64 = 0
        for i in 0..<min(8, length) { word |= UInt64(key[i]) << UInt64(8 * i) }
        return word
    }
}

// MARK: - What are the members of an object?

extension Scanner {
    private static let nothing = PathTree([])

    /// To walk through one value; it finds no paths.
    init(_ value: Value) {
        end = value.start + Int(value.count)
        tree = Scanner.nothing
        values = Scanner.nowhere
    }
    /// Without paths nothing is written there.
    private nonisolated(unsafe) static let nowhere = UnsafeMutablePointer<Value>.allocate(capacity: 1)

    /// Calls `body` with each member's name (between its quotes, as written) and value; false where it is no object.
    static func members(
        _ start: Pointer, _ count: Int, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void
    ) -> Bool {
        withUnsafeTemporaryAllocation(of: Value.self, capacity: 1) { values in
            let scanner = Scanner(end: start + count, tree: nothing, values: values.baseAddress!)
            do throws(Malformed) { return try scanner.eachMember(start, body) } catch { return false }
        }
    }

    private func eachMember(
        _ start: Pointer, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void
    ) throws(Malformed) -> Bool {
        var p = space(start)
        guard p < end, p.pointee == UInt8(ascii: "{") else { return false }
        p = space(p + 1)
        while p < end, p.pointee == UInt8(ascii: "\"") {
            var escaped = false
            let close = try closingQuote(p + 1, &escaped)
            let colon = space(close + 1)
            guard colon < end, colon.pointee == UInt8(ascii: ":") else { return false }
            let value = space(colon + 1)
            let next = try skip(value)
            body(.init(start: p + 1, count: close - p - 1), .init(start: value, count: next - value))
            p = space(next)
            if p < end, p.pointee == UInt8(ascii: ",") { p = space(p + 1) }
        }
        return p < end && p.pointee == UInt8(ascii: "}")
    }
}
