import CRM
import FoundationEssentials
import Kernel
import Mail
import Vault

// MARK: What becomes of the message itself, and of the files in it?

extension Emails {
    /// The most files of a message that are kept, the message itself included.
    private static let mostFiles = 100

    /// The message as it was sent and the files in it: those that are kept, and those that are not.
    func files(
        of message: EmailMessage, _ bytes: [UInt8]
    ) -> (kept: [EmailMessage.Part], others: [EmailMessage.Part]) {
        let whole = EmailMessage.Part(name: "message.eml", type: "message/rfc822", isInline: false, bytes: bytes)
        let files = [whole] + message.parts
        let room = attachments.isOffered ? Self.mostFiles : 0
        let isFitting = { (file: EmailMessage.Part) in file.bytes.count <= attachments.limit }
        let kept = files.prefix(room).filter(isFitting)
        return (kept, files.prefix(room).filter { !isFitting($0) } + files.dropFirst(room))
    }

    /// Puts files into the store, under the key of whose words the message holds.
    /// - Returns: the commands that make their records, in order.
    /// - Throws: why the store does not take them; then none is there.
    func keep(
        _ files: [EmailMessage.Part], of plan: ArchivePlan, as id: UUID, by caller: Caller
    ) async throws(Problem) -> [Attachments.Filing] {
        var made: [UUID: PersonKeys.Minted] = [:]
        if let person = plan.person, plan.made.contains(person.id) {
            made[person.id] = commands.persons.mint(caller.organization, person.id)
        }
        var filings: [Attachments.Filing] = []
        do throws(Problem) {
            for (index, file) in files.enumerated() {
                var members: [String: JSON] = [
                    "filename": .string(file.name ?? "part-\(index)"),
                    "subject": ["entity": .string(Interaction.name), "id": .string(id.text)],
                ]
                members["person"] = plan.person?.json
                let received = try await attachments.receive(file.bytes, in: caller.organization)
                filings.append(
                    try await attachments.file(received, members, declaredType: file.type, with: made))
            }
        } catch {
            for filing in filings { await attachments.withdraw(filing) }
            throw error
        }
        return filings
    }

    /// Carries out a plan together with its files, as one unit. Files that are no record afterwards are taken away.
    func carryOut(
        _ plan: ArchivePlan, _ filings: [Attachments.Filing], by caller: Caller, key: String?, comparing request: Ask
    ) async throws(Problem) -> Answer {
        do throws(Problem) {
            let answer = try await commands.execute(
                plan.asks + filings.map(\.ask), filing: filings, by: caller, key: key, comparing: [request])
            let written = Set(answer.results.map(\.id))
            for filing in filings where !written.contains(filing.id) { await attachments.withdraw(filing) }
            return answer
        } catch {
            // It may have been written and only not be known: then the sweep decides.
            if error.code != "outcome.unknown" { for filing in filings { await attachments.withdraw(filing) } }
            throw error
        }
    }
}
