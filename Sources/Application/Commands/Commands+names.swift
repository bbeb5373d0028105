import CRM
import EventLog
import FoundationEssentials
import Kernel
import Vault

extension Commands {
    /// The same asks, with the ids of those tags that are named by their names. No two in use have the same.
    /// - Throws: `body.invalid` with the place of each name that no tag has.
    func named(_ asks: [Ask], _ keys: OrganizationKeys, _ organization: UUID) async throws(Problem) -> [Ask] {
        let digests = Dictionary(
            asks.flatMap(\.tagNames).map { ($0, keys.claimDigest(scope: Self.tagScope, value: $0)) }
        ) { $1 }
        if !asks.contains(where: \.isNaming) { return asks }
        let holders: [EventLog.Claim]
        do {
            holders = try await reader.holders(organization, digests.values.map { (Self.tagScope, $0) })
        } catch { throw .unavailable }
        let ids = Dictionary(holders.map { ($0.digest, $0.stream) }) { $1 }
        var flaws: [Flaw] = []
        let named = asks.map { ask in
            let (named, unknown) = ask.naming { name in digests[name].flatMap { ids[$0] } }
            flaws += unknown
            return named
        }
        guard flaws.isEmpty else { throw .invalid(flaws) }
        return named
    }
    private static let tagScope = "tag.name"
}

extension Ask {
    /// The names in it that stand for tags, as they are compared.
    fileprivate var tagNames: [String] { tags.compactMap { $0.string.flatMap(Ask.tagName) } }

    /// Whether it names tags by their names, or a lone one without a list.
    fileprivate var isNaming: Bool { !tagNames.isEmpty || tags.count == 1 && body["tags"]?.string != nil }

    /// What its body names as tags; none where it is about something else.
    private var tags: [JSON] {
        guard act == "tag" || act == "untag", let given = body["tags"] else { return [] }
        return given.array ?? [given]
    }
    /// A name rather than an id.
    private static func tagName(_ text: String) -> String? { UUID(uuidString: text) == nil ? Normal.key(text) : nil }

    /// The same with an id for each name, and a flaw for each name without one.
    fileprivate func naming(_ id: (String) -> UUID?) -> (ask: Ask, flaws: [Flaw]) {
        guard isNaming, var members = body.object else { return (self, []) }
        var flaws: [Flaw] = []
        members["tags"] = .array(
            tags.enumerated().map { index, tag in
                guard let name = tag.string.flatMap(Ask.tagName) else { return tag }
                if let id = id(name) { return .string(id.text) }
                flaws.append(Flaw("/tags/\(index)", "not_found", "no tag in use has this name; define it first"))
                return tag
            })
        let named = Ask(
            entity, target, act, .object(members), occurredAt: occurredAt, ifMatch: ifMatch, replaces: replaces)
        return (named, flaws)
    }
}
