import CRM
import FoundationEssentials
import Kernel
import Mail
import Vault

// MARK: What was written?

extension Demonstration {
    /// A question by e-mail and its answer, archived as a mail program would have it.
    func mail() -> [[Ask]] {
        let firm = Self.firms[0]
        let buyer = Correspondent.Person(
            entity: Contact.name, id: record(Contact.name, "contact of \(firm)"))
        let seller = Correspondent.Person(entity: Member.name, id: record(Member.name, Self.sellers[0]))
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
            Content-Type: text/plain; charset=utf-8

            Two weeks after your order. The offer follows.
            """
        let known = ["purchasing@example.com": buyer, "ada.quist@example.com": seller]
        let asked = unit(question, known, after: nil)
        let first = record(Interaction.name, "gateways@example.com", in: Emails.source)
        let subject = SubjectRef(buyer.entity, buyer.id)
        return asked + unit(answer, known, after: (first, subject))
    }

    private func unit(
        _ text: String, _ known: [String: Correspondent.Person], after thread: (id: UUID, subject: SubjectRef?)?
    ) -> [[Ask]] {
        guard let message = try? EmailMessage(reading: Array(text.utf8)), let name = message.messageID else {
            return []
        }
        var people = Correspondent.all(of: message)
        for index in people.indices { people[index].record = people[index].normal.flatMap { known[$0] } }
        let ground = ArchivePlan.Ground(
            id: record(Interaction.name, name, in: Emails.source), caller: caller, now: commands.clock(),
            correspondents: people, about: nil, thread: thread, makesContacts: false)
        return [ArchivePlan(message, on: ground, fresh: commands.fresh).asks]
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
