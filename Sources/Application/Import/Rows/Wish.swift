import FoundationEssentials
import Kernel

/// What a row says of one record, before it is known whether the record is there.
struct Wish: Sendable, Hashable {
    let entity: EntityFacts
    /// As the source names it, until `given` is found to be here.
    private(set) var id: UUID
    /// The id that Daybook gave it, in this organization or in another, where the file says that.
    var given: UUID?
    /// When it was made in the other system; nil where that is not known.
    var occurred: Instant?
    /// Members given only when it is made.
    var start: [String: JSON] = [:]
    /// Members given when it is made, and compared when it is there.
    var fields: [String: JSON] = [:]
    var steps: [Step] = []
    var links: [Link] = []
    /// Members that name a stage: steps change it, an edit does not.
    var stages: Set<String> = []
    /// Which column gave a member, by the member's JSON pointer.
    var columns: [String: String] = [:]

    struct Step: Sendable, Hashable {
        let act: String
        var body: [String: JSON]
        let occurred: Instant?
    }

    /// A member that refers to another record.
    struct Link: Sendable, Hashable {
        let place: Place
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

        /// What the member becomes.
        var value: JSON {
            let id = JSON.string(id.text)
            return namesEntity ? ["entity": .string(entity.name), "id": id] : id
        }
    }
    enum Place: Sendable, Hashable {
        case start, fields
        case step(Int)
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
}

extension Wish {
    /// Sets the member of a link: the record is there, or will be.
    mutating func resolve(_ link: Link) {
        switch link.place {
        case .start: start.set(link.value, at: link.path[...])
        case .fields: fields.set(link.value, at: link.path[...])
        case .step(let index): steps[index].body.set(link.value, at: link.path[...])
        }
    }

    /// All ids that it names.
    var named: [UUID] { ([id] + links.map(\.id)) + ([given] + links.map(\.given)).compactMap { $0 } }
    /// Means records by the ids that Daybook gave them, where these are here.
    mutating func adopt(_ present: Set<UUID>) {
        if let given, present.contains(given) { id = given }
        for index in links.indices {
            if let given = links[index].given, present.contains(given) { links[index].id = given }
        }
    }

    /// What takes the record out again, where it was put away.
    var restoring: Ask { Ask(entity.name, .id(id), EntityFacts.restoring, [:]) }

    /// The commands that make it so.
    func asks(_ way: Way) -> [Ask] {
        switch way {
        case .made:
            let body = start.merging(fields) { first, _ in first }.filter { $0.value != .null }
            return [Ask(entity.name, .id(id), entity.creation.act, .object(body), occurredAt: occurred)]
                + steps.map { step($0, at: $0.occurred) }
        case .compared: return steps.map { step($0, at: $0.occurred) } + edit
        case .compareNow: return steps.map { step($0, at: nil) } + edit
        case .editedFirst: return edit + steps.map { step($0, at: nil) }
        }
    }

    /// How a record comes to say what the row says.
    enum Way: Sendable {
        /// It is not there: it is made, and its steps occur when the row says.
        case made
        /// It is there: steps not yet done occur when the row says, then what differs is edited.
        case compared
        /// The same, but it has later events: what the row adds is a correction, which occurs now.
        case compareNow
        /// The same, but a step was done with other values: these are edited first.
        case editedFirst

        /// What is tried after a refusal; nil where it stands.
        func next(after problem: Problem) -> Way? {
            switch self {
            case .made: problem.code.hasSuffix(".already_exists") ? .compared : nil
            case .compared:
                problem.code == "time.before_last_event" ? .compareNow : problem.status == 409 ? .editedFirst : nil
            case .compareNow: problem.status == 409 ? .editedFirst : nil
            case .editedFirst: nil
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
        let said = steps.reduce(into: [String: JSON]()) { $0.merge($1.body) { $1 } }
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
