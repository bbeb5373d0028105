import CRM
import FoundationEssentials
import Kernel
import Mail

/// What archiving a message asks for, of what is known. Pure.
struct ArchivePlan: Sendable {
    /// What is known beside the message.
    struct Ground: Sendable {
        /// The interaction's id, which follows from the message's.
        let id: UUID
        let caller: Caller
        let now: Instant
        /// Who had part in it.
        let correspondents: [Correspondent]
        /// What the caller says it is about.
        let about: SubjectRef?
        /// The archived message that it answers, and what that one is about.
        let thread: (id: UUID, subject: SubjectRef?)?
        /// Whether strangers are to be contacts.
        let makesContacts: Bool
    }
    /// What an answer tells beside what the commands do.
    private(set) var warnings: [ArchiveWarning] = []
    /// Who had part in it, those who are contacts from now on included.
    private(set) var correspondents: [Correspondent]
    /// In order: contacts that are made, then the interaction.
    private(set) var asks: [Ask] = []
    private(set) var subject: SubjectRef?
    /// Whose words it holds; nil: they are the record's.
    private(set) var person: SubjectRef?
    /// The contacts that are made.
    private(set) var made: Set<UUID> = []
    private(set) var direction = "inbound"
    private(set) var occurredAt: Instant?

    /// The most strangers of a message that are kept, and that are made contacts.
    static let mostStrangers = 50

    init(_ message: EmailMessage, on ground: Ground, fresh: () -> UUID) {
        correspondents = Array(ground.correspondents.prefix(Correspondent.most))
        if ground.correspondents.count > Correspondent.most {
            warnings.append(.participantsLeftOut(ground.correspondents.count - Correspondent.most))
        }
        if ground.makesContacts { makeContacts(for: ground.caller, fresh) }
        subject = ground.about ?? self.subject(on: ground)
        settleDirection()
        settleMoment(message, ground.now)
        let body = body(message, ground)
        asks.append(Ask(Interaction.name, .id(ground.id), "log", .object(body), occurredAt: occurredAt))
        person = Interaction.person(.active(Interaction.Content(fields: Record(body)))).map(named)
    }

    /// What the message is about that it answers; else with whom it was; else, until somebody says more, the member who
    /// has it.
    private func subject(on ground: Ground) -> SubjectRef? {
        let thread = ground.thread?.subject
        if let thread, thread.entity != Member.name { return thread }
        let known = customer.map { SubjectRef($0.entity, $0.id) } ?? thread
        return known ?? owner(ground.caller).map { SubjectRef(Member.name, $0) }
    }

    // MARK: Who are they?

    /// The record of this id that had part in it, or that it is about.
    private func named(_ id: UUID) -> SubjectRef {
        if let subject, subject.id == id { return subject }
        let record = correspondents.compactMap(\.record).first { $0.id == id }
        return SubjectRef(record?.entity ?? Contact.name, id)
    }

    private mutating func makeContacts(for caller: Caller, _ fresh: () -> UUID) {
        for index in correspondents.indices where correspondents[index].record == nil {
            guard correspondents[index].normal != nil, made.count < Self.mostStrangers else { continue }
            var contact = correspondents[index].contact
            if caller.kind == .member { contact["owner_id"] = .string(caller.actor.text) }
            let id = fresh()
            made.insert(id)
            asks.append(Ask(Contact.name, .id(id), "create", .object(contact)))
            correspondents[index].record = Correspondent.Person(entity: Contact.name, id: id)
        }
    }

    /// With whom it was: who wrote it, else to whom it went, contacts before leads.
    private var customer: Correspondent.Person? {
        let known = correspondents.compactMap { one in one.record.map { (one.role, $0) } }
        let writer = known.first { $0.0 == .from && $0.1.entity != Member.name }
        return (writer ?? known.first { $0.1.entity == Contact.name } ?? known.first { $0.1.entity == Lead.name })?.1
    }
    private var contact: UUID? {
        if let customer, customer.entity == Contact.name { return customer.id }
        return correspondents.first { $0.record?.entity == Contact.name }?.record?.id
    }
    private var strangers: [Correspondent] { correspondents.filter { $0.record == nil } }

    private mutating func settleDirection() {
        let writers = correspondents.filter { $0.role == .from }
        guard writers.contains(where: { $0.record?.entity == Member.name }) else { return }
        let isWithinUs = correspondents.allSatisfy { $0.record?.entity == Member.name }
        direction = isWithinUs && correspondents.count > writers.count ? "internal" : "outbound"
    }

    // MARK: When was it?

    /// Before anybody wrote e-mails.
    private static let dawn = Instant(Day("1971-01-01") ?? Day(number: 0))

    /// When it was written, as it says itself; where that cannot be, when a server took it; else now.
    private mutating func settleMoment(_ message: EmailMessage, _ now: Instant) {
        func isSane(_ moment: Instant) -> Bool { moment > Self.dawn && moment <= now }
        if let said = message.date?.instant, isSane(said) {
            occurredAt = said
            return
        }
        occurredAt = message.receivedAt.flatMap { isSane($0) ? $0 : nil }
        if let said = message.date?.instant {
            warnings.append(.dateNotTaken(said, instead: occurredAt))
        } else {
            warnings.append(.dateAssumed(occurredAt))
        }
    }

    // MARK: What is logged?

    private mutating func body(_ message: EmailMessage, _ ground: Ground) -> [String: JSON] {
        var open: [String: JSON] = ["kind": "email", "direction": .string(direction)]
        open["subject"] = subject.map { ["entity": .string($0.entity), "id": .string($0.id.text)] }
        open["contact_id"] = contact.map { .string($0.text) }
        open["in_reply_to_id"] = ground.thread.map { .string($0.id.text) }
        open["owner_id"] = owner(ground.caller).map { .string($0.text) }
        var participants: [String: JSON] = [:]
        for one in correspondents {
            guard let record = one.record, participants[record.id.text] == nil else { continue }
            participants[record.id.text] = ["entity": .string(record.entity), "role": .string(one.role.rawValue)]
        }
        if !participants.isEmpty { open["participants"] = .object(participants) }

        var personal: [String: JSON] = [:]
        personal["message_id"] = message.messageID.flatMap { MailText.line($0, 500) }.map { .string($0) }
        if let title = message.subject.flatMap({ MailText.line($0, .max) }) {
            personal["title"] = MailText.line(title, 200).map { .string($0) }
            if title.unicodeScalars.count > 200 { warnings.append(.subjectShortened) }
        }
        keepStrangers(in: &personal)
        let room = Self.room(beside: open, personal)
        if let text = message.text.flatMap(MailText.paragraph) {
            let kept = Self.shortened(text, to: room)
            if kept != text { warnings.append(.textShortened) }
            if !kept.isEmpty { personal["text"] = .string(kept) }
        }
        return open.merging(personal) { $1 }
    }

    /// Who of us took part.
    private func owner(_ caller: Caller) -> UUID? {
        let member = correspondents.first { $0.record?.entity == Member.name }?.record?.id
        return member ?? (caller.kind == .member ? caller.actor : nil)
    }

    private mutating func keepStrangers(in personal: inout [String: JSON]) {
        let all = strangers
        guard !all.isEmpty else { return }
        if all.count > Self.mostStrangers {
            warnings.append(.participantsLeftOut(all.count - Self.mostStrangers))
        }
        let kept = all.prefix(Self.mostStrangers).enumerated().map { index, one -> (String, JSON) in
            var stranger: [String: JSON] = [
                "email": .string(one.normal ?? one.address), "role": .string(one.role.rawValue),
            ]
            stranger["name"] = one.name.map { .string($0) }
            return (String(index + 1), .object(stranger))
        }
        personal["strangers"] = .object(Dictionary(kept) { $1 })
    }

    /// How many bytes of text an event's line has room for beside the rest: sealed and in base64 it is a third longer.
    private static func room(beside open: [String: JSON], _ personal: [String: JSON]) -> Int {
        let rest = JSON.object(open).bytes.count + 2_500
        return max(0, (65_535 - rest) / 4 * 3 - JSON.object(personal).bytes.count - 500)
    }

    /// The beginning of a text that fits, in characters and in bytes of JSON.
    private static func shortened(_ text: String, to room: Int) -> String {
        var scalars = text.unicodeScalars.prefix(20_000)
        while true {
            let kept = String(String.UnicodeScalarView(scalars))
            if JSON.string(kept).bytes.count <= room || scalars.isEmpty { return MailText.paragraph(kept) ?? "" }
            scalars = scalars.prefix(scalars.count * 9 / 10)
        }
    }
}
