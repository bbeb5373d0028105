import FoundationEssentials
import Kernel
import Logging
import Postgres
import Vault

/// How processes tell each other whose key was destroyed, so that none remembers it.
enum Erasures {
    static let channel = "daybook_erased"

    static func payload(_ organization: UUID, _ person: UUID) -> String { "\(organization.text)/\(person.text)" }

    static func name(_ payload: String) -> (organization: UUID, person: UUID)? {
        let parts = payload.split(separator: "/").compactMap { UUID(text: String($0)) }
        return parts.count == 2 ? (parts[0], parts[1]) : nil
    }
}

extension Daybook {
    /// Forgets keys that other processes destroy, as long as the task runs. What is not heard is forgotten half a
    /// minute later (`PersonKeys`).
    func hearErasures() async {
        let listener = Listener(settings, channels: [Erasures.channel], name: "daybook erasures", log: log)
        for await notification in listener.notifications {
            switch notification {
            case .message(_, let payload):
                guard let (organization, person) = Erasures.name(payload) else { continue }
                persons.forget(organization, person)
                access.known.forget(organization, [person])
                commands.written.forgetAll()
            case .reconnected:
                persons.forgetAll()
                commands.written.forgetAll()
            }
        }
        await listener.close()
    }
}
