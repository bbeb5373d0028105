/// A message's bytes as a parser takes them: some things that mail programs get wrong at the top are put right first.
struct Preparation {
    private(set) var bytes: [UInt8]
    private(set) var warnings: [(EmailMessage.Warning.Code, String)] = []

    private static let (lineFeed, carriageReturn) = (UInt8(ascii: "\n"), UInt8(ascii: "\r"))
    private static let mark: [UInt8] = [0xEF, 0xBB, 0xBF]

    init(_ given: [UInt8]) {
        bytes = given.starts(with: Self.mark) ? Array(given.dropFirst(3)) : given
        if !bytes.contains(Self.lineFeed), bytes.contains(Self.carriageReturn) {
            bytes = bytes.map { $0 == Self.carriageReturn ? Self.lineFeed : $0 }
            warnings.append((.lineEndsOdd, "Lines end in a lone carriage return."))
        }
        let blank = bytes.prefix { $0 == Self.lineFeed || $0 == Self.carriageReturn || $0 == 0x20 }.count
        if blank > 0 { bytes.removeFirst(blank) }
        divide()
        bound()
    }

    /// How many lines may look as if they divided parts. Each part costs the library memory, however little is in it.
    private static let mostDividers = 50_000

    /// Leaves out what stands behind more dividing lines than any message has.
    private mutating func bound() {
        var (count, start) = (0, 0)
        while start + 2 < bytes.count {
            if bytes[start] == UInt8(ascii: "-"), bytes[start + 1] == UInt8(ascii: "-") { count += 1 }
            if count > Self.mostDividers {
                bytes.removeSubrange(start...)
                warnings.append((.partsLeftOut, "What stands behind \(Self.mostDividers) parts is not looked at."))
                return
            }
            start = next(start)
        }
    }

    /// Finds where the header ends. A line that is no header ends it as well, unless headers that mail has follow: then
    /// it is one of those that somebody spoiled.
    private mutating func divide() {
        var (end, stray, hasHeader, hasZeros) = (0, Int?.none, false, false)
        while end < bytes.count {
            let line = line(at: end)
            if line.isEmpty { break }
            hasZeros = hasZeros || line.contains(0)
            if isKnown(line) {
                (stray, hasHeader) = (nil, true)
            } else if name(of: line) != nil {
                hasHeader = true
            } else if hasHeader, stray == nil, !isContinuation(line) {
                stray = end
            }
            end = next(line.endIndex)
        }
        if let stray {
            bytes.insert(contentsOf: [Self.carriageReturn, Self.lineFeed], at: stray)
            warnings.append((.separatorMissing, "The header ends without an empty line behind it."))
        }
        guard hasZeros else { return }
        let head = bytes[..<(stray ?? end)]
        guard head.contains(0) else { return }
        bytes = head.filter { $0 != 0 } + bytes[head.endIndex...]
        warnings.append((.zerosLeftOut, "The header has zero bytes."))
    }

    /// The line that begins there, without its end.
    private func line(at start: Int) -> ArraySlice<UInt8> {
        let line = bytes[start...].prefix { $0 != Self.lineFeed }
        return line.last == Self.carriageReturn ? line.dropLast() : line
    }
    /// Where the next line begins.
    private func next(_ end: Int) -> Int {
        let start = bytes[end...].firstIndex(of: Self.lineFeed) ?? bytes.endIndex
        return min(start + 1, bytes.endIndex)
    }

    private func name(of line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
        let name = line.prefix { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: ":") }
        let rest = line[name.endIndex...].drop { $0 == 0x20 || $0 == 0x09 }
        return !name.isEmpty && rest.first == UInt8(ascii: ":") ? name : nil
    }
    private func isContinuation(_ line: ArraySlice<UInt8>) -> Bool { line.first == 0x20 || line.first == 0x09 }

    private func isKnown(_ line: ArraySlice<UInt8>) -> Bool {
        guard let name = name(of: line).map({ String(decoding: $0, as: UTF8.self).lowercased() }) else { return false }
        return Self.known.contains(name) || ["x-", "content-", "list-"].contains(where: name.hasPrefix)
    }
    private static let known: Set = [
        "from", "sender", "reply-to", "to", "cc", "bcc", "subject", "date", "message-id", "in-reply-to", "references",
        "received", "return-path", "delivered-to", "mime-version", "dkim-signature",
    ]
}
