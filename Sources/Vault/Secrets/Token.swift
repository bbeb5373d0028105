import CSodium

/// An opaque bearer token: 256 random bits. The client gets the text, the database only the digest.
public struct Token: Sendable {
    /// 43 characters of base64url (RFC 4648 §5, no padding).
    public let text: String
    /// SHA-256 of the text: what is stored and looked up.
    public let digest: [UInt8]

    /// A new token.
    public init() {
        Sodium.ready
        let bytes = Random.bytes(Token.bytes)
        var encoded = [CChar](repeating: 0, count: Token.characters + 1)
        sodium_bin2base64(
            &encoded, encoded.count, bytes, bytes.count, sodium_base64_VARIANT_URLSAFE_NO_PADDING)
        text = String(decoding: encoded.prefix(Token.characters).map(UInt8.init(bitPattern:)), as: UTF8.self)
        digest = SHA256.hash(Array(text.utf8))
    }

    /// The digest to look for when a client shows `text`; nil where it cannot be a token.
    public static func digest(of text: String) -> [UInt8]? {
        let characters = Array(text.utf8)
        guard characters.count == Token.characters, characters.allSatisfy(isBase64URL) else { return nil }
        return SHA256.hash(characters)
    }

    private static let bytes = 32
    private static let characters = 43

    private static func isBase64URL(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"):
            true
        default: false
        }
    }
}
