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
    }

    /// Finds where the header ends. A line that is no header ends it as well, unless headers follow: then it is one of
    /// those that somebody spoiled. The first may be that which a mailbox file has above each message.
    private mutating func divide() {
        var (start, hasZeros) = (0, false)
        while start < bytes.count {
            let line = line(at: start)
            if line.isEmpty { break }
            hasZeros = hasZeros || line.contains(0)
            if start > 0, !isHeader(line), !isContinuation(line), !headersFollow(line.endIndex) {
                bytes.insert(contentsOf: [Self.carriageReturn, Self.lineFeed], at: start)
                warnings.append((.separatorMissing, "The header ends without an empty line behind it."))
                break
            }
            start = next(line.endIndex)
        }
        guard hasZeros else { return }
        bytes = bytes[..<start].filter { $0 != 0 } + bytes[start...]
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
    /// One with a name that has letters beyond ASCII is left to the parser.
    private func isHeader(_ line: ArraySlice<UInt8>) -> Bool { name(of: line) != nil }
    private func isContinuation(_ line: ArraySlice<UInt8>) -> Bool { line.first == 0x20 || line.first == 0x09 }

    /// Whether a header that mail has stands further down, before an empty line.
    private func headersFollow(_ end: Int) -> Bool {
        var start = next(end)
        while start < bytes.count {
            let line = line(at: start)
            if line.isEmpty { return false }
            let name = name(of: line).map { String(decoding: $0, as: UTF8.self).lowercased() } ?? ""
            if Self.known.contains(name) || ["x-", "content-", "list-"].contains(where: name.hasPrefix) { return true }
            start = next(line.endIndex)
        }
        return false
    }
    private static let known: Set = [
        "from", "sender", "reply-to", "to", "cc", "bcc", "subject", "date", "message-id", "in-reply-to", "references",
        "received", "return-path", "delivered-to", "mime-version", "dkim-signature",
    ]
}
