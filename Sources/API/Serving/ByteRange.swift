/// What of a representation a request asks for (RFC 9110 §14). Of several ranges all of it is sent, as is allowed.
enum ByteRange: Equatable {
    case whole
    case part(Range<Int64>)
    /// There is nothing at that place.
    case unsatisfiable

    /// - Parameters:
    ///   - header: `Range`.
    ///   - condition: `If-Range`: where it is not this representation, all of it is meant.
    ///   - tag: the entity tag of the representation, with its quotation marks.
    init(_ header: String?, if condition: String?, is tag: String, of size: Int64) {
        self = .whole
        guard let header, condition == nil || condition == tag else { return }
        let parts = header.split(separator: "=", maxSplits: 1)
        guard parts.count == 2, parts[0].lowercased() == "bytes" else { return }
        let ends = parts[1].split(separator: "-", omittingEmptySubsequences: false).map { $0.filter { $0 != " " } }
        guard ends.count == 2, let (first, last) = Self.numbers(ends[0], ends[1]) else { return }
        switch (first, last) {
        case (nil, nil): return
        case (nil, let count?): self = count > 0 && size > 0 ? .part(max(0, size - count)..<size) : .unsatisfiable
        case (let first?, let last?) where last < first: return
        case (let first?, let last):
            self = first < size ? .part(first..<min(size, (last ?? size - 1).clampedSuccessor)) : .unsatisfiable
        }
    }

    /// Digits or nothing, twice; nil where it is something else. What is larger than any file is as large as can be.
    private static func numbers(_ first: String, _ last: String) -> (Int64?, Int64?)? {
        func number(_ text: String) -> Int64?? {
            if text.isEmpty { return .some(nil) }
            guard text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
            return .some(Int64(text) ?? .max)
        }
        guard let first = number(first), let last = number(last) else { return nil }
        return (first, last)
    }
}

extension Int64 {
    fileprivate var clampedSuccessor: Int64 { self == .max ? self : self + 1 }
}
