import CSodium
import FoundationEssentials

/// A person's key, or a record's: seals and opens parts of events.
///
/// Each part has a key of its own and a commitment to it, HKDF-Expand-SHA-256 (RFC 5869 §2.3) of this key: whoever
/// holds two keys cannot make one part that opens under both.
public struct PersonKey: Sendable {
    /// Bytes of a key.
    public static let length = 32

    /// The HMAC before its first byte: the key is hashed once.
    private let code: HMAC

    /// A key of 32 random bytes.
    public init(bytes: [UInt8]) {
        precondition(bytes.count == Self.length, "a key has 32 bytes")
        code = HMAC(key: bytes)
    }

    /// Seals what of an event concerns this person.
    /// - Parameters:
    ///   - plain: a compact JSON object.
    ///   - nonce: 16 random bytes, never used twice.
    public func seal(
        _ plain: [UInt8], _ kind: SealedPart.Kind, of person: UUID, at place: SealingPlace, nonce: [UInt8]
    ) -> SealedPart {
        precondition(nonce.count == SealedPart.nonceLength, "a nonce has 16 bytes")
        let associated = place.associated(kind, person)
        let material = nonce.withUnsafeBytes { self.material($0, associated) }
        let ciphertext: [UInt8] = plain.withUnsafeBytes { plain in
            associated.withUnsafeBytes { AESGCM.seal(plain, key: material, vector: Self.vector, about: $0) }
        }
        return SealedPart(
            kind: kind, person: person, nonce: nonce, commitment: Array(material.suffix(SealedPart.commitmentLength)),
            ciphertext: ciphertext)
    }

    /// The plaintext of a part; nil where it was sealed with another key or belongs elsewhere.
    public func open(_ part: SealedParts.View, at place: SealingPlace) -> [UInt8]? {
        let associated = place.associated(part.kind, part.person)
        let material = self.material(part.nonce, associated)
        let isCommitted = material.withUnsafeBytes { material in
            sodium_memcmp(
                material.baseAddress.map { $0 + AESGCM.keyLength }, part.commitment.baseAddress,
                SealedPart.commitmentLength) == 0
        }
        guard isCommitted else { return nil }
        return associated.withUnsafeBytes {
            AESGCM.open(part.ciphertext, key: material, vector: Self.vector, about: $0)
        }
    }

    /// A key is used once, so its vector may always be the same.
    static let vector = [UInt8](repeating: 0, count: AESGCM.vectorLength)
    fileprivate static let label = Array("daybook part 1".utf8)

    /// A code that only the holder of this key can make.
    func code(of bytes: [UInt8]) -> [UInt8] {
        var code = code
        code.update(bytes)
        return code.finish()
    }

    /// A key that is used once and the commitment to it: 32 bytes each.
    func material(
        _ nonce: UnsafeRawBufferPointer, _ associated: [UInt8], label: [UInt8] = PersonKey.label
    ) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: 2 * SHA256.length) { buffer, count in
            guard let start = buffer.baseAddress else { return }
            for block in 0..<2 {
                var code = code
                if block > 0 { code.update(UnsafeRawBufferPointer(start: start, count: SHA256.length)) }
                code.update(label)
                code.update(nonce)
                code.update(associated)
                withUnsafeBytes(of: UInt8(block + 1)) { code.update($0) }
                code.finish(into: start + block * SHA256.length)
            }
            count = 2 * SHA256.length
        }
    }
}
