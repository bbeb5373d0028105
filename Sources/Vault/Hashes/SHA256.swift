import CCrypto

/// SHA-256 (FIPS 180-4), in one go or piece by piece. A copy goes on by itself from where it was taken.
///
/// By libcrypto, which uses the processor's own instructions for it: every event that is appended is hashed, and every
/// sealed part that is opened derives a key.
public struct SHA256: Sendable {
    /// Bytes of a digest.
    public static let length = 32
    /// Bytes of the blocks that it works on.
    static let block = 64

    private var state = SHA256_CTX()

    /// The hash of nothing yet.
    public init() { SHA256_Init(&state) }

    /// Adds bytes.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        SHA256_Update(&state, bytes.baseAddress, bytes.count)
    }

    /// Adds bytes.
    public mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// The digest of all that was added: 32 bytes.
    public consuming func finish() -> [UInt8] {
        var hash = self
        return [UInt8](unsafeUninitializedCapacity: Self.length) { buffer, count in
            if let start = buffer.baseAddress { hash.finish(into: start) }
            count = Self.length
        }
    }

    /// Writes the digest of all that was added, 32 bytes, to `digest`. Nothing can be added any more.
    mutating func finish(into digest: UnsafeMutablePointer<UInt8>) { SHA256_Final(digest, &state) }

    /// The digest of `bytes`: 32 bytes.
    public static func hash(_ bytes: [UInt8]) -> [UInt8] {
        var hash = SHA256()
        hash.update(bytes)
        return hash.finish()
    }
}
