import FoundationEssentials
import Kernel
public import Kernel

// MARK: What is refused, and what to do then?

extension Deal {
    /// Why not.
    public enum Rejection: String, LastingRefusal {
        case absent = "deal.not_found"
        case exists = "deal.already_exists"
        case archived = "deal.archived"
        case notOpen = "deal.not_open"
        case notClosed = "deal.not_closed"
        case endingMisplaced = "deal.ending_misplaced"
        case pipelineMissing = "deal.pipeline_missing"
        case pipelineArchived = "deal.pipeline_archived"
        case pipelineFixed = "deal.pipeline_fixed"
        case stageUnknown = "deal.stage_unknown"
        case stageNotOpen = "deal.stage_not_open"
        case stageNotWon = "deal.stage_not_won"
        case stageNotLost = "deal.stage_not_lost"
        case stageRetired = "deal.stage_retired"
        case transitionNotAllowed = "deal.transition_not_allowed"
        case amountFollowsLines = "deal.amount_follows_lines"
        case amountTooLarge = "deal.amount_too_large"
        case lineUnknown = "deal.line_unknown"
        case lineCurrencies = "deal.line_currencies"
        case linePriceMissing = "deal.line_price_missing"
        case lineTooFine = "deal.line_too_fine"
        case tooManyLines = "deal.too_many_lines"

        /// What to do.
        public var detail: String {
            switch self {
            case .absent: "There is no such deal."
            case .exists: "This deal exists already; edit it instead."
            case .archived: "This deal is archived; restore it first."
            case .notOpen: "This deal is closed; reopen it first, or edit what was wrong."
            case .notClosed: "This deal is open; move it to another stage instead."
            case .endingMisplaced: "An open deal has no closing day and no reason for its loss; win it or lose it."
            case .pipelineMissing: "Name a pipeline: the organization has no default one, or what is named is none."
            case .pipelineArchived: "This pipeline is archived; restore it or choose another."
            case .pipelineFixed: "A deal stays in its pipeline; open another deal in the other pipeline."
            case .stageUnknown: "The deal's pipeline has no such stage; its stages are listed with their ids."
            case .stageNotOpen: "This stage closes a deal; name an open stage, or win or lose the deal."
            case .stageNotWon: "A deal is won in a stage of that kind; name one or leave the stage out."
            case .stageNotLost: "A deal is lost in a stage of that kind; name one or leave the stage out."
            case .stageRetired: "This stage is retired; name one that is in use."
            case .transitionNotAllowed: "The pipeline does not let this stage follow; see its transitions."
            case .amountFollowsLines: "This deal's amount is the sum of its lines; change those, or remove them first."
            case .amountTooLarge: "An amount of money is at most 9,007,199,254,740,991 minor units."
            case .lineUnknown: "The deal has no such line; its lines are listed with their ids."
            case .lineCurrencies: "All lines of a deal are in one currency; open another deal for the other."
            case .linePriceMissing: "Give this line a unit_price: its product has none."
            case .lineTooFine: "A quantity has at most three decimals, a discount at most two."
            case .tooManyLines: "A deal has at most 100 lines; open another deal for the others."
            }
        }
        /// What kind of refusal.
        public var reason: RefusalReason {
            switch self {
            case .absent: .absent
            case .exists, .archived, .notOpen, .notClosed, .transitionNotAllowed, .amountFollowsLines, .tooManyLines:
                .conflict
            case .endingMisplaced, .pipelineMissing, .pipelineArchived, .pipelineFixed, .stageUnknown, .stageNotOpen,
                .stageNotWon,
                .stageNotLost, .stageRetired, .amountTooLarge, .lineUnknown, .lineCurrencies, .linePriceMissing,
                .lineTooFine:
                .invalid
            }
        }
    }
}

// MARK: What does a decision read?

extension Deal {
    /// The deal's pipeline; for a new one without, the organization's default. The products of lines, for their prices.
    public static func references(_ command: Command, _ state: State, known: Context) -> [Reference] {
        switch command {
        case .create(let record):
            let organization = Reference(Organization.self, known.organization)
            let own = record["pipeline_id"] == nil ? [organization] : []
            return own + (pipeline(of: record, known).map { [Reference(Pipeline.self, $0)] } ?? [])
                + products(of: record["lines"])
        case .edit(let patch) where patch["stage_id"] == nil: return products(of: patch["lines"])
        case .edit(let patch):
            return products(of: patch["lines"])
                + ((state.content?.fields.id("pipeline_id")).map { [Reference(Pipeline.self, $0)] } ?? [])
        case .addLine(let line), .changeLine(_, let line): return products(of: [.object(line.values)])
        case .archive, .removeLine, .tag: return []
        case .move, .win, .lose, .reopen, .restore:
            return (state.content?.fields.id("pipeline_id")).map { [Reference(Pipeline.self, $0)] } ?? []
        }
    }
    private static func pipeline(of record: Record, _ context: Context) -> UUID? {
        record.id("pipeline_id") ?? context.state(Organization.self, context.organization)?.id("default_pipeline_id")
    }
}

// MARK: What happens?

extension Deal {
    /// What happens. Moves keep to the open stages and to what the pipeline allows; a deal is won and lost from
    /// anywhere, in a stage of that kind, the first where none is named.
    public static func decide(_ command: Command, given state: State, in context: Context) throws(Rejection) -> [Event]
    {
        switch command {
        case .create(let record): return try begin(state, with: .opened(try opened(record, context)))
        case .addLine, .changeLine, .removeLine:
            let deal = try inUse(state).fields
            return try told(try lines(of: deal, after: command, context), on: deal)
        case .edit(let patch): return try edited(patch, try inUse(state), context)
        case .move(let to): return try moved(try inUse(state), to, context)
        case .win(let stage, let day, let amount):
            let deal = try inUse(state)
            if let amount { try check(amount, DealLines(deal.fields["lines"])) }
            let amount = amount ?? Money(deal.fields["amount"])
            let to = try closing(.won, stage, of: deal, context)
            let isSame = amount == Money(deal.fields["amount"]) && deal.isClosed(in: stage, on: day)
            if deal.outcome == .won, isSame { return [] }
            guard deal.outcome == .open else { throw .notOpen }
            return [.won(from: deal.stage, stage_id: to, actual_close: day ?? context.today, amount: amount)]
        case .lose(let reason, let other, let stage, let day):
            return try lost(reason, other, stage, day, state, context)
        case .reopen(let stage):
            let deal = try inUse(state)
            if deal.outcome == .open, stage ?? deal.stage == deal.stage { return [] }
            guard deal.outcome != .open else { throw .notClosed }
            let stages = stages(of: deal, context)
            let left = deal.left.map(stages.current)
            guard let to = stage ?? left ?? stages.first(.open)?.id else { throw .stageUnknown }
            return [.reopened(from: deal.stage, stage_id: try open(to, stages))]
        case .tag(let tags): return try retagged(state, by: tags)
        case .archive: return try archive(state, with: .archived)
        case .restore: return try restored(state, context)
        }
    }

    private static func lost(
        _ reason: String, _ other: String?, _ stage: UUID?, _ day: Day?, _ state: State, _ context: Context
    ) throws(Rejection) -> [Event] {
        let deal = try inUse(state)
        let to = try closing(.lost, stage, of: deal, context)
        let isSame =
            reason == deal.fields.text("lost_reason")
            && other ?? deal.fields.text("lost_to") == deal.fields.text("lost_to")
            && deal.isClosed(in: stage, on: day)
        if deal.outcome == .lost, isSame { return [] }
        guard deal.outcome == .open else { throw .notOpen }
        let closed = day ?? context.today
        return [.lost(from: deal.stage, stage_id: to, actual_close: closed, lost_reason: reason, lost_to: other)]
    }

    private static func opened(_ record: Record, _ context: Context) throws(Rejection) -> Record {
        guard let id = pipeline(of: record, context) else { throw .pipelineMissing }
        let stages: Stages
        switch context.state(Pipeline.self, id) {
        case .absent: throw .pipelineMissing
        case .archived, .merged: throw .pipelineArchived
        case .active(let pipeline): stages = Stages(pipeline)
        }
        guard let stage = record.id("stage_id") ?? stages.first(.open)?.id else { throw .stageUnknown }
        _ = try keeping(Patch(record.values), .open)
        var result = record
        result.set("pipeline_id", id)
        result.set("stage_id", try open(stage, stages))
        var lines = DealLines(nil)
        try lines.take(record["lines"], listed(context), newID: context.newID)
        if let amount = Money(record["amount"]) { try check(amount, lines) }
        result.set("lines", lines.all.isEmpty ? nil : lines.json)
        if let sum = try lines.sum() { result.set("amount", sum.json) }
        return result
    }
    private static func edited(_ patch: Patch, _ deal: Content, _ context: Context) throws(Rejection) -> [Event] {
        var change = patch.without("lines").effective(on: deal.fields, fields)
        guard change.id("pipeline_id") == nil else { throw .pipelineFixed }
        var events: [Event] = []
        if let stage = change.id("stage_id") { events += try moved(deal, stage, context) }
        if change["owner_id"] != nil {
            events.append(.assigned(from: deal.fields.id("owner_id"), owner_id: change.id("owner_id")))
        }
        var lines = DealLines(deal.fields["lines"])
        try lines.take(patch["lines"], listed(context), newID: context.newID)
        // With lines, no amount means none of its own.
        if let amount = Money(patch["amount"]) { try check(amount, lines) }
        if !lines.all.isEmpty { change = change.without("amount") }
        let plain = try keeping(change, deal.outcome).without("pipeline_id", "stage_id", "owner_id")
        return events + (plain.isEmpty ? [] : [.edited(set: plain)]) + (try told(lines, on: deal.fields))
    }
    /// What tells how a deal ended is of deals that ended. They keep it: it is corrected, and not cleared.
    private static func keeping(_ change: Patch, _ outcome: Stage.Kind) throws(Rejection) -> Patch {
        switch outcome {
        case .open:
            let ending = ["actual_close", "lost_reason", "lost_to"]
            guard ending.allSatisfy({ (change[$0] ?? .null) == .null }) else { throw .endingMisplaced }
            return change
        case .won: return change["actual_close"] == .null ? change.without("actual_close") : change
        case .lost:
            return ["actual_close", "lost_reason"].reduce(change) { $0[$1] == .null ? $0.without($1) : $0 }
        }
    }
    private static func moved(_ deal: Content, _ to: UUID, _ context: Context) throws(Rejection) -> [Event] {
        guard deal.outcome == .open else { throw .notOpen }
        let stages = stages(of: deal, context)
        // Where it went with all deals of a retired stage, it is as asked.
        if deal.stage == to || deal.stage == stages.current(to) { return [] }
        // Who leaves a retired stage for one that was retired since goes where that one's deals went.
        let isSent = deal.stage.map(stages.isRetired) ?? false
        let stage = try open(isSent ? stages.current(to) : to, stages)
        guard deal.stage.map({ stages.leads(from: $0, to: stage) }) ?? true else { throw .transitionNotAllowed }
        return [.moved(from: deal.stage, to: stage)]
    }

    /// Deals that were put away stay where they were; one that is open goes on to where the others of its stage went.
    private static func restored(_ state: State, _ context: Context) throws(Rejection) -> [Event] {
        let events = try restore(state, with: .restored)
        guard !events.isEmpty, let deal = state.content, deal.outcome == .open, let stage = deal.stage else {
            return events
        }
        let current = stages(of: deal, context).current(stage)
        return current == stage ? events : events + [.moved(from: stage, to: current)]
    }

    // MARK: Which lines?

    /// A deal with lines is worth what they come to.
    private static func check(_ amount: Money, _ lines: DealLines) throws(Rejection) {
        guard let sum = try lines.sum(), sum != amount else { return }
        throw .amountFollowsLines
    }
    private static func told(_ lines: DealLines, on deal: Record) throws(Rejection) -> [Event] {
        let change = lines.change(from: DealLines(deal["lines"]))
        return change.isEmpty ? [] : [.linesChanged(lines: change, amount: try lines.sum())]
    }
    private static func lines(of deal: Record, after command: Command, _ context: Context) throws(Rejection)
        -> DealLines
    {
        var lines = DealLines(deal["lines"])
        switch command {
        case .addLine(let line):
            guard lines.all.count < DealLines.limit else { throw .tooManyLines }
            try lines.put(context.newID().text, line.values, listed(context))
        case .changeLine(let id, let change):
            guard let line = lines[id] else { throw .lineUnknown }
            // Another product has its own price.
            let isOther = change["product_id"] != nil && change["product_id"] != line["product_id"]
            let kept = isOther ? line.filter { $0.key != "unit_price" } : line
            try lines.put(id.text, kept.merging(change.values) { $1 }, listed(context))
        case .removeLine(let id):
            guard lines[id] != nil else { throw .lineUnknown }
            lines.remove(id.text)
        case .create, .edit, .move, .win, .lose, .reopen, .tag, .archive, .restore: break
        }
        return lines
    }
    private static func products(of lines: JSON?) -> [Reference] {
        let given: [JSON] =
            switch lines {
            case .array(let items)?: items
            case .object(let items)?: Array(items.values)
            case let product?: [["product_id": product]]
            case nil: []
            }
        let ids = given.filter { $0["unit_price"] == nil }
            .compactMap { $0["product_id"]?.string.flatMap(UUID.init(text:)) }
        return Set(ids).map { Reference(Product.self, $0) }
    }
    private static func listed(_ context: Context) -> DealLines.Listed {
        { Money(context.state(Product.self, $0).content?["price"]) }
    }

    // MARK: Which stage?

    private static func stages(of deal: Content, _ context: Context) -> Stages {
        let pipeline = deal.fields.id("pipeline_id").flatMap { context.state(Pipeline.self, $0).content }
        return Stages(pipeline ?? Record())
    }
    private static func open(_ id: UUID, _ stages: Stages) throws(Rejection) -> UUID {
        guard let stage = stages[id] else { throw .stageUnknown }
        guard stage.kind == .open else { throw .stageNotOpen }
        guard !stages.isRetired(id) else { throw .stageRetired }
        return id
    }
    private static func closing(_ kind: Stage.Kind, _ named: UUID?, of deal: Content, _ context: Context)
        throws(Rejection) -> UUID
    {
        let stages = stages(of: deal, context)
        guard let id = named ?? stages.first(kind)?.id, let stage = stages[id] else { throw .stageUnknown }
        guard stage.kind == kind else { throw kind == .won ? .stageNotWon : .stageNotLost }
        guard !stages.isRetired(id) else { throw .stageRetired }
        return id
    }
}

extension Deal.Content {
    fileprivate var stage: UUID? { fields.id("stage_id") }
    /// Whether what was asked is how it is; what was not said is as it is.
    fileprivate func isClosed(in stage: UUID?, on day: Day?) -> Bool {
        (stage ?? self.stage) == self.stage && (day ?? fields.day("actual_close")) == fields.day("actual_close")
    }
}
