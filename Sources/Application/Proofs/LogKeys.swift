import CRM
import EventLog
import FoundationEssentials
import Kernel
import Vault

/// The keys that sign organizations' logs: the first is told by the first event, each later one by an event of its own.
public struct LogKeys: Sendable {
    let commands: Commands
    let keys: SigningKeys

    /// What a new organization's first event says of its log.
    func first(of organization: UUID) async throws(Problem) -> JSON {
        let key = try await make(organization, origin: Checkpoint.origin(of: organization))
        return ["origin": .string(key.name), "key": .string(key.text)]
    }

    /// Lets a new key sign the caller's log from now on. Heads that the old one signed stay as they are.
    /// - Parameter key: the Idempotency-Key.
    /// - Returns: what became of it.
    public func rotate(by caller: Caller, key: String? = nil) async throws(Problem) -> Answer {
        guard caller.role == .owner else { throw .forbidden("Only owners may change the key that signs the log.") }
        var known = WorkingSet(readAt: .max)
        let organization = caller.organization
        try await commands.load([Reference(Organization.self, organization)], into: &known, organization)
        let state = known.streams[organization]?.state as? Organization.State ?? nil
        guard let state else { throw .absent(Organization.name) }
        let origin = state["log"]?["origin"]?.string ?? Checkpoint.origin(of: organization)
        let new = try await make(organization, origin: origin)
        func ask(_ body: JSON) -> Ask { Ask(Organization.name, .id(organization), "change_log_key", body) }
        // A repeat brings another new key and is the same request all the same.
        return try await commands.execute(
            [ask(["key": .string(new.text)])], by: caller, key: key, comparing: [ask([:])])
    }

    private func make(_ organization: UUID, origin: String) async throws(Problem) -> VerifierKey {
        let key: SigningKey
        do { key = try await keys.create(organization) } catch { throw .unavailable }
        guard let named = VerifierKey(name: origin, publicKey: key.publicKey) else { throw .fault }
        return named
    }
}
