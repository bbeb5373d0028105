import CRM
import EventLog
import FoundationEssentials
import Kernel
import Vault

extension Commands {
    /// The same asks, with the ids of those tags that are named by their names.
    /// - Throws: `body.invalid` with the place of each name that no tag has.
    func named(_ asks: [Ask], _ keys: OrganizationKeys, _ organization: UUID) async throws(Problem) -> [Ask] {
        try Ask.naming(asks, try await tags(namedIn: asks, keys, organization))
    }

    /// The ids of those tags that are named by their names, by these. No two in use have the same.
    func tags(
        namedIn asks: some Sequence<Ask>, _ keys: OrganizationKeys, _ organization: UUID
    ) async throws(Problem) -> [String: UUID] {
        let names = Set(asks.flatMap(\.tagNames))
        if names.isEmpty { return [:] }
        let digests = names.map { (name: $0, digest: keys.claimDigest(scope: Self.tagScope, value: $0)) }
        let holders: [EventLog.Claim]
        do {
            holders = try await reader.holders(organization, digests.map { (Self.tagScope, $0.digest) })
        } catch { throw .unavailable }
        let ids = Dictionary(holders.map { ($0.digest, $0.stream) }) { $1 }
        return digests.reduce(into: [:]) { tags, one in tags[one.name] = ids[one.digest] }
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
    private static func tagName(_ text: String) -> String? { UUID(text: text) == nil ? Normal.key(text) : nil }

    /// The same asks with an id for each name.
    /// - Throws: `body.invalid` with the place of each name that is not among `ids`.
    static func naming(_ asks: [Ask], _ ids: [String: UUID]) throws(Problem) -> [Ask] {
        guard asks.contains(where: \.isNaming) else { return asks }
        var flaws: [Flaw] = []
        let named = asks.map { $0.naming(ids, &flaws) }
        guard flaws.isEmpty else { throw .invalid(flaws) }
        return named
    }

    private func naming(_ ids: [String: UUID], _ flaws: inout [Flaw]) -> Ask {
        guard isNaming, var members = body.object else { return self }
        members["tags"] = .array(
            tags.enumerated().map { index, tag in
                guard let name = tag.string.flatMap(Ask.tagName) else { return tag }
                if let id = ids[name] { return .string(id.text) }
                flaws.append(Flaw("/tags/\(index)", "not_found", "no tag in use has this name; define it first"))
                return tag
            })
        return Ask(
            entity, target, act, .object(members), occurredAt: occurredAt, ifMatch: ifMatch, replaces: replaces)
    }
}
