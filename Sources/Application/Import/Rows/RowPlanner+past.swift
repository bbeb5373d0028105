import FoundationEssentials
import Kernel

/// What happened to a record before its steps, as a cell of its row tells it.
struct RowPast {
    /// What the row said when the record was made, where that is told.
    var first: Change?
    /// What it said from each moment on.
    var changes: [Change] = []
    /// What Daybook itself tells, of where the record was exported: acts with what was said, not cells of a row.
    var own: [JSON] = []

    struct Change {
        let at: Instant?
        let act: String
        /// Texts by columns of the file.
        let cells: [String: String]
    }

    /// When the record was made, where it is told here.
    var began: Instant? { first?.at }
}

// MARK: What was it before?

extension RowPlanner {
    /// Reads `[{"at","act","cells"}]`, the cells by the file's own columns, and `[{"at","act","body"}]` as Daybook has
    /// it.
    func past(_ rule: RecordRule, _ row: FileRow) throws(RowFlaw) -> RowPast {
        guard let column = rule.history else { return RowPast() }
        var past = RowPast()
        for item in try Self.changes(column, row) {
            if item["body"]?.object != nil {
                past.own.append(item)
                continue
            }
            let at = item["at"]?.string.flatMap { Instant($0) }
            let isFirst = item["act"]?.string == rule.entity.creation.act
            guard let act = item["act"]?.string, let cells = item["cells"]?.object, at != nil || isFirst else {
                throw .noHistory(column)
            }
            let change = RowPast.Change(at: at, act: act, cells: cells.compactMapValues(\.string))
            if isFirst { past.first = change } else { past.changes.append(change) }
        }
        return past
    }

    /// Takes the row back to what it said at first, and tells from there, change by change, what differs: each by the
    /// rules of the row itself. At the end it says what the row says.
    func tell(_ past: RowPast, _ rule: RecordRule, _ row: FileRow, _ wish: inout Wish) throws(RowFlaw) {
        try tell(own: past, rule, &wish)
        guard past.first != nil || !past.changes.isEmpty else { return }
        let columns = Set(rule.columns)
        var then = row.saying(past.first?.cells ?? [:], in: columns)
        var told = try Version(self, rule, then, .first, wish)
        if past.first != nil {
            wish.first = told.body
            wish.links += told.links
        }
        told.note(in: &wish, since: nil)
        var rows = [(at: wish.occurred, row: then)]
        for change in past.changes {
            then = then.saying(change.cells, in: columns)
            rows.append((change.at, then))
            if change.act != rule.entity.edit?.act { try take(change, rule, then, &wish) }
            let next = try Version(self, rule, then, .past(wish.past.count), wish)
            next.note(in: &wish, since: told, at: change.at)
            wish.edit(from: told, to: next, rule, at: change.at)
            told = next
        }
        let end = rows.last?.at
        wish.edit(from: told, to: try Version(self, rule, row, .past(wish.past.count), wish), rule, at: end)
        wish.date(rule, rows + [(end, row)])
    }

    static func changes(_ column: FileColumn, _ row: FileRow) throws(RowFlaw) -> [JSON] {
        guard !row[column].isEmpty else { return [] }
        guard let changes = (try? JSON(parsing: row[column]))?.array else { throw .noHistory(column) }
        return changes
    }

    // MARK: What does Daybook itself tell?

    /// What the act says that makes a record is what that said at first; an act that another mapping of the same rows
    /// carries out later is not told here.
    private func tell(own past: RowPast, _ rule: RecordRule, _ wish: inout Wish) throws(RowFlaw) {
        guard let column = rule.history else { return }
        for change in past.own {
            let act = change["act"]?.string ?? ""
            if act == rule.entity.creation.act {
                let said = change["body"]?.object?.filter { rule.entity.creation.field($0.key) != nil }
                wish.opening.merge(said ?? [:]) { $1 }
            } else if !rule.steps.contains(where: { $0.isLater && $0.act == act }) {
                guard let told = own(change, by: act, rule, column, .past(wish.past.count), &wish), told.occurred != nil
                else { throw .noHistory(column) }
                wish.past.append(told)
            }
        }
    }

    /// A change as Daybook has it, with the ids of the records that are meant; nil where there is no such act.
    func own(
        _ change: JSON, by act: String, _ rule: RecordRule, _ column: FileColumn, _ place: Wish.Place,
        _ wish: inout Wish
    ) -> Wish.Step? {
        let forms = [rule.entity.edit].compactMap { $0 } + rule.entity.steps
        guard let form = forms.first(where: { $0.act == act }) else { return nil }
        var ids = EmbeddedIDs(place: place, source: mapping.source, column: column.name, identify: identify)
        let body = ids.meant(change["body"] ?? [:], .object(form.takes), at: [])?.object ?? [:]
        wish.links += ids.links
        let at = change["at"]?.string.flatMap { Instant($0) }
        return Wish.Step(act: act, body: body, occurred: at, isOwn: true)
    }

    // MARK: What happened by an act of its own?

    /// An act that is one of the rule's steps.
    private func take(
        _ change: RowPast.Change, _ rule: RecordRule, _ row: FileRow, _ wish: inout Wish
    ) throws(RowFlaw) {
        guard let step = rule.steps.first(where: { $0.act == change.act }),
            let form = rule.entity.steps.first(where: { $0.act == change.act })
        else { return }
        let (links, left) = (wish.links.count, wish.left.count)
        let body = try body(step.with, row, .past(wish.past.count), &wish)
        let given = Set(body.keys).union(wish.links.dropFirst(links).compactMap(\.path.first))
        if wish.left.count > left || form.takes.contains(where: { $0.isRequired && !given.contains($0.name) }) {
            wish.links.removeSubrange(links...)
            return
        }
        wish.past.append(Wish.Step(act: change.act, body: body, occurred: change.at))
    }
}

/// What a row said of a record from a moment on.
private struct Version {
    let body: [String: JSON]
    let links: [Wish.Link]
    /// What no member took.
    private let left: [RowFlaw]

    init(
        _ planner: RowPlanner, _ rule: RecordRule, _ row: FileRow, _ place: Wish.Place, _ wish: Wish
    ) throws(RowFlaw) {
        var own = Wish(entity: wish.entity, id: wish.id)
        body = try planner.body(rule.fields, row, place, &own)
        (links, left) = (own.links, own.left)
    }

    /// What stands at a place, and to what it refers.
    func said(at path: [String]) -> (value: JSON?, links: [Wish.Link]) {
        (body.value(at: path[...]), links.filter { $0.path.starts(with: path) })
    }

    /// Tells what no member took, once.
    func note(in wish: inout Wish, since other: Version?, at moment: Instant? = nil) {
        let known = Set(wish.left + (other?.left ?? []))
        let day = moment.map { "on \($0.text.prefix(10))" } ?? "at first"
        wish.left += left.filter { !known.contains($0) }.map {
            RowFlaw($0.column, $0.code, "\($0.reason) (as it was \(day))")
        }
    }
}

extension Wish {
    /// A step of which the mapping tells no time took place when the row came to say what it says of it.
    fileprivate mutating func date(_ rule: RecordRule, _ rows: [(at: Instant?, row: FileRow)]) {
        guard let now = rows.last?.row else { return }
        for step in rule.then + rule.steps
        where step.occurred.isEmpty && !step.isLater && step.when.allSatisfy({ $0.holds(now) }) {
            let columns = step.when.map(\.column) + step.with.flatMap(\.columns)
            let last = rows.indices.dropFirst().last { place in
                columns.contains { rows[place].row[$0] != rows[place - 1].row[$0] }
            }
            guard let at = last.flatMap({ rows[$0].at }) else { continue }
            for place in then.indices where then[place].act == step.act { then[place].since = at }
            for place in steps.indices where steps[place].act == step.act { steps[place].since = at }
        }
    }

    /// Tells what differs between two versions, where the act that changes a record takes it.
    fileprivate mutating func edit(from old: Version, to new: Version, _ rule: RecordRule, at moment: Instant?) {
        guard let form = entity.edit else { return }
        var change: [String: JSON] = [:]
        var links: [Link] = []
        var compared: Set<[String]> = []
        for path in rule.fields.map(\.path) {
            guard let field = form.field(path[0]), !stages.contains(path[0]) else { continue }
            // Members of a map are changed one by one, an object as a whole.
            let place = field.isMap ? path : [path[0]]
            guard compared.insert(place).inserted else { continue }
            let (before, after) = (old.said(at: place), new.said(at: place))
            guard
                before.value != after.value || before.links.map(\.target) != after.links.map(\.target)
                    || before.links.map(\.value) != after.links.map(\.value)
            else { continue }
            if after.value == nil, after.links.isEmpty, field.isRequired { continue }
            change.set(after.value ?? .null, at: place[...])
            links += after.links
        }
        guard !change.isEmpty else { return }
        self.links += links
        past.append(Step(act: form.act, body: change, occurred: moment))
    }
}

extension FileRow {
    /// The same row with other texts in these columns.
    fileprivate func saying(_ cells: [String: String], in columns: Set<FileColumn>) -> FileRow {
        guard !cells.isEmpty else { return self }
        var fields = self.cells
        for column in columns where column.isThere {
            guard let text = cells[column.name] else { continue }
            for index in column.others { fields[index] = "" }
            fields[column.index] = text
        }
        return FileRow(line: line, fields)
    }
}
