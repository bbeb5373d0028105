import CRM
import FoundationEssentials
public import Kernel
import Kernel
import Postgres

extension Queries {
    /// A record as commands that are only tried would leave it, its members as its document will have them: whom it
    /// names as the one that stands for that, and its tags by name.
    /// - Parameter min: the log that it was tried on.
    public func shown(
        _ preview: Answer.Preview, of entity: String, by caller: Caller, min: PositionToken
    ) async throws(Problem) -> JSON {
        let entity = try self.entity(entity)
        guard case .object(var members) = preview.record else { return preview.record }
        let fields = entity.fields + entity.derived
        let named = fields.flatMap { field in
            members[field.name].map { NamedRecords.ids(in: $0, field.kind) } ?? []
        }
        let tags = (members["tags"]?.object ?? [:]).keys.compactMap(UUID.init(text:))
        return try await answering { catalog throws(Problem) in
            let kin = try await kin(of: named, catalog, nil, caller, min)
            let names = NamedRecords(kin: kin, after: preview.events)
            for field in fields {
                guard let value = members[field.name] else { continue }
                members[field.name] = names.settled(value, field.kind)
            }
            if !tags.isEmpty { members["tags"] = try await shown(tags, catalog, caller, min) }
            return .object(members)
        }
    }

    private func shown(
        _ tags: [UUID], _ catalog: Catalog, _ caller: Caller, _ min: PositionToken
    ) async throws(Problem) -> JSON {
        let statement = Statement(SQL.tagsShown) {
            $0.uuid(caller.organization)
            $0.uuids(tags)
        }
        let question = Question(
            organization: caller.organization, projections: try relation("tags", catalog).projections, min: min,
            statements: [statement])
        let rows = try await ask(question, on: points).results[0]
        return try reading { try rows.first.map { try JSON(parsing: $0.bytea(0)) } ?? [] }
    }
}

/// The records that a value names, and those that stand for them once something has happened that is only tried.
private struct NamedRecords {
    let kin: Kin
    /// For whom another stands then, or the record itself again.
    private var changed: [UUID: UUID] = [:]

    init(kin: Kin, after events: JSON) {
        self.kin = kin
        for event in events.array ?? [] {
            guard let id = event["record"]?.string.flatMap(UUID.init(text:)), let type = event["type"]?.string
            else { continue }
            if type.hasSuffix(".unmerged") {
                changed[id] = id
            } else if let winner = event["data"]?["into"]?.string.flatMap(UUID.init(text:)) {
                changed[id] = winner
            }
        }
    }

    private func standing(for id: UUID) -> UUID { changed[id] ?? changed[kin.winner(of: id)] ?? kin.winner(of: id) }
    private func standing(for text: String) -> String {
        UUID(text: text).map { standing(for: $0).text } ?? text
    }

    /// All that may be ids of records.
    static func ids(in value: JSON, _ kind: Field.Kind) -> [UUID] {
        switch kind {
        case .reference, .record, .custom, .entries(_, .reference, _), .map(_, .record): all(value)
        case _: []
        }
    }
    private static func all(_ value: JSON) -> [UUID] {
        switch value {
        case .string(let text): [UUID(text: text)].compactMap(\.self)
        case .object(let members):
            members.flatMap { [UUID(text: $0.key)].compactMap(\.self) + all($0.value) }
        case .array, .null, .bool, .integer, .number: []
        }
    }

    /// The value with those that stand for the ones it names.
    func settled(_ value: JSON, _ kind: Field.Kind) -> JSON {
        switch (kind, value) {
        case (.reference, .string(let id)): return .string(standing(for: id))
        case (.record, .object(var members)):
            members["id"] = members["id"]?.string.map { .string(standing(for: $0)) }
            return .object(members)
        case (.custom, .object(let members)):
            return .object(
                members.mapValues { value in value.string.map { .string(standing(for: $0)) } ?? value })
        case (.entries(_, .reference, _), .object(let entries)), (.map(_, .record), .object(let entries)):
            // Of several that are one now, what goes on comes before what has ended, and its own before another's.
            let rising = entries.sorted { rank($0) < rank($1) }
            return .object(Dictionary(rising.map { (standing(for: $0.key), $0.value) }) { $1 })
        case (_, _): return value
        }
    }
    private func rank(_ entry: (key: String, value: JSON)) -> (Int, Int, String) {
        let goesOn = entry.value["to"] == nil || entry.value["to"] == .null
        return (goesOn ? 1 : 0, standing(for: entry.key) == entry.key ? 1 : 0, entry.key)
    }
}
