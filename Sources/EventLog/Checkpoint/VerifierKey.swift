import Foundation
import Kernel
import Vault

/// A public key by which heads are checked: a C2SP signed-note vkey, `name+hash+key`.
public struct VerifierKey: Hashable, Sendable {
    /// Ed25519 in signed notes.
    private static let algorithm: UInt8 = 0x01

    /// Whose key: the origin of a log.
    public let name: String
    /// The Ed25519 public key: 32 bytes.
    public let publicKey: [UInt8]

    /// A key of that name. Nil where the name cannot stand in a note (it is empty, or has a space or a plus) or the key
    /// has not 32 bytes.
    public init?(name: String, publicKey: [UInt8]) {
        guard publicKey.count == 32, Self.isName(name) else { return nil }
        (self.name, self.publicKey) = (name, publicKey)
    }

    /// Reads a vkey; nil where it is none, or its hash is not that of its key.
    public init?(_ text: String) {
        let parts = text.split(separator: "+", maxSplits: 2, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 3, let bytes = Data(base64Encoded: parts[2]), bytes.first == Self.algorithm,
            bytes.base64EncodedString() == parts[2]
        else { return nil }
        self.init(name: parts[0], publicKey: Array(bytes.dropFirst()))
        guard parts[1] == hash.hex else { return nil }
    }

    /// The first four bytes of SHA-256(name ‖ LF ‖ 0x01 ‖ key): what a signature begins with.
    public var hash: [UInt8] {
        Array(SHA256.hash(Array(name.utf8) + [0x0A, Self.algorithm] + publicKey).prefix(4))
    }

    /// `name+hash+key`: the hash in hex, the key with its algorithm in base64.
    public var text: String {
        "\(name)+\(hash.hex)+\(Data([Self.algorithm] + publicKey).base64EncodedString())"
    }

    static func isName(_ name: String) -> Bool {
        !name.isEmpty && !name.unicodeScalars.contains { $0 == "+" || $0.properties.isWhitespace }
    }
}
