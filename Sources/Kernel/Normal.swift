import Foundation

/// The one form of each kind of value. A function answers nil where the text is none of its kind.
public enum Normal {
    /// Text on one line: NFC, runs of white space become one space, ends trimmed, no control characters.
    public static func line(_ text: String) -> String? {
        let words = composed(text).split(whereSeparator: \.isWhitespace)
        let joined = words.joined(separator: " ")
        return joined.unicodeScalars.contains { $0.properties.generalCategory == .control } ? nil : joined
    }

    /// Text of several lines: NFC, line ends become `\n`, ends trimmed, no control characters but tab and line feed.
    public static func paragraph(_ text: String) -> String? {
        let unified = composed(text).replacing("\r\n", with: "\n").replacing("\r", with: "\n")
        let scalars = unified.unicodeScalars
        let allowed = scalars.allSatisfy { $0 == "\n" || $0 == "\t" || $0.properties.generalCategory != .control }
        return allowed ? unified.trimmingCharacters(in: .whitespacesAndNewlines) : nil
    }

    /// An e-mail address: `local@domain`, lower case, as one would compare it. RFC 5321 §4.5.3.1 bounds the lengths;
    /// quoted local parts and address literals are not taken.
    public static func email(_ text: String) -> String? {
        let address = composed(text).trimmingCharacters(in: .whitespaces).lowercased()
        let parts = address.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, (1...64).contains(parts[0].utf8.count), isDomain(parts[1]), address.utf8.count <= 254
        else { return nil }
        let refused = Set("()<>[]:;,\\\" \t\r\n")
        let local = parts[0]
        guard !local.contains(where: { refused.contains($0) || $0.isWhitespace }), !local.hasPrefix("."),
            !local.hasSuffix("."), !local.contains("..")
        else { return nil }
        return address
    }

    /// A telephone number in E.164: `+` and 7 to 15 digits; spaces, dots, dashes, slashes and brackets are left out.
    public static func phone(_ text: String) -> String? {
        let kept = text.filter { !" .-/()\u{00A0}".contains($0) }
        let digits = kept.dropFirst().utf8
        guard kept.first == "+", (7...15).contains(digits.count), digits.allSatisfy({ (0x30...0x39).contains($0) }),
            digits.first != 0x30
        else { return nil }
        return kept
    }

    /// A web address: `http` or `https`; where no scheme is written, `https` is meant. The host is lower case.
    public static func link(_ text: String) -> String? {
        var address = composed(text).trimmingCharacters(in: .whitespaces)
        if !address.contains("://") { address = "https://" + address }
        guard address.utf8.count <= 2000, !address.contains(where: { $0.isWhitespace || "<>\"\\^`{|}".contains($0) })
        else { return nil }
        let parts = address.split(separator: ":", maxSplits: 1)
        let scheme = parts[0].lowercased()
        guard scheme == "http" || scheme == "https", parts.count == 2, parts[1].hasPrefix("//") else { return nil }
        let rest = parts[1].dropFirst(2)
        let authority = rest.prefix { !"/?#".contains($0) }
        let host = authority.split(separator: ":", omittingEmptySubsequences: false)
        guard host.count <= 2, isDomain(host[0]),
            host.count == 1 || Int(host[1]).map({ (1...65535).contains($0) }) == true
        else { return nil }
        return "\(scheme)://\(authority.lowercased())\(rest.dropFirst(authority.count))"
    }

    /// A word for addresses of pages: lower-case letters and digits, single dashes between.
    public static func slug(_ text: String) -> String? {
        let folded = composed(text).folding(options: [.diacriticInsensitive, .caseInsensitive], locale: nil)
        let parts = folded.lowercased().split { !($0.isASCII && ($0.isLetter || $0.isNumber)) }
        return parts.isEmpty ? nil : parts.joined(separator: "-")
    }

    /// The form in which names and external ids are compared: one line, without case.
    public static func key(_ text: String) -> String? { line(text)?.lowercased() }

    private static func composed(_ text: String) -> String {
        text.utf8.allSatisfy { $0 < 0x80 } ? text : text.precomposedStringWithCanonicalMapping
    }

    /// A host name with at least one dot (RFC 1123 §2.1), letters of any script.
    private static func isDomain(_ text: Substring) -> Bool {
        let labels = text.split(separator: ".", omittingEmptySubsequences: false)
        guard labels.count >= 2, text.utf8.count <= 253 else { return false }
        return labels.allSatisfy { label in
            (1...63).contains(label.utf8.count) && !label.hasPrefix("-") && !label.hasSuffix("-")
                && label.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" }
        }
    }
}
