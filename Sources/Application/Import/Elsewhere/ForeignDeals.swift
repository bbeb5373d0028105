import FoundationEssentials
import Kernel

/// What is worked out of each row of another CRM's deals, in columns of their own: what its stage means, where it was
/// opened, when it was opened and closed, and what happened to it between.
struct ForeignDeals: Sendable {
    let system: ForeignSystem
    let pipelines: ForeignPipelines
    let past: ForeignPast
    let now: Instant

    /// The names of these columns: none that a file has.
    static let columns = [
        "~kind", "~opened_in", "~opened_at", "~closed_at", ForeignPast.column, "~stage", "~pipeline",
    ]

    /// The columns out of which they are worked out.
    var reads: [Int] { [stage, pipeline, created, closes, won, closed, state].compactMap(\.self) }

    private let stage, pipeline, created, closes, won, closed, state: Int?
    /// What the column of the stage is called.
    private let stageName: String?

    init(
        _ system: ForeignSystem, _ survey: Survey, _ pipelines: ForeignPipelines, _ past: ForeignPast, now: Instant
    ) {
        (self.system, self.pipelines, self.past, self.now) = (system, pipelines, past, now)
        stage = Self.stage(survey)
        stageName = Self.stageName(survey)
        pipeline = Self.pipeline(survey)
        created = survey.column("created_date", "createdate", "create_date", "created_at", "createdon", "date_entered")
        closes = survey.column("close_date", "closedate", "actualclosedate", "date_closed")
        state = system == .dynamics ? survey.column("statecode") : nil
        (won, closed) = (survey.column("is_won"), survey.column("is_closed"))
    }

    /// How the column of the stage is called, in the one system or the other.
    static let stages = [
        "stage_name", "dealstage", "deal_stage", "deal_pipeline_stage_id", "sales_stage", "stepname",
    ]
    static func stage(_ survey: Survey) -> Int? { ForeignSystem.column(stages, in: survey.header) }
    /// What the column of the stage is called there.
    static func stageName(_ survey: Survey) -> String? { stage(survey).map { Header(survey.header).names[$0] } }
    static func pipeline(_ survey: Survey) -> Int? {
        survey.column("pipeline", "pipeline_id", "deal_pipeline_id", "deal_pipeline")
    }

    /// The cells behind a row's own.
    func cells(_ fields: [String]) -> [String] {
        let (name, line) = (Survey.cell(fields, stage), Survey.cell(fields, pipeline))
        let kind = kind(fields, name, line)
        // One that names neither begins where the organization's own deals do.
        let opening = name.isEmpty && line.isEmpty ? nil : pipelines.opening(name, in: line)
        let known = name.isEmpty ? opening : pipelines.stage(name, in: line)
        let made = Survey.cell(fields, created)
        let tale = past.tale(fields, made: made)
        let course = Course(tale, stageName, final: kind) { pipelines.stage($0, in: line) }
        let first = course.first.flatMap { pipelines.stage($0, in: line) }
        let openedIn = [first, known, opening].compactMap { $0 }.first { $0.kind == "open" }
        let (opened, ended) = moments(fields, kind, tale.began?.text ?? made, course)
        let stands = known?.kind == kind ? known : pipelines.ending(kind, in: line)
        let holder = name.isEmpty && line.isEmpty ? nil : pipelines.holder(of: name, in: line)
        let history = past.outline.entity.map { tale.text(course.steps, $0, began: nil) } ?? ""
        return [kind, openedIn?.key ?? "", opened, ended, history, stands?.key ?? "", holder?.key ?? ""]
    }

    func kind(_ fields: [String], _ stage: String, _ pipeline: String) -> String {
        if state != nil {
            switch Survey.cell(fields, state).lowercased() {
            case "1", "won": return "won"
            case "2", "lost", "canceled": return "lost"
            case _: return "open"
            }
        }
        let (won, closed) = (Survey.cell(fields, won), Survey.cell(fields, closed))
        if !won.isEmpty || !closed.isEmpty { return ForeignPipelines.kind(won, closed, stage) }
        return pipelines.stage(stage, in: pipeline)?.kind ?? "open"
    }

    /// When it was opened and when it was closed; empty: now. A deal that was entered when it was closed already was
    /// opened when it was closed; one that is closed on a day to come is closed now.
    private func moments(
        _ fields: [String], _ kind: String, _ made: String, _ course: Course
    ) -> (opened: String, closed: String) {
        var opened = made
        if let moment = Moments.read(opened), moment > now { opened = "" }
        guard kind != "open" else { return (opened, "") }
        if let at = course.closed { return (opened.isEmpty ? at.text : opened, at.text) }
        let given = Survey.cell(fields, closes)
        let instant = Moments.read(given)
        let day = instant.map { Moments.isMidnight($0) } == false ? nil : Day(String(given.prefix(10)))
        guard let moment = instant ?? day.map({ Instant($0) }), moment <= now else { return (opened, "") }
        let text = day?.text ?? given
        // Its day begins up to fourteen hours sooner elsewhere in the world.
        let least = Instant(microseconds: moment.microseconds - (day == nil ? 0 : 14 * 3_600_000_000))
        guard let began = Moments.read(opened), began <= least else {
            return course.steps.isEmpty ? (text, text) : (opened, "")
        }
        return (opened, text)
    }
}

/// The way that one deal took through its stages, and what else happened to it.
private struct Course {
    private(set) var steps: [ForeignTale.Step] = []
    /// The stage in which it was at first.
    private(set) var first: String?
    /// When it was closed for the last time, where that is told.
    private(set) var closed: Instant?

    /// - Parameters:
    ///   - column: that of the stage.
    ///   - final: what its stage means now.
    init(
        _ tale: ForeignTale, _ column: String?, final: String,
        _ known: (String) -> ForeignPipelines.Stage?
    ) {
        guard let column else {
            steps = tale.changes.map { ForeignTale.Step(at: $0.at, act: "edit", cells: $0.cells) }
            return
        }
        first = tale.beginning[column].flatMap { $0.isEmpty ? nil : $0 }
        let moves = Self.moves(tale, column, from: first)
        let ending = moves.keys.max()
        var kind = "open"
        for (index, change) in tale.changes.enumerated() {
            if let stage = moves[index] {
                let to = known(stage)?.kind ?? "open"
                if index == ending, to == final, to != "open" {
                    closed = change.at
                    if kind != "open" { reopen(change.at, [column: ""]) }
                } else if first != nil {
                    take(change.at, from: kind, to: to, [column: stage])
                    kind = to
                }
                if first == nil { first = stage }
            }
            let others = change.cells.filter { $0.key != column }
            if !others.isEmpty { steps.append(ForeignTale.Step(at: change.at, act: "edit", cells: others)) }
        }
    }

    /// The stages to which it came, by the changes that tell it.
    private static func moves(_ tale: ForeignTale, _ column: String, from first: String?) -> [Int: String] {
        var (moves, stage) = ([Int: String](), first)
        for (index, change) in tale.changes.enumerated() {
            guard let next = change.cells[column], !next.isEmpty, next != stage else { continue }
            (moves[index], stage) = (next, next)
        }
        return moves
    }

    private mutating func take(_ at: Instant, from: String, to: String, _ cells: [String: String]) {
        // One that is closed in another way is opened first, where it was before.
        if from != "open" { reopen(at, to == "open" ? cells : cells.mapValues { _ in "" }) }
        guard from == "open" || to != "open" else { return }
        let act = to == "open" ? "move" : to == "won" ? "win" : "lose"
        steps.append(ForeignTale.Step(at: at, act: act, cells: cells))
    }
    private mutating func reopen(_ at: Instant, _ cells: [String: String]) {
        steps.append(ForeignTale.Step(at: at, act: "reopen", cells: cells))
    }
}
