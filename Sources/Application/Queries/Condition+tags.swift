import FoundationEssentials
import Kernel

// MARK: Which records have a tag?

extension Criterion {
    /// `tag=NAME|id`, `tag.in`, `tag.ne`, `tag.null`.
    /// - Parameter catalog: where the tags are, now or at a moment.
    init(tagsIn catalog: Catalog) {
        self.init(place: .tags(isPast: catalog.isPast), name: "tag", aliases: ["tags"], type: .text)
    }
}

extension Condition {
    /// What holds of a row called `t` that has the tags, which are named by id or, while they are in use, by name. What
    /// is now is found by the index of `taggings`; what was, by the tags that each record had.
    func tags(isPast: Bool, _ text: inout SQLText) -> String {
        if comparison == .null {
            return "\(values.first == .flag(true) ? "" : "NOT ")coalesce(t.tags = '{}', true)"
        }
        var (ids, names): ([Value], [Value]) = ([], [])
        for case .text(let value) in values {
            if let id = UUID(text: value) {
                ids.append(.uuid(id))
            } else {
                names.append(.text(Normal.key(value) ?? value))
            }
        }
        let given = ids.isEmpty ? nil : text.bind(ids)
        var called = given.map { ["g.id = ANY (\($0))"] } ?? []
        if !names.isEmpty { called.append("g.archived_at IS NULL AND lower(g.name) = ANY (\(text.bind(names)))") }
        let tags =
            "SELECT g.id FROM \(isPast ? "as_of" : "read").tags g WHERE g.organization_id = $1"
            + " AND (\(called.joined(separator: " OR ")))"
        let isThere = comparison == .ne || comparison == .nin ? "NOT EXISTS" : "EXISTS"
        if isPast { return "\(isThere) (\(tags) AND jsonb_exists(t.tags, g.id::text))" }
        // An id that stands there lets the planner know how many records it is on.
        let list = names.isEmpty ? given ?? "'{}'" : "ARRAY(\(tags))"
        return "\(isThere) (SELECT FROM read.taggings x WHERE x.organization_id = $1 AND x.record_id = t.id"
            + " AND x.tag_id = ANY (\(list)))"
    }
}
