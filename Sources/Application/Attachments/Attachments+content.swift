import CRM
import Files
import FoundationEssentials
import Kernel
import Logging
import Vault

// MARK: Who gets the bytes of a file?

extension Attachments {
    /// A file that somebody may have, and how to read it.
    public struct Content: Sendable {
        /// What it is called.
        public let filename: String
        /// What it is, by its first bytes.
        public let mediaType: String
        /// How many bytes it has.
        public let size: Int64
        /// Their SHA-256, in hex.
        public let sha256: String
        /// Whether it waits for the scanner.
        let isPending: Bool
        let name: FileName
        let sealed: SealedFile
        let store: any FileStore
        let log: Logger
    }

    /// What bytes are wanted for.
    public enum Purpose: Sendable {
        /// To be had, as far as nothing speaks against it.
        case handingOut
        /// An owner looks at what a scanner found something in.
        case inspecting
        /// A scanner looks.
        case scanning
    }

    /// The bytes of an attachment.
    /// - Throws: `attachment.not_found`, `.archived`, `.removed`, `.not_scanned`, `.quarantined`, `.missing`;
    ///   `person.erased`; `auth.forbidden` to whoever inspects and is no owner.
    public func content(
        _ id: UUID, by caller: Caller, for purpose: Purpose = .handingOut
    ) async throws(Problem) -> Content {
        let (organization, store) = (caller.organization, try store())
        var known = WorkingSet(readAt: .max)
        try await commands.load([Reference(Attachment.self, id)], into: &known, organization)
        guard let loaded = known.streams[id], let state = loaded.state as? Attachment.State, let file = state.content
        else { throw .absent(Attachment.name) }
        if loaded.isErased { throw .erased }
        if file["removed"] == true { throw .refused(Attachment.Rejection.removed) }
        try Self.permit(purpose, file, isArchived: state == .archived(file), caller)
        let name = FileName(organization, id)
        let sealed = try await open(name, of: Attachment.person(state), store)
        return Content(
            filename: file.text("filename") ?? id.text, mediaType: file.text("media_type") ?? MediaType.unknown,
            size: file["size"]?.integer ?? 0, sha256: file.text("sha256") ?? "",
            isPending: file.text("scan") == Attachment.Scan.pending.rawValue, name: name, sealed: sealed, store: store,
            log: log)
    }

    private static func permit(
        _ purpose: Purpose, _ file: Record, isArchived: Bool, _ caller: Caller
    ) throws(Problem) {
        if case .scanning = purpose { return }
        if isArchived { throw .refused(Attachment.Rejection.archived) }
        switch (file.text("scan").flatMap(Attachment.Scan.init), purpose) {
        case (Attachment.Scan.none?, _), (.clean, _), (nil, _): return
        case (.pending, _):
            throw Problem(
                "attachment.not_scanned", 409, "The file waits for the virus scanner; ask again in a moment.",
                retryAfter: 5)
        case (.infected, .handingOut):
            throw Problem(
                "attachment.quarantined", 403,
                "A virus scanner found something in the file; finding says what. An owner may look: quarantined=true.")
        case (.infected, _):
            guard caller.role == .owner else { throw .forbidden("Only owners may look at what is in quarantine.") }
        }
    }

    /// The key of a file, from its head.
    private func open(_ name: FileName, of person: UUID?, _ store: any FileStore) async throws(Problem) -> SealedFile {
        let wanted = Set([name.id, person].compactMap { $0 })
        var keys: [UUID: PersonKey] = [:]
        for (id, standing) in try await commands.standings(of: wanted, name.organization) {
            switch standing {
            case .held(let key): keys[id] = key
            case .erased: throw .erased
            }
        }
        guard let own = keys[name.id], keys.count == wanted.count else { throw .keyMissing }
        let head: [UInt8]
        do { head = try await store.read(name, at: 0, count: SealedFile.headLength) } catch {
            log.error("a file could not be read", metadata: ["attachment": "\(name.id.text)", "error": "\(error)"])
            switch error {
            case .absent: throw .fileMissing
            case .full, .refused, .unavailable: throw Problem(error)
            }
        }
        let place = SealedFile.Place(organization: name.organization, file: name.id, person: person)
        guard let sealed = SealedFile(head: head, own: own, person: person.flatMap { keys[$0] }, at: place) else {
            log.error("a file is not the one that was sealed", metadata: ["attachment": "\(name.id.text)"])
            throw .fileMissing
        }
        return sealed
    }
}

extension Attachments.Content {
    /// Hands over some of the bytes, a few chunks at a time.
    /// - Parameter range: within `0..<size`.
    /// - Throws: what `send` throws; `attachment.missing` where the file was damaged, after what was sound was sent.
    public func read(_ range: Range<Int64>, _ send: ([UInt8]) async throws -> Void) async throws {
        let length = Int64(SealedFile.chunkLength)
        let atOnce = max(1, Int64(store.piece) / Int64(SealedFile.sealedChunkLength))
        var chunk = range.lowerBound / length
        while chunk * length < range.upperBound {
            let last = min(chunk + atOnce - 1, (range.upperBound - 1) / length)
            let plain = try await chunks(chunk...last)
            let start = chunk * length
            let (from, to) = (
                max(range.lowerBound, start) - start, min(range.upperBound, start + Int64(plain.count)) - start
            )
            try await send(from == 0 && to == Int64(plain.count) ? plain : Array(plain[Int(from)..<Int(to)]))
            chunk = last + 1
        }
    }

    private func chunks(_ range: ClosedRange<Int64>) async throws(Problem) -> [UInt8] {
        let all = SealedFile.chunks(of: size)
        let offset = SealedFile.offset(of: range.lowerBound)
        let end = min(SealedFile.offset(of: range.upperBound + 1), SealedFile.sealedSize(of: size))
        let bytes = try await log.keeping { () throws(StoreError) in
            try await store.read(name, at: offset, count: Int(end - offset))
        }
        var plain: [UInt8] = []
        plain.reserveCapacity(bytes.count)
        var rest = bytes[...]
        for index in range {
            let piece = rest.prefix(SealedFile.sealedChunkLength)
            let opened = piece.withUnsafeBytes { sealed.open($0, index, isLast: index == all - 1) }
            guard let opened else {
                log.error("a file is damaged", metadata: ["attachment": "\(name.id.text)"])
                throw .fileMissing
            }
            plain += opened
            rest = rest.dropFirst(piece.count)
        }
        return plain
    }
}

extension Problem {
    /// The record is there and its bytes are not, or not as they were sealed.
    static let fileMissing = Problem(
        "attachment.missing", 500, "The bytes of this attachment are not in the store: bring them back from a backup.")
}
