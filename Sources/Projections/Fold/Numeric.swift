/// Decimal numbers: kept as plain decimal text, written as Postgres' `numeric`.
enum Numeric {
    /// Room that the plain form of a number of `count` bytes may need.
    static func room(_ count: Int) -> Int { count + mostExponent + 2 }
    private static let mostExponent = 400
    private static let mostDigits = 1000

    /// Writes the plain form (no exponent) of a JSON number, or of a decimal in a string; nil where it is neither, or
    /// where it has more than 1,000 characters or an exponent beyond ±400. `1.50` keeps its zero, as `numeric` does.
    static func plain(_ start: Pointer, _ count: Int, to out: UnsafeMutablePointer<UInt8>) -> Int? {
        guard count <= mostDigits else { return nil }
        let text = UnsafeBufferPointer(start: start, count: count)
        var p = 0
        let negative = p < count && text[p] == UInt8(ascii: "-")
        if negative { p += 1 }
        let whole = p
        while p < count, isDigit(text[p]) { p += 1 }
        guard p > whole else { return nil }
        var digits = Array(text[whole..<p])
        var scale = 0
        if p < count, text[p] == UInt8(ascii: ".") {
            let fraction = p + 1
            p = fraction
            while p < count, isDigit(text[p]) { p += 1 }
            guard p > fraction else { return nil }
            digits += text[fraction..<p]
            scale = p - fraction
        }
        if p < count {
            guard let exponent = exponent(text[p...]) else { return nil }
            scale -= exponent
        }
        if scale < 0 { digits += repeatElement(UInt8(ascii: "0"), count: -scale) }
        scale = max(0, scale)
        if digits.count <= scale {
            digits.insert(contentsOf: repeatElement(UInt8(ascii: "0"), count: scale + 1 - digits.count), at: 0)
        }
        let zeros = digits.dropLast(scale + 1).prefix { $0 == UInt8(ascii: "0") }.count
        return write(digits.dropFirst(zeros), scale, negative, to: out)
    }

    private static func exponent(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Int? {
        guard let e = text.first, e | 0x20 == UInt8(ascii: "e") else { return nil }
        var rest = text.dropFirst()
        let negative = rest.first == UInt8(ascii: "-")
        if negative || rest.first == UInt8(ascii: "+") { rest = rest.dropFirst() }
        guard !rest.isEmpty, rest.count <= 3, rest.allSatisfy(isDigit) else { return nil }
        let number = rest.reduce(0) { $0 * 10 + Int($1 - UInt8(ascii: "0")) }
        return number > mostExponent ? nil : negative ? -number : number
    }

    private static func write(
        _ digits: ArraySlice<UInt8>, _ scale: Int, _ negative: Bool, to out: UnsafeMutablePointer<UInt8>
    ) -> Int {
        var n = 0
        func put(_ byte: UInt8) {
            out[n] = byte
            n += 1
        }
        if negative, digits.contains(where: { $0 != UInt8(ascii: "0") }) { put(UInt8(ascii: "-")) }
        for (i, digit) in digits.enumerated() {
            if i == digits.count - scale { put(UInt8(ascii: ".")) }
            put(digit)
        }
        return n
    }

    // MARK: - Which is more?

    /// Plain decimals: −1, 0 or 1.
    static func order(_ a: [UInt8], _ b: [UInt8]) -> Int {
        let (a, b) = (shortest(a), shortest(b))
        let minus = UInt8(ascii: "-")
        switch (a.first == minus, b.first == minus) {
        case (true, false): return -1
        case (false, true): return 1
        case (true, true): return magnitude(b.dropFirst(), a.dropFirst())
        case (false, false): return magnitude(a[...], b[...])
        }
    }
    private static func magnitude(_ a: ArraySlice<UInt8>, _ b: ArraySlice<UInt8>) -> Int {
        let point = UInt8(ascii: ".")
        let (whole, other) = (a.prefix { $0 != point }, b.prefix { $0 != point })
        if whole.count != other.count { return whole.count < other.count ? -1 : 1 }
        // Of the same length before the point, and without zeros at the end, they sort as texts do.
        return a.elementsEqual(b) ? 0 : a.lexicographicallyPrecedes(b) ? -1 : 1
    }

    /// A plain decimal without zeros at its end: `1.50` and `1.5` are the same number.
    static func shortest(_ plain: [UInt8]) -> [UInt8] {
        guard plain.contains(UInt8(ascii: ".")) else { return plain }
        let digits = plain.reversed().drop { $0 == UInt8(ascii: "0") }
        return digits.drop { $0 == UInt8(ascii: ".") }.reversed()
    }

    private static func isDigit(_ byte: UInt8) -> Bool { byte &- UInt8(ascii: "0") <= 9 }
}

extension Bytes {
    /// Plain decimal text as Postgres' `numeric`: base 10,000 digits on both sides of the point.
    mutating func numeric(_ text: Pointer, _ length: Int) {
        let negative = length > 0 && text[0] == UInt8(ascii: "-")
        let digits = UnsafeBufferPointer(start: text + (negative ? 1 : 0), count: length - (negative ? 1 : 0))
        let point = digits.firstIndex(of: UInt8(ascii: ".")) ?? digits.count
        let scale = max(0, digits.count - point - 1)
        func digit(_ place: Int) -> Int16 {  // left of the point from 0 on, right of it from −1 on
            let at = place >= 0 ? point - 1 - place : point - place
            return at >= 0 && at < digits.count && at != point ? Int16(digits[at] &- UInt8(ascii: "0")) : 0
        }
        func group(_ g: Int) -> Int16 { (0..<4).reduce(0) { $0 * 10 + digit(g * 4 + 3 - $1) } }
        var high = (point - 1) / 4
        var low = -((scale + 3) / 4)
        while high >= low, group(high) == 0 { high -= 1 }
        while low <= high, group(low) == 0 { low += 1 }
        let n = max(0, high - low + 1)
        append(Int32(8 + 2 * n))
        append(Int16(n))
        append(Int16(n == 0 ? 0 : high))
        append(negative && n > 0 ? Int16(0x4000) : 0)
        append(Int16(scale))
        if n > 0 { for g in (low...high).reversed() { append(group(g)) } }
    }
}
