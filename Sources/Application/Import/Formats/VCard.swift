import Foundation
import Mail

/// Cards of address books (vCard 2.1, 3.0, 4.0; RFC 2426, RFC 6350), read as leniently as programs write them.
struct VCard: Sendable {
    /// The line on which it begins.
    let line: Int
    private(set) var properties: [Property] = []

    /// One line of a card.
    struct Property: Sendable {
        /// In capitals, without its group: `EMAIL`.
        let name: String
        /// What groups it with others: `item1`.
        let group: String
        /// `TYPE`, `CHARSET`, …, in capitals, each with its values in capitals.
        let parameters: [String: [String]]
        /// Unfolded and decoded, with its escapes.
        let raw: String
        /// Whether it is bytes in letters: a photo, a key.
        let isBinary: Bool

        /// The whole value.
        var text: String { VCard.unescaped(raw) }
        /// The parts between semicolons: of `N`, `ADR`, `ORG`.
        var parts: [String] { VCard.split(raw, at: ";").map(VCard.unescaped) }
        /// Whether one of its types is this.
        func has(_ type: String) -> Bool { parameters["TYPE"]?.contains(type) == true }
        /// Whether it is the one that its owner likes best.
        var isPreferred: Bool { has("PREF") || parameters["PREF"]?.isEmpty == false }
    }

    /// The properties of a name.
    func all(_ name: String) -> [Property] { properties.filter { $0.name == name } }
    /// The first of a name that is not empty.
    func first(_ name: String) -> Property? { properties.first { $0.name == name && !$0.text.isEmpty } }

    // MARK: What is in a file?

    /// The cards of a file. Cards within cards are skipped; a card that is not ended ends where the next begins.
    static func cards(_ bytes: [UInt8]) -> [VCard] {
        var cards: [VCard] = []
        var card: VCard?
        var depth = 0
        for (number, line) in lines(bytes) {
            guard let property = property(line) else { continue }
            let isCard = property.raw.trimmingCharacters(in: .whitespaces).uppercased() == "VCARD"
            switch property.name {
            case "BEGIN" where isCard:
                // A card whose end is missing, unless it holds another one (AGENT).
                if let open = card, depth == 1, open.properties.last?.name != "AGENT" {
                    cards.append(open)
                    (card, depth) = (VCard(line: number), 1)
                } else {
                    depth += 1
                    if depth == 1 { card = VCard(line: number) }
                }
            case "END" where isCard:
                depth = max(0, depth - 1)
                if depth == 0, let whole = card {
                    cards.append(whole)
                    card = nil
                }
            case _: if depth == 1 { card?.properties.append(property) }
            }
        }
        if let card { cards.append(card) }
        return cards
    }

    /// Lines without their folds, each with the number of its first.
    private static func lines(_ bytes: [UInt8]) -> [(Int, [UInt8])] {
        var lines: [(Int, [UInt8])] = []
        let bytes = utf8(bytes)
        // Old Macintoshes end a line by a carriage return alone; some programs write two before the line feed.
        let end: UInt8 = bytes.contains(0x0A) ? 0x0A : 0x0D
        for (index, part) in bytes.split(separator: end, omittingEmptySubsequences: false).enumerated() {
            var line = Array(part)
            while line.last == 0x0D { line.removeLast() }
            let isFolded = line.first == 0x20 || line.first == 0x09
            // What a soft break goes on with may begin with a space of its own.
            if let last = lines.indices.last, isSoft(lines[last].1) {
                lines[last].1.removeLast()
                lines[last].1 += line
            } else if isFolded, let last = lines.indices.last {
                lines[last].1 += line.dropFirst()
            } else if !line.isEmpty {
                lines.append((index + 1, line))
            }
        }
        return lines
    }

    /// Whether the value of a quoted-printable line goes on in the next.
    private static func isSoft(_ line: [UInt8]) -> Bool {
        guard line.last == UInt8(ascii: "="), let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return false }
        return String(decoding: line[..<colon], as: UTF8.self).uppercased().contains("QUOTED-PRINTABLE")
    }

    /// A file that is UTF-16 becomes UTF-8; a mark of the order of bytes goes.
    private static func utf8(_ bytes: [UInt8]) -> [UInt8] {
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { return Array(bytes.dropFirst(3)) }
        guard bytes.starts(with: [0xFF, 0xFE]) || bytes.starts(with: [0xFE, 0xFF])
        else { return bytes }
        return Array(Charset.text(of: bytes, said: "UTF-16").utf8)
    }

    // MARK: What is in a line?

    private static func property(_ line: [UInt8]) -> Property? {
        guard let colon = end(of: line) else { return nil }
        let head = split(String(decoding: line[..<colon], as: UTF8.self), at: ";", quoted: true)
        let value = Array(line[(colon + 1)...])
        guard let first = head.first, !first.isEmpty else { return nil }
        let dot = first.lastIndex(of: ".")
        let name = dot.map { String(first[first.index(after: $0)...]) } ?? first
        var parameters: [String: [String]] = [:]
        for part in head.dropFirst() {
            let pair = part.split(separator: "=", maxSplits: 1).map(String.init)
            // 2.1 writes a type by itself: `TEL;WORK;FAX`.
            let key = pair.count == 2 ? pair[0].uppercased() : kind(ofBare: part.uppercased())
            let values = (pair.count == 2 ? pair[1] : part).split(separator: ",").map {
                $0.trimmingCharacters(in: CharacterSet(charactersIn: "\" ")).uppercased()
            }
            parameters[key, default: []] += values
        }
        let encoding = parameters["ENCODING"]?.first ?? ""
        let bytes = encoding == "QUOTED-PRINTABLE" ? unquoted(value) : value
        let text = Charset.text(of: bytes, said: parameters["CHARSET"]?.first)
        let isBinary = encoding == "B" || encoding == "BASE64" || text.hasPrefix("data:")
        return Property(
            name: name.uppercased().trimmingCharacters(in: .whitespaces),
            group: dot.map { String(first[..<$0]).lowercased() } ?? "", parameters: parameters, raw: text,
            isBinary: isBinary)
    }

    private static func kind(ofBare word: String) -> String {
        ["QUOTED-PRINTABLE", "BASE64", "8BIT", "7BIT"].contains(word) ? "ENCODING" : "TYPE"
    }

    /// Where the name and its parameters end: the first colon outside quotes.
    private static func end(of line: [UInt8]) -> Int? {
        var isQuoted = false
        for (index, byte) in line.enumerated() {
            if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
            if byte == UInt8(ascii: ":"), !isQuoted { return index }
        }
        return line.firstIndex(of: UInt8(ascii: ":"))
    }

    private static func unquoted(_ bytes: [UInt8]) -> [UInt8] {
        var out: [UInt8] = []
        var at = 0
        while at < bytes.count {
            if bytes[at] == UInt8(ascii: "="), at + 2 < bytes.count,
                let byte = UInt8(String(decoding: bytes[(at + 1)...(at + 2)], as: UTF8.self), radix: 16)
            {
                out.append(byte)
                at += 3
            } else {
                out.append(bytes[at])
                at += 1
            }
        }
        return out
    }

    // MARK: How are values written?

    /// The parts between separators that no backslash stands before.
    static func split(_ text: String, at separator: Character, quoted: Bool = false) -> [String] {
        var parts = [""]
        var (isEscaped, isQuoted) = (false, false)
        for character in text {
            if isEscaped {
                parts[parts.count - 1].append(character)
                isEscaped = false
            } else if character == separator, !isQuoted {
                parts.append("")
            } else {
                if quoted, character == "\"" { isQuoted.toggle() }
                isEscaped = character == "\\"
                parts[parts.count - 1].append(character)
            }
        }
        return parts
    }

    static func unescaped(_ text: String) -> String {
        var out = ""
        var isEscaped = false
        for character in text {
            if isEscaped {
                out.append(character == "n" || character == "N" ? "\n" : character)
                isEscaped = false
            } else if character == "\\" {
                isEscaped = true
            } else {
                out.append(character)
            }
        }
        if isEscaped { out.append("\\") }
        return out.trimmingCharacters(in: .whitespacesAndNewlines)
    }
}
