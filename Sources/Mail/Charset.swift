import CGMime
import Glibc

/// Texts in whatever charset mail, or an address book, is written in.
public enum Charset {
    /// What a text says, and what was wrong with it.
    struct Read {
        let text: String
        var warning: (code: EmailMessage.Warning.Code, detail: String)?
    }

    /// What bytes say that are said to be in this charset; nil where nothing is said. What does not fit is marked.
    public static func text(of bytes: [UInt8], said: String?) -> String { read(bytes, said).text }

    /// Reads bytes that are said to be in this charset; nil where nothing is said.
    static func read(_ bytes: [UInt8], _ said: String?) -> Read {
        let name = said?.lowercased().filter { !$0.isWhitespace && $0 != "\"" } ?? ""
        let isASCII = bytes.allSatisfy { $0 < 0x80 }
        if isASCII, !isStateful(name) {
            return isKnown(name) ? Read(text: String(decoding: bytes, as: UTF8.self)) : unknown(name, bytes)
        }
        if name == "utf-8" || name == "utf8" { return unicode(bytes) }
        if silent.contains(name) { return guess(bytes, name) }
        guard isKnown(name), let read = convert(bytes, meant(name, bytes)) else { return unknown(name, bytes) }
        let warning: (EmailMessage.Warning.Code, String)? =
            read.isWhole ? nil : (.charsetWrong, "A text is not in \(name), as it says; what does not fit is marked.")
        return Read(text: read.text, warning: warning)
    }

    /// Those that say no more than that there is text.
    private static let silent: Set = ["", "us-ascii", "ascii", "ansi_x3.4-1968", "unknown-8bit"]

    private static func isKnown(_ name: String) -> Bool {
        silent.contains(name) || opened(iconvName(name)) { _ in true } == true
    }

    /// Those in which letters of ASCII are not always what they are.
    private static func isStateful(_ name: String) -> Bool {
        name.hasPrefix("iso-2022") || name.hasPrefix("utf-7") || name.hasPrefix("utf-16") || name.hasPrefix("utf-32")
            || name.hasPrefix("hz")
    }

    private static func unicode(_ bytes: [UInt8]) -> Read {
        if let text = String(validating: bytes, as: UTF8.self) { return Read(text: text) }
        let detail = "A text is not in utf-8, as it says; what does not fit is marked."
        return Read(text: String(decoding: bytes, as: UTF8.self), warning: (.charsetWrong, detail))
    }

    /// Most that is said to be ASCII and is none is UTF-8, and what cannot be that is from Windows.
    private static func guess(_ bytes: [UInt8], _ name: String) -> Read {
        let said = name.isEmpty ? "A text names no charset" : "A text is not in \(name), as it says"
        if let text = String(validating: bytes, as: UTF8.self) {
            return Read(text: text, warning: (.charsetWrong, "\(said); it was read as utf-8."))
        }
        let text = convert(bytes, "CP1252")?.text ?? String(decoding: bytes, as: UTF8.self)
        return Read(text: text, warning: (.charsetWrong, "\(said); it was read as windows-1252."))
    }

    private static func unknown(_ name: String, _ bytes: [UInt8]) -> Read {
        var read = guess(bytes, name)
        read.warning = (.charsetUnknown, "Nobody knows the charset \(name.prefix(40)).")
        return read
    }

    /// The charset that is meant by those who write this name: what mail calls Latin 1, or the Chinese, Japanese or
    /// Korean of old, is mostly what Windows made of it (WHATWG Encoding §4.2).
    private static func meant(_ name: String, _ bytes: [UInt8]) -> String {
        switch name {
        case "iso-8859-1", "latin1", "iso8859-1":
            bytes.contains { (0x80...0x9F).contains($0) } ? "CP1252" : "ISO-8859-1"
        case "gb2312", "gbk", "cp936", "x-gbk": "GB18030"
        case "euc-kr", "ks_c_5601-1987", "ksc5601": "CP949"
        case "shift_jis", "shift-jis", "x-sjis", "sjis": "CP932"
        case _: iconvName(name)
        }
    }

    private static func iconvName(_ name: String) -> String {
        // Also where no message was ever read: an address book asks, too.
        _ = GMime.ready
        return String(cString: g_mime_charset_iconv_name(name))
    }

    private static func opened<T>(_ name: String, _ body: (iconv_t) -> T) -> T? {
        guard let converter = iconv_open("UTF-8", name), converter != iconv_t(bitPattern: -1) else { return nil }
        defer { iconv_close(converter) }
        return body(converter)
    }

    /// The text in UTF-8, each byte that does not fit as a replacement character; nil where there is no such charset.
    private static func convert(_ bytes: [UInt8], _ name: String) -> (text: String, isWhole: Bool)? {
        opened(name) { converter in
            var (input, text, isWhole) = (bytes, [UInt8](), true)
            var room = [CChar](repeating: 0, count: 4096)
            input.withUnsafeMutableBytes { input in
                var place = input.baseAddress?.assumingMemoryBound(to: CChar.self)
                var left = input.count
                while left > 0 {
                    let result = room.withUnsafeMutableBufferPointer { room -> (done: Int, why: Int32) in
                        var (out, free) = (room.baseAddress, room.count)
                        let done = iconv(converter, &place, &left, &out, &free)
                        let why = errno
                        text += room.prefix(room.count - free).map(UInt8.init(bitPattern:))
                        return (done, why)
                    }
                    if result.done != -1 || result.why == E2BIG { continue }
                    // A byte that begins nothing, or the end in the middle of a character.
                    (isWhole, text) = (false, text + [0xEF, 0xBF, 0xBD])
                    (place, left) = (place.map { $0 + 1 }, left - 1)
                }
            }
            return (String(decoding: text, as: UTF8.self), isWhole)
        }
    }
}
