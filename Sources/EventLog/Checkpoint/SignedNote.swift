import Foundation
import Vault

/// A text with signatures below it (C2SP signed-note).
public struct SignedNote: Hashable, Sendable {
    /// One line `— name base64(hash ‖ signature)`.
    public struct Signature: Hashable, Sendable {
        /// Whose it says it is.
        public let name: String
        /// The key's hash: 4 bytes.
        public let keyHash: [UInt8]
        /// The signature proper; of Ed25519, 64 bytes.
        public let bytes: [UInt8]

        var line: String { "— \(name) \(Data(keyHash + bytes).base64EncodedString())\n" }
    }

    /// The signed text, its last line feed included.
    public let body: String
    /// The signatures, in order.
    public private(set) var signatures: [Signature]

    /// A note that nobody has signed yet.
    /// - Parameter body: it ends with a line feed, and has no other control character.
    public init(body: String) { (self.body, signatures) = (body, []) }

    /// Reads a note. Nil where it is none: it has no signature, or something else stands among them.
    public init?(_ text: String) {
        guard let gap = text.range(of: "\n\n", options: .backwards), text.hasSuffix("\n"),
            !text.unicodeScalars.contains(where: { $0.value < 0x20 && $0 != "\n" })
        else { return nil }
        body = String(text[..<gap.lowerBound]) + "\n"
        let lines = text[gap.upperBound...].split(separator: "\n", omittingEmptySubsequences: false).dropLast()
        signatures = lines.compactMap(Self.signature)
        guard !lines.isEmpty, signatures.count == lines.count else { return nil }
    }

    /// The note as it is stored and published.
    public var text: String { body + "\n" + signatures.map(\.line).joined() }

    /// Adds a signature under the name of a log.
    public mutating func sign(as name: String, with key: SigningKey) {
        guard let verifier = VerifierKey(name: name, publicKey: key.publicKey) else { return }
        signatures.append(
            Signature(name: name, keyHash: verifier.hash, bytes: key.sign(Array(body.utf8))))
    }

    /// Whether the holder of this key has signed it.
    public func isSigned(by key: VerifierKey) -> Bool {
        signatures.contains { signature in
            signature.name == key.name && signature.keyHash == key.hash
                && SigningKey.verify(signature.bytes, of: Array(body.utf8), by: key.publicKey)
        }
    }

    private static func signature(_ line: Substring) -> Signature? {
        let parts = line.split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == "—", VerifierKey.isName(String(parts[1])),
            let bytes = Data(base64Encoded: String(parts[2])), bytes.count > 4
        else { return nil }
        return Signature(name: String(parts[1]), keyHash: Array(bytes.prefix(4)), bytes: Array(bytes.dropFirst(4)))
    }
}
