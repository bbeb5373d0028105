import FoundationEssentials
import Kernel

/// What is worked out of each row of another CRM's deals, in columns of their own: what its stage means, where it was
/// opened, when it was opened and closed, and what happened to it between.
struct ForeignDeals: Sendable {
    let system: ForeignSystem
    let pipelines: ForeignPipelines
    /// By the deal's key.
    let histories: [String: [ForeignHistory.Change]]
    let now: Instant

    /// The names of these columns: none that a file has.
    static let columns = ["~kind", "~opened_in", "~opened_at", "~closed_at", "~history", "~stage", "~pipeline"]

    /// The columns out of which they are worked out.
    var reads: [Int] { [key, stage, pipeline, created, closes, won, closed, state].compactMap(\.self) }

    private let key, stage, pipeline, created, closes, won, closed, state: Int?
    private let header: [String]

    init(
        _ system: ForeignSystem, _ survey: Survey, _ pipelines: ForeignPipelines,
        _ histories: [String: [ForeignHistory.Change]], now: Instant
    ) {
        (self.system, self.pipelines, self.histories, self.now) = (system, pipelines, histories, now)
        header = survey.header
        key = Self.key(survey)
        stage = Self.stage(survey)
        pipeline = Self.pipeline(survey)
        created = survey.column("created_date", "createdate", "create_date", "created_at", "createdon", "date_entered")
        closes = survey.column("close_date", "closedate", "actualclosedate", "date_closed")
        state = system == .dynamics ? survey.column("statecode") : nil
        (won, closed) = (survey.column("is_won"), survey.column("is_closed"))
    }

    static func key(_ survey: Survey) -> Int? {
        survey.column("id", "sf_id", "deal_id", "opportunityid", "record_id", "hs_object_id")
    }
    static func stage(_ survey: Survey) -> Int? {
        survey.column("stage_name", "dealstage", "deal_stage", "deal_pipeline_stage_id", "sales_stage", "stepname")
    }
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
        let tale = Tale(
            changes: histories[Normal.key(Survey.cell(fields, key)) ?? ""] ?? [], final: kind, deals: self, line: line,
            header: header)
        let first = tale.first.flatMap { pipelines.stage($0, in: line) }
        let openedIn = [first, known, opening].compactMap { $0 }.first { $0.kind == "open" }
        let (opened, ended) = moments(fields, kind, tale)
        let stands = known?.kind == kind ? known : pipelines.ending(kind, in: line)
        let holder = name.isEmpty && line.isEmpty ? nil : pipelines.holder(of: name, in: line)
        return [kind, openedIn?.key ?? "", opened, ended, tale.text, stands?.key ?? "", holder?.key ?? ""]
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
    private func moments(_ fields: [String], _ kind: String, _ tale: Tale) -> (opened: String, closed: String) {
        var opened = Survey.cell(fields, created)
        if let first = tale.steps.first?.at, Moments.read(opened).map({ first < $0 }) ?? true { opened = first.text }
        if let moment = Moments.read(opened), moment > now { opened = "" }
        guard kind != "open" else { return (opened, "") }
        if let at = tale.closed { return (opened.isEmpty ? at.text : opened, at.text) }
        let given = Survey.cell(fields, closes)
        let instant = Moments.read(given)
        let day = instant.map { Moments.isMidnight($0) } == false ? nil : Day(String(given.prefix(10)))
        guard let moment = instant ?? day.map({ Instant($0) }), moment <= now else { return (opened, "") }
        let text = day?.text ?? given
        // Its day begins up to fourteen hours sooner elsewhere in the world.
        let least = Instant(microseconds: moment.microseconds - (day == nil ? 0 : 14 * 3_600_000_000))
        guard let began = Moments.read(opened), began <= least else {
            return tale.steps.isEmpty ? (text, text) : (opened, "")
        }
        return (opened, text)
    }
}

/// What happened to one deal, as a mapping's `history` takes it.
private struct Tale {
    private(set) var steps: [Step] = []
    /// The stage in which it was at first.
    private(set) var first: String?
    /// When it was closed for the last time, where that is told.
    private(set) var closed: Instant?
    private var beginning: [String: String] = [:]

    struct Step {
        let at: Instant
        let act: String
        let cells: [String: String]
    }

    init(
        changes: [ForeignHistory.Change], final: String, deals: ForeignDeals, line: String, header: [String]
    ) {
        guard !changes.isEmpty else { return }
        let names = Header(header)
        func column(_ name: String) -> String? { names.columns(name).first?.name }
        let stageColumn = ["stage_name", "dealstage", "deal_pipeline_stage_id", "sales_stage"].lazy
            .compactMap(column).first
        let last = changes.lastIndex { $0.stage != nil }
        var kind = "open"
        for (index, change) in changes.enumerated() {
            for (name, value) in change.before {
                if let column = column(name), beginning[column] == nil { beginning[column] = value }
            }
            if let stage = change.stage, let stageColumn {
                let next = deals.pipelines.stage(stage, in: line)?.kind ?? "open"
                let from = change.stageBefore
                if first == nil { first = from ?? stage }
                if index == last, next == final, next != "open" {
                    closed = change.at
                } else if from != nil || index > 0 {
                    let cells = [stageColumn: stage]
                    if kind != "open" {
                        steps.append(Step(at: change.at, act: "reopen", cells: next == "open" ? cells : [:]))
                    }
                    let act = next == "open" ? "move" : next == "won" ? "win" : "lose"
                    if kind == "open" || next != "open" { steps.append(Step(at: change.at, act: act, cells: cells)) }
                    kind = next
                }
            }
            let cells = change.cells.reduce(into: [String: String]()) { cells, one in
                if let column = column(one.key) { cells[column] = one.value }
            }
            if cells.isEmpty { continue }
            if change.isFirst {
                beginning.merge(cells) { first, _ in first }
            } else {
                steps.append(Step(at: change.at, act: "edit", cells: cells))
            }
        }
    }

    /// JSON; nothing where there is nothing to tell.
    var text: String {
        guard !steps.isEmpty else { return "" }
        var told = steps
        if !beginning.isEmpty { told.insert(Step(at: steps[0].at, act: "open", cells: beginning), at: 0) }
        let json = told.map { step -> JSON in
            [
                "at": .string(step.at.text), "act": .string(step.act),
                "cells": .object(step.cells.mapValues { .string($0) }),
            ]
        }
        return String(decoding: JSON.array(json).bytes, as: UTF8.self)
    }
}
