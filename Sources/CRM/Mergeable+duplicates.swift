import FoundationEssentials
import Kernel

// Two records that look the same and are not. Whoever says so is believed for good, whatever becomes of either, until
// somebody takes it back. Both records tell of it.

// MARK: How is it asked?

extension Mergeable {
    /// The other record.
    static var other: Field { Field("other", .record(of: alike)) }

    /// The acts; the last is asked by these only.
    static var dismissals: [Act<Command>] {
        let other = other.required()
        return [
            Act("dismiss_duplicate", .verb, "Say that another one only looks the same", takes: [other]) {
                body throws(Flaw) in .merging(.dismiss(try body.other()))
            },
            Act("reconsider_duplicate", .verb, "Say that another one may be the same after all", takes: [other]) {
                body throws(Flaw) in .merging(.reconsider(try body.other()))
            },
            Act(
                Merging.hearing, .verb, "Say whether another one only looks the same",
                takes: [other, Field("dismissed", .flag).required()]
            ) { body throws(Flaw) in
                .merging(.hear(of: try body.other(), isDismissed: body.flag("dismissed") ?? false))
            },
        ]
    }

    /// The other is told the same of this record.
    static func told(_ other: SubjectRef, of id: UUID, isDismissed: Bool) -> Step {
        let body: [String: JSON] = ["other": SubjectRef(name, id).json, "dismissed": .bool(isDismissed)]
        return Step(CRM.entity(named: other.entity) ?? Self.self, other.id, Merging.hearing, body, from: "other")
    }

    // MARK: What happens?

    static func dismissed(_ other: SubjectRef, by state: State, in context: Context) throws(Rejection) -> [Event] {
        let record = try inUse(state)
        guard other.id != context.id else { throw .duplicateOfItself }
        return record.hasDismissed(other.id) ? [] : [.duplicateDismissed(other: other)]
    }

    /// Also of a record that is put away: what was said of it may be wrong all the same.
    static func reconsidered(_ other: SubjectRef, by state: State) throws(Rejection) -> [Event] {
        guard let record = state.content else { throw .absent }
        return record.hasDismissed(other.id) ? [.duplicateReconsidered(other: other)] : []
    }
}

extension Body {
    /// The record that looks like this one.
    fileprivate func other() throws(Flaw) -> SubjectRef { try required(SubjectRef(values["other"]), "other") }
}

// MARK: What does it mean?

extension Life where Content == Record {
    mutating func dismiss(_ other: UUID) { change { $0.dismiss(other, true) } }
    mutating func reconsider(_ other: UUID) { change { $0.dismiss(other, nil) } }
}

extension Record {
    /// The member in which a record remembers which others only look the same; no answer has it.
    static let dismissed = "dismissed_duplicates"

    fileprivate func hasDismissed(_ other: UUID) -> Bool { self[Record.dismissed]?[other.text] == true }
    fileprivate mutating func dismiss(_ other: UUID, _ isDismissed: JSON?) {
        var all = self[Record.dismissed]?.object ?? [:]
        all[other.text] = isDismissed
        set(Record.dismissed, all.isEmpty ? nil : .object(all))
    }
}
