import CMagic
import Synchronization

/// What kind of thing some bytes are, told by what they begin with (libmagic, as `file` does).
public enum MediaType {
    /// How many bytes are looked at; further ones say nothing more.
    public static let looksAt = 1 << 18
    /// What nobody can say more about.
    public static let unknown = "application/octet-stream"

    /// The media type of what begins with these bytes: `application/pdf`.
    public static func sniff(_ beginning: [UInt8]) -> String {
        if beginning.isEmpty { return unknown }
        return library.withLock { library in
            guard let library else { return unknown }
            let found = beginning.withUnsafeBytes { magic_buffer(library, $0.baseAddress, $0.count) }
            guard let found else { return unknown }
            let type = String(cString: found)
            return isType(type) && !type.hasPrefix("inode/") ? type : unknown
        }
    }

    /// What somebody says of a file, as `type/subtype` in small letters; nil where that is none.
    public static func declared(_ text: String) -> String? {
        let type = text.lowercased().prefix { $0 != ";" }.filter { $0 != " " && $0 != "\t" }
        return isType(type) ? type : nil
    }

    /// RFC 9110 §8.3.1, in small letters.
    private static func isType(_ text: String) -> Bool {
        let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
        let others = Array("!#$&-^_.+".utf8)
        return text.utf8.count <= 127 && parts.count == 2
            && parts.allSatisfy { part in
                !part.isEmpty
                    && part.allSatisfy {
                        (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || others.contains($0)
                    }
            }
    }

    /// One at a time: the library is not made for threads, and looking takes less than a millisecond.
    private static let library = Mutex(opened())

    /// What the library knows, read once; nil where it cannot be read.
    private static func opened() -> magic_t? {
        guard let library = magic_open(MAGIC_MIME_TYPE | MAGIC_NO_CHECK_COMPRESS) else { return nil }
        return magic_load(library, nil) == 0 ? library : nil
    }
}
