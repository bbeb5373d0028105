import FoundationEssentials
import Kernel

/// What tables of another CRM tell of the past of its deals.
enum ForeignHistory {
    /// What changed of a deal at one moment.
    struct Change: Sendable {
        let at: Instant
        /// The row that tells it.
        let line: Int
        var stage: String?
        var stageBefore: String?
        /// What else it says from then on, by the deals' own columns.
        var cells: [String: String] = [:]
        /// What it said before.
        var before: [String: String] = [:]
        /// Whether it is the first that is told of a deal of which every state is told.
        var isFirst = false
    }

    /// Rows of a table by the keys of their deals, in order of time, and the lines of those that tell nothing.
    struct Told: Sendable {
        var changes: [String: [Change]] = [:]
        var untold: [Int: RowFlaw] = [:]
        /// The deal of each line.
        var deals: [Int: String] = [:]

        /// The stages through which these deals came.
        func stages(of keys: Set<String>) -> [String] {
            let passed = changes.filter { keys.contains($0.key) }.values.flatMap { $0 }
            return Set(passed.flatMap { [$0.stage, $0.stageBefore] }.compactMap { $0 }).sorted()
        }
    }

    /// Each row is a field that changed (`Field`, `NewValue`; `field_name`, `after_value_string`), or the whole state
    /// of a deal from a moment on.
    static func read(_ survey: Survey, deals header: [String]) throws(CSV.Unreadable) -> Told {
        var told = Told()
        let deal = survey.column("opportunity_id", "deal_id", "parent_id")
        let time = survey.column(
            "created_date", "date_entered", "timestamp", "createddate", "_fivetran_start", "date_created")
        let field = survey.column("field", "field_name", "name", "property_name")
        let old = survey.column("old_value", "before_value_string")
        let new = survey.column("new_value", "value", "after_value_string")
        let columns = Header(header)
        try survey.each { line, fields in
            let at = Survey.cell(fields, time)
            guard let name = Survey.key(fields, deal) else {
                told.untold[line] = RowFlaw(nil, "import.key_missing", "The row does not say which deal it is about.")
                return
            }
            guard let moment = Moments.read(at) else {
                told.untold[line] = RowFlaw(nil, "import.not_an_instant", "\"\(at)\" is no moment.")
                return
            }
            told.deals[line] = name
            var change = Change(at: moment, line: line)
            if let field {
                let column = Survey.cell(fields, field)
                let (from, to) = (Survey.cell(fields, old), Survey.cell(fields, new))
                if isStage(column) {
                    change.stage = to
                    change.stageBefore = from.isEmpty ? nil : from
                } else if columns.columns(column).count == 1 {
                    change.cells[column] = to
                    change.before[column] = from
                } else {
                    told.untold[line] = RowFlaw(nil, "import.field_unknown", "The deals have no column \"\(column)\".")
                    return
                }
            } else {
                let stage = survey.column("stage_name", "value", "stage_id")
                change.stage = Survey.cell(fields, stage)
                for name in ["amount", "close_date", "probability"] {
                    if let column = survey.column(name) { change.cells[name] = Survey.cell(fields, column) }
                }
                change.cells = change.cells.filter { !$0.value.isEmpty && columns.columns($0.key).count == 1 }
            }
            if change.stage?.isEmpty == true { change.stage = nil }
            guard change.stage != nil || !change.cells.isEmpty else {
                told.untold[line] = RowFlaw(nil, "import.nothing_told", "The row tells nothing of its deal.")
                return
            }
            told.changes[name, default: []].append(change)
        }
        for key in told.changes.keys { told.changes[key]?.settle(whole: field == nil) }
        return told
    }

    private static func isStage(_ column: String) -> Bool {
        ["stagename", "dealstage", "salesstage"].contains(column.lowercased().filter { $0.isLetter })
    }
}

extension [ForeignHistory.Change] {
    /// In order of time; of whole states, what the one before said is what the next changes.
    fileprivate mutating func settle(whole: Bool) {
        let order = enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }
        self = order.map(\.element)
        guard whole else { return }
        for index in indices.dropFirst() {
            self[index].stageBefore = self[index - 1].stage
            if self[index].stage == self[index].stageBefore { self[index].stage = nil }
        }
        if !isEmpty { self[0].isFirst = true }
    }
}
