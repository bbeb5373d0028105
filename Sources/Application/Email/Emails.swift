import CRM
import Dispatch
import EventLog
import FoundationEssentials
import Kernel
import Mail
import Vault

/// E-mails that come from mail programs: archived as interactions, and asked whom an address belongs to.
public struct Emails: Sendable {
    let commands: Commands
    let queries: Queries
    let attachments: Attachments

    /// On the commands, queries and files of one database.
    public init(commands: Commands, queries: Queries, attachments: Attachments) {
        (self.commands, self.queries, self.attachments) = (commands, queries, attachments)
    }

    /// Bytes of a message: 25 MiB, as most mail servers let through.
    public static let limit = 25 << 20
    /// The source under which an archived message is found by its id: `?external_id=message-id:…`.
    static let source = "message-id"

    /// What is wished beside the message.
    public struct Wish: Sendable {
        /// What it is about, where that is said: one of `Subjects`.
        let about: SubjectRef?
        /// Whether strangers are made contacts.
        let makesContacts: Bool

        /// - Throws: `parameter.invalid`.
        public init(_ parameters: [Parameter]) throws(Problem) {
            try ListRequest.refuse(parameters, besides: ["about", "create"])
            about = try parameters.first { $0.name == "about" }.map { parameter throws(Problem) -> SubjectRef in
                let parts = parameter.value.split(separator: ":", maxSplits: 1).map(String.init)
                guard parts.count == 2, Subjects.all.contains(parts[0]), let id = UUID(text: parts[1]) else {
                    let known = Subjects.all.joined(separator: ", ")
                    throw .parameter("about", "Say what it is about as deal:ID; known are \(known).")
                }
                return SubjectRef(parts[0], id)
            }
            let create = parameters.first { $0.name == "create" }?.value
            guard create == nil || create == "contacts" else {
                throw .parameter("create", "Only contacts can be made of those who are not known.")
            }
            makesContacts = create != nil
        }
    }

    /// Archives a message: an interaction of the kind `email`, about what is named, else what the message that it
    /// answers is about, else the person with whom it was, else the member who has it. Who had part in it is found by
    /// address. The same message again changes nothing and is answered with what is there.
    /// - Parameters:
    ///   - bytes: the message as it was sent (RFC 5322), at most `limit`.
    ///   - key: the Idempotency-Key.
    ///   - min: what must be known already of whom an address belongs to.
    /// - Throws: `email.unreadable`, `email.about_missing`; as commands do.
    public func archive(
        _ bytes: [UInt8], _ wish: Wish, by caller: Caller, key: String? = nil, min: PositionToken? = nil
    ) async throws(Problem) -> Archived {
        try Interaction.permit(caller)
        guard bytes.count <= Self.limit else {
            throw Problem("body.too_large", 413, "A message may have at most \(Self.limit) bytes.")
        }
        let message = try await Self.reading(bytes)
        let keys = try await commands.organizationKeys(of: caller.organization)
        let name = message.messageID.flatMap { Normal.key($0) } ?? Self.digest(bytes)
        let id = keys.importID(source: Self.source, entity: Interaction.name, externalID: name)
        var warnings = message.warnings.map { ArchiveWarning($0) }
        let people = try await identified(Correspondent.all(of: message), caller, keys, min: min, &warnings)

        let there = try await archived(id, caller.organization)
        if key == nil, let there {
            return Archived(there, id, people, warnings + [.archivedAlready])
        }
        let ground = ArchivePlan.Ground(
            id: id, caller: caller, now: commands.clock(), correspondents: people, about: wish.about,
            thread: try await thread(of: message, keys, caller.organization), makesContacts: wish.makesContacts)
        let plan = ArchivePlan(message, on: ground, fresh: commands.fresh)
        guard plan.subject != nil else {
            throw Problem("email.about_missing", 422, "Nobody who had part in it is known; say what it is about.")
        }
        // Where it is there already, a repeat gets the first answer and anything else is refused.
        let files = files(of: message, bytes)
        warnings += files.others.prefix(20).map { .fileNotKept($0.name) }
        let filings = there == nil ? try await keep(files.kept, of: plan, as: id, by: caller) : []
        do {
            let answer = try await carryOut(
                plan, filings, by: caller, key: key, comparing: Self.request(id, bytes, wish))
            var moment = plan.occurredAt
            if moment == nil { moment = try await archived(id, caller.organization)?.occurredAt }
            return Archived(answer, id, plan, at: moment, files.kept, warnings + plan.warnings)
        } catch  where error.code == Interaction.Rejection.exists.rawValue {
            guard let there = try await archived(id, caller.organization) else { throw error }
            return Archived(there, id, people, warnings + [.archivedAlready])
        }
    }

    /// By what a request is the same: the message and the wish, whoever is found meanwhile.
    private static func request(_ id: UUID, _ bytes: [UInt8], _ wish: Wish) -> Ask {
        var body: [String: JSON] = ["digest": .string(digest(bytes)), "create": .bool(wish.makesContacts)]
        body["about"] = wish.about.map { [.string($0.entity), .string($0.id.text)] }
        return Ask(Interaction.name, .id(id), "archive", .object(body))
    }
    private static func digest(_ bytes: [UInt8]) -> String { "sha256:" + SHA256.hash(bytes).hex }

    /// A large message takes a while to read: one at a time, on a thread of its own.
    private static let queue = DispatchQueue(label: "daybook.email")

    private static func reading(_ bytes: [UInt8]) async throws(Problem) -> EmailMessage {
        let message = await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: try? EmailMessage(reading: bytes)) }
        }
        guard let message else {
            throw Problem(
                "email.unreadable", 422, "This is no e-mail: not one header can be read. Send the message's source.")
        }
        return message
    }
}

// MARK: What is there already?

extension Emails {
    /// An interaction that holds a message.
    struct Standing: Sendable {
        let version: Int32
        let record: Record
        let position: PositionToken
        let occurredAt: Instant?
    }

    func archived(_ id: UUID, _ organization: UUID) async throws(Problem) -> Standing? {
        var known = WorkingSet(readAt: .max)
        try await commands.load([Reference(Interaction.self, id)], into: &known, organization)
        guard let loaded = known.streams[id], loaded.exists,
            let record = (loaded.state as? Interaction.State).flatMap(Interaction.record)
        else { return nil }
        let first: RecordedEvent?
        do { first = try await commands.reader.stream(organization, id, limit: 1).first } catch { throw .unavailable }
        return Standing(
            version: loaded.version, record: record, position: try await commands.head(of: organization),
            occurredAt: record.instant("happened_at") ?? first?.occurredAt)
    }

    /// The archived message that this one answers, the nearest one, and what that is about, where that is still there.
    private func thread(
        of message: EmailMessage, _ keys: OrganizationKeys, _ organization: UUID
    ) async throws(Problem) -> (id: UUID, subject: SubjectRef?)? {
        let names = (message.inReplyTo + message.references.reversed()).prefix(50).compactMap { Normal.key($0) }
        guard !names.isEmpty else { return nil }
        let ids = names.map { keys.importID(source: Self.source, entity: Interaction.name, externalID: $0) }
        var known = WorkingSet(readAt: .max)
        try await commands.load(ids.map { Reference(Interaction.self, $0) }, into: &known, organization)
        guard let id = ids.first(where: { known.streams[$0]?.exists == true && known.streams[$0]?.isErased == false })
        else { return nil }
        let content = (known.streams[id]?.state as? Interaction.State)?.content
        guard let subject = content?.subject, let entity = CRM.entity(named: subject.entity) else { return (id, nil) }
        try await commands.load([Reference(entity, subject.id)], into: &known, organization)
        let isThere = known.streams[subject.id].map { $0.exists && !$0.isErased } ?? false
        return (id, isThere ? subject : nil)
    }
}

// MARK: Whom does an address belong to?

extension Emails {
    /// The records that have an address of these alone or beside others, as the log's claims say: members, then
    /// contacts.
    func holders(
        of addresses: [String], _ keys: OrganizationKeys, _ organization: UUID
    ) async throws(Problem) -> [String: [Correspondent.Person]] {
        guard !addresses.isEmpty else { return [:] }
        let scopes = [("member.email", Member.name), ("contact.email", Contact.name)]
        var wanted: [(scope: String, digest: [UInt8], address: String, entity: String)] = []
        for (scope, entity) in scopes {
            for address in addresses {
                wanted.append((scope, keys.claimDigest(scope: scope, value: address), address, entity))
            }
        }
        let held: [EventLog.Claim]
        do {
            held = try await commands.reader.holders(organization, wanted.map { ($0.scope, $0.digest) })
        } catch { throw .unavailable }
        var found: [String: [Correspondent.Person]] = [:]
        for one in wanted {
            let streams = held.filter { $0.scope == one.scope && $0.digest == one.digest }.map(\.stream)
            for id in streams.sorted(by: { $0.text < $1.text }) {
                found[one.address, default: []].append(Correspondent.Person(entity: one.entity, id: id))
            }
        }
        return found
    }

    /// Those who had part in a message, with who they are; a stranger with the account that the address suggests.
    private func identified(
        _ correspondents: [Correspondent], _ caller: Caller, _ keys: OrganizationKeys, min: PositionToken?,
        _ warnings: inout [ArchiveWarning]
    ) async throws(Problem) -> [Correspondent] {
        var all = correspondents
        let addresses = all.prefix(Correspondent.most).compactMap(\.normal)
        var known = try await holders(of: addresses, keys, caller.organization)
        let unknown = addresses.filter { known[$0] == nil }
        let found = try await queries.strangers(unknown, by: caller, min: min)
        for lead in found.leads { known[lead.address, default: []].append(lead.person) }
        for index in all.indices {
            guard let address = all[index].normal else { continue }
            let records = known[address] ?? []
            all[index].record = records.first
            if records.count > 1 { warnings.append(.addressShared(address)) }
            if records.isEmpty { all[index].account = Lead.host(ofAddress: address).flatMap { found.accounts[$0] } }
        }
        return all
    }
}
