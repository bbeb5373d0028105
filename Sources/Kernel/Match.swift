import Foundation

/// Forms of what records tell that are equal wherever two tell of the same person or company: what people write
/// differently makes no difference in them. By these, records are found that may be the same; they are coarser than
/// `Normal`, and nothing is stored or written to by them.
public enum Match {
    /// What is compared, and how.
    public enum Form: String, Sendable, CaseIterable { case email, phone, domain, person, company }

    /// The keys of a record by which others are found, by what they are: a name makes two, itself and how it sounds.
    /// Each stands once.
    public static func keys(of form: Form, _ texts: [String]) -> [String: [String]] {
        func each(_ key: (String) -> String?) -> [String: [String]] {
            let keys = Set(texts.compactMap(key)).sorted()
            return keys.isEmpty ? [:] : [form.rawValue: keys]
        }
        switch form {
        case .email: return each(email)
        case .phone: return each(phone)
        case .domain: return each(domain)
        case .person: return named(person(texts))
        case .company: return named(texts.lazy.compactMap(company).first)
        }
    }
    private static func named(_ name: String?) -> [String: [String]] {
        name.map { ["name": [$0], "sound": [sound($0)]] } ?? [:]
    }
}

// MARK: Which address is it?

extension Match {
    /// An address as it reaches its mailbox: without case and without what stands behind a `+` (RFC 5233, which the
    /// large providers follow). Google's mailboxes take any dots, and have two hosts:
    /// https://support.google.com/mail/answer/7436150
    public static func email(_ text: String) -> String? {
        guard let address = Normal.email(text), let at = address.lastIndex(of: "@") else { return nil }
        var local = String(address[..<at].prefix { $0 != "+" })
        var host = String(address[address.index(after: at)...])
        if local.isEmpty { local = String(address[..<at]) }
        if host == "googlemail.com" { host = "gmail.com" }
        if host == "gmail.com" { local = local.replacing(".", with: "") }
        return "\(local)@\(host)"
    }

    /// How many of a number's last digits are compared. These reach from the end into the area code: what stands before
    /// is written in too many ways (`+49 89`, `0049 (0)89`, `089`).
    public static let digits = 8
    /// The last eight digits of a telephone number, without an extension (`ext. 12`, `x12`, `;ext=12` of RFC 3966);
    /// of a shorter one all, without zeros in front. Nil for what has fewer than seven (ITU-T E.164 has none).
    public static func phone(_ text: String) -> String? {
        let number = text.lowercased().prefix { !";x#".contains($0) }
        let all = number.replacing("(0)", with: "").filter { $0.isASCII && $0.isNumber }
        let significant = all.drop { $0 == "0" }
        return significant.count < 7 ? nil : String(significant.suffix(digits))
    }

    /// The host of a web address or of an e-mail address, without `www.`; nil where it is one that companies share.
    /// `shop.acme.example` and `acme.example` are two.
    public static func domain(_ text: String) -> String? {
        let isAddress = text.contains("@") && !text.contains("://")
        guard let whole = isAddress ? Normal.email(text) : Normal.link(text) else { return nil }
        let host = isAddress ? whole.drop { $0 != "@" }.dropFirst() : whole.drop { $0 != ":" }.dropFirst(3)
        let name = host.prefix { !"/?#:".contains($0) }
        let bare = String(name.hasPrefix("www.") ? name.dropFirst(4) : name)
        let isShared = mailboxes.contains(bare) || sites.contains { bare == $0 || bare.hasSuffix(".\($0)") }
        return isShared ? nil : bare
    }

    /// Hosts whose addresses belong to persons, not to companies.
    public static let mailboxes: Set = [
        "aol.com", "gmail.com", "gmx.at", "gmx.ch", "gmx.com", "gmx.de", "gmx.net", "googlemail.com", "hotmail.com",
        "hotmail.co.uk", "hotmail.de", "hotmail.fr", "icloud.com", "live.com", "mac.com", "mail.com", "mail.ru",
        "me.com", "msn.com", "outlook.com", "outlook.de", "pm.me", "proton.me", "protonmail.com", "qq.com", "163.com",
        "126.com", "t-online.de", "web.de", "yahoo.com", "yahoo.co.uk", "yahoo.de", "yahoo.fr", "yandex.ru",
    ]
    /// Hosts at which companies have a page, each under a path of its own.
    private static let sites: Set = [
        "facebook.com", "github.com", "instagram.com", "linkedin.com", "sites.google.com", "tiktok.com", "twitter.com",
        "x.com", "xing.com", "youtube.com",
    ]
}

// MARK: Which name is it?

extension Match {
    /// The words of a person's names in alphabetical order, without titles: "Lovelace, Dr. Ada" and "Ada Lovelace" are
    /// one. Nil for a single word: it tells too little of a person.
    public static func person(_ names: [String]) -> String? {
        let words = names.flatMap(words)
        let own = words.filter { !titles.contains($0) }
        return own.count < 2 ? nil : own.sorted().joined(separator: " ")
    }

    /// A company's name without "and" and without the legal form behind it: "Meyer & Sons Ltd." and "Meyer and Sons"
    /// are one. What consists of nothing else keeps it.
    public static func company(_ name: String) -> String? {
        let all = words(name)
        var own = all.filter { !conjunctions.contains($0) }[...]
        while own.count > 1, let last = own.last, legalForms.contains(last) { own = own.dropLast() }
        let kept = own.isEmpty ? all[...] : own
        return kept.isEmpty ? nil : kept.joined(separator: " ")
    }

    /// How the words of a name sound, one by one.
    public static func sound(_ name: String) -> String {
        name.split(separator: " ").map { soundex($0) }.joined(separator: " ")
    }

    /// The words of a name in small letters without accents. Dots and apostrophes are left out, since "G.m.b.H." and
    /// "O'Brien" are one word each; all else that is neither letter nor digit stands between words.
    static func words(_ name: String) -> [String] {
        var text = name.lowercased()
        if !text.utf8.allSatisfy({ $0 < 0x80 }) {
            // What folding takes for letters of their own.
            for (letter, plain) in letters where text.contains(letter) { text = text.replacing(letter, with: plain) }
            text = text.folding(options: [.diacriticInsensitive, .widthInsensitive], locale: nil).lowercased()
        }
        return text.filter { !".'’`".contains($0) }.split { !($0.isLetter || $0.isNumber) }.map(String.init)
    }
    private static let letters = [
        ("ß", "ss"), ("æ", "ae"), ("œ", "oe"), ("ø", "o"), ("ł", "l"), ("đ", "d"), ("ð", "d"), ("þ", "th"), ("ı", "i"),
    ]
    private static let titles: Set = ["dr", "frau", "herr", "jr", "mr", "mrs", "ms", "prof", "sr"]
    private static let conjunctions: Set = ["and", "und", "et"]
    /// Of the forms listed by the ISO 20275 register (https://www.gleif.org/en/lei-data/code-lists) those that are
    /// common behind names.
    private static let legalForms: Set = [
        "ab", "ag", "aps", "as", "asa", "bhd", "bv", "bvba", "co", "company", "corp", "corporation", "cv", "de", "doo",
        "ev", "eg", "ek", "gbr", "gesmbh", "gmbh", "inc", "incorporated", "kft", "kg", "kgaa", "kk", "limited", "llc",
        "llp", "lp", "ltd", "ltda", "mbh", "nv", "ohg", "oo", "oy", "oyj", "plc", "pte", "pty", "pvt", "sa", "sagl",
        "sarl", "sas", "sasu", "se", "sdn", "sl", "sp", "spa", "spzoo", "srl", "sro", "ug", "z", "zoo",
    ]

    /// Soundex as the National Archives of the United States index names
    /// (https://www.archives.gov/research/census/soundex): the first letter and three digits for the consonants behind
    /// it. A word with other letters than a to z is its own sound.
    static func soundex(_ word: Substring) -> String {
        let letters = Array(word.utf8)
        guard let first = letters.first, letters.allSatisfy({ (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) })
        else { return String(word) }
        var code = [first]
        var last = digit(first)
        for letter in letters.dropFirst() where code.count < 4 {
            // Between two letters of one digit h and w are as if they were not there; a vowel parts them.
            if letter == UInt8(ascii: "h") || letter == UInt8(ascii: "w") { continue }
            let digit = digit(letter)
            if let digit, digit != last { code.append(digit) }
            last = digit
        }
        return String(decoding: code + Array(repeating: UInt8(ascii: "0"), count: 4 - code.count), as: UTF8.self)
    }
    private static func digit(_ letter: UInt8) -> UInt8? {
        switch Character(UnicodeScalar(letter)) {
        case "b", "f", "p", "v": UInt8(ascii: "1")
        case "c", "g", "j", "k", "q", "s", "x", "z": UInt8(ascii: "2")
        case "d", "t": UInt8(ascii: "3")
        case "l": UInt8(ascii: "4")
        case "m", "n": UInt8(ascii: "5")
        case "r": UInt8(ascii: "6")
        case _: nil
        }
    }
}
