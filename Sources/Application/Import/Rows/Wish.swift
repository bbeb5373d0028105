import CRM
import FoundationEssentials
import Kernel

/// What a row says of one record, before it is known whether the record is there.
struct Wish: Sendable, Hashable {
    let entity: EntityFacts
    /// As the source names it, until `given` is found to be here.
    private(set) var id: UUID
    /// The id that Daybook gave it, in this organization or in another, where the file says that.
    var given: UUID?
    /// Whether another file makes it, and its key there: where it is not there, the row is refused.
    var elsewhere: String?
    /// When it was made in the other system; nil where that is not known.
    var occurred: Instant?
    /// Members given only when it is made.
    var start: [String: JSON] = [:]
    /// Members given when it is made, and compared when it is there.
    var fields: [String: JSON] = [:]
    var steps: [Step] = []
    /// Whether another mapping of the same rows will put it away.
    var goesAway = false
    /// What happened to it right when it was made; told only then.
    var then: [Step] = []
    /// What it said when it was made, instead of its fields; nil where its past is not told.
    var first: [String: JSON]?
    /// What else it said then, as Daybook itself tells it.
    var opening: [String: JSON] = [:]
    /// What happened to it since, until it said what its fields say; told only when it is made.
    var past: [Step] = []
    /// Values that no member takes, and that are left out.
    var left: [RowFlaw] = []
    var links: [Link] = []
    /// Members that name a stage: steps change it, an edit does not.
    var stages: Set<String> = []
    /// Which column gave a member, by the member's JSON pointer.
    var columns: [String: String] = [:]

    struct Step: Sendable, Hashable {
        let act: String
        var body: [String: JSON]
        let occurred: Instant?
        /// When the row came to say it, as its past tells, where it has no other time; of a record that is made.
        var since: Instant?
        /// Whether Daybook itself tells it, of where it was exported.
        var isOwn = false
        /// Whether it names what is not here: then it cannot have happened to what is.
        var isLost = false
    }

    /// A member that refers to another record.
    struct Link: Sendable, Hashable {
        fileprivate(set) var place: Place
        /// Where in the body it stands.
        let path: [String]
        let entity: EntityFacts
        fileprivate(set) var id: UUID
        /// The id that Daybook gave the record, where the file says that.
        let given: UUID?
        let namesEntity: Bool
        let source: String
        let missing: ReferenceRule.Missing
        /// What it is made with where it is missing and the mapping says so.
        let creates: [String: JSON]
        /// Its key as the file gives it.
        let name: String
        let column: String?
        /// What stands under the record's id, where that is a key of a map.
        var entry: JSON?

        /// What the member becomes.
        var value: JSON {
            if let entry { return entry }
            let id = JSON.string(id.text)
            return namesEntity ? ["entity": .string(entity.name), "id": id] : id
        }
        /// Where that stands.
        var target: ArraySlice<String> { (entry == nil ? path : path + [id.text])[...] }
    }
    enum Place: Sendable, Hashable {
        case start, fields, first
        case step(Int), then(Int), past(Int)

        /// Whether it is told only when the record is made.
        var isPast: Bool {
            switch self {
            case .first, .past: true
            case .start, .fields, .step, .then: false
            }
        }
    }
}

/// Why a row is not taken.
struct RowFlaw: Error, Sendable, Hashable {
    /// The column to look at, where it is one.
    let column: String?
    let code: String
    let reason: String

    init(_ column: String?, _ code: String, _ reason: String) {
        (self.column, self.code, self.reason) = (column, code, reason)
    }

    /// A cell that is to tell what happened to a record.
    static func noHistory(_ column: FileColumn) -> RowFlaw {
        RowFlaw(column.name, "import.not_a_history", "The cell holds no history.")
    }
}

extension Wish {
    /// Sets the member of a link: the record is there, or will be.
    mutating func resolve(_ link: Link) { set(link.value, link) }
    /// Takes it back, as the row gave it.
    mutating func unresolve(_ link: Link) {
        // What is not known any more was cleared by then.
        if case .past = link.place { set(.null, link) } else { set(nil, link) }
    }
    private mutating func set(_ value: JSON?, _ link: Link) {
        switch link.place {
        case .start: start.set(value, at: link.target)
        case .fields: fields.set(value, at: link.target)
        case .first: first?.set(value, at: link.target)
        case .step(let index): steps[index].body.set(value, at: link.target)
        case .then(let index): then[index].body.set(value, at: link.target)
        case .past(let index): past[index].body.set(value, at: link.target)
        }
    }
    /// Whether the member of a link has been set.
    func isResolved(_ link: Link) -> Bool {
        let body =
            switch link.place {
            case .start: start
            case .fields: fields
            case .first: first ?? [:]
            case .step(let index): index < steps.count ? steps[index].body : [:]
            case .then(let index): then[index].body
            case .past(let index): past[index].body
            }
        return links.contains(link) && body.value(at: link.target) == link.value
    }

    /// A stage is one of a pipeline: without that, a deal begins where its own pipeline does.
    mutating func forgetStages() {
        for stage in stages {
            start[stage] = nil
            fields[stage] = nil
            first?[stage] = nil
            for index in steps.indices { steps[index].body[stage] = nil }
            opening[stage] = nil
            for index in past.indices { past[index].body[stage] = nil }
        }
        let forms = entity.steps
        func lacksStage(_ step: Step) -> Bool {
            let form = forms.first { $0.act == step.act }
            return form?.takes.contains { $0.isRequired && stages.contains($0.name) && step.body[$0.name] == nil }
                ?? false
        }
        steps.removeAll(where: lacksStage)
        for index in past.indices where lacksStage(past[index]) { past[index].isLost = true }
    }

    /// A member of what is told of its past names what is not here: it is not told.
    mutating func lose(_ link: Link) {
        if case .past(let index) = link.place, link.given != nil { past[index].isLost = true }
    }

    /// Where an entity's records have ids that follow from what they say, it is that record.
    mutating func place() {
        guard let entity = CRM.entity(named: entity.name) else { return }
        var whole = self
        for link in links { whole.resolve(link) }
        if let id = entity.id(for: .object(whole.start.merging(whole.fields) { $1 })) { self.id = id }
    }

    /// All ids that it names.
    var named: [UUID] { ([id] + links.map(\.id)) + ([given] + links.map(\.given)).compactMap { $0 } }
    /// Means records by the ids that Daybook gave them, where these are here.
    mutating func adopt(_ present: Set<UUID>) {
        if let given, present.contains(given) { id = given }
        for index in links.indices {
            if let given = links[index].given, present.contains(given) { links[index].id = given }
        }
        place()
    }

    /// What takes the record out again, where it was put away.
    var restoring: Ask { Ask(entity.name, .id(id), EntityFacts.restoring, [:]) }

    /// The commands that make it so.
    func asks(_ way: Way) -> [Ask] {
        switch way {
        case .made: return making(first, opening) + story.map { step($0, at: $0.occurred) }
        case .toldFirst: return making(first, opening) + (told + settled + later).map { step($0, at: $0.occurred) }
        case .madeAtOnce: return making(nil, [:]) + (then + ordered).map { step($0, at: $0.occurred) }
        case .compared: return lasting.map { step($0, at: $0.occurred) } + edit + ending.map { step($0, at: nil) }
        case .compareNow: return lasting.map { step($0, at: nil) } + edit + ending.map { step($0, at: nil) }
        case .editedFirst: return edit + ordered.map { step($0, at: nil) }
        case .leftAway: return ending.map { step($0, at: nil) }
        }
    }

    /// What makes it, saying what it said at first.
    private func making(_ first: [String: JSON]?, _ opening: [String: JSON]) -> [Ask] {
        // What must be said is said, whatever its past forgot.
        let needed = fields.filter { entity.creation.field($0.key)?.isRequired == true }
        let said = first.map { $0.merging(needed) { first, _ in first } } ?? fields
        let body = start.merging(said) { first, _ in first }.merging(opening) { $1 }.filter { $0.value != .null }
        return [Ask(entity.name, .id(id), entity.creation.act, .object(body), occurredAt: occurred)]
    }

    /// All that happened, in order of time where its past is told; what has no time of its own happens now.
    private var story: [Step] { isPastTold ? Self.inOrder(told + settled + dated) : then + ordered }
    /// Its past, but for what nothing is left of.
    private var told: [Step] {
        Self.inOrder(past.filter { !$0.isLost && ($0.act != entity.edit?.act || !$0.body.isEmpty) })
    }
    /// A past that Daybook tells has acts of their own, and no edits: after it, the record says what its row says.
    private var settled: [Step] {
        guard !opening.isEmpty || past.contains(where: \.isOwn), let form = entity.edit else { return [] }
        let body = fields.filter { form.field($0.key) != nil && !stages.contains($0.key) }
        return [Step(act: form.act, body: body, occurred: told.last?.occurred ?? occurred)]
    }
    private static func inOrder(_ steps: [Step]) -> [Step] {
        let timed = steps.filter { $0.occurred != nil }.enumerated().sorted { a, b in
            (a.element.occurred?.microseconds ?? 0, a.offset) < (b.element.occurred?.microseconds ?? 0, b.offset)
        }
        return timed.map(\.element) + steps.filter { $0.occurred == nil }
    }
    /// Its steps, none of which happens before the last of its past.
    private var later: [Step] {
        let last = told.last?.occurred
        return dated.map { step in
            guard let occurred = step.occurred, let last, occurred < last else { return step }
            return Step(act: step.act, body: step.body, occurred: last)
        }
    }
    /// Its steps, each at its time.
    private var dated: [Step] {
        (then + ordered).map { Step(act: $0.act, body: $0.body, occurred: $0.occurred ?? $0.since) }
    }
    /// Whether it has a past that is told when it is made.
    var isPastTold: Bool { first != nil || !opening.isEmpty || !past.isEmpty }

    /// The steps after which it can be changed no more come last.
    private var ordered: [Step] { lasting + ending }
    private var lasting: [Step] { steps.filter { !entity.archiving.contains($0.act) && !$0.isLost } }
    private var ending: [Step] { steps.filter { entity.archiving.contains($0.act) } }
    /// Whether the row says that it is put away there.
    private var isAway: Bool { goesAway || !ending.isEmpty }

    /// How a record comes to say what the row says.
    enum Way: Sendable {
        /// It is not there: it is made, and its past and its steps occur when the row says.
        case made
        /// The same, but a step that is refused what the past tells after it comes when all of that is told.
        case toldFirst
        /// The same, but its past is refused: it is made as the row says it is.
        case madeAtOnce
        /// It is there: steps not yet done occur when the row says, then what differs is edited.
        case compared
        /// The same, but it has later events: what the row adds is a correction, which occurs now.
        case compareNow
        /// The same, but a step was done with other values: these are edited first.
        case editedFirst
        /// It is put away, as the row says: what is away is not compared.
        case leftAway

        /// What is tried after a refusal; nil where it stands.
        func next(after problem: Problem, _ wish: Wish) -> Way? {
            switch self {
            case .made, .toldFirst, .madeAtOnce:
                if problem.code.hasSuffix(".already_exists") { return .compared }
                guard wish.isPastTold, self != .madeAtOnce else { return nil }
                return self == .made && wish.story != wish.told + wish.settled + wish.later ? .toldFirst : .madeAtOnce
            case .compared, .compareNow, .editedFirst:
                if wish.isAway, problem.code == wish.entity.archived { return .leftAway }
                if self == .compared, problem.code == "time.before_last_event" { return .compareNow }
                return problem.status == 409 && self != .editedFirst ? .editedFirst : nil
            case .leftAway: return nil
            }
        }
    }

    private func step(_ step: Step, at moment: Instant?) -> Ask {
        Ask(entity.name, .id(id), step.act, .object(step.body), occurredAt: moment)
    }

    /// What is compared with a record that is there: its fields, and what its steps say beside their stage.
    private var edit: [Ask] {
        // What happened is not changed by being told again.
        guard let form = entity.edit else { return [] }
        // A step's member that is an edit's under another name is no field: with which account one began to work.
        let names = Set(form.takes.map(\.name))
        let said = steps.reduce(into: [String: JSON]()) { $0.merge($1.body.filter { names.contains($0.key) }) { $1 } }
        let change = said.merging(fields) { first, _ in first }.filter {
            form.field($0.key) != nil && !stages.contains($0.key)
        }
        return change.isEmpty ? [] : [Ask(entity.name, .id(id), form.act, .object(change))]
    }
}

// MARK: What stands at a path of a body?

extension [String: JSON] {
    /// The value there.
    func value(at path: ArraySlice<String>) -> JSON? {
        guard let first = path.first else { return nil }
        return path.count == 1 ? self[first] : self[first]?.object?.value(at: path.dropFirst())
    }
    /// Puts a value there; nil takes away what is there, and what is empty then.
    mutating func set(_ value: JSON?, at path: ArraySlice<String>) {
        guard let first = path.first else { return }
        guard path.count > 1 else {
            self[first] = value
            return
        }
        var inner = self[first]?.object ?? [:]
        inner.set(value, at: path.dropFirst())
        self[first] = value == nil && inner.isEmpty ? nil : .object(inner)
    }
}
