import FoundationEssentials
import Kernel
import Postgres

extension Queries {
    /// The same parameters, with the ids of those tags that are named by their names: by its id the planner knows how
    /// many records a tag has, and whether to begin with these or with the order of the list. What was called so at a
    /// moment is looked up with the rows of that moment.
    func naming(
        tags parameters: [Parameter], _ catalog: Catalog, _ caller: Caller, min: PositionToken?
    ) async throws(Problem) -> [Parameter] {
        let names = Set(parameters.flatMap(\.tagNames))
        guard !names.isEmpty, !catalog.isPast else { return parameters }
        let statement = Statement(SQL.tagIds) {
            $0.uuid(caller.organization)
            $0.texts(names.sorted())
        }
        let question = Question(
            organization: caller.organization, projections: try relation("tags", catalog).projections, min: min,
            statements: [statement])
        let rows = try await ask(question, on: points).results[0]
        let ids = try reading {
            try Dictionary(rows.map { (try $0.text(1), try $0.uuid(0)) }) { first, _ in first }
        }
        return parameters.map { $0.naming(tags: ids) }
    }
}

extension Parameter {
    private static let filters = ["tag", "tags"].flatMap { [$0, "\($0).ne", "\($0).in", "\($0).nin"] }
    private var parts: [String] {
        name.hasSuffix(".in") || name.hasSuffix(".nin")
            ? value.split(separator: ",", omittingEmptySubsequences: false).map(String.init) : [value]
    }

    /// The names of tags that it filters by, as they are compared.
    fileprivate var tagNames: [String] {
        Self.filters.contains(name) ? parts.filter { UUID(text: $0) == nil }.compactMap(Normal.key) : []
    }

    /// With ids for names. No record has a tag that there is not, as none has the tag of the nil id.
    fileprivate func naming(tags ids: [String: UUID]) -> Parameter {
        guard !tagNames.isEmpty else { return self }
        let named = parts.map { part in
            guard UUID(text: part) == nil, let key = Normal.key(part), !key.isEmpty else { return part }
            return ids[key]?.text ?? "00000000-0000-0000-0000-000000000000"
        }
        return Parameter(name, named.joined(separator: ","))
    }
}
