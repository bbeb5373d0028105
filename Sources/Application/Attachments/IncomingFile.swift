import CRM
import Files
import FoundationEssentials
import Kernel
import Logging
import Vault

/// A file whose bytes are coming in: sealed and put down chunk by chunk, so that none is ever held whole.
public struct IncomingFile: Sendable {
    /// The id that its record will have.
    public let id: UUID
    let organization: UUID
    let writer: any FileWriter
    let sealing: SealedFile
    private let limit: Int64
    private let log: Logger
    private var hash = SHA256()
    private var size: Int64 = 0
    private var chunks: Int64 = 0
    /// What is no whole chunk yet.
    private var waiting: [UInt8] = []
    /// By which it is told what it is.
    private var beginning: [UInt8] = []

    init(
        _ id: UUID, of organization: UUID, _ writer: any FileWriter, _ sealing: SealedFile, limit: Int64, _ log: Logger
    ) {
        (self.id, self.organization, self.writer, self.sealing) = (id, organization, writer, sealing)
        (self.limit, self.log) = (limit, log)
        waiting.reserveCapacity(2 * SealedFile.chunkLength)
    }

    /// Takes the next bytes.
    /// - Throws: `attachment.too_large`; why the store did not take them.
    public mutating func take(_ bytes: some Collection<UInt8>) async throws(Problem) {
        size += Int64(bytes.count)
        guard size <= limit else { throw .fileTooLarge(limit) }
        if beginning.count < MediaType.looksAt {
            beginning.append(contentsOf: bytes.prefix(MediaType.looksAt - beginning.count))
        }
        // What is in memory whole already is not copied whole.
        var rest = bytes[...]
        while !rest.isEmpty {
            let piece = rest.prefix(Self.atOnce)
            rest = rest.dropFirst(Self.atOnce)
            try await seal(piece)
        }
    }
    private static let atOnce = 16 * SealedFile.chunkLength

    private mutating func seal(_ piece: some Collection<UInt8>) async throws(Problem) {
        waiting.append(contentsOf: piece)
        // The last chunk is sealed as such, so one waits until there is more.
        guard waiting.count > SealedFile.chunkLength else { return }
        var sealed: [UInt8] = []
        var start = 0
        while waiting.count - start > SealedFile.chunkLength {
            let end = start + SealedFile.chunkLength
            let chunk = waiting[start..<end]
            sealed += chunk.withUnsafeBytes { seal($0, isLast: false) }
            start = end
        }
        waiting.removeFirst(start)
        try await put(sealed)
    }

    /// All bytes are there.
    mutating func finish() async throws(Problem) -> ReceivedFile {
        let last = waiting
        try await put(last.withUnsafeBytes { seal($0, isLast: true) })
        let digest = hash.finish()
        return ReceivedFile(
            id: id, size: size, sha256: digest.hex, mediaType: MediaType.sniff(beginning), organization: organization,
            writer: writer, sealing: sealing)
    }

    private mutating func seal(_ plain: UnsafeRawBufferPointer, isLast: Bool) -> [UInt8] {
        hash.update(plain)
        defer { chunks += 1 }
        return sealing.seal(plain, chunks, isLast: isLast)
    }

    private func put(_ bytes: [UInt8]) async throws(Problem) {
        try await log.keeping { () throws(StoreError) in try await writer.write(bytes) }
    }
}

/// A file whose bytes are all there, and of which no record says so yet.
public struct ReceivedFile: Sendable {
    /// The id that its record will have.
    public let id: UUID
    /// How many bytes it has.
    public let size: Int64
    /// Their SHA-256, in hex.
    public let sha256: String
    /// What it is, by its first bytes.
    public let mediaType: String
    let organization: UUID
    let writer: any FileWriter
    let sealing: SealedFile
}
