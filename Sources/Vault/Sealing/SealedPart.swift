import FoundationEssentials

/// What of an event only the holder of one person's key can read (DESIGN §5). An event may have several.
public struct SealedPart: Sendable, Hashable {
    /// What the plaintext is.
    public enum Kind: UInt8, Sendable {
        /// Members of the event's data, at the paths where they stand there. (Not an RFC 7396 patch: that has no null.)
        case data = 0
        /// What is known of the caller: `address`, `agent`. Never merged into data.
        case caller = 1
    }
    /// Bytes of a nonce.
    public static let nonceLength = 16
    static let commitmentLength = 32

    /// What the plaintext is.
    public let kind: Kind
    /// Whose key sealed it: a stream's id.
    public let person: UUID
    /// Random, used once: 16 bytes.
    public let nonce: [UInt8]
    /// Binds the ciphertext to one key: 32 bytes.
    public let commitment: [UInt8]
    /// AES-256-GCM, with its tag at the end.
    public let ciphertext: [UInt8]
}

/// An event's sealed parts as the log keeps them: 0x01, then of each part its kind (1 byte), person (16), nonce (16),
/// commitment (32), the ciphertext's length (4, big-endian) and the ciphertext with its tag.
public enum SealedParts {
    /// The version of this form, the first byte.
    static let version: UInt8 = 1
    private static let headLength = 1 + 16 + SealedPart.nonceLength + SealedPart.commitmentLength + 4

    /// Why bytes are no sealed parts.
    public struct Malformed: Error, Hashable, Sendable {}

    /// Where one part lies.
    public struct View {
        /// What the plaintext is.
        public let kind: SealedPart.Kind
        /// Whose key sealed it.
        public let person: UUID
        let nonce: UnsafeRawBufferPointer
        let commitment: UnsafeRawBufferPointer
        let ciphertext: UnsafeRawBufferPointer
    }

    /// What the log keeps; nil where there is no part.
    public static func bytes(_ parts: [SealedPart]) -> [UInt8]? {
        if parts.isEmpty { return nil }
        var bytes = [version]
        for part in parts {
            bytes.append(part.kind.rawValue)
            withUnsafeBytes(of: part.person.uuid) { bytes.append(contentsOf: $0) }
            bytes += part.nonce
            bytes += part.commitment
            withUnsafeBytes(of: UInt32(part.ciphertext.count).bigEndian) { bytes.append(contentsOf: $0) }
            bytes += part.ciphertext
        }
        return bytes
    }

    /// Goes over the parts without copying them.
    /// - Throws: `Malformed`, or what `body` throws.
    public static func walk(_ bytes: UnsafeRawBufferPointer, _ body: (View) throws -> Void) throws {
        guard bytes.count > 1, bytes[0] == version else { throw Malformed() }
        var rest = UnsafeRawBufferPointer(rebasing: bytes[1...])
        while !rest.isEmpty {
            guard rest.count >= headLength, let kind = SealedPart.Kind(rawValue: rest[0]) else { throw Malformed() }
            let size = Int(UInt32(bigEndian: rest.loadUnaligned(fromByteOffset: headLength - 4, as: UInt32.self)))
            guard size >= AESGCM.tag, rest.count >= headLength + size else { throw Malformed() }
            let person = UUID(uuid: rest.loadUnaligned(fromByteOffset: 1, as: uuid_t.self))
            try body(
                View(
                    kind: kind, person: person, nonce: part(rest, 17, SealedPart.nonceLength),
                    commitment: part(rest, 33, SealedPart.commitmentLength), ciphertext: part(rest, headLength, size)))
            rest = UnsafeRawBufferPointer(rebasing: rest[(headLength + size)...])
        }
    }

    /// Whose keys the parts want, in order.
    public static func persons(_ bytes: [UInt8]) throws -> [UUID] {
        var persons: [UUID] = []
        try bytes.withUnsafeBytes { try walk($0) { persons.append($0.person) } }
        return persons
    }

    private static func part(
        _ bytes: UnsafeRawBufferPointer, _ start: Int, _ count: Int
    ) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: bytes[start..<start + count])
    }
}
