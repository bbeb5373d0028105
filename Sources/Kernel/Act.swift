import FoundationEssentials

/// One thing that can be asked of an entity: its name, what its body holds, and the command that makes.
public struct Act<Command: Sendable>: Sendable {
    /// The verb in paths and in the metadata of events: "move".
    public let name: String
    /// One line for people.
    public let summary: String
    /// How it is reached over HTTP.
    public let form: Form
    /// The members of its body.
    public let takes: [Field]
    /// Makes the command of a body in normal form.
    public let make: @Sendable (Body) throws(Flaw) -> Command

    /// How an act is reached.
    public enum Form: Sendable {
        /// `POST /deals`: the record does not exist yet.
        case creates
        /// `PATCH /deals/{id}` with a merge patch, `PUT` with all editable fields.
        case edits
        /// `POST /deals/{id}/move`.
        case verb
        /// `DELETE /deals/{id}` and `POST /deals/{id}/archive`.
        case archives
    }

    /// An act.
    public init(
        _ name: String, _ form: Form = .verb, _ summary: String, takes: [Field] = [],
        make: @escaping @Sendable (Body) throws(Flaw) -> Command
    ) {
        (self.name, self.form, self.summary, self.takes, self.make) = (name, form, summary, takes, make)
    }
}

/// The members of a request in their normal form.
public struct Body: Sendable, Hashable {
    /// All of them; in a patch, null clears.
    public let values: [String: JSON]

    /// Members already in normal form.
    public init(_ values: [String: JSON]) { self.values = values }

    /// All members, as the plain fields of a new record.
    public var record: Record { Record(values) }
    /// All members, as a change.
    public var patch: Patch { Patch(values) }
    /// A text.
    public func text(_ name: String) -> String? { values[name]?.string }
    /// An id.
    public func id(_ name: String) -> UUID? { text(name).flatMap(UUID.init(text:)) }
    /// A day.
    public func day(_ name: String) -> Day? { text(name).flatMap { Day($0) } }
    /// A moment.
    public func instant(_ name: String) -> Instant? { text(name).flatMap { Instant($0) } }
    /// An integer.
    public func integer(_ name: String) -> Int64? { values[name]?.integer }
    /// A boolean.
    public func flag(_ name: String) -> Bool? { values[name]?.bool }
    /// A member that must be there.
    public func required<T>(_ value: T?, _ name: String) throws(Flaw) -> T {
        guard let value else { throw Flaw("/\(name)", "required", "\(name) must be given") }
        return value
    }
}

extension Record {
    /// The text of a field.
    public func text(_ name: String) -> String? { self[name]?.string }
    /// The id in a field.
    public func id(_ name: String) -> UUID? { text(name).flatMap(UUID.init(text:)) }
    /// The day in a field.
    public func day(_ name: String) -> Day? { text(name).flatMap { Day($0) } }
    /// The moment in a field.
    public func instant(_ name: String) -> Instant? { text(name).flatMap { Instant($0) } }
}
