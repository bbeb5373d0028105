import CRM
import FoundationEssentials
import Kernel
import Postgres

extension Queries {
    /// Records of an entity, page by page: `{"items":[…],"next":"…","position":…,"total":…}`.
    ///
    /// `field=x`, `field.gte` (gt, lte, lt, between, ne, in, nin, contains, starts_with, null), `custom.key=x`,
    /// `filter=or(…,not(…))`, `sort=-amount,custom.key`, `limit`, `cursor`, `page`, `page_size`, `fields=id,title`,
    /// `include=account,owner`, `q`, `total=exact`, `external_id=source:id`, `archived=true|false|any`, `as_of`,
    /// `as_known`.
    /// - Throws: `parameter.unknown`, `parameter.invalid`, `filter.invalid`, `cursor.invalid`,
    ///   `parameter.unavailable`.
    public func list(_ entity: String, _ parameters: [Parameter], by caller: Caller, min: PositionToken? = nil)
        async throws(Problem) -> Reply
    {
        try await list(entity, parameters, below: nil, by: caller, min: min)
    }

    /// - Parameter owner: the record that they belong to, which must be there.
    func list(
        _ entity: String, _ parameters: [Parameter], below owner: (entity: String, id: UUID)?, by caller: Caller,
        min: PositionToken?
    ) async throws(Problem) -> Reply {
        let entity = try self.entity(entity)
        let moment = try moment(parameters)
        return try await answering { present throws(Problem) in
            let catalog = present.at(moment)
            let presence = try owner.map { owner throws(Problem) in
                try self.presence(of: owner.id, owner.entity, present, caller)
            }
            let (subject, request) = try await listing(entity, parameters, catalog, moment, asker(caller), min)
            return try await page(of: subject, request, below: presence, moment, caller, min)
        }
    }

    /// The ids of the records that a list shows on all of its pages, as of one moment; one more than `most` where there
    /// are more.
    func ids(
        _ entity: any Entity.Type, _ parameters: [Parameter], most: Int, by caller: Caller, min: PositionToken?
    ) async throws(Problem) -> [UUID] {
        try await answering { catalog throws(Problem) in
            let (subject, request) = try await listing(
                entity, parameters, catalog, nil, asker(caller), limit: most, min)
            var query = ListQuery(subject: subject, request: request, organization: caller.organization)
            query.driver = try await driver(request, caller)
            let question = Question(
                organization: caller.organization, projections: subject.projections, min: min,
                statements: [try query.ids()])
            let rows = try await ask(question, on: lists).results[0]
            return try reading { try rows.map { try $0.uuid(0) } }
        }
    }

    /// What is listed, and how: the parameters as they are understood where the organization has its own tags and
    /// fields.
    /// - Parameter limit: rows of a page where no parameter says it.
    func listing(
        _ entity: any Entity.Type, _ parameters: [Parameter], _ catalog: Catalog, _ moment: Moment?, _ asker: Asker,
        limit: Int = ListRequest.rows, _ min: PositionToken?
    ) async throws(Problem) -> (Subject, ListRequest) {
        let subject = try subject(entity, catalog)
        let parameters = try await naming(tags: parameters, catalog, asker.caller, min: min)
        let custom = try await customCriteria(subject, parameters, catalog, asker.caller, min)
        let request = try ListRequest(parameters, of: subject, custom: custom, by: asker, limit: limit)
        return (subject, try await settled(request, of: subject, catalog, moment, asker.caller, min))
    }

    /// Rows of any projection's table or view, for owners and auditors, with the same parameters.
    /// - Throws: `table.not_found` where there is no such table.
    public func table(_ name: String, _ parameters: [Parameter], by caller: Caller, min: PositionToken? = nil)
        async throws(Problem) -> Reply
    {
        guard caller.role == .owner || caller.role == .auditor else {
            throw .forbidden("Tables as they are are for owners and auditors.")
        }
        let moment = try moment(parameters)
        return try await answering { catalog throws(Problem) in
            // What is of no organization (the register of projections) is no table of theirs.
            guard let found = catalog.relations[name], found.column("organization_id") != nil,
                found.column(SQLText.words) == nil
            else {
                throw Problem.absent("table")
            }
            let subject = Subject(try relation(name, catalog.at(moment)))
            let request = try ListRequest(parameters, of: subject, by: asker(caller))
            return try await page(of: subject, request, moment, caller, min)
        }
    }

    /// The fields that the organization defined for its records.
    public func fields(_ parameters: [Parameter], by caller: Caller, min: PositionToken? = nil) async throws(Problem)
        -> Reply
    {
        let moment = try moment(parameters)
        return try await answering { catalog throws(Problem) in
            let subject = Subject(try relation("fields", catalog.at(moment)))
            let request = try ListRequest(parameters, of: subject, by: asker(caller))
            return try await page(of: subject, request, moment, caller, min)
        }
    }

    // MARK: How is a page made?

    func page(
        of subject: Subject, _ request: ListRequest, below owner: Presence? = nil, _ moment: Moment?,
        _ caller: Caller, _ min: PositionToken?
    ) async throws(Problem) -> Reply {
        let organization = caller.organization
        let shape = Cursor.shape(subject.table.name, request.shape)
        let key = try await surroundings.cursorKey(organization)
        var cursor: Cursor?
        if let text = request.cursor {
            cursor = try Cursor(text, shape: shape, organization: organization, key: key)
        }
        let page = try await stretch(of: subject, request, after: cursor, below: owner, moment, caller, min)
        let next = page.end?.text(organization: organization, key: key)
        return Reply(
            body: Document.list(page.rows, next: next, total: page.total, page.answer), position: page.position)
    }

    /// Rows of a list in their order.
    struct Stretch {
        let rows: Slice<Result>
        /// Whether it begins the list.
        let isFirst: Bool
        /// Where it ends; nil where nothing follows.
        let end: Cursor?
        /// All rows of the list, where they were to be counted.
        let total: Int64?
        let answer: Findings
        var position: PositionToken { answer.position }
    }

    /// The rows that come after a place in a list, as many as are asked for.
    func stretch(
        of subject: Subject, _ request: ListRequest, after cursor: Cursor?, below owner: Presence? = nil,
        _ moment: Moment?, _ caller: Caller, _ min: PositionToken?
    ) async throws(Problem) -> Stretch {
        let organization = caller.organization
        let shape = Cursor.shape(subject.table.name, request.shape)
        var query = ListQuery(subject: subject, request: request, organization: organization)
        query.driver = try await driver(request, caller)
        let statements =
            [try query.page(after: cursor)] + (request.isCounted ? [query.count()] : [])
            + [owner?.statement].compactMap { $0 }
        let isPlain =
            request.selections.isEmpty && request.words.isEmpty && request.only == nil && moment == nil
            && !request.shown.includesOthers
        let isStretch = query.keys.first?.isSorted == true && request.page == nil
        // Where no index has the order, all rows are looked at.
        let isWhole = moment == nil && query.keys.first.map { !$0.isSorted && $0.indexed == nil } ?? false
        let question = Question(
            organization: organization,
            projections: Set(subject.projections + request.shown.projections + (owner?.projections ?? [])).sorted(),
            min: min, past: cursor?.position, moment: moment, looksUp: isStretch,
            hasOnePlan: isPlain && isStretch, readsAsItLies: isWhole && query.driver == nil && request.only == nil,
            statements: statements)
        let answer = try await ask(question, on: lists)
        if let found = answer.results.last { try owner?.require(found) }
        return try reading {
            let rows = answer.results[0]
            let shown = rows.prefix(request.limit)
            var end: Cursor?
            if rows.count > request.limit, let last = shown.last {
                end = try query.end(last, after: cursor, at: answer.position, shape: shape)
            }
            let total = request.isCounted ? try answer.results[1][0].bigint(0) : nil
            return Stretch(rows: shown, isFirst: cursor == nil, end: end, total: total, answer: answer)
        }
    }

    /// Rows that are found one by one rather than in the order in which they are shown: more cost more than they spare.
    private static let few: Int64 = 2_000

    /// The condition by which few rows are found, where an index can tell: the one with the fewest. A field of an
    /// organization's own has no statistics, since these would keep values, so the rows are counted, up to a limit.
    func driver(_ request: ListRequest, _ caller: Caller) async throws(Problem) -> Condition? {
        let candidates = request.selections.flatMap(\.certain).filter(\.hasIndex)
        if candidates.isEmpty { return nil }
        let statements = candidates.map { condition in
            var text = SQLText(caller.organization)
            let most = text.bind(.integer(Queries.few + 1))
            let found = condition.indexed(&text) ?? ""
            text += "SELECT count(*) FROM (SELECT\(found) LIMIT \(most)) x"
            return text.statement
        }
        let question = Question(organization: caller.organization, projections: [], statements: statements)
        let results = try await ask(question, on: lists).results
        return try reading {
            let counts = try results.map { try $0[0].bigint(0) }
            let best = zip(candidates, counts).min { $0.1 < $1.1 }
            return best.flatMap { $0.1 <= Queries.few ? $0.0 : nil }
        }
    }

    /// The fields by which the organization's own definitions let a list be chosen and sorted, where a parameter names
    /// one.
    func customCriteria(
        _ subject: Subject, _ parameters: [Parameter], _ catalog: Catalog, _ caller: Caller, _ min: PositionToken?
    ) async throws(Problem) -> [String: Criterion] {
        guard parameters.contains(where: CustomField.isMeant) else { return [:] }
        let values = catalog.relations[subject.table.name + "_values"]
        var criteria: [String: Criterion] = [:]
        for (key, definition) in try await definitions(of: subject, catalog, caller, min) {
            for field in CustomField.all(key, definition.kind, in: values) { criteria[field.name] = Criterion(field) }
        }
        return criteria
    }

    /// The fields in use that the organization defined for these records, by their keys' order.
    func definitions(
        of subject: Subject, _ catalog: Catalog, _ caller: Caller, _ min: PositionToken?
    ) async throws(Problem) -> [(key: String, definition: FieldSet.Definition)] {
        guard let entity = subject.entity, subject.table.column("custom") != nil else { return [] }
        let statement = Statement(SQL.customFields) {
            $0.uuid(caller.organization)
            $0.text(entity)
        }
        let question = Question(
            organization: caller.organization, projections: try relation("fields", catalog).projections, min: min,
            statements: [statement])
        let rows = try await ask(question, on: points).results[0]
        return try reading {
            try rows.map { row in
                (try row.text(0), try JSON(parsing: row.bytea(1)).decode(FieldSet.Definition.self))
            }.sorted { $0.0 < $1.0 }
        }
    }
}

extension CustomField {
    /// Whether a parameter may name a field of the organization's own.
    fileprivate static func isMeant(_ parameter: Parameter) -> Bool {
        switch parameter.name {
        case "filter", "sort": parameter.value.contains("custom.")
        case let name: name.hasPrefix("custom.")
        }
    }
    /// What a definition can be chosen by; of money its currency as well.
    fileprivate static func all(_ key: String, _ kind: Field.Kind, in values: Relation?) -> [CustomField] {
        let field = CustomField(key, kind, in: values)
        return kind == .money ? [field, CustomField(key, kind, .currency, in: values)] : [field]
    }
}
