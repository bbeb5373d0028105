import FoundationEssentials
import Kernel

/// What tables of another CRM tell of the past of its records.
enum ForeignHistory {
    /// What changed of a record at one moment.
    struct Change: Sendable {
        let at: Instant
        /// Its place among the changes of one moment: later ones have higher places.
        var place: Int
        /// What the record says from then on, by columns of the first of its files that has each.
        var cells: [String: String] = [:]
        /// What it said before, where that is told.
        var before: [String: String] = [:]
        /// Whether it is the first that is told of a record of which every state is told.
        var isFirst = false
    }

    /// What each row of a table is about, by lines, and what it tells.
    struct Told: Sendable {
        /// By the keys of the records, in order of time.
        var changes: [String: [Change]] = [:]
        /// Rows that tell nothing.
        var untold: [Int: RowFlaw] = [:]
        /// The record of each other row.
        var records: [Int: String] = [:]
        /// The column of which each of them tells.
        var columns: [Int: String] = [:]
    }

    /// Whose past is told, and by what names.
    struct Subject {
        let system: ForeignSystem
        /// The table of the records.
        let kind: ForeignTable
        /// Its columns, in each of the files that hold it.
        let columns: [ForeignColumns]
        /// The keys of records that are not written as the system's ids are.
        let keys: Set<String>
        let now: Instant
    }

    /// Each row is a field that changed (`Field`, `NewValue`; `field_name`, `after_value_string`), or the whole state
    /// of a record from a moment on.
    static func read(_ survey: Survey, of subject: Subject) throws(CSV.Unreadable) -> Told {
        let table = Table(survey, of: subject)
        var told = Told()
        var moments: [Moment: [Row]] = [:]
        // Many exports begin with what was last.
        var (last, rises) = (Instant?.none, 0)
        try survey.each { line, fields in
            do throws(RowFlaw) {
                let row = try table.row(line, fields)
                told.records[line] = row.record
                told.columns[line] = row.column
                if let last, last != row.change.at { rises += last < row.change.at ? 1 : -1 }
                last = row.change.at
                if let column = row.column, table.mayTellTwice(column) {
                    moments[Moment(record: row.record, column: column, at: row.change.at), default: []].append(row)
                } else {
                    told.changes[row.record, default: []].append(row.change)
                }
            } catch { told.untold[line] = error }
        }
        for (moment, rows) in moments {
            for row in table.distinct(rows, moment.column) { told.changes[row.record, default: []].append(row.change) }
        }
        for key in told.changes.keys { told.changes[key]?.settle(whole: table.tellsStates, isUpsideDown: rises < 0) }
        return told
    }

    /// One row of a table.
    private struct Row {
        let record: String
        /// Nil where it tells of the whole record.
        let column: String?
        let change: Change
    }
    /// What rows that tell one change have in common.
    private struct Moment: Hashable {
        let record, column: String
        let at: Instant
    }

    /// A table of the past.
    private struct Table {
        private let subject: Subject
        private let record, time, field: Int?
        private let old, new: [Int]
        /// What a whole state tells, by the columns of the records.
        private let states: [(name: String, column: Int)]
        private let names: Names

        /// Whether each row is a whole state.
        var tellsStates: Bool { field == nil }

        init(_ survey: Survey, of subject: Subject) {
            self.subject = subject
            record = survey.column("\(subject.kind.singular)_id", "opportunity_id", "parent_id", "record_id")
            time = survey.column(
                "created_date", "date_entered", "timestamp", "createddate", "_fivetran_start", "date_created")
            field = survey.column("field", "field_name", "name", "property_name")
            old = [survey.column("old_value", "before_value_string"), survey.column("before_value_text")]
                .compactMap(\.self)
            new = [survey.column("new_value", "value", "after_value_string"), survey.column("after_value_text")]
                .compactMap(\.self)
            let names = Names(subject.columns)
            let stage = ForeignDeals.stages.lazy.compactMap { names[$0] }.first
            let told =
                [(stage, survey.column("stage_name", "value", "stage_id"))]
                + ["amount", "close_date", "probability"].map { (names[$0], survey.column($0)) }
            states = told.compactMap { name, column in
                guard let name, let column else { return nil }
                return (name, column)
            }
            self.names = names
        }

        func row(_ line: Int, _ fields: [String]) throws(RowFlaw) -> Row {
            let (kind, at) = (subject.kind, Survey.cell(fields, time))
            guard let key = Survey.key(fields, record) else {
                throw RowFlaw(nil, "import.key_missing", "The row does not say which \(kind.singular) it is about.")
            }
            guard let moment = Moments.read(at) else {
                throw RowFlaw(nil, "import.not_an_instant", "\"\(at)\" is no moment.")
            }
            guard moment <= subject.now else {
                throw RowFlaw(nil, "time.in_future", "\(at) has not come yet.")
            }
            let nothing = RowFlaw(nil, "import.nothing_told", "The row tells nothing of its \(kind.singular).")
            guard let field else {
                var change = Change(at: moment, place: line)
                for (name, column) in states {
                    let text = Survey.cell(fields, column)
                    if !text.isEmpty { change.cells[name] = text }
                }
                guard !change.cells.isEmpty else { throw nothing }
                return Row(record: key, column: nil, change: change)
            }
            let name = Survey.cell(fields, field)
            guard !Self.isBeginning(name) else {
                return Row(record: key, column: nil, change: Change(at: moment, place: line))
            }
            let isConversion = name.lowercased() == "leadconverted"
            guard let column = names[isConversion ? "IsConverted" : name] else {
                throw RowFlaw(nil, "import.field_unknown", "The \(kind.plural) have no column \"\(name)\".")
            }
            var (before, after) = (first(of: old, fields), first(of: new, fields))
            if isConversion { (before, after) = ("false", "true") }
            guard old.isEmpty || !(before.isEmpty && after.isEmpty) else { throw nothing }
            if subject.system == .salesforce, ForeignColumns.holdsIDs(column) {
                (before, after) = (SalesforceID.long(before), SalesforceID.long(after))
            }
            var change = Change(at: moment, place: line, cells: [column: after])
            if !old.isEmpty { change.before[column] = before }
            return Row(record: key, column: column, change: change)
        }

        /// Whether the column holds what a record refers to, of which Salesforce tells by keys and by names.
        func mayTellTwice(_ column: String) -> Bool {
            subject.system == .salesforce && (ForeignColumns.holdsIDs(column) || column.hasSuffix("__c"))
        }

        /// The first of these that holds something.
        private func first(of columns: [Int], _ fields: [String]) -> String {
            columns.lazy.map { Survey.cell(fields, $0) }.first { !$0.isEmpty } ?? ""
        }

        /// Whether a word stands for the making of a record, of which no field is told.
        private static func isBeginning(_ word: String) -> Bool {
            let word = word.lowercased()
            return word == "created" || word.hasSuffix("createdfromlead")
        }

        /// Of rows that tell the same change of what a record refers to, once by keys and once by names, those with
        /// keys.
        func distinct(_ rows: [Row], _ column: String) -> [Row] {
            guard rows.count > 1 else { return rows }
            func isKey(_ text: String) -> Bool {
                SalesforceID.isOne(text)
                    || ForeignColumns.holdsIDs(column) && Normal.key(text).map(subject.keys.contains) == true
            }
            let keyed = rows.filter { row in
                [row.change.before[column], row.change.cells[column]].contains { $0.map(isKey) == true }
            }
            return keyed.isEmpty ? rows : keyed
        }
    }

    /// What the columns of the records are called that a table means, in the first file that has each.
    private final class Names {
        private let columns: [ForeignColumns]
        private var known: [String: String?] = [:]

        init(_ columns: [ForeignColumns]) { self.columns = columns }

        subscript(field: String) -> String? {
            if let known = known[field] { return known }
            let name = columns.lazy.compactMap { $0.column(of: field) }.first
            known[field] = .some(name)
            return name
        }
    }
}

extension [ForeignHistory.Change] {
    /// In order of time; of whole states, what the one before said is what the next changes.
    fileprivate mutating func settle(whole: Bool, isUpsideDown: Bool) {
        if isUpsideDown { for index in indices { self[index].place.negate() } }
        sort()
        guard whole else { return }
        let states = self
        for index in indices.dropFirst() {
            for (name, text) in states[index].cells {
                guard let before = states[..<index].last(where: { $0.cells[name] != nil })?.cells[name] else {
                    continue
                }
                self[index].cells[name] = before == text ? nil : text
                self[index].before[name] = before == text ? nil : before
            }
        }
        if !isEmpty { self[0].isFirst = true }
    }

    /// In order of time; what was changed at one moment is one change.
    mutating func sort() {
        let order = enumerated().sorted { a, b in
            (a.element.at, a.element.place, a.offset) < (b.element.at, b.element.place, b.offset)
        }
        self = order.map(\.element).reduce(into: []) { all, next in
            guard let last = all.last, last.at == next.at, last.isFirst == next.isFirst,
                last.cells.keys.allSatisfy({ next.cells[$0] == nil })
            else { return all.append(next) }
            all[all.count - 1].cells.merge(next.cells) { $1 }
            all[all.count - 1].before.merge(next.before) { $1 }
        }
    }
}
