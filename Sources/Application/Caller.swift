import FoundationEssentials

/// Who asks, and in what role. Every event says it.
public struct Caller: Sendable, Hashable {
    /// Whose log.
    public let organization: UUID
    /// The member, or the organization itself where the system acts.
    public let actor: UUID
    /// What kind of actor it is.
    public let kind: ActorKind
    /// What it may do.
    public let role: Role
    /// How the request came.
    public let channel: Channel
    /// The request's id, in logs, answers and events.
    public let request: String

    /// A caller.
    public init(organization: UUID, actor: UUID, kind: ActorKind, role: Role, channel: Channel, request: String) {
        (self.organization, self.actor, self.kind) = (organization, actor, kind)
        (self.role, self.channel, self.request) = (role, channel, request)
    }
}

/// What kind of actor caused an event. Stored in `meta`.
public enum ActorKind: String, Sendable, Hashable {
    case member
    case apiKey = "api_key"
    case `import`, automation, system
}

/// By what way a request came. Stored in `meta`.
public enum Channel: String, Sendable, Hashable { case api, cli, `import`, policy }

/// What a member may do.
public enum Role: String, Sendable, Hashable, CaseIterable {
    /// Everything, members and settings included.
    case owner
    /// Reads and writes records.
    case member
    /// Reads records.
    case viewer
    /// Reads records, the log and all tables.
    case auditor
}
