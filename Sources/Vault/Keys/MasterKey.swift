import FoundationEssentials

/// Who can wrap keys for the database and unwrap them again. The master key here, a key management service elsewhere.
public protocol KeyWrapping: Sendable {
    /// A key as it is stored.
    /// - Parameter context: whose and what for; the same bytes are needed to unwrap it.
    func wrap(_ key: [UInt8], context: [UInt8]) -> [UInt8]
    /// A stored key.
    /// - Throws: `KeyError.notOurs` where another master wrapped it, or for another use.
    func unwrap(_ wrapped: [UInt8], context: [UInt8]) throws(KeyError) -> [UInt8]
}

/// Why a key cannot be had.
public enum KeyError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The master key is not the one that wrapped the keys in the database.
    case notOurs
    /// What was given as master key is not 32 bytes in base64 or hex.
    case malformed

    /// A sentence that says what to do.
    public var description: String {
        switch self {
        case .notOurs:
            "The keys in the database were wrapped with another master key. Start with the one that made it: "
                + "DAYBOOK_MASTER_KEY_FILE names its file."
        case .malformed: "A master key is 32 bytes in base64 or hex. `openssl rand -base64 32` makes one."
        }
    }
}

/// The key that wraps all keys of a database, and is not in it: AES-256-GCM with a random vector, which comes first.
public struct MasterKey: KeyWrapping {
    /// Bytes of it.
    public static let length = 32
    private let bytes: [UInt8]

    /// A key of 32 random bytes.
    public init(bytes: [UInt8]) {
        precondition(bytes.count == Self.length, "a master key has 32 bytes")
        self.bytes = bytes
    }

    /// Reads base64 (44 characters) or hex (64), blanks around it let be.
    /// - Throws: `KeyError.malformed`.
    public init(text: String) throws(KeyError) {
        let text = text.filter { !$0.isWhitespace }
        let hex = stride(from: 0, to: text.utf8.count, by: 2).compactMap { offset in
            UInt8(text.dropFirst(offset).prefix(2), radix: 16)
        }
        let bytes = text.utf8.count == 64 ? hex : Data(base64Encoded: text).map { Array($0) } ?? []
        guard bytes.count == Self.length else { throw .malformed }
        self.init(bytes: bytes)
    }

    /// The key in base64, for its file.
    public var text: String { Data(bytes).base64EncodedString() }

    /// Wraps a key under a random vector.
    public func wrap(_ key: [UInt8], context: [UInt8]) -> [UInt8] {
        let vector = Random.bytes(AESGCM.vectorLength)
        return vector
            + key.withUnsafeBytes { key in
                context.withUnsafeBytes { AESGCM.seal(key, key: bytes, vector: vector, about: $0) }
            }
    }

    /// Unwraps a key.
    public func unwrap(_ wrapped: [UInt8], context: [UInt8]) throws(KeyError) -> [UInt8] {
        guard wrapped.count > AESGCM.vectorLength else { throw .notOurs }
        let key = wrapped.withUnsafeBytes { wrapped in
            context.withUnsafeBytes {
                AESGCM.open(
                    UnsafeRawBufferPointer(rebasing: wrapped[AESGCM.vectorLength...]), key: bytes,
                    vector: Array(wrapped.prefix(AESGCM.vectorLength)), about: $0)
            }
        }
        guard let key else { throw .notOurs }
        return key
    }

    /// What a code is that only the holder of this key can make: for the register of erasures.
    public func code(_ bytes: [UInt8], for use: String) -> [UInt8] {
        var code = HMAC(key: self.bytes)
        code.update(part: Array(use.utf8))
        code.update(bytes)
        return code.finish()
    }
}
