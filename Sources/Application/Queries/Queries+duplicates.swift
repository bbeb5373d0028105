import CRM
public import FoundationEssentials
import Kernel
import Postgres

// MARK: Which records may be the same?

extension Queries {
    /// Pairs of records that may be the same, those first of which the later arrived last:
    /// `{"items":[{"score","reasons":[{"by","values","similarity"}],"records":[…],"resolution","dismissed"}],"next",
    /// "position"}`. Parameters: `entity` (`account`, `contact`, `lead`), `dismissed` (true: those that somebody said
    /// only look so), `limit` (1 to 200, 20 where not given), `cursor`. Of leads also pairs with contacts are shown.
    public func duplicates(
        _ parameters: [Parameter], by caller: Caller, min: PositionToken? = nil
    ) async throws(Problem) -> Reply {
        try ListRequest.refuse(parameters, besides: ["entity"] + LookAlikes.names)
        let entity = parameters.first { $0.name == "entity" }?.value ?? ""
        guard let keys = LookAlikes.keys[entity] else {
            throw .parameter("entity", "entity is one of \(LookAlikes.keys.keys.sorted().joined(separator: ", ")).")
        }
        return try await lookAlikes(
            LookAlikes(SQL.duplicatesOfEntity, keys, shape: [entity], parameters) { $0.text(entity) }, nil, by: caller,
            min: min)
    }

    /// The same of one record, or of the one that stands for it.
    /// - Throws: `<entity>.not_found` where it is not there or not the caller's.
    public func duplicates(
        of entity: String, _ id: UUID, _ parameters: [Parameter], by caller: Caller, min: PositionToken? = nil
    ) async throws(Problem) -> Reply {
        try ListRequest.refuse(parameters, besides: LookAlikes.names)
        guard let keys = LookAlikes.keys[entity] else { throw .fault }
        let winner = try await answering { catalog throws(Problem) in
            try await kin(of: [id], catalog, nil, caller, min).winner(of: id)
        }
        return try await lookAlikes(
            LookAlikes(SQL.duplicatesOfRecord, keys, shape: [id.text], parameters) { $0.uuid(winner) }, (entity, id),
            by: caller, min: min)
    }

    private func lookAlikes(
        _ asked: LookAlikes, _ record: (entity: String, id: UUID)?, by caller: Caller, min: PositionToken?
    ) async throws(Problem) -> Reply {
        let organization = caller.organization
        let key = try await surroundings.cursorKey(organization)
        return try await answering { catalog throws(Problem) in
            var relations: [Relation] = []
            for name in asked.relations { relations.append(try relation(name, catalog)) }
            let request = try ListRequest(asked.paging, of: Subject(relations[0]), by: asker(caller))
            var cursor: Cursor?
            if let text = request.cursor {
                cursor = try Cursor(text, shape: asked.shape, organization: organization, key: key)
            }
            var presence: Presence?
            if let record { presence = try self.presence(of: record.id, record.entity, catalog, caller) }
            let page = try asked.page(request.limit, after: cursor, organization)
            let question = Question(
                organization: organization,
                projections: Set(Relation.projections(relations) + (presence?.projections ?? [])).sorted(), min: min,
                past: cursor?.position, statements: [page] + (presence.map { [$0.statement] } ?? []))
            let answer = try await ask(question, on: lists)
            if let presence { try presence.require(answer.results[1]) }
            return try reading {
                let rows = answer.results[0]
                let shown = rows.prefix(request.limit)
                var next: String?
                if rows.count > request.limit, let last = shown.last {
                    let keys: [JSON] = [.integer(try last.bigint(1)), .integer(try last.bigint(2))]
                    next = Cursor(keys: keys, id: organization, position: answer.position, shape: asked.shape)
                        .text(organization: organization, key: key)
                }
                return Reply(
                    body: Document.list(shown, next: next, total: nil, answer), position: answer.position)
            }
        }
    }
}

/// A question for pairs of records that may be the same.
struct LookAlikes: Sendable {
    /// By which projection's pairs the records of an entity are found.
    static let keys = [Account.name: "account_keys", Contact.name: "person_keys", Lead.name: "person_keys"]
    static let names = ["dismissed", "limit", "cursor"]

    private let sql: String
    private let keys: String
    private let isDismissed: Bool
    private let bind: @Sendable (inout Parameters) -> Void
    /// What says how long a page is and where it goes on.
    let paging: [Parameter]
    /// What must stay the same from page to page.
    let shape: [UInt8]

    /// - Parameters:
    ///   - pairs: those that are looked through, with `$2` for what `bind` puts in.
    ///   - keys: the projection.
    init(
        _ pairs: String, _ keys: String, shape: [String], _ parameters: [Parameter],
        bind: @escaping @Sendable (inout Parameters) -> Void
    ) throws(Problem) {
        sql = SQL.duplicates.replacing("{pairs}", with: pairs)
            .replacing("read.person_keys_pairs", with: "read.\(keys)_pairs")
        (self.keys, self.bind) = (keys, bind)
        paging = parameters.filter { ["limit", "cursor"].contains($0.name) }
        switch parameters.first(where: { $0.name == "dismissed" })?.value {
        case nil, "false": isDismissed = false
        case "true": isDismissed = true
        case _?: throw .parameter("dismissed", "dismissed is true or false.")
        }
        self.shape = Cursor.shape("duplicates", shape + ["\(isDismissed)"])
    }

    /// The tables and views that it reads; first that of the pairs.
    var relations: [String] { ["\(keys)_pairs", "duplicate_records", "duplicate_dismissals", "merges"] }

    /// A page, and one pair more.
    func page(_ limit: Int, after cursor: Cursor?, _ organization: UUID) throws(Problem) -> Statement {
        let last = cursor?.keys.compactMap(\.integer) ?? []
        guard cursor == nil || last.count == 2 else { throw .badCursor("It is not of this list.") }
        return Statement(sql) {
            $0.uuid(organization)
            bind(&$0)
            $0.bigint(Int64(limit) + 1)
            $0.bigint(last.first)
            $0.bigint(last.last)
            $0.bool(isDismissed)
        }
    }
}
