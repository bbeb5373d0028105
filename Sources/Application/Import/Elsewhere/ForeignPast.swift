import FoundationEssentials
import Kernel

/// What is worked out of each row of another CRM's records, in a column of its own: what happened to it.
struct ForeignPast: Sendable {
    /// The name of this column: none that a file has.
    static let column = "~history"

    let outline: MappingOutline
    private let key, occurred: [FileColumn]
    /// The columns of all fields of which a table tells.
    let columns: [String: String]
    /// Of these, those that are not the same for ever, as its key is, and when it was made.
    private let changing: [String: String]
    /// By the record's key, in order of time.
    private let changes: [String: [ForeignHistory.Change]]

    /// - Parameter fields: those of which the tables tell.
    init(_ columns: ForeignColumns, _ changes: [String: [ForeignHistory.Change]], fields: Set<String>) {
        (outline, self.changes) = (columns.outline, changes)
        (key, occurred) = (outline.key(in: columns.header), outline.occurred(in: columns.header))
        self.columns = fields.reduce(into: [:]) { $0[$1] = columns.column(of: $1) }
        let fixed = Set((key + occurred).map(\.name))
        changing = self.columns.filter { !fixed.contains($0.value) }
    }

    /// The columns that a table of the past tells of.
    var told: Set<String> { Set(columns.values) }

    /// All texts that stood in a column, in what the tables tell of the records of a file.
    func said(in column: String, _ survey: Survey) throws(CSV.Unreadable) -> [String] {
        let fields = columns.filter { $0.value == column }.map(\.key)
        var texts: Set<String> = []
        try survey.each { _, row in
            for change in key(row).flatMap({ changes[$0] }) ?? [] {
                for field in fields { texts.formUnion([change.before[field], change.cells[field]].compactMap(\.self)) }
            }
        }
        return texts.filter { !$0.isEmpty }.sorted()
    }

    /// The record that a row is about.
    func key(_ fields: [String]) -> String? { RowPlanner.key(key, FileRow(line: 0, fields)) }

    /// What happened to the record of a row.
    /// - Parameter made: when it was made, as the row says, where that is not in a column of its own.
    func tale(_ fields: [String], made: String? = nil) -> ForeignTale {
        let row = FileRow(line: 0, fields)
        let given = made ?? occurred.lazy.map { row[$0] }.first { !$0.isEmpty } ?? ""
        let changes = key(fields).flatMap { self.changes[$0] } ?? []
        return ForeignTale(changes, changing, made: given)
    }

    /// The cell behind a row's own.
    func cells(_ fields: [String]) -> [String] {
        guard let entity = outline.entity, let act = entity.edit?.act else { return [""] }
        let tale = tale(fields)
        let edits = tale.changes.map { ForeignTale.Step(at: $0.at, act: act, cells: $0.cells) }
        return [tale.text(edits, entity, began: tale.began)]
    }
}

/// What happened to one record, taken back to what it said at first.
struct ForeignTale {
    /// What it said at first, by its own columns; of others what it says now.
    private(set) var beginning: [String: String] = [:]
    /// What it said from each moment on, by its own columns.
    private(set) var changes: [(at: Instant, cells: [String: String])] = []
    /// When it was made, where that was sooner than its row says.
    private(set) var began: Instant?

    struct Step {
        let at: Instant
        let act: String
        let cells: [String: String]
    }

    /// - Parameter made: when it was made, as its row says.
    init(_ all: [ForeignHistory.Change], _ columns: [String: String], made: String) {
        guard let first = all.first?.at else { return }
        let given = Beginning(made)
        if given.map({ first < $0.latest }) ?? made.isEmpty { began = first }
        let opening = began.map { Instant(microseconds: $0.microseconds + Beginning.minute) } ?? given?.over
        for change in all {
            var cells: [String: String] = [:]
            for (field, text) in change.cells {
                guard let column = columns[field] else { continue }
                if beginning[column] == nil {
                    let isNew = change.before[field] == nil
                    // A table without what was before tells at first what a record was made with.
                    if isNew, change.isFirst || opening.map({ change.at < $0 }) == true {
                        beginning[column] = text
                        continue
                    }
                    beginning[column] = change.before[field] ?? ""
                }
                cells[column] = text
            }
            if !cells.isEmpty { changes.append((change.at, cells)) }
        }
    }

    /// As a mapping's `history` takes it; nothing where there is nothing to tell.
    /// - Parameter began: when it was made, where the row does not say so elsewhere.
    func text(_ steps: [Step], _ entity: EntityFacts, began: Instant?) -> String {
        guard !steps.isEmpty || !beginning.isEmpty || began != nil else { return "" }
        func told(_ at: Instant?, _ act: String, _ cells: [String: String]) -> JSON {
            var members: [String: JSON] = ["act": .string(act), "cells": .object(cells.mapValues { .string($0) })]
            members["at"] = at.map { .string($0.text) }
            return .object(members)
        }
        let all = [told(began, entity.creation.act, beginning)] + steps.map { told($0.at, $0.act, $0.cells) }
        return String(decoding: JSON.array(all).bytes, as: UTF8.self)
    }

    /// When a record was made, as its row says: at a moment, or on a day, of which it is not told where in the world.
    private struct Beginning {
        /// What happened before this was before it for sure, or may have been.
        let latest: Instant
        /// When it was over, with all that was said by making it.
        let over: Instant

        static let minute: Int64 = 60_000_000
        private static let hour = 60 * minute

        init?(_ text: String) {
            if let moment = Moments.read(text) {
                (latest, over) = (moment, Instant(microseconds: moment.microseconds + Self.minute))
            } else if let day = Day(String(text.prefix(10))) {
                let begins = Instant(day).microseconds
                // Midnight comes up to twelve hours later elsewhere in the world.
                latest = Instant(microseconds: begins + 12 * Self.hour)
                over = Instant(microseconds: begins + 24 * Self.hour)
            } else {
                return nil
            }
        }
    }
}
