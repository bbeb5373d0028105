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
    /// "unknown":[…],"warnings":[…]}`, `attachments` where files were kept, and `made` where contacts were made.
    public let json: JSON

    /// What was archived by commands.
    init(
        _ answer: Answer, _ id: UUID, _ plan: ArchivePlan, at moment: Instant?, _ files: [EmailMessage.Part],
        _ warnings: [ArchiveWarning]
    ) {
        let parts = answer.results.split(maxSplits: 1, omittingEmptySubsequences: false) { $0.id == id }
        let result = answer.results.first { $0.id == id }
        self.id = id
        (version, position, isNew) = (result?.version ?? 0, answer.position, result?.status == 201)
        var members = Self.told(plan.correspondents)
        let kept = zip(files, parts.last ?? []).map { Self.told($0, $1.id) }
        members["attachments"] = .array(kept)
        members["direction"] = .string(plan.direction)
        members["occurred_at"] = moment.map { .string($0.text) } ?? .null
        members["subject"] = plan.subject.map { ["entity": .string($0.entity), "id": .string($0.id.text)] } ?? .null
        let made = (parts.first ?? []).map {
            Answer.Made(entity: Contact.name, id: $0.id, version: $0.version).json
        }
        if !made.isEmpty { members["made"] = .array(made) }
        let shared = answer.results.flatMap(\.warnings).map(\.json)
        members["warnings"] = .array(shared + warnings.map(\.json))
        json = Self.whole(members, id, version, position)
    }

    /// What was there already.
    init(
        _ there: Emails.Standing, _ id: UUID, _ people: [Correspondent], _ warnings: [ArchiveWarning]
    ) {
        (self.id, version, position, isNew) = (id, there.version, there.position, false)
        var members = Self.told(people)
        members["direction"] = there.record["direction"] ?? .null
        members["occurred_at"] = there.occurredAt.map { .string($0.text) } ?? .null
        members["subject"] = there.record["subject"] ?? .null
        members["warnings"] = .array(warnings.map(\.json))
        json = Self.whole(members, id, version, position)
    }

    private static func told(_ people: [Correspondent]) -> [String: JSON] {
        [
            "participants": .array(people.filter { $0.record != nil }.map(\.json)),
            "unknown": .array(people.filter { $0.record == nil }.map(\.json)),
        ]
    }
    /// A file, by the id of its record.
    private static func told(_ file: EmailMessage.Part, _ id: UUID) -> JSON {
        [
            "id": .string(id.text), "name": file.name.map { .string($0) } ?? .null, "type": .string(file.type),
            "bytes": .integer(Int64(file.bytes.count)), "inline": .bool(file.isInline),
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
