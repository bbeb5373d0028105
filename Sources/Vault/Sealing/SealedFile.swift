import CSodium
import FoundationEssentials

/// The bytes of a file as a store keeps them: a head, and chunks that open one by one, so that a part of a file is read
/// without the rest (docs/formats/file.md).
///
/// Every file has a key of its own. It stands in the head, sealed under the key of the file's record and, where the
/// file tells of a person, of that person too: when either is destroyed, nobody reads the file again.
public struct SealedFile: Sendable {
    /// Bytes of a chunk before it is sealed; the last one has fewer, or as many.
    public static let chunkLength = 65_536
    /// Bytes of the head.
    public static let headLength = 1 + nonceLength + commitmentLength + AESGCM.keyLength + AESGCM.tag
    private static let nonceLength = 16
    private static let commitmentLength = 32
    /// The version of this form, the first byte.
    private static let version: UInt8 = 1
    private static let label = Array("daybook file 1".utf8)
    private static var nothing: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: nil, count: 0) }

    /// Of which record a file is, and of whom it tells. Moved elsewhere it does not open.
    public struct Place: Sendable, Hashable {
        fileprivate let associated: [UInt8]

        /// - Parameters:
        ///   - file: the id of its record.
        ///   - person: of whom it tells; nil where that is nobody.
        public init(organization: UUID, file: UUID, person: UUID?) {
            func bytes(_ id: UUID) -> [UInt8] { withUnsafeBytes(of: id.uuid) { [UInt8]($0) } }
            associated = bytes(organization) + bytes(file) + bytes(person ?? file)
        }
    }

    private let key: [UInt8]

    /// A new file.
    /// - Parameter key: 32 random bytes, for this file alone.
    public init(key: [UInt8]) {
        precondition(key.count == AESGCM.keyLength, "a file's key has 32 bytes")
        self.key = key
    }

    /// A file that is in a store; nil where its head was made with other keys, or for another place.
    /// - Parameters:
    ///   - own: the key of its record.
    ///   - person: that of the person, where the place names one.
    public init?(head: [UInt8], own: PersonKey, person: PersonKey?, at place: Place) {
        guard head.count == Self.headLength, head[0] == Self.version else { return nil }
        let material = Self.material(Array(head[1...Self.nonceLength]), own, person, place)
        let (commitment, sealed) = (head[17..<49], Array(head[49...]))
        guard isEqual(Array(commitment), Array(material.suffix(Self.commitmentLength))) else { return nil }
        let key = sealed.withUnsafeBytes { sealed in
            AESGCM.open(sealed, key: material, vector: PersonKey.vector, about: Self.nothing)
        }
        guard let key else { return nil }
        self.key = key
    }

    /// The head under these keys.
    /// - Parameter nonce: 16 random bytes, never used twice.
    public func head(own: PersonKey, person: PersonKey?, at place: Place, nonce: [UInt8]) -> [UInt8] {
        precondition(nonce.count == Self.nonceLength, "a nonce has 16 bytes")
        let material = Self.material(nonce, own, person, place)
        let sealed = key.withUnsafeBytes { key in
            AESGCM.seal(key, key: material, vector: PersonKey.vector, about: Self.nothing)
        }
        return [Self.version] + nonce + material.suffix(Self.commitmentLength) + sealed
    }

    /// The key of the head and the commitment to it: 32 bytes each.
    private static func material(
        _ nonce: [UInt8], _ own: PersonKey, _ person: PersonKey?, _ place: Place
    ) -> [UInt8] {
        let both = HMAC.code(
            person?.code(of: label + place.associated) ?? [], key: own.code(of: label + place.associated))
        return nonce.withUnsafeBytes { PersonKey(bytes: both).material($0, place.associated, label: label) }
    }

    // MARK: - How is a chunk sealed?

    /// The `index`th chunk, from 0, with its tag behind it.
    public func seal(_ plain: UnsafeRawBufferPointer, _ index: Int64, isLast: Bool) -> [UInt8] {
        AESGCM.seal(
            plain, key: key, vector: Self.vector(index, isLast), about: Self.nothing)
    }

    /// The plaintext of a chunk; nil where it was changed, stood elsewhere, or is not, or is, the last.
    public func open(_ sealed: UnsafeRawBufferPointer, _ index: Int64, isLast: Bool) -> [UInt8]? {
        AESGCM.open(
            sealed, key: key, vector: Self.vector(index, isLast), about: Self.nothing)
    }

    /// The chunk's number (11 bytes, big-endian), and whether it is the last (1).
    private static func vector(_ index: Int64, _ isLast: Bool) -> [UInt8] {
        [0, 0, 0] + withUnsafeBytes(of: index.bigEndian) { [UInt8]($0) } + [isLast ? 1 : 0]
    }
}

// MARK: - Where does what lie?

extension SealedFile {
    /// Bytes of a chunk that is full, sealed.
    public static let sealedChunkLength = chunkLength + AESGCM.tag

    /// How many chunks a file of so many bytes has: one at the least.
    public static func chunks(of size: Int64) -> Int64 { max(1, (size + Int64(chunkLength) - 1) / Int64(chunkLength)) }

    /// How many bytes it has in the store.
    public static func sealedSize(of size: Int64) -> Int64 {
        Int64(headLength) + size + chunks(of: size) * Int64(AESGCM.tag)
    }

    /// Where in the store a chunk begins.
    public static func offset(of chunk: Int64) -> Int64 { Int64(headLength) + chunk * Int64(sealedChunkLength) }
}
