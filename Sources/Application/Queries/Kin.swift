import CRM
import FoundationEssentials
import Kernel
import Postgres

/// Records that are the same since they were merged. Whoever asks for what names one of them asks for what names any.
struct Kin: Sendable {
    private var all: [UUID: [UUID]] = [:]

    /// Each record is itself.
    init() {}
    /// - Parameter rows: of `kin.sql`.
    init(_ rows: Result) throws(PostgresError) {
        for row in rows { all[try row.uuid(0), default: []].append(try row.uuid(1)) }
        for same in all.values { for one in same { all[one] = same } }
    }

    /// The record itself, and those that are the same; first the one that stands for all.
    func of(_ id: UUID) -> [UUID] { all[id] ?? [id] }
    /// The record that stands for this one.
    func winner(of id: UUID) -> UUID { of(id)[0] }
}

// MARK: Which are the same?

extension Queries {
    /// What is known of these records at a moment; asked before what needs it, so that what that reads is chosen by
    /// plain values.
    func kin(
        of ids: [UUID], _ catalog: Catalog, _ moment: Moment?, _ caller: Caller, _ min: PositionToken?
    ) async throws(Problem) -> Kin {
        guard !ids.isEmpty, let merges = catalog.relations["merges"] else { return Kin() }
        let statement = Statement(SQL.kin.replacing("read.merges", with: merges.sql)) {
            $0.uuid(caller.organization)
            $0.uuids(ids)
        }
        let question = Question(
            organization: caller.organization, projections: merges.projections, min: min, moment: moment,
            statements: [statement])
        let rows = try await ask(question, on: points).results[0]
        return try reading { try Kin(rows) }
    }

    /// The same request of records as they stand: who names one that was merged means all that are the same.
    func settled(
        _ request: ListRequest, of subject: Subject, _ catalog: Catalog, _ moment: Moment?, _ caller: Caller,
        _ min: PositionToken?
    ) async throws(Problem) -> ListRequest {
        var request = request
        if let external = request.external, let entity = subject.entity {
            request.only = try await surroundings.recordID(
                caller.organization, entity, external.source, external.id)
        }
        let named = request.selections.flatMap(\.named) + [request.only].compactMap(\.self)
        let kin = try await kin(of: named, catalog, moment, caller, min)
        request.only = request.only.map(kin.winner)
        request.selections = request.selections.map { $0.widened(by: kin) }
        return request
    }
}

// MARK: What is asked then?

extension Selection {
    /// The records that its conditions name and that may have been merged.
    var named: [UUID] { conditions.flatMap(\.named) }

    /// The same for all that are the same.
    func widened(by kin: Kin) -> Selection {
        switch self {
        case .all(let parts): .all(parts.map { $0.widened(by: kin) })
        case .any(let parts): .any(parts.map { $0.widened(by: kin) })
        case .not(let part): .not(part.widened(by: kin))
        case .one(let condition): .one(condition.widened(by: kin))
        }
    }
}

extension Condition {
    fileprivate var named: [UUID] { criterion.namesMerged ? values.compactMap(\.id) : [] }

    fileprivate func widened(by kin: Kin) -> Condition {
        guard criterion.namesMerged else { return self }
        let all = values.flatMap { value in value.id.map { kin.of($0).map(value.naming) } ?? [value] }
        if all.count == values.count, comparison != .equal || all == values { return self }
        switch comparison {
        case .equal where all.count == 1, .ne where all.count == 1: return Condition(criterion, comparison, all)
        case .equal, .in: return Condition(criterion, .in, all)
        case .ne, .nin: return Condition(criterion, .nin, all)
        case .between, .gt, .gte, .lt, .lte, .contains, .startsWith, .null: return self
        }
    }
}

extension Value {
    /// The record that it names; in a field of the organization's own an id is kept as text.
    fileprivate var id: UUID? {
        switch self {
        case .uuid(let id): id
        case .text(let text): UUID(text: text)
        case .integer, .flag, .day, .instant, .decimal, .startOfDay, .today, .startOfToday: nil
        }
    }
    /// Another record, named in the same way.
    fileprivate func naming(_ id: UUID) -> Value {
        switch self {
        case .text: .text(id.text)
        case .uuid, .integer, .flag, .day, .instant, .decimal, .startOfDay, .today, .startOfToday: .uuid(id)
        }
    }
}

extension Criterion {
    /// Whether it names records that may be merged.
    var namesMerged: Bool {
        switch field?.kind {
        case .reference(let entity): mergeables.contains(entity)
        case .id: Criterion.anything.contains(name)
        case _: false
        }
    }
    /// What names a record of any kind.
    private static let anything: Set = ["subject_id", "person_id", "record_id"]
}
