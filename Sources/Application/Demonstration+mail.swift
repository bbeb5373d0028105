import CRM
import FoundationEssentials
import Kernel
import Mail
import Vault

// MARK: What was written?

extension Demonstration {
    /// A question by e-mail and its answer, archived as a mail program would have it.
    func mail() -> [[Ask]] { letters.map { plan(of: $0).asks } }

    /// The messages as they were sent and the files in them.
    func keepMail(in attachments: Attachments) async throws(Problem) {
        for letter in letters {
            let plan = plan(of: letter)
            let whole = EmailMessage.Part(
                name: "message.eml", type: "message/rfc822", isInline: false, bytes: Array(letter.text.utf8))
            for (index, file) in ([whole] + letter.message.parts).enumerated() {
                var members: [String: JSON] = [
                    "filename": .string(file.name ?? "part-\(index)"),
                    "subject": ["entity": .string(Interaction.name), "id": .string(letter.id.text)],
                ]
                members["person"] = plan.person?.json
                try await attach(
                    file.bytes, as: "\(letter.id.text) \(index)", members, declaredType: file.type, by: attachments)
            }
        }
    }

    /// A message, and what it answers.
    private struct Letter {
        let text: String
        let message: EmailMessage
        let id: UUID
        var thread: (id: UUID, subject: SubjectRef?)?
    }

    private var buyer: Correspondent.Person {
        Correspondent.Person(entity: Contact.name, id: record(Contact.name, "contact of \(Self.firms[0])"))
    }

    private var letters: [Letter] {
        let question = """
            From: Purchasing <purchasing@example.com>
            To: \(Self.sellers[0]) <ada.quist@example.com>
            Cc: Yard <yard@example.com>
            Subject: Gateways for the new hall
            Date: \(Self.header(days(-6)))
            Message-ID: <gateways@example.com>
            Content-Type: text/plain; charset=utf-8

            Dear Ada, what would 24 gateways cost, and when could they be here?
            """
        let answer = """
            From: \(Self.sellers[0]) <ada.quist@example.com>
            To: Purchasing <purchasing@example.com>
            Subject: Re: Gateways for the new hall
            Date: \(Self.header(days(-5)))
            Message-ID: <gateways-answer@example.com>
            In-Reply-To: <gateways@example.com>
            Content-Type: multipart/mixed; boundary=part

            --part
            Content-Type: text/plain; charset=utf-8

            Two weeks after your order. The offer is with this.
            --part
            Content-Type: text/plain; charset=utf-8; name="Offer gateways.txt"
            Content-Disposition: attachment; filename="Offer gateways.txt"

            24 Gateways, 5 % off. Delivery within two weeks. Valid for thirty days.
            --part--
            """
        let first = letter(question, after: nil)
        let thread = first.map { (id: $0.id, subject: Optional(SubjectRef(buyer.entity, buyer.id))) }
        return [first, letter(answer, after: thread)].compactMap(\.self)
    }

    private func letter(_ text: String, after thread: (id: UUID, subject: SubjectRef?)?) -> Letter? {
        guard let message = try? EmailMessage(reading: Array(text.utf8)), let name = message.messageID else {
            return nil
        }
        return Letter(
            text: text, message: message, id: record(Interaction.name, name, in: Emails.source), thread: thread)
    }

    private func plan(of letter: Letter) -> ArchivePlan {
        let seller = Correspondent.Person(entity: Member.name, id: record(Member.name, Self.sellers[0]))
        let known = ["purchasing@example.com": buyer, "ada.quist@example.com": seller]
        var people = Correspondent.all(of: letter.message)
        for index in people.indices { people[index].record = people[index].normal.flatMap { known[$0] } }
        let ground = ArchivePlan.Ground(
            id: letter.id, caller: caller, now: commands.clock(), correspondents: people, about: nil,
            thread: letter.thread, makesContacts: false)
        return ArchivePlan(letter.message, on: ground, fresh: commands.fresh)
    }

    private func record(_ entity: String, _ external: String, in source: String = Demonstration.source) -> UUID {
        keys.importID(source: source, entity: entity, externalID: Normal.key(external) ?? "")
    }

    /// A moment as mail writes it (RFC 5322 §3.3), in UTC.
    private static func header(_ moment: Instant) -> String {
        let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        let parts = moment.text.prefix(10).split(separator: "-").map(String.init)
        let month = Int(parts[1]).map { months[$0 - 1] } ?? ""
        return "\(parts[2]) \(month) \(parts[0]) \(moment.text.dropFirst(11).prefix(8)) +0000"
    }
}
