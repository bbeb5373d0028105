import Foundation
import Kernel
import Vault

/// A tree's head as it is signed (C2SP tlog-checkpoint): which log, how many lines, what hash.
public struct Checkpoint: Hashable, Sendable {
    /// Which log.
    public let origin: String
    /// How many lines.
    public let size: Int64
    /// The hash of the tree over them: 32 bytes.
    public let root: [UInt8]

    /// A head.
    public init(origin: String, size: Int64, root: [UInt8]) {
        (self.origin, self.size, self.root) = (origin, size, root)
    }

    /// Reads the signed text of a note; nil where it is no checkpoint. Lines behind the third are let be.
    public init?(body: String) {
        let lines = body.split(separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 4, lines.last == "", !lines[0].isEmpty, let size = Int64(lines[1]), size >= 0,
            String(size) == lines[1], let root = Data(base64Encoded: String(lines[2])),
            root.count == MerkleTree.length, root.base64EncodedString() == lines[2],
            !lines.dropLast().contains("")
        else { return nil }
        self.init(origin: String(lines[0]), size: size, root: Array(root))
    }

    /// Reads a note, without judging its signatures.
    public init?(_ note: SignedNote) { self.init(body: note.body) }

    /// The text that is signed.
    public var body: String { "\(origin)\n\(size)\n\(Data(root).base64EncodedString())\n" }

    /// The head signed with `key` in the log's own name.
    public func signed(with key: SigningKey) -> SignedNote {
        var note = SignedNote(body: body)
        note.sign(as: origin, with: key)
        return note
    }

    /// The usual origin of an organization's log.
    public static func origin(of organization: UUID) -> String { "daybook/\(organization.text)" }
}
