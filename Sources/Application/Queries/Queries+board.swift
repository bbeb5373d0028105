public import FoundationEssentials
import Kernel
import Postgres

extension Queries {
    /// A pipeline's board: its stages in order, each with the cards that entered it last and its totals by currency.
    ///
    /// `{"pipeline":{"id","name"},"stages":[{"id","name","kind","position","probability","count","totals":[…],
    /// "cards":[…],"more"}],"position"}`. Parameters: `base=true`, `rate_date` (sums in the organization's own currency
    /// as well, at the rates of that day), `limit` (cards of a stage, 1 to 200, 50 where not given), and the
    /// deals' own filters: `owner_id=me`, `amount.gte`, `custom.key`, `q`. `as_of`, `as_known`: a pipeline that
    /// did not exist yet has the stages that it had first.
    /// - Throws: `pipeline.not_found`; `parameter.unknown`, `parameter.invalid`.
    public func board(_ pipeline: UUID, _ parameters: [Parameter], by caller: Caller, min: PositionToken? = nil)
        async throws(Problem) -> Reply
    {
        let moment = try moment(parameters)
        return try await answering { present throws(Problem) in
            let catalog = present.at(moment)
            let deal = try self.entity("deal")
            let deals = try subject(deal, catalog)
            let parameters = try await naming(tags: parameters, catalog, caller, min: min)
            let cards = try relation("deal_cards", catalog)
            let stages = try relation("stages", catalog)
            let base = try BaseCurrency(parameters)
            let rates = try base.map { _ throws(Problem) in try relation("base_rates", catalog) }
            let filters = parameters.filter { !BaseCurrency.names.contains($0.name) }
            for parameter in filters where BoardQuery.refused.contains(parameter.name) {
                throw Problem.unknownParameter(
                    parameter.name,
                    known: ["limit", "q"] + BaseCurrency.names
                        + deals.criteria.keys.filter { !BoardQuery.refused.contains($0) })
            }
            let custom = try await customCriteria(deals, filters, catalog, caller, min)
            let asked = try ListRequest(filters, of: deals, custom: custom, by: asker(caller), limit: 50)
            let request = try await settled(asked, of: deals, catalog, moment, caller, min)
            let list = ListQuery(subject: deals, request: request, organization: caller.organization)
            let query = BoardQuery(list: list, pipeline: pipeline, cards: cards, frame: stages, rates: rates)
            let told = rates.map { BaseCurrency.told($0, organization: caller.organization) }
            let question = Question(
                organization: caller.organization,
                projections: Set(deals.projections + Relation.projections([cards, stages, rates])).sorted(), min: min,
                moment: moment, base: base,
                statements: [query.stages, query.shown, query.totals] + [told].compactMap { $0 })
            let answer = try await ask(question, on: lists)
            guard !answer.results[0].isEmpty else { throw Problem.absent("pipeline") }
            return try reading {
                Reply(body: try query.document(answer, limit: request.limit), position: answer.position)
            }
        }
    }
}

/// The statements of a board, and the document of their results.
private struct BoardQuery {
    /// The deals that are meant.
    let list: ListQuery
    let pipeline: UUID
    let cards: Relation
    /// The stages of pipelines.
    let frame: Relation
    /// Where amounts are wanted in the organization's own currency, too.
    let rates: Relation?
    private var request: ListRequest { list.request }

    /// What a list takes and a board does not.
    static let refused = [
        "sort", "fields", "cursor", "page", "page_size", "total", "external_id", "archived", "pipeline_id", "stage_id",
        "stage", "include",
    ]

    var stages: Statement {
        Statement(SQL.boardStages.replacing("read.stages", with: frame.asFrame)) {
            $0.uuid(list.organization)
            $0.uuid(pipeline)
        }
    }

    /// The cards of each stage, and one more.
    var shown: Statement {
        var text = SQLText(list.organization)
        let place = text.bind(.uuid(pipeline))
        text += "SELECT p.stage_id, row_to_json(d) FROM (SELECT s.id AS stage_id, c.id, c.entered_stage_at"
        text += " FROM \(frame.asFrame) s CROSS JOIN LATERAL (SELECT t.id, t.entered_stage_at FROM \(list.source.sql) t"
        conditions(&text)
        text += " AND t.stage_id = s.id AND t.pipeline_id = \(place)"
        text += " ORDER BY t.entered_stage_at DESC, t.id DESC LIMIT \(text.bind(.integer(Int64(request.limit) + 1)))) c"
        text += " WHERE s.organization_id = $1 AND s.pipeline_id = \(place)) p"
        text += " CROSS JOIN LATERAL (SELECT \(cards.columns(cards.shown.map(\.name))) FROM \(cards.sql) t"
        text += " WHERE t.organization_id = $1 AND t.id = p.id\(Relation.fence)) d"
        text += " ORDER BY p.entered_stage_at DESC, p.id DESC"
        return text.statement
    }

    /// Counts and sums of each stage by currency, over all its deals; by the table's totals where these know enough.
    var totals: Statement {
        var text = SQLText(list.organization)
        let place = text.bind(.uuid(pipeline))
        let sum = "coalesce(sum(t.amount_minor), 0)::bigint"
        let converted = rates == nil ? "" : ", " + BaseCurrency.converted(sum, of: "t.amount_currency")
        if let rates { text += BaseCurrency.rates(rates) }
        if let totals = list.subject.totals, totals.tell(request) {
            text += "SELECT t.stage_id, t.amount_currency, sum(t.deals)::bigint, \(sum)\(converted)"
            text += " FROM \(totals.sql) t"
            text += " WHERE t.organization_id = $1 AND t.pipeline_id = \(place) AND t.archived IS NOT TRUE"
            for selection in request.selections { selection.write(to: &text) }
            text += " GROUP BY t.stage_id, t.amount_currency ORDER BY t.amount_currency"
            return text.statement
        }
        text += "SELECT t.stage_id, t.amount_currency, count(*), \(sum)\(converted)"
        text += " FROM \(list.source.sql) t"
        conditions(&text)
        text += " AND t.pipeline_id = \(place) GROUP BY t.stage_id, t.amount_currency ORDER BY t.amount_currency"
        return text.statement
    }

    private func conditions(_ text: inout SQLText) {
        list.conditions(&text)
        list.words(&text)
    }

    func document(_ answer: Findings, limit: Int) throws -> [UInt8] {
        let (stages, shown, totals) = (answer.results[0], answer.results[1], answer.results[2])
        let cards = try Dictionary(grouping: shown) { try $0.uuid(0) }
        let sums = try Dictionary(grouping: totals) { try $0.uuid(orNil: 0) }
        var everything = Amounts()
        var document = Document()
        document += "{\"pipeline\":{\"id\":\"\(pipeline.text)\",\"name\":"
        document += JSON.string(try stages[0].text(5)).bytes
        document += "},\"stages\":["
        for stage in stages {
            if stage.index > 0 { document += "," }
            let id = try stage.uuid(0)
            let own = cards[id] ?? []
            document += "{\"id\":\"\(id.text)\",\"name\":"
            document += JSON.string(try stage.text(1)).bytes
            document += ",\"kind\":\"\(try stage.text(2))\",\"position\":\(try stage.bigint(3))"
            document += ",\"probability\":\(try stage.bigint(orNil: 4) ?? 0)"
            document += ",\"rotting_days\":\(try stage.bigint(orNil: 6).map(String.init) ?? "null")"
            var amounts = Amounts()
            try amounts.add(
                sums[id] ?? [], currency: 1, count: 2, minor: 3, base: rates == nil ? nil : 4)
            everything.add(amounts)
            document += ",\"count\":\(try (sums[id] ?? []).reduce(0) { try $0 + $1.bigint(2) }),\"totals\":"
            document += amounts.json(inBase: rates != nil).bytes
            if rates != nil { document += ",\"base_minor\":\(amounts.base.map(String.init) ?? "null")" }
            document += ",\"cards\":["
            document.append(own.prefix(limit), 1)
            document += "],\"more\":\(own.count > limit)}"
        }
        document += "]"
        if rates != nil {
            document += ",\"base\":"
            document += try BaseCurrency.json(answer.results[3], used: everything.currencies).bytes
        }
        document.end(answer)
        return document.bytes
    }
}
