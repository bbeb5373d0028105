import FoundationEssentials
import Kernel

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
    /// From where, as far as it is known. Every event says it, sealed under the actor's key.
    public let origin: Origin?
    /// The import on whose behalf it asks.
    public let importing: UUID?
    /// The position of the event to which a policy reacts; nil for all others.
    public let cause: Int64?
    /// The request with which it all began, where that is not this one.
    public let correlation: String?

    /// A caller.
    public init(
        organization: UUID, actor: UUID, kind: ActorKind, role: Role, channel: Channel, request: String,
        origin: Origin? = nil, importing: UUID? = nil, cause: Int64? = nil, correlation: String? = nil
    ) {
        (self.organization, self.actor, self.kind) = (organization, actor, kind)
        (self.role, self.channel, self.request, self.origin) = (role, channel, request, origin)
        (self.importing, self.cause, self.correlation) = (importing, cause, correlation)
    }

    /// The same caller, from there.
    public func coming(from origin: Origin?) -> Caller {
        Caller(
            organization: organization, actor: actor, kind: kind, role: role, channel: channel, request: request,
            origin: origin, importing: importing)
    }

    /// From where a request came.
    public struct Origin: Sendable, Hashable {
        /// The most characters of either that are kept.
        public static let limit = 200
        /// The network address.
        public let address: String?
        /// What program it says it is (RFC 9110 §10.1.5).
        public let agent: String?

        /// An origin; nil where nothing is known.
        public init?(address: String?, agent: String?) {
            func short(_ text: String?) -> String? { text.map { String($0.prefix(Self.limit)) } }
            guard address != nil || agent != nil else { return nil }
            (self.address, self.agent) = (short(address), short(agent))
        }

        /// What is sealed: a compact object, absent members left out.
        var json: JSON {
            .object(["address": address, "agent": agent].compactMapValues { $0.map { .string($0) } })
        }
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
