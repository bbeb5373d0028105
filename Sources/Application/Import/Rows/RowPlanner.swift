import FoundationEssentials
import Kernel

/// Turns rows into wishes. Pure: which records are there is not its concern.
struct RowPlanner: Sendable {
    let mapping: Mapping
    let settings: ImportSettings
    /// The id that a record of another system has here; the source and the key are in normal form.
    let identify: @Sendable (_ source: String, _ entity: String, _ key: String) -> UUID
    /// Stages that are here under other ids than the source's.
    var meant: [UUID: UUID] = [:]

    /// What a row says.
    func wishes(_ row: FileRow) throws(RowFlaw) -> [Wish] {
        var wishes: [Wish] = []
        for rule in mapping.records where rule.when.allSatisfy({ $0.holds(row) }) {
            wishes.append(try wish(rule, row))
        }
        return wishes
    }

    private func wish(_ rule: RecordRule, _ row: FileRow) throws(RowFlaw) -> Wish {
        guard let key = Self.key(rule.key, row) else {
            let names = rule.key.map(\.name).joined(separator: ", ")
            throw RowFlaw(
                rule.key.first?.name, "import.key_missing",
                "\(names) is empty; it says which \(rule.entity.name) the row is about.")
        }
        var wish = Wish(entity: rule.entity, id: identify(mapping.source, rule.entity.name, key))
        if rule.namesID { wish.given = try Self.id(key, rule.key.first) }
        if rule.isElsewhere { wish.elsewhere = rule.key.map { row[$0] }.joined(separator: ", ") }
        let past = try past(rule, row)
        wish.occurred = past.began
        if past.began == nil { wish.occurred = try moment(rule.occurred, row) }
        // What happened on that day is no sooner, where its day alone is known.
        let began =
            past.began
            ?? rule.occurred.first { !row[$0.column].isEmpty }.flatMap { rule in
                Self.isDay(row[rule.column]) ? nil : wish.occurred
            }
        wish.start = try body(rule.start, row, .start, &wish)
        wish.fields = try body(rule.fields, row, .fields, &wish)
        for step in rule.then where step.when.allSatisfy({ $0.holds(row) }) {
            let body = try body(step.with, row, .then(wish.then.count), &wish)
            let moment = try moment(step.occurred, row, began)
            wish.then.append(Wish.Step(act: step.act, body: body, occurred: moment))
        }
        for step in rule.steps where step.when.allSatisfy({ $0.holds(row) }) {
            if step.isLater {
                if rule.entity.archiving.contains(step.act) { wish.goesAway = true }
                continue
            }
            if let column = step.each {
                for change in try Self.changes(column, row) where change["act"]?.string == step.act {
                    let told = own(change, by: step.act, rule, column, .step(wish.steps.count), &wish)
                    if let told { wish.steps.append(told) }
                }
                continue
            }
            let (links, left) = (wish.links.count, wish.left.count)
            let body = try body(step.with, row, .step(wish.steps.count), &wish)
            // A step is not what it was where a value of it is left out; that is told.
            guard wish.left.count == left else {
                wish.links.removeSubrange(links...)
                continue
            }
            let moment = try moment(step.occurred, row, began)
            wish.steps.append(Wish.Step(act: step.act, body: body, occurred: moment))
        }
        try tell(past, rule, row, &wish)
        wish.place()
        return wish
    }

    /// The id that Daybook gave a record. What is none is no record of another system, either: it is a mistake.
    private static func id(_ text: String, _ column: FileColumn?) throws(RowFlaw) -> UUID {
        guard let id = UUID(text: text) else {
            throw RowFlaw(
                column?.name, "import.not_an_id", "\"\(text.prefix(60))\" is no id such as Daybook gives its records.")
        }
        return id
    }

    /// The texts of columns as one key; nil where all are empty.
    static func key(_ columns: [FileColumn], _ row: FileRow) -> String? {
        let parts = columns.map { Normal.key(row[$0]) ?? "" }
        guard parts.contains(where: { !$0.isEmpty }) else { return nil }
        guard parts.count > 1 else { return parts[0] }
        return parts.map { $0.replacing("\\", with: "\\\\").replacing("|", with: "\\|") }.joined(separator: "|")
    }

    /// - Parameter begun: a moment before which nothing can have happened on its day.
    private func moment(_ rules: [MomentRule], _ row: FileRow, _ begun: Instant? = nil) throws(RowFlaw) -> Instant? {
        guard let rule = rules.first(where: { !row[$0.column].isEmpty }) else { return nil }
        let reading = Reading(
            kind: .instant, days: rule.pattern, zone: settings.zone, times: mapping.times ?? settings.zone)
        let moment: Instant
        do { moment = try reading.moment(row[rule.column]) } catch {
            throw RowFlaw(rule.column.name, error.code, error.detail)
        }
        guard Self.isDay(row[rule.column]), let begun, begun > moment else { return moment }
        // Its day begins up to fourteen hours sooner elsewhere in the world.
        let ends = moment.microseconds + (24 + 14) * 3_600_000_000
        return begun.microseconds < ends ? begun : moment
    }

    /// Whether a cell names a day, and no moment of it.
    private static func isDay(_ text: String) -> Bool { Moments.read(text).map(Moments.isMidnight) ?? true }

    // MARK: What does a body hold?

    func body(
        _ rules: [MemberRule], _ row: FileRow, _ place: Wish.Place, _ wish: inout Wish
    ) throws(RowFlaw) -> [String: JSON] {
        var body: [String: JSON] = [:]
        for rule in rules where rule.when.allSatisfy({ $0.holds(row) }) {
            if let column = rule.column { wish.columns["/" + rule.path.joined(separator: "/")] = column.name }
            if case .stage = rule.value { wish.stages.insert(rule.path[0]) }
            if rule.field?.kind == .id, rule.path.count == 1 { wish.stages.insert(rule.path[0]) }
            if case .reference(let reference) = rule.value {
                if let link = try link(reference, rule, row, place) { wish.links.append(link) }
                continue
            }
            do throws(RowFlaw) {
                let value = try value(rule.value, row) ?? (rule.clears ? .null : nil)
                guard let value else { continue }
                if case .cell(let cell) = rule.value, cell.hasIDs, let field = rule.field {
                    var ids = EmbeddedIDs(
                        place: place, source: mapping.source, column: cell.column.name, identify: identify)
                    if let value = ids.meant(value, field.kind, at: rule.path) {
                        body.set(value, at: rule.path[...])
                    }
                    wish.links += ids.links
                    continue
                }
                body.set(try fitting(value, rule), at: rule.path[...])
            } catch {
                guard mapping.leavesUnfit else { throw error }
                wish.left.append(error)
            }
        }
        return body
    }

    /// The value, where its member takes it; what is left out must be known before the whole row is refused.
    private func fitting(_ value: JSON, _ rule: MemberRule) throws(RowFlaw) -> JSON {
        guard mapping.leavesUnfit, let field = rule.field, value != .null else { return value }
        var flaws: [Flaw] = []
        _ = field.normal(value, at: "", flaws: &flaws)
        guard let flaw = flaws.first else { return value }
        if field.kind == .phone, let text = value.string, let code = settings.callingCode {
            flaws = []
            let whole = JSON.string(Self.international(text, code))
            _ = field.normal(whole, at: "", flaws: &flaws)
            if flaws.isEmpty { return whole }
        }
        throw RowFlaw(rule.column?.name, "import.\(flaw.code)", "\(field.name): \(flaw.detail)")
    }

    private func value(_ rule: ValueRule, _ row: FileRow) throws(RowFlaw) -> JSON? {
        switch rule {
        case .constant(let value): return value
        case .cell(let cell): return try value(cell, row)
        case .template(let template, let reading):
            let text = template.text(of: row)
            return text.isEmpty ? nil : try read(text, reading, nil, template.columns.first)
        case .stage(let stage): return try self.stage(stage, row)
        case .reference: return nil
        }
    }

    private func value(_ cell: CellRule, _ row: FileRow) throws(RowFlaw) -> JSON? {
        let held = try text(of: cell, row)
        let given = held.isEmpty ? cell.fallback ?? "" : held
        guard !given.isEmpty else { return nil }
        if cell.reading.kind == .list {
            let words = try cell.reading.items(given).map { word throws(RowFlaw) in try our(word, cell) }
            return .array(words.compactMap { $0.map(JSON.string) })
        }
        guard let text = try our(given, cell) else { return nil }
        var currency: Currency?
        if let column = cell.currency, !row[column].isEmpty {
            currency = Currency(row[column].uppercased())
            if currency == nil {
                throw RowFlaw(column.name, "import.currency_unknown", "\"\(row[column])\" is no ISO 4217 currency.")
            }
        }
        return try read(text, cell.reading, currency, cell.column)
    }

    /// Our word for theirs; nil where it is left out.
    private func our(_ word: String, _ cell: CellRule) throws(RowFlaw) -> String? {
        if let ours = cell.translation.of(word) { return ours }
        if cell.translation.others == .leave { return nil }
        let known = cell.translation.words.values.sorted().joined(separator: ", ")
        throw RowFlaw(cell.column.name, "import.word_unknown", "\"\(word)\" has no translation; there is \(known).")
    }

    /// The cell's text, or that of a member of the JSON object in it.
    private func text(of cell: CellRule, _ row: FileRow) throws(RowFlaw) -> String {
        guard let member = cell.member, !row[cell.column].isEmpty else { return row[cell.column] }
        guard let object = Reading.object(row[cell.column]) else {
            throw RowFlaw(cell.column.name, "import.not_an_object", "The cell holds no JSON object.")
        }
        switch object[member] {
        case nil, .null?: return ""
        case .string(let text)?: return text
        case let value?: return String(decoding: value.bytes, as: UTF8.self)
        }
    }

    private func read(
        _ text: String, _ reading: Reading, _ currency: Currency?, _ column: FileColumn?
    ) throws(RowFlaw) -> JSON {
        do { return try reading.value(text, currency: currency) } catch {
            throw RowFlaw(column?.name, error.code, error.detail)
        }
    }

    /// A number of the country whose calling code this is, as it is called from abroad.
    private static func international(_ text: String, _ code: String) -> String {
        let digits = text.filter { $0.isASCII && $0.isNumber }
        if digits.hasPrefix("00") { return "+" + digits.dropFirst(2) }
        let isWhole =
            digits.hasPrefix(code) && text.drop { !$0.isNumber }.dropFirst(code.count).first?.isNumber == false
        return isWhole ? "+" + digits : "+" + code + (digits.hasPrefix("0") ? digits.dropFirst() : digits[...])
    }

    // MARK: Which record, which stage?

    private func stage(_ rule: StageRule, _ row: FileRow) throws(RowFlaw) -> JSON? {
        let given: String
        switch rule.name {
        case .constant(let text): given = text
        case .columns(let columns): given = columns.first.map { row[$0] } ?? ""
        }
        let pipelines = pipelines(of: rule, row)
        guard !given.isEmpty, let first = pipelines.first else { return nil }
        let wanted = rule.translation.of(given).flatMap { Normal.key($0) } ?? ""
        for pipeline in pipelines {
            guard let stage = pipeline.stages.first(where: { $0.isNamed(wanted) }) else { continue }
            return .string(id(of: stage, in: pipeline).text)
        }
        let names = pipelines.flatMap { $0.stages.map(\.name) }.joined(separator: ", ")
        let which = pipelines.count == 1 ? "The pipeline \(first.name) has" : "The pipelines have"
        throw RowFlaw(
            rule.name.columns.first?.name, "import.stage_unknown", "\(which) no stage \"\(given)\"; there is \(names).")
    }

    /// The pipelines among whose stages the row's may be: the one that it names, where it names one.
    private func pipelines(of rule: StageRule, _ row: FileRow) -> [PipelineRule] {
        let all = mapping.prepares.pipelines
        guard let column = rule.pipeline, let key = Normal.key(row[column]),
            let named = all.first(where: { $0.isNamed(key) })
        else { return all }
        return [named]
    }

    /// The pipeline's id; the same at each import.
    func id(of pipeline: PipelineRule) -> UUID {
        let key = pipeline.key ?? pipeline.name
        return identify(mapping.source, "pipeline", Normal.key(key) ?? key)
    }

    /// A stage's id; the same at each import.
    func id(of stage: PipelineRule.Stage, in pipeline: PipelineRule) -> UUID {
        let parts = [pipeline.key ?? pipeline.name, stage.key ?? stage.name].map {
            (Normal.key($0) ?? $0).replacing("|", with: "\\|")
        }
        let id = identify(mapping.source, "stage", parts.joined(separator: "|"))
        return meant[id] ?? id
    }

    private func link(
        _ rule: ReferenceRule, _ member: MemberRule, _ row: FileRow, _ place: Wish.Place
    ) throws(RowFlaw) -> Wish.Link? {
        let key: String
        let name: String
        switch rule.key {
        case .constant(let text): (key, name) = (Normal.key(text) ?? text, text)
        case .columns(let columns):
            guard let found = Self.key(columns, row) else { return nil }
            (key, name) = (found, columns.map { row[$0] }.joined(separator: ", "))
        }
        var entity = rule.entity
        if let column = rule.entityColumn {
            guard let named = EntityFacts.all[row[column]] else {
                throw RowFlaw(column.name, "import.entity_unknown", "There are no records called \"\(row[column])\".")
            }
            entity = named
        }
        var creates: [String: JSON] = [:]
        for rule in rule.creates where rule.when.allSatisfy({ $0.holds(row) }) {
            if let value = try value(rule.value, row) { creates.set(value, at: rule.path[...]) }
        }
        return Wish.Link(
            place: place, path: member.path, entity: entity, id: identify(rule.source, entity.name, key),
            given: rule.namesID ? try Self.id(key, rule.key.columns.first) : nil, namesEntity: rule.namesEntity,
            source: rule.source,
            missing: rule.missing, creates: creates, name: name,
            column: rule.key.columns.first?.name)
    }
}
