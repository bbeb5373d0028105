/// What a page of HTML says, without its tags: for search, and for those who read a message as text. It takes whatever
/// it is given; what is no tag is text.
struct PlainText {
    private(set) var text = ""
    private var rest: Substring.UnicodeScalarView
    private var lineIsEmpty = true
    private var gap = Gap.none
    private enum Gap: Int { case none, space, line, paragraph }

    /// How much of a page is looked at, in letters.
    private static let most = 1_000_000

    init(html: String) {
        rest = Substring(html).unicodeScalars.prefix(Self.most)
        while let next = rest.first {
            switch next {
            case "<": tag()
            case "&": entity()
            case _:
                rest.removeFirst()
                if next.properties.isWhitespace { widen(.space) } else { write(next) }
            }
        }
    }

    private mutating func write(_ scalar: Unicode.Scalar) {
        if !text.isEmpty {
            switch gap {
            case .none: break
            case .space: if !lineIsEmpty { text += " " }
            case .line: text += "\n"
            case .paragraph: text += "\n\n"
            }
        }
        (gap, lineIsEmpty) = (.none, false)
        text.unicodeScalars.append(scalar)
    }

    private mutating func widen(_ wish: Gap) { if wish.rawValue > gap.rawValue { gap = wish } }

    // MARK: What is a tag?

    private mutating func tag() {
        if starts("<!--") { return skip(behind: "-->") }
        let inner = rest.dropFirst()
        let isEnd = inner.first == "/"
        let name = inner.dropFirst(isEnd ? 1 : 0).prefix {
            ("a"..."z").contains(Self.small($0)) || ("1"..."6").contains($0)
        }
        let isTag = name.first.map { ("a"..."z").contains(Self.small($0)) } ?? false
        guard isTag || inner.first == "!" || inner.first == "?" else {
            rest.removeFirst()
            return write("<")
        }
        let word = String(Substring(name)).lowercased()
        skip(behind: ">")
        if !isEnd, Self.unseen.contains(word) {
            skip(behind: "</\(word)")
            return skip(behind: ">")
        }
        if Self.paragraphs.contains(word) {
            widen(.paragraph)
        } else if Self.lines.contains(word) {
            widen(.line)
        } else if word == "td" || word == "th" {
            widen(.space)
        }
    }
    private static let unseen: Set = ["script", "style", "title", "template"]
    private static let paragraphs: Set = ["p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "table", "ul", "ol"]
    private static let lines: Set = ["br", "div", "tr", "li", "hr", "section", "article", "header", "footer", "pre"]

    private func starts(_ word: String) -> Bool { rest.starts(with: word.unicodeScalars) }

    /// Goes on behind the next occurrence of a word, whatever its case, or to the end.
    private mutating func skip(behind word: String) {
        let wanted = Array(word.unicodeScalars)
        while let first = rest.first {
            if Self.small(first) == wanted[0], rest.prefix(wanted.count).map(Self.small) == wanted {
                rest.removeFirst(wanted.count)
                return
            }
            rest.removeFirst()
        }
    }
    /// The small one of a letter of ASCII.
    private static func small(_ scalar: Unicode.Scalar) -> Unicode.Scalar {
        ("A"..."Z").contains(scalar) ? Unicode.Scalar(UInt8(scalar.value) | 0x20) : scalar
    }

    // MARK: What does an entity stand for?

    private mutating func entity() {
        let name = rest.dropFirst().prefix(10).prefix { $0 != ";" && $0 != "<" && !$0.properties.isWhitespace }
        guard name.endIndex < rest.endIndex, rest[name.endIndex] == ";",
            let scalar = Self.scalar(String(Substring(name)))
        else {
            rest.removeFirst()
            return write("&")
        }
        rest = rest[rest.index(after: name.endIndex)...]
        if scalar.properties.isWhitespace { widen(.space) } else { write(scalar) }
    }

    private static func scalar(_ name: String) -> Unicode.Scalar? {
        guard name.hasPrefix("#") else { return names[name] }
        let digits = name.dropFirst()
        let number =
            digits.first == "x" || digits.first == "X" ? UInt32(digits.dropFirst(), radix: 16) : UInt32(digits)
        return number.flatMap { $0 == 0 ? nil : Unicode.Scalar($0) }
    }
    /// Those that mail programs write; all others they write by number.
    private static let names: [String: Unicode.Scalar] = [
        "amp": "&", "lt": "<", "gt": ">", "quot": "\"", "apos": "'", "nbsp": "\u{A0}", "copy": "©", "reg": "®",
        "trade": "™", "euro": "€", "pound": "£", "yen": "¥", "cent": "¢", "sect": "§", "deg": "°", "micro": "µ",
        "middot": "·", "bull": "•", "hellip": "…", "ndash": "–", "mdash": "—", "lsquo": "‘", "rsquo": "’", "sbquo": "‚",
        "ldquo": "“", "rdquo": "”", "bdquo": "„", "laquo": "«", "raquo": "»", "times": "×", "frac12": "½",
        "auml": "ä", "ouml": "ö", "uuml": "ü", "Auml": "Ä", "Ouml": "Ö", "Uuml": "Ü", "szlig": "ß", "aring": "å",
        "Aring": "Å", "oslash": "ø", "Oslash": "Ø", "aelig": "æ", "AElig": "Æ", "eacute": "é", "Eacute": "É",
        "egrave": "è", "ecirc": "ê", "euml": "ë", "aacute": "á", "agrave": "à", "acirc": "â", "atilde": "ã",
        "ccedil": "ç", "Ccedil": "Ç", "iacute": "í", "icirc": "î", "iuml": "ï", "ntilde": "ñ", "oacute": "ó",
        "ocirc": "ô", "otilde": "õ", "uacute": "ú", "ugrave": "ù", "ucirc": "û", "shy": "\u{AD}",
    ]

    /// The charset that a page names itself within its first kilobyte.
    static func charset(of bytes: [UInt8]) -> String? {
        let head = String(decoding: bytes.prefix(1024), as: UTF8.self).lowercased()
        guard let place = head.firstRange(of: "charset=") else { return nil }
        let name = head[place.upperBound...].drop { "\"' ".contains($0) }
            .prefix { $0.isASCII && ($0.isLetter || $0.isNumber || "-_:.".contains($0)) }
        return name.isEmpty ? nil : String(name)
    }
}
