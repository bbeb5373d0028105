import CSodium

/// An Ed25519 key that signs (RFC 8032), by libsodium.
public struct SigningKey: Sendable {
    /// Bytes of a seed.
    public static let seedLength = 32
    /// What the key is made of: 32 secret bytes.
    public let seed: [UInt8]
    /// The public key: 32 bytes.
    public let publicKey: [UInt8]
    private let secret: [UInt8]

    /// The key of a seed of 32 random bytes.
    public init(seed: [UInt8]) {
        precondition(seed.count == Self.seedLength, "a seed has 32 bytes")
        Sodium.ready
        self.seed = seed
        var open = [UInt8](repeating: 0, count: Int(crypto_sign_publickeybytes()))
        var secret = [UInt8](repeating: 0, count: Int(crypto_sign_secretkeybytes()))
        crypto_sign_seed_keypair(&open, &secret, seed)
        (publicKey, self.secret) = (open, secret)
    }

    /// The signature of `message`: 64 bytes.
    public func sign(_ message: [UInt8]) -> [UInt8] {
        var signature = [UInt8](repeating: 0, count: Int(crypto_sign_bytes()))
        crypto_sign_detached(&signature, nil, message, UInt64(message.count), secret)
        return signature
    }

    /// Whether `signature` is that of `message` by the holder of `publicKey`.
    public static func verify(_ signature: [UInt8], of message: [UInt8], by publicKey: [UInt8]) -> Bool {
        Sodium.ready
        guard signature.count == Int(crypto_sign_bytes()), publicKey.count == Int(crypto_sign_publickeybytes()) else {
            return false
        }
        return crypto_sign_verify_detached(signature, message, UInt64(message.count), publicKey) == 0
    }
}
