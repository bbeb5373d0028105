import FoundationEssentials
import Kernel
import Postgres

/// A report on deals: which rows of a view it counts, and what it makes of them.
protocol Report: Sendable {
    /// The view whose rows are counted, and by whose columns they are chosen.
    static var view: String { get }
    /// The parameters that only this report takes.
    static var own: [String] { get }
    /// Whether it tells amounts, which may be wanted in the organization's own currency as well.
    static var tellsAmounts: Bool { get }

    var request: ReportRequest { get }
    init(_ request: ReportRequest) throws(Problem)
    /// Whether it reads most rows of an organization and in no order.
    static var readsAsItLies: Bool { get }
    /// What it asks beside them, once for each group: names and places.
    static var frames: [String] { get }
    /// Appends the query of the rows called `t`; sums can be converted where `request.base` is there.
    func write(_ rows: Relation, _ frames: ReportFrames, to text: inout SQLText)
    /// What is answered, with what every answer ends with; `rates` tells of the rates, where amounts are converted.
    func document(_ rows: Result, rates: Result?, _ end: [String: JSON]) throws -> [UInt8]
}

extension Report {
    static var readsAsItLies: Bool { false }
}

/// A report of so few groups that each may become a value.
protocol ShortReport: Report {
    /// What is answered, but for what every answer ends with.
    func members(_ rows: Result, rates: Result?) throws -> [String: JSON]
}

extension ShortReport {
    func document(_ rows: Result, rates: Result?, _ end: [String: JSON]) throws -> [UInt8] {
        JSON.object(try members(rows, rates: rates).merging(end) { $1 }).bytes
    }
}

/// The relations from which a report takes the names of its groups, as they stand in SQL. Rows are grouped by what they
/// say themselves, so that nothing is looked up for each of them, and groups are named afterwards.
struct ReportFrames: Sendable {
    private let relations: [String: Relation]

    init(_ names: [String], in relation: (String) throws(Problem) -> Relation) throws(Problem) {
        var relations: [String: Relation] = [:]
        for name in names { relations[name] = try relation(name) }
        self.relations = relations
    }
    /// Records that rows refer to.
    subscript(name: String) -> String { relations[name]?.asFrame ?? "" }
    /// Records for themselves: those that are there.
    func rows(_ name: String) -> String { relations[name]?.sql ?? "" }
    var projections: [Relation?] { Array(relations.values) }
}

/// What all reports are asked alike: over which days, which deals, and whether in the organization's own currency, too.
struct ReportRequest: Sendable {
    /// Whether amounts are wanted in the organization's own currency, too.
    let base: BaseCurrency?
    private let days: DaySpan
    private var conditions: [Selection]
    /// What only this report takes, by name.
    private let own: [String: Parameter]

    init(_ parameters: [Parameter], of report: (some Report).Type, criteria: [String: Criterion], by asker: Asker)
        throws(Problem)
    {
        try ListRequest.refuseDoubles(parameters)
        days = try DaySpan(parameters)
        base = report.tellsAmounts ? try BaseCurrency(parameters) : nil
        let common = DaySpan.names + Moment.names + (report.tellsAmounts ? BaseCurrency.names : [])
        var own: [String: Parameter] = [:]
        var conditions: [Selection] = []
        for parameter in parameters where !common.contains(parameter.name) {
            if report.own.contains(parameter.name) {
                own[parameter.name] = parameter
            } else if let condition = try Condition(parameter, among: criteria, by: asker) {
                conditions.append(.one(condition))
            } else {
                throw .unknownParameter(parameter.name, known: report.own + common + criteria.keys)
            }
        }
        (self.own, self.conditions) = (own, conditions)
    }

    /// The records that it names and that may have been merged.
    var named: [UUID] { conditions.flatMap(\.named) }
    /// The same for all that are the same.
    func widened(by kin: Kin) -> ReportRequest {
        var request = self
        request.conditions = conditions.map { $0.widened(by: kin) }
        return request
    }

    /// The word that a parameter of the report's own says; nil where it is not given.
    func word<Word: RawRepresentable<String> & CaseIterable>(_ name: String) throws(Problem) -> Word? {
        guard let text = own[name]?.value else { return nil }
        if let word = Word(rawValue: text) { return word }
        let words = Word.allCases.map(\.rawValue).joined(separator: ", ")
        throw .parameter(name, "\(name)=\(text.prefix(60)) is not known; it is one of \(words).")
    }

    /// Appends ` AND …`: the days, and what rows called `t` must fulfil.
    /// - Parameter day: the column that says on which day a row counts.
    func write(to text: inout SQLText, of day: String) {
        days.write(to: &text, of: day)
        for condition in conditions { condition.write(to: &text) }
    }
    /// Appends that sum in the base, where that is wanted: null where there is no rate.
    func write(_ sum: String, inBaseOf currency: String, to text: inout SQLText) {
        if base != nil { text += ", " + BaseCurrency.converted(sum, of: currency) }
    }
}

extension Queries {
    func report<Kind: Report>(
        _ kind: Kind.Type, _ parameters: [Parameter], _ caller: Caller, _ min: PositionToken?
    ) async throws(Problem) -> Reply {
        let moment = try moment(parameters)
        return try await answering { present throws(Problem) in
            let catalog = present.at(moment)
            let rows = try relation(kind.view, catalog)
            let frames = try ReportFrames(kind.frames) { name throws(Problem) in try relation(name, catalog) }
            let criteria = try reportCriteria(rows)
            let request = try ReportRequest(parameters, of: kind, criteria: criteria, by: asker(caller))
            let kin = try await kin(of: request.named, catalog, moment, caller, min)
            let report = try kind.init(request.widened(by: kin))
            let rates = try report.request.base.map { _ throws(Problem) in try relation("base_rates", catalog) }
            var text = SQLText(caller.organization)
            if let rates { text += BaseCurrency.rates(rates) }
            report.write(rows, frames, to: &text)
            let told = rates.map { BaseCurrency.told($0, organization: caller.organization) }
            let question = Question(
                organization: caller.organization,
                projections: Relation.projections([rows, rates] + frames.projections), min: min, moment: moment,
                readsAsItLies: kind.readsAsItLies && moment == nil, base: report.request.base,
                statements: [text.statement] + [told].compactMap { $0 })
            let answer = try await ask(question, on: reports)
            return try reading {
                let told = rates == nil ? nil : answer.results[1]
                return Reply(
                    body: try report.document(answer.results[0], rates: told, answer.end), position: answer.position)
            }
        }
    }

    /// The columns of a report's rows, with the names and words that deals use.
    private func reportCriteria(_ rows: Relation) throws(Problem) -> [String: Criterion] {
        let currency = Field("currency", .currency).alias("amount.currency")
        return Criterion.byName(rows.columns, of: Subject.fields(of: try entity("deal")) + [currency])
    }
}
