/// A header's value with its parameters: `form-data; name="file"; filename*=UTF-8''a%20b` (RFC 9110 §5.6.6, RFC 8187).
struct HeaderValue {
    /// The value itself, in small letters.
    let value: String
    /// Parameters by their names in small letters; of `x` and `x*` the second.
    let parameters: [String: String]

    init(_ text: String) {
        var rest = text[...]
        value = String(rest.prefix { $0 != ";" }).trimmed.lowercased()
        rest = rest.drop { $0 != ";" }
        var (plain, extended): ([String: String], [String: String]) = ([:], [:])
        while rest.first == ";" {
            rest = rest.dropFirst()
            let name = String(rest.prefix { $0 != "=" && $0 != ";" }).trimmed.lowercased()
            rest = rest.drop { $0 != "=" && $0 != ";" }
            guard rest.first == "=" else { continue }
            rest = rest.dropFirst().drop { $0 == " " || $0 == "\t" }
            let value = Self.word(&rest)
            if name.hasSuffix("*") {
                extended[String(name.dropLast())] = Self.decode(value)
            } else if plain[name] == nil {
                plain[name] = value
            }
        }
        parameters = plain.merging(extended) { $1 }
    }

    /// A word, or what stands between quotation marks.
    private static func word(_ rest: inout Substring) -> String {
        guard rest.first == "\"" else {
            let word = rest.prefix { $0 != ";" }
            rest = rest.dropFirst(word.count)
            return String(word).trimmed
        }
        rest = rest.dropFirst()
        var word = ""
        while let next = rest.popFirst(), next != "\"" {
            // Before anything else a backslash is itself: paths of Windows are sent so.
            if next == "\\", let escaped = rest.first, escaped == "\"" || escaped == "\\" {
                word.append(escaped)
                rest = rest.dropFirst()
            } else {
                word.append(next)
            }
        }
        rest = rest.drop { $0 != ";" }
        return word
    }

    /// `UTF-8''a%20b`; nil in any other charset.
    private static func decode(_ text: String) -> String? {
        let parts = text.split(separator: "'", maxSplits: 2, omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0].lowercased() == "utf-8" else { return nil }
        return PercentCoding.decode(parts[2], plusIsSpace: false)
    }

    /// How a file is offered under its name (RFC 6266): the plain name for old readers, and the true one.
    static func disposition(_ kind: String, filename: String) -> String {
        let plain = filename.unicodeScalars.map { scalar -> Character in
            scalar.isASCII && scalar.value >= 0x20 && scalar.value != 0x7F && scalar != "\"" && scalar != "\\"
                && scalar != "%" ? Character(scalar) : "_"
        }
        let ascii = String(plain)
        guard ascii != filename else { return "\(kind); filename=\"\(ascii)\"" }
        let free = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789!#$&+-.^_`|~".utf8)
        let encoded = filename.utf8.map { byte -> String in
            if free.contains(byte) { return String(UnicodeScalar(byte)) }
            let hex = String(byte, radix: 16, uppercase: true)
            return "%" + (hex.count == 1 ? "0" : "") + hex
        }
        return "\(kind); filename=\"\(ascii)\"; filename*=UTF-8''\(encoded.joined())"
    }
}

extension String {
    fileprivate var trimmed: String {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        var text = drop(while: isBlank)
        while let last = text.last, isBlank(last) { text.removeLast() }
        return String(text)
    }
}
