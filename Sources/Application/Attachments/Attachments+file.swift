import CRM
import EventLog
import Files
import FoundationEssentials
import Kernel
import Logging
import Vault

// MARK: How does a file become a record?

extension Attachments {
    /// Receives a file: `body` hands over its bytes. Nobody sees it before it is filed (`file`); where it shall not be,
    /// it is dropped (`drop`).
    /// - Parameter id: that its record will have; a fresh one unless told otherwise.
    /// - Throws: what `body` throws; `attachment.too_large`, `attachment.no_store`, why the store does not take it.
    public func receive(
        in organization: UUID, as id: UUID? = nil, _ body: (inout IncomingFile) async throws(Problem) -> Void
    ) async throws(Problem) -> ReceivedFile {
        let id = id ?? commands.fresh()
        let name = FileName(organization, id)
        let store = try store()
        let writer = try await log.keeping { () throws(StoreError) in
            try await store.begin(name, headLength: SealedFile.headLength)
        }
        let sealing = SealedFile(key: Random.bytes(PersonKey.length))
        var incoming = IncomingFile(id, of: organization, writer, sealing, limit: limit, log)
        do throws(Problem) {
            try await body(&incoming)
            return try await incoming.finish()
        } catch {
            await writer.abandon()
            throw error
        }
    }

    /// Receives a file that is in memory.
    public func receive(
        _ bytes: some Collection<UInt8> & Sendable, in organization: UUID, as id: UUID? = nil
    ) async throws(Problem) -> ReceivedFile {
        try await receive(in: organization, as: id) { incoming throws(Problem) in try await incoming.take(bytes) }
    }

    /// A file in its place, with the command that makes its record: to be executed, alone or with others as one unit
    /// (`Commands.execute(_:filing:)`), and withdrawn (`withdraw`) where that fails.
    public struct Filing: Sendable {
        /// Registers the file.
        public let ask: Ask
        /// The record.
        public let id: UUID
        let name: FileName
        let key: PersonKeys.Minted
        /// Of persons whose records the same unit makes.
        var persons: [UUID: PersonKeys.Minted] = [:]
    }

    /// Puts a file in its place, sealed for whom it concerns.
    /// - Parameters:
    ///   - members: what is said of it besides its bytes: `filename`, `subject`, and optionally `description`, `custom`
    ///     and `person`. Without that, the person whom the subject concerns is meant.
    ///   - declaredType: as whoever sent it called it.
    /// - Throws: `person.erased`, why the store does not take it; it is dropped then.
    public func file(
        _ received: ReceivedFile, _ members: [String: JSON], declaredType: String? = nil
    ) async throws(Problem) -> Filing {
        try await file(received, members, declaredType: declaredType, with: [:])
    }

    /// The same where the person may be one whose record the same unit makes.
    /// - Parameter made: the keys of such persons.
    func file(
        _ received: ReceivedFile, _ members: [String: JSON], declaredType: String?,
        with made: [UUID: PersonKeys.Minted]
    ) async throws(Problem) -> Filing {
        do throws(Problem) {
            let (organization, id) = (received.organization, received.id)
            var body = try described(received, members, declaredType)
            let person = try await person(body, organization)
            body["person"] = person?.json
            let minted = commands.persons.mint(organization, id)
            var key: PersonKey?
            if let person {
                if let minted = made[person.id] {
                    key = minted.key
                } else {
                    key = try await self.key(of: person.id, organization)
                }
            }
            let place = SealedFile.Place(organization: organization, file: id, person: person?.id)
            let head = received.sealing.head(
                own: minted.key, person: key, at: place, nonce: Random.bytes(SealedPart.nonceLength))
            try await log.keeping { () throws(StoreError) in try await received.writer.finish(head: head) }
            return Filing(
                ask: Ask(Attachment.name, .id(id), "register", .object(body)), id: id,
                name: FileName(organization, id), key: minted, persons: made)
        } catch {
            await drop(received)
            throw error
        }
    }

    /// The body of the command, in its normal form.
    private func described(
        _ received: ReceivedFile, _ members: [String: JSON], _ declaredType: String?
    ) throws(Problem) -> [String: JSON] {
        let bytes = Attachment.Bytes(
            mediaType: received.mediaType, declaredType: declaredType.flatMap(MediaType.declared), size: received.size,
            sha256: received.sha256,
            scan: options.scanner == nil ? .none : .pending)
        var flaws: [Flaw] = []
        let body = Attachment.taken(by: "register")
            .normal(members.merging(bytes.members) { $1 }, partial: false, flaws: &flaws)
        guard flaws.isEmpty else { throw .invalid(flaws) }
        return body
    }

    /// Leaves nothing of a file that was received and not filed.
    public func drop(_ received: ReceivedFile) async { await received.writer.abandon() }

    /// Takes a file away again whose record was not made. What fails is left to the sweep.
    public func withdraw(_ filing: Filing) async { try? await options.store?.remove(filing.name) }

    /// Makes the record of a received file, and nothing else.
    /// - Throws: why not; the file is gone then.
    public func add(
        _ received: ReceivedFile, _ members: [String: JSON], declaredType: String? = nil, by caller: Caller,
        key: String? = nil
    ) async throws(Problem) -> Answer {
        let filing = try await file(received, members, declaredType: declaredType)
        do throws(Problem) {
            let answer = try await commands.execute([filing.ask], filing: [filing], by: caller, key: key)
            // A repeat is answered with the file of the first time.
            if answer.results.first?.id != filing.id { await withdraw(filing) }
            return answer
        } catch {
            // It may have been written and only not be known: then the sweep decides.
            if error.code != "outcome.unknown" { await withdraw(filing) }
            throw error
        }
    }

    // MARK: Whom does a file concern?

    /// Whose person the subject concerns, unless another is named: the contact, lead or member that it is, or with whom
    /// it was.
    private func person(_ members: [String: JSON], _ organization: UUID) async throws(Problem) -> SubjectRef? {
        if let named = SubjectRef(members["person"]) { return named }
        guard let subject = SubjectRef(members["subject"]), let entity = CRM.entity(named: subject.entity) else {
            return nil
        }
        if Subjects.people.contains(subject.entity) { return subject }
        var known = WorkingSet(readAt: .max)
        try await commands.load([Reference(entity, subject.id)], into: &known, organization)
        guard let person = known.streams[subject.id].flatMap({ entity.person(of: $0) }) else { return nil }
        let first: String?
        do { first = try await commands.reader.stream(organization, person, limit: 1).first?.type } catch {
            throw .unavailable
        }
        return first.map { SubjectRef(String($0.prefix { $0 != "." }), person) }
    }

    /// - Throws: `person.erased`; where there is no such person, the command will say so.
    private func key(of person: UUID, _ organization: UUID) async throws(Problem) -> PersonKey? {
        switch try await commands.standings(of: [person], organization)[person] {
        case .held(let key): key
        case .erased: throw .erased
        case nil: nil
        }
    }
}

extension Entity {
    /// Of whom a record tells.
    fileprivate static func person(of loaded: Loaded) -> UUID? { (loaded.state as? State).flatMap(person) }
}

extension [Attachments.Filing] {
    /// The keys of their records, and of the persons who come with them.
    var keys: [UUID: PersonKeys.Minted] {
        reduce(into: [:]) { keys, filing in
            keys[filing.id] = filing.key
            keys.merge(filing.persons) { $1 }
        }
    }

    /// Commands as a repeat of the request states them again: a file that comes again gets another id.
    func anew(_ asks: [Ask]) -> [Ask] {
        let own = Set(map { Ask.Target.id($0.id) })
        return asks.map { ask in
            guard own.contains(ask.target) else { return ask }
            return Ask(ask.entity, .new, ask.act, ask.body, occurredAt: ask.occurredAt)
        }
    }
}
