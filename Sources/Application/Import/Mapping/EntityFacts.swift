import CRM
import Kernel

/// What an import needs to know of an entity, its types erased.
struct EntityFacts: Sendable, Hashable {
    /// "deal".
    let name: String
    /// The act that makes one, and what its body takes.
    private(set) var creation: Form
    /// All acts that make one.
    private let creations: [Form]
    /// The act that changes one; nil where what was recorded is not changed.
    let edit: Form?
    /// The acts that are steps.
    let steps: [Form]
    /// The acts that put one away.
    let archiving: Set<String>
    /// The code by which one is refused that is away; nil where none can be.
    let archived: String?

    /// The act that takes out again what was put away; all that can be put away have it.
    static let restoring = "restore"

    /// An act and the members of its body.
    struct Form: Sendable, Hashable {
        let act: String
        let takes: [Field]

        /// The member of that name or alias.
        func field(_ name: String) -> Field? {
            takes.first { $0.name == name || $0.aliases.contains(name) }
        }
    }

    /// The same where one is made by another of the acts that make one; nil where that is none.
    func made(by act: String) -> EntityFacts? {
        guard let form = creations.first(where: { $0.act == act }) else { return nil }
        var facts = self
        facts.creation = form
        return facts
    }
    /// The names of the acts that make one.
    var beginnings: [String] { creations.map(\.act) }

    /// The facts of an entity; nil for one that rows cannot make.
    init?<E: Entity>(of entity: E.Type) {
        func form(_ act: Act<E.Command>) -> Form { Form(act: act.name, takes: act.takes) }
        let creations = E.acts.filter { $0.form == .creates }.map(form)
        // Rows have no bytes.
        guard let creation = creations.first, entity != Organization.self, entity != Attachment.self else { return nil }
        (name, self.creation, self.creations) = (E.name, creation, creations)
        edit = E.acts.first { $0.form == .edits }.map(form)
        steps = E.acts.filter { $0.form == .verb || $0.form == .archives }.map(form)
        archiving = Set(E.acts.filter { $0.form == .archives }.map(\.name))
        archived = (E.self as? any Lasting.Type).map { Self.code(of: $0) }
    }

    /// The entities that rows can make, by name.
    static let all: [String: EntityFacts] = {
        let facts = CRM.entities.compactMap { EntityFacts($0) }
        return Dictionary(facts.map { ($0.name, $0) }) { first, _ in first }
    }()

    private init?(_ entity: any Entity.Type) {
        func open<E: Entity>(_ type: E.Type) -> EntityFacts? { EntityFacts(of: type) }
        guard let facts = open(entity) else { return nil }
        self = facts
    }

    private static func code<E: Lasting>(of _: E.Type) -> String { E.Rejection.archived.rawValue }

    static func == (a: EntityFacts, b: EntityFacts) -> Bool { a.name == b.name }
    func hash(into hasher: inout Hasher) { hasher.combine(name) }
}
