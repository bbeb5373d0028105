import CRM
import Kernel

/// What of the domain can be asked over HTTP, and under which paths.
public enum Exposure {
    /// All that a client may ask for, as `entity.act`.
    public static let offered: [String] = entities.flatMap { entity in
        acts(of: entity).map { "\(entity.name).\($0.name)" }
    }

    /// An act without the types of its entity.
    struct Act: Sendable {
        let name: String
        let summary: String
        let form: Form
        let takes: [Field]

        enum Form: Sendable { case creates, edits, verb, archives }
    }

    /// Whether an entity's records are a collection of their own: `/api/v1/deals`.
    static func isCollection(_ entity: any Entity.Type) -> Bool {
        entity.name != Organization.name && entity.name != FieldSet.name
    }

    /// The acts that a client may ask for.
    static func acts(of entity: any Entity.Type) -> [Act] { open(entity) }

    private static func open<E: Entity>(_: E.Type) -> [Act] {
        E.acts.filter { !isInternal($0.name, of: E.name) }.map { act in
            let form: Act.Form =
                switch act.form {
                case .creates: .creates
                case .edits: .edits
                case .verb: .verb
                case .archives: .archives
                }
            return Act(name: act.name, summary: act.summary, form: form, takes: act.takes)
        }
    }

    /// Acts that only the application itself performs: they record what it has done elsewhere.
    private static func isInternal(_ act: String, of entity: String) -> Bool {
        switch (entity, act) {
        case (Member.name, "password_changed"), (Organization.name, "create"), (Organization.name, "change_log_key"),
            (Attachment.name, "register"), (Attachment.name, "record_scan"):
            true
        case (_, let act): Merging.inner.contains(act)
        }
    }
}
