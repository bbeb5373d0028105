import CRM
public import FoundationEssentials
public import Kernel
import Mail

/// What came of archiving a message.
public struct Archived: Sendable {
    /// The interaction.
    public let id: UUID
    /// Its version.
    public let version: Int32
    /// Where the log stands.
    public let position: PositionToken
    /// False: it was archived before, and nothing was written.
    public let isNew: Bool
    /// `{"id","version","position","direction","occurred_at","subject","in_reply_to_id","participants":[…],
    /// "unknown":[…],"attachments":[…],"warnings":[…]}`, and `made` where contacts were made.
    public let json: JSON

    /// What was archived by commands.
    init(
        _ answer: Answer, _ plan: ArchivePlan, at moment: Instant?, _ message: EmailMessage,
        _ warnings: [ArchiveWarning]
    ) {
        let result = answer.results.last
        id = result?.id ?? answer.results[0].id
        (version, position, isNew) = (result?.version ?? 0, answer.position, result?.status == 201)
        var members = Self.told(plan.correspondents, message)
        members["direction"] = .string(plan.direction)
        members["occurred_at"] = moment.map { .string($0.text) } ?? .null
        members["subject"] = plan.subject.map { ["entity": .string($0.entity), "id": .string($0.id.text)] } ?? .null
        let made = answer.results.dropLast().map {
            Answer.Made(entity: Contact.name, id: $0.id, version: $0.version).json
        }
        if !made.isEmpty { members["made"] = .array(made) }
        let shared = answer.results.flatMap(\.warnings).map(\.json)
        members["warnings"] = .array(shared + warnings.map(\.json))
        json = Self.whole(members, id, version, position)
    }

    /// What was there already.
    init(
        _ there: Emails.Standing, _ id: UUID, _ people: [Correspondent], _ message: EmailMessage,
        _ warnings: [ArchiveWarning]
    ) {
        (self.id, version, position, isNew) = (id, there.version, there.position, false)
        var members = Self.told(people, message)
        members["direction"] = there.record["direction"] ?? .null
        members["occurred_at"] = there.occurredAt.map { .string($0.text) } ?? .null
        members["subject"] = there.record["subject"] ?? .null
        members["warnings"] = .array(warnings.map(\.json))
        json = Self.whole(members, id, version, position)
    }

    private static func told(_ people: [Correspondent], _ message: EmailMessage) -> [String: JSON] {
        [
            "participants": .array(people.filter { $0.record != nil }.map(\.json)),
            "unknown": .array(people.filter { $0.record == nil }.map(\.json)),
            "attachments": .array(
                message.parts.map { part in
                    [
                        "name": part.name.map { .string($0) } ?? .null, "type": .string(part.type),
                        "bytes": .integer(Int64(part.bytes.count)), "inline": .bool(part.isInline),
                    ]
                }),
        ]
    }
    private static func whole(
        _ members: [String: JSON], _ id: UUID, _ version: Int32, _ position: PositionToken
    ) -> JSON {
        .object(
            members.merging([
                "id": .string(id.text), "version": .integer(Int64(version)), "position": .integer(position.position),
            ]) { $1 })
    }
}
