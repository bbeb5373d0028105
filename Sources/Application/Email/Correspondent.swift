import FoundationEssentials
import Kernel
import Mail

/// Somebody who had part in an e-mail, and who that is here.
struct Correspondent: Sendable, Hashable {
    /// What part.
    enum Role: String, Sendable { case from, to, cc, bcc }
    let role: Role
    /// The name beside the address, on one line.
    let name: String?
    /// As it is written, on one line.
    let address: String
    /// As one compares it; nil where it is none that mail could go to.
    let normal: String?
    /// Who it is, where that is known.
    var record: Person?
    /// The account of the address' host, where it is a stranger's.
    var account: Suggestion?

    /// A record that is a person.
    struct Person: Sendable, Hashable {
        /// `contact`, `lead` or `member`.
        let entity: String
        let id: UUID
    }
    /// An account that somebody may belong to.
    struct Suggestion: Sendable, Hashable {
        let id: UUID
        let name: String
    }

    /// How many of a message are looked at.
    static let most = 200

    /// Who had part in a message, the first part of each: who wrote it, and to whom it went. Where nobody is said to
    /// have written it, it was who sent it.
    static func all(of message: EmailMessage) -> [Correspondent] {
        let parts: [(Role, [EmailMessage.Mailbox])] = [
            (.from, message.from.isEmpty ? message.sender : message.from), (.to, message.to), (.cc, message.cc),
            (.bcc, message.bcc),
        ]
        var seen: Set<String> = []
        var all: [Correspondent] = []
        for (role, mailboxes) in parts {
            for mailbox in mailboxes {
                guard let address = MailText.line(mailbox.address, 320) else { continue }
                let normal = mailbox.normal
                guard seen.insert(normal ?? address.lowercased()).inserted else { continue }
                let name = mailbox.name.flatMap { MailText.line($0, 200) }
                all.append(Correspondent(role: role, name: name, address: address, normal: normal))
            }
        }
        return all
    }

    /// A contact of that name and address.
    var contact: [String: JSON] {
        var members: [String: JSON] = ["email": .string(normal ?? address)]
        let (first, last) = names
        members["first_name"] = first.flatMap { MailText.line($0, 100) }.map { .string($0) }
        members["last_name"] = .string(MailText.line(last, 100) ?? address)
        members["account_id"] = account.map { .string($0.id.text) }
        return members
    }

    /// "Lovelace, Ada" and "Ada Lovelace"; without a name what stands before the `@`.
    private var names: (first: String?, last: String) {
        guard let name else { return (nil, String(address.prefix { $0 != "@" })) }
        let parts = name.split(separator: ",", maxSplits: 1).map(String.init)
        if parts.count == 2 { return (parts[1], parts[0]) }
        let words = name.split(separator: " ")
        return (words.count > 1 ? words.dropLast().joined(separator: " ") : nil, words.last.map(String.init) ?? name)
    }

    /// What an answer tells of it.
    var json: JSON {
        var members: [String: JSON] = ["email": .string(normal ?? address), "role": .string(role.rawValue)]
        members["name"] = name.map { .string($0) } ?? .null
        if let record {
            members["entity"] = .string(record.entity)
            members["id"] = .string(record.id.text)
        } else {
            let account: JSON = account.map { ["id": .string($0.id.text), "name": .string($0.name)] } ?? .null
            members["suggest"] = ["account": account]
        }
        return .object(members)
    }
}

/// Texts of messages as records take them.
enum MailText {
    /// One line of at most so many characters; nil where nothing is left.
    static func line(_ text: String, _ limit: Int) -> String? {
        let kept = without(text) { $0.properties.isWhitespace }
        guard let line = Normal.line(kept), !line.isEmpty else { return nil }
        return Normal.line(String(String.UnicodeScalarView(line.unicodeScalars.prefix(limit))))
    }

    /// Several lines; nil where nothing is left.
    static func paragraph(_ text: String) -> String? {
        let kept = without(text) { $0 == "\n" || $0 == "\r" || $0 == "\t" }
        return Normal.paragraph(kept).flatMap { $0.isEmpty ? nil : $0 }
    }

    /// The text without control characters but those.
    private static func without(_ text: String, but kept: (Unicode.Scalar) -> Bool) -> String {
        let scalars = text.unicodeScalars.filter { kept($0) || $0.properties.generalCategory != .control }
        return String(String.UnicodeScalarView(scalars))
    }
}
