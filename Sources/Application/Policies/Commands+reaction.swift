import EventLog
import FoundationEssentials
import Kernel
import Vault

extension Commands {
    /// Carries out what a policy asks because of the event at `position`: once, however often it is asked. Its id is
    /// made of the policy, the position and the record, and what became of it is kept under that id. A record that
    /// begins by it, one at most, has an id made of the same.
    func react(_ ask: Ask, policy: String, position: Position, by caller: Caller) async throws(Problem) {
        let keys = try await organizationKeys(of: caller.organization)
        let target =
            ask.target == .new
            ? keys.commandID(policy: "\(policy) begins", position: position, target: caller.organization)
            : try targets([ask], keys)[0]
        let command = keys.commandID(policy: policy, position: position, target: target)
        // The same reaction to another version of the record is the same request.
        let request = Ask(ask.entity, .id(target), ask.act, ask.body)
        let repeatable = Repeatable(key: command.text, asks: [request], caller: caller, keys: keys)
        if try await earlier(repeatable, caller.organization) != nil { return }
        let asked = Ask(ask.entity, .id(target), ask.act, ask.body, ifMatch: ask.ifMatch)
        _ = try await settle(
            [asked], by: caller, command: command, keys, repeatable: repeatable, lane: .import, dryRun: false)
    }
}

extension Caller {
    /// A policy that reacts to an event. It acts in the name of the organization, and says what made it.
    init(policy: String, becauseOf event: RecordedEvent) {
        let meta = Meta(event)
        self.init(
            organization: event.organization, actor: event.organization, kind: .automation, role: .owner,
            channel: .policy, request: "\(policy)/\(event.position)", cause: event.position,
            correlation: meta.correlation ?? meta.request)
    }
}

/// What an event's metadata say of where it comes from.
struct Meta {
    /// The position of the event that made a policy cause this one.
    let cause: Position?
    /// The request with which it all began.
    let correlation: String?
    /// The request that caused it.
    let request: String?
    /// The import by which it came, or which it takes back.
    let imported: UUID?

    /// Of an event.
    init(_ event: RecordedEvent) {
        let meta = try? JSON(parsing: event.meta)
        (cause, correlation) = (meta?["cause"]?.integer, meta?["correlation"]?.string)
        request = meta?["request"]?.string
        imported = meta?["import"]?.string.flatMap(UUID.init(text:))
    }
}
