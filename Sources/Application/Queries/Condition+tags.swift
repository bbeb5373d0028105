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
    /// Appends ` AND …` for tags, which are named by id or, while they are in use, by name. What is now is found by the
    /// index of `taggings`; what was, by the tags that each record had.
    func writeTags(isPast: Bool, to text: inout SQLText) {
        if comparison == .null {
            text += " AND \(values.first == .flag(true) ? "" : "NOT ")coalesce(t.tags = '{}', true)"
            return
        }
        var (ids, names): ([Value], [Value]) = ([], [])
        for case .text(let value) in values {
            if let id = UUID(uuidString: value) {
                ids.append(.uuid(id))
            } else {
                names.append(.text(Normal.key(value) ?? value))
            }
        }
        let schema = isPast ? "as_of" : "read"
        var tags = "SELECT g.id FROM \(schema).tags g WHERE g.organization_id = $1 AND ("
        let isNamed = "(g.archived_at IS NULL AND lower(g.name) = ANY ("
        tags += ids.isEmpty ? "" : "g.id = ANY (\(text.bind(ids)))\(names.isEmpty ? "" : " OR ")"
        tags += names.isEmpty ? ")" : "\(isNamed)\(text.bind(names)))))"
        text += comparison == .ne ? " AND NOT EXISTS (" : " AND EXISTS ("
        if isPast {
            text += "\(tags) AND jsonb_exists(t.tags, g.id::text))"
        } else {
            text += "SELECT FROM read.taggings x WHERE x.organization_id = $1 AND x.record_id = t.id"
            text += " AND x.tag_id IN (\(tags)))"
        }
    }
}
