import FoundationEssentials
import Kernel

/// A member of an event's `data`, where it lies.
struct Value {
    enum Kind: UInt8 {
        case absent, null, string, escaped, number, bool, object, array
        /// The path leads through something that is neither an object nor null.
        case misplaced
    }
    var kind: Kind
    var count: Int32
    /// Of a string: behind its quote.
    var start: Pointer

    @inline(__always) var isNothing: Bool { kind == .null || kind == .absent }
}

// MARK: - What does a scalar say?

extension Value {
    /// Unescapes a string into `out` (room for `count` bytes); its length, or nil where an escape is broken, a
    /// surrogate stands alone, or the text holds U+0000, which Postgres cannot store.
    func unescape(to out: UnsafeMutablePointer<UInt8>) -> Int? {
        var p = start
        var o = out
        let end = start + Int(count)
        while p < end {
            if p.pointee != UInt8(ascii: "\\") {
                o.pointee = p.pointee
                o += 1
                p += 1
                continue
            }
            guard end - p >= 2 else { return nil }
            switch p[1] {
            case UInt8(ascii: "n"): o.pointee = 10
            case UInt8(ascii: "t"): o.pointee = 9
            case UInt8(ascii: "r"): o.pointee = 13
            case UInt8(ascii: "b"): o.pointee = 8
            case UInt8(ascii: "f"): o.pointee = 12
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): o.pointee = p[1]
            case UInt8(ascii: "u"):
                guard let (scalar, length) = Value.scalar(p, end), let utf8 = UTF8.encode(scalar) else { return nil }
                for byte in utf8 {
                    o.pointee = byte
                    o += 1
                }
                p += length
                continue
            case _: return nil
            }
            o += 1
            p += 2
        }
        return o - out
    }

    /// The character of `\uXXXX` or of a surrogate pair, and how many bytes it takes.
    private static func scalar(_ p: Pointer, _ end: Pointer) -> (Unicode.Scalar, Int)? {
        guard end - p >= 6, let first = hex4(p + 2), first != 0 else { return nil }
        if first & 0xFC00 != 0xD800 { return Unicode.Scalar(first).map { ($0, 6) } }
        guard end - p >= 12, p[6] == UInt8(ascii: "\\"), p[7] == UInt8(ascii: "u"), let second = hex4(p + 8),
            second & 0xFC00 == 0xDC00
        else { return nil }
        return Unicode.Scalar(0x10000 + (first & 0x3FF) << 10 + second & 0x3FF).map { ($0, 12) }
    }
    private static func hex4(_ p: Pointer) -> UInt32? {
        var number: UInt32 = 0
        for i in 0..<4 {
            let digit = nibble(p[i])
            if digit > 15 { return nil }
            number = number << 4 | UInt32(digit)
        }
        return number
    }

    /// An integer without fraction and exponent that fits 64 bits.
    func integer() -> Int64? {
        guard kind == .number else { return nil }
        var p = start
        var n: Int64 = 0
        let end = start + Int(count)
        let negative = p.pointee == UInt8(ascii: "-")
        if negative { p += 1 }
        if p == end { return nil }
        while p < end {  // downwards, because there is one more negative number
            let (product, over) = n.multipliedReportingOverflow(by: 10)
            let digit = p.pointee &- UInt8(ascii: "0")
            let (sum, over2) = product.subtractingReportingOverflow(Int64(digit))
            if digit > 9 || over || over2 { return nil }
            n = sum
            p += 1
        }
        return negative ? n : (n == .min ? nil : -n)
    }

    func boolean() -> Bool? {
        guard kind == .bool else { return nil }
        return start.pointee == UInt8(ascii: "t")
    }

    func uuid() -> Cell? {
        guard kind == .string, count == 36 else { return nil }
        let p = UnsafeRawPointer(start)
        func four(_ i: Int) -> UInt64 { UInt64(p.loadUnaligned(fromByteOffset: i, as: UInt32.self)) }
        let dash = UInt8(ascii: "-")
        guard start[8] == dash, start[13] == dash, start[18] == dash, start[23] == dash,
            let a = hex8(p.loadUnaligned(as: UInt64.self)), let b = hex8(four(9) | four(14) << 32),
            let c = hex8(four(19) | four(24) << 32), let d = hex8(p.loadUnaligned(fromByteOffset: 28, as: UInt64.self))
        else { return nil }
        return Cell(low: a | b << 32, high: c | d << 32)
    }

    /// Days since 2000-01-01 of `YYYY-MM-DD`.
    func day() -> Int64? {
        guard kind == .string, count == 10, start[4] == UInt8(ascii: "-"), start[7] == UInt8(ascii: "-") else {
            return nil
        }
        func number(_ from: Int, _ count: Int) -> Int? {
            var number = 0
            for i in from..<from + count {
                let digit = start[i] &- UInt8(ascii: "0")
                if digit > 9 { return nil }
                number = number * 10 + Int(digit)
            }
            return number
        }
        guard let year = number(0, 4), let month = number(5, 2), let day = number(8, 2),
            let found = Day(year: year, month: month, day: day)
        else { return nil }
        return Int64(found.number) - Epoch.days
    }

    /// Microseconds since 2000-01-01T00:00Z of an RFC 3339 time.
    func instant() -> Int64? {
        guard kind == .string, count <= 40 else { return nil }
        let text = String(decoding: UnsafeBufferPointer(start: start, count: Int(count)), as: UTF8.self)
        return Instant(text).map { $0.microseconds - Epoch.microseconds }
    }
}

/// Postgres counts from 2000-01-01.
enum Epoch {
    static let days: Int64 = 10_957
    static let microseconds: Int64 = 946_684_800_000_000
}

/// Eight hexadecimal digits at once to four bytes (little-endian machines); nil if one is no digit.
@inline(__always) func hex8(_ w: UInt64) -> UInt64? {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let letters = w >> 6 & ones
    let nibbles = (w & (ones * 15)) &+ letters * 9
    let over9 = (nibbles &+ ones * 118) >> 7 & ones
    // Written out again, they must be what was read, but for the case of letters; `g` would come out as 16.
    guard nibbles & (ones * 0xF0) == 0, nibbles &+ ones * 0x30 &+ over9 * 0x27 == w | letters << 5 else { return nil }
    var x = (nibbles << 4 | nibbles >> 8) & 0x00FF_00FF_00FF_00FF
    x = (x | x >> 8) & 0x0000_FFFF_0000_FFFF
    return (x | x >> 16) & 0xFFFF_FFFF
}

@inline(__always) private func nibble(_ c: UInt8) -> UInt8 {
    switch c {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): c &- 48
    case UInt8(ascii: "a")...UInt8(ascii: "f"): c &- 87
    case UInt8(ascii: "A")...UInt8(ascii: "F"): c &- 55
    case _: 0xFF
    }
}
