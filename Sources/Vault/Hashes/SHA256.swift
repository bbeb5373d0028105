import CSodium

/// SHA-256 (FIPS 180-4), in one go or piece by piece. A copy goes on by itself from where it was taken.
public struct SHA256: Sendable {
    /// Bytes of a digest.
    public static let length = 32

    private var state = crypto_hash_sha256_state()

    /// The hash of nothing yet.
    public init() {
        Sodium.ready
        crypto_hash_sha256_init(&state)
    }

    /// Adds bytes.
    public mutating func update(_ bytes: UnsafeRawBufferPointer) {
        let start = bytes.bindMemory(to: UInt8.self).baseAddress
        crypto_hash_sha256_update(&state, start, UInt64(bytes.count))
    }

    /// Adds bytes.
    public mutating func update(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { update($0) }
    }

    /// The digest of all that was added: 32 bytes.
    public consuming func finish() -> [UInt8] {
        var state = state
        return [UInt8](unsafeUninitializedCapacity: Self.length) { buffer, count in
            count = Self.length
            if let start = buffer.baseAddress { crypto_hash_sha256_final(&state, start) }
        }
    }

    /// The digest of `bytes`: 32 bytes.
    public static func hash(_ bytes: [UInt8]) -> [UInt8] {
        var hash = SHA256()
        hash.update(bytes)
        return hash.finish()
    }
}
