import FoundationEssentials
import Kernel
import Vault

/// The list of files that lie in a backup: `files.jsonl.lz4`, a line for each with its name, its size and its SHA-256,
/// as it is stored.
public final class FileList {
    /// One file.
    public struct Item: Sendable, Hashable {
        /// `<organization>/<id>`.
        public let name: String
        /// Its bytes.
        public let size: Int64
        /// Their SHA-256.
        public let digest: [UInt8]

        /// A file.
        public init(name: String, size: Int64, digest: [UInt8]) {
            (self.name, self.size, self.digest) = (name, size, digest)
        }
    }
    /// What the manifest tells of the list.
    public struct Totals: Sendable, Hashable {
        /// How many files.
        public let count: Int64
        /// How many bytes in all of them.
        public let bytes: Int64
        /// SHA-256 of the lines.
        public let digest: [UInt8]
    }

    private let file: FrameWriter
    private var hash = SHA256()
    private var (count, bytes): (Int64, Int64) = (0, 0)

    /// A new list in a backup's folder.
    public init(in folder: String) throws { file = try FrameWriter(Self.path(folder), mode: 0o600) }

    private static func path(_ folder: String) -> String { "\(folder)/files.jsonl.lz4" }

    /// Adds a file.
    public func add(_ item: Item) throws {
        let line = item.json.bytes + [UInt8(ascii: "\n")]
        hash.update(line)
        try file.write(line)
        (count, bytes) = (count + 1, bytes + item.size)
    }

    /// Ends the list.
    public func finish() throws -> Totals {
        try file.finish()
        return Totals(count: count, bytes: bytes, digest: hash.finish())
    }

    /// Reads a list that must be the one of which the manifest tells.
    /// - Throws: `FileError.damaged`.
    public static func read(_ folder: String, _ totals: Totals) throws -> [Item] {
        let damaged = FileError(.damaged, path(folder))
        let reader = try FrameReader(path(folder))
        var (items, hash): ([Item], SHA256) = ([], SHA256())
        while let line = try reader.line() {
            hash.update(line + [UInt8(ascii: "\n")])
            guard let item = (try? JSON(parsing: line)).flatMap(Item.init) else { throw damaged }
            items.append(item)
        }
        guard hash.finish() == totals.digest, Int64(items.count) == totals.count else { throw damaged }
        return items
    }
}

extension FileList.Item {
    fileprivate init?(_ json: JSON) {
        guard let name = json["file"]?.string, let size = json["size"]?.integer,
            let digest = json["sha256"]?.string.flatMap({ Data(base64Encoded: $0) })
        else { return nil }
        self.init(name: name, size: size, digest: [UInt8](digest))
    }
    fileprivate var json: JSON {
        [
            "file": .string(name), "size": .integer(size),
            "sha256": .string(Data(digest).base64EncodedString()),
        ]
    }
}

extension FileList.Totals {
    init?(_ json: JSON) {
        guard let count = json["count"]?.integer, let bytes = json["bytes"]?.integer,
            let digest = json["sha256"]?.string.flatMap({ Data(base64Encoded: $0) })
        else { return nil }
        self.init(count: count, bytes: bytes, digest: [UInt8](digest))
    }
    var json: JSON {
        [
            "count": .integer(count), "bytes": .integer(bytes),
            "sha256": .string(Data(digest).base64EncodedString()),
        ]
    }
}
