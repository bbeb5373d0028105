public import FoundationEssentials
import Kernel
import Postgres

extension Queries {
    /// The accounts above one: `{"items":[{"id","name","lifecycle","distance"}],"position"}`, the nearest first.
    /// - Throws: `account.not_found`.
    public func chain(
        _ account: UUID, _ parameters: [Parameter], by caller: Caller, min: PositionToken? = nil
    ) async throws(Problem) -> Reply {
        try ListRequest.refuse(parameters, besides: [])
        return try await answering { catalog throws(Problem) in
            let presence = try presence(of: account, "account", catalog, caller)
            let kin = try await kin(of: [account], catalog, nil, caller, min)
            let question = Question(
                organization: caller.organization, projections: presence.projections, min: min,
                statements: [presence.statement, Self.about(kin.of(account), SQL.accountChain, caller)])
            let answer = try await ask(question, on: points)
            try presence.require(answer.results[0])
            return try reading {
                var document = Document()
                document += "{\"items\":["
                document.append(answer.results[1])
                document += "]"
                document.end(answer)
                return Reply(body: document.bytes, position: answer.position)
            }
        }
    }

    /// An account and all that belongs on its page, of one moment:
    /// `{"account":{…},"chain":[…],"deals":{"open":{"count", "amounts"},"won","lost"},` and of each part its first rows
    /// and whether there are more: `"contacts":{"items":[…],
    /// "more"},"open_deals","children","leads","projects","tasks","scheduled","notes","attachments","timeline",
    /// "position"}`. What is to be done, what is scheduled and what happened is also that of the deals, contacts, leads
    /// and projects that belong to the account now; of the first two the next comes first. Notes that are pinned stand
    /// before the others.
    /// - Parameter parameters: `limit`, rows of each part: 1 to 50, 10 where not given.
    /// - Throws: `account.not_found`.
    public func customerDetail(
        _ account: UUID, _ parameters: [Parameter], by caller: Caller, min: PositionToken? = nil
    ) async throws(Problem) -> Reply {
        try ListRequest.refuse(parameters, besides: ["limit"])
        let limit = parameters.first?.value ?? "10"
        guard let rows = Int(limit), (1...50).contains(rows), limit.first != "+" else {
            throw .parameter("limit", "limit is a number from 1 to 50.")
        }
        return try await answering { catalog throws(Problem) in
            let record = try subject(try entity("account"), catalog)
            let kin = try await kin(of: [account], catalog, nil, caller, min)
            let account = kin.winner(of: account)
            var parts: [CustomerPart] = []
            for part in CustomerPart.all {
                guard let query = try self.query(of: part, account, kin, rows, catalog, caller) else { continue }
                parts.append(query)
            }
            var text = SQLText(caller.organization)
            let place = text.bind(.uuid(account))
            text += "SELECT row_to_json(d) FROM (SELECT \(record.document.columns(record.document.shown.map(\.name)))"
            text += " FROM \(record.document.sql) t WHERE t.organization_id = $1 AND t.id = \(place)) d"
            let projections = Set(record.projections + parts.flatMap(\.projections))
            let question = Question(
                organization: caller.organization, projections: projections.sorted(), min: min, hasOnePlan: true,
                statements: [
                    text.statement, Self.about(kin.of(account), SQL.accountChain, caller),
                    Self.about(kin.of(account), SQL.accountDeals, caller),
                ] + parts.compactMap(\.statement))
            let answer = try await ask(question, on: lists)
            guard !answer.results[0].isEmpty else { throw Problem.absent("account") }
            return try reading {
                var document = Document()
                document += "{\"account\":"
                document.append(answer.results[0][0], 0)
                document += ",\"chain\":["
                document.append(answer.results[1])
                document += "],\"deals\":"
                document += try Self.totals(answer.results[2]).bytes
                for (part, found) in zip(parts, answer.results.dropFirst(3)) {
                    document += ",\"\(part.name)\":{\"items\":["
                    document.append(found.prefix(rows))
                    document += "],\"more\":\(found.count > rows)}"
                }
                document.end(answer)
                return Reply(body: document.bytes, position: answer.position)
            }
        }
    }

    private static func about(_ kin: [UUID], _ sql: String, _ caller: Caller) -> Statement {
        Statement(sql) {
            $0.uuid(caller.organization)
            $0.uuids(kin)
        }
    }

    /// `{"open":{"count","amounts":[…]},"won":{…},"lost":{…}}`.
    private static func totals(_ rows: Result) throws -> JSON {
        var totals: [String: JSON] = [:]
        for status in ["open", "won", "lost"] {
            let own = try rows.filter { try $0.text(orNil: 0) == status }
            var amounts = Amounts()
            try amounts.add(own.filter { !$0.isNull(1) }, currency: 1, count: 2, minor: 3, base: nil)
            let count = try own.reduce(0) { try $0 + $1.bigint(2) }
            totals[status] = .object(["count": .integer(count)].merging(amounts.members(inBase: false)) { $1 })
        }
        return .object(totals)
    }

    /// A part with its statement; nil where its entity is not there.
    private func query(
        of part: CustomerPart, _ account: UUID, _ kin: Kin, _ limit: Int, _ catalog: Catalog, _ caller: Caller
    ) throws(Problem) -> CustomerPart? {
        var part = part
        let rows: Subject
        let parameters: [Parameter]
        switch part.source {
        case .timeline:
            part.statement = page(of: kin.of(account), limit, after: nil, caller.organization)
            part.projections = try relation("timeline_documents", catalog).projections
            return part
        case .belonging(let sql, let view):
            let document = try relation(view, catalog)
            let columns = document.columns(document.shown.map(\.name))
            let text =
                "SELECT row_to_json(d) FROM (\(sql)) p CROSS JOIN LATERAL (SELECT \(columns) "
                + "FROM \(document.sql) t WHERE t.organization_id = $1 AND t.id = p.id\(Relation.fence)) d "
                + "ORDER BY p.place"
            part.statement = Statement(text) {
                $0.uuid(caller.organization)
                $0.uuids(kin.of(account))
                $0.bigint(Int64(limit) + 1)
            }
            part.projections = Relation.projections([document, try relation("account_records", catalog)])
            return part
        case .sublist(let path):
            guard let list = Sublist.all(entities).first(where: { $0.entity == "account" && $0.path == path }) else {
                return nil
            }
            switch list.source {
            case .records(let name): rows = try subject(try entity(name), catalog)
            case .rows(let view): rows = Subject(try relation(view, catalog))
            }
            parameters = list.parameters(of: account, part.parameters)
        }
        var request = try ListRequest(parameters, of: rows, by: asker(caller), limit: limit)
        request.selections = request.selections.map { $0.widened(by: kin) }
        let query = ListQuery(subject: rows, request: request, organization: caller.organization)
        part.statement = try query.page(after: nil)
        part.projections = rows.projections
        return part
    }
}

/// A part of an account's page.
private struct CustomerPart {
    enum Source {
        case sublist(String)
        case timeline
        /// Rows of a view that a statement names: also of what belongs to the account.
        case belonging(String, view: String)
    }
    let name: String
    let source: Source
    let parameters: [Parameter]
    var statement: Statement?
    var projections: [String] = []

    init(_ name: String, _ source: Source, _ parameters: [(String, String)] = []) {
        (self.name, self.source) = (name, source)
        self.parameters = parameters.map { Parameter($0.0, $0.1) }
    }

    static let all = [
        CustomerPart(
            "contacts", .sublist("contacts"), [("current", "true"), ("sort", "-primary_contact,-primary_account")]),
        CustomerPart("open_deals", .sublist("deals"), [("status", "open"), ("sort", "expected_close")]),
        CustomerPart("children", .sublist("children")), CustomerPart("leads", .sublist("leads")),
        CustomerPart("projects", .sublist("projects")),
        CustomerPart("tasks", .belonging(SQL.accountTasks, view: "task_documents")),
        CustomerPart("scheduled", .belonging(SQL.accountScheduled, view: "interaction_documents")),
        CustomerPart("notes", .sublist("notes"), [("sort", "-pinned,-created_at")]),
        CustomerPart("attachments", .sublist("attachments")),
        CustomerPart("timeline", .timeline),
    ]
}
