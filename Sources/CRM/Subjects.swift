public import FoundationEssentials
public import Kernel

/// The kinds of records that others may be about, in one place: what happened, what is to be done, what is noted and
/// what is tagged names its subject as `{"entity": "deal", "id": "…"}`.
///
/// A new entity stands here with one word, and with one arm in `projections/00_names.sql`, which tells what people call
/// a record. Words are only added: events hold them.
public enum Subjects {
    /// What anything may be about.
    public static let all = [
        "deal", "account", "contact", "member", "product", "lead", "campaign", "project", "task", "interaction", "team",
        "pipeline",
    ]
    /// Those who are persons: they take part in what happens, and what is personal is sealed under their keys.
    public static let people = ["contact", "member", "lead"]
}

/// A record of any kind, as events name it.
public struct SubjectRef: Codable, Sendable, Equatable {
    /// The entity's name.
    public let entity: String
    /// The record.
    public let id: UUID

    /// A record of an entity.
    public init(_ entity: String, _ id: UUID) { (self.entity, self.id) = (entity, id) }

    /// What a field's value names.
    public init?(_ json: JSON?) {
        guard let entity = json?["entity"]?.string, let id = json?["id"]?.string.flatMap(UUID.init(text:)) else {
            return nil
        }
        self.init(entity, id)
    }
    /// As a field's value.
    public var json: JSON { ["entity": .string(entity), "id": .string(id.text)] }
    /// The person that it is, if it is one.
    var person: UUID? { Subjects.people.contains(entity) ? id : nil }
}

extension Field {
    /// What it is about.
    static let subject = Field("subject", .record(of: Subjects.all))
}
