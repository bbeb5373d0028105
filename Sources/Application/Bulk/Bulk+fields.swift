import CRM
import EventLog
import FoundationEssentials
import Kernel

// MARK: What becomes of the fields that an import defined?

extension Bulk {
    /// Fields that an import defined are given to records no longer. One that others use by now stays, and is told with
    /// who does: asked when all that the import wrote is as it was before.
    func revert(
        fieldsOf reversion: Reversion, after head: Position
    ) async throws(Problem) -> [(id: UUID, item: BulkItem)] {
        let sets = Dictionary(uniqueKeysWithValues: FieldSet.customizable.map { (FieldSet.id(of: $0), $0) })
        let read = try await streams(Array(sets.keys), reversion.caller)
        let ids = sets.keys.filter { (read.events[$0] ?? []).contains(where: reversion.wrote) }
            .sorted { sets[$0] ?? "" < sets[$1] ?? "" }
        do throws(Problem) { try FieldSet.permit(reversion.caller) } catch {
            return ids.map { ($0, .refused(error)) }
        }
        let opening = try await commands.opening(read.events.values.joined(), reversion.caller.organization)
        var used: [UUID: [FieldInUse]] = [:]
        do throws(Problem) {
            for id in ids {
                guard let entity = sets[id].flatMap({ CRM.entity(named: $0) }) else { continue }
                let defined = try FieldSet.defined(in: read.events[id] ?? [], opening, by: reversion).keys
                for key in defined.sorted() {
                    let records = try await holders(of: key, entity, reversion)
                    if !records.isEmpty { used[id, default: []].append(FieldInUse(entity: entity, key: key, records)) }
                }
            }
        } catch {
            // The records are taken back and stay so; who uses the fields is asked again with the next try.
            return ids.map { ($0, .refused(error)) }
        }
        let record = BulkRecord(
            id: reversion.command, entity: FieldSet.name, act: "revert", ids: ids, undoes: reversion.imported,
            begun: head)
        let caller = reversion.caller.carryingOut(reversion.command, takingBack: reversion.imported)
        let kept = used.mapValues { Set($0.map(\.key)) }
        let items = try await each(ids, of: FieldSet.self, in: record, caller, dryRun: reversion.dryRun) {
            open, _ throws(Problem) in
            let read = try await streams(open, reversion.caller)
            return try open.map { id throws(Problem) in
                let (keys, version) = try FieldSet.defined(in: read.events[id] ?? [], opening, by: reversion)
                let asks = keys.subtracting(kept[id] ?? []).sorted().map { key in
                    Ask(
                        FieldSet.name, .id(id), "retire", ["entity": .string(sets[id] ?? ""), "key": .string(key)])
                }
                return asks.isEmpty ? .settled(.unchanged(version: version)) : .asked(asks)
            }
        }
        return zip(ids, items).map { id, item in
            if case .refused = item { return (id, item) }
            return (id, used[id].map { .refused(.fieldsInUse($0)) } ?? item)
        }
    }

    /// Records in use that have a value of a field, but for those that are taken back when this is no dry run; the
    /// first few.
    private func holders(
        of key: String, _ entity: any Entity.Type, _ reversion: Reversion
    ) async throws(Problem) -> [UUID] {
        let head = try await commands.head(of: reversion.caller.organization)
        let most = reversion.dryRun ? Self.most : FieldInUse.told
        let all = try await queries.ids(
            entity, [Parameter("custom.\(key).null", "false")], most: most, by: reversion.caller, min: head)
        guard reversion.dryRun else { return Array(all.prefix(most)) }
        var others: [UUID] = []
        for start in stride(from: 0, to: all.count, by: Self.page) where others.count < FieldInUse.told {
            let ids = all[start..<min(start + Self.page, all.count)]
            let events = try await streams(Array(ids), reversion.caller).events
            others += ids.filter { !(events[$0] ?? []).contains(where: reversion.wrote) }
        }
        return Array(others.prefix(FieldInUse.told))
    }

    private func streams(_ ids: [UUID], _ caller: Caller) async throws(Problem) -> LoadedStreams {
        do { return try await commands.reader.streams(caller.organization, ids) } catch { throw .unavailable }
    }
}

/// A field that an import defined, and records that have a value of it although the import is taken back.
struct FieldInUse {
    let entity: any Entity.Type
    let key: String
    let records: [UUID]

    /// How many of them are told.
    static let told = 20

    init(entity: any Entity.Type, key: String, _ records: [UUID]) {
        (self.entity, self.key, self.records) = (entity, key, records)
    }

    var json: JSON {
        [
            "entity": .string(entity.name), "field": .string(key),
            "records": .array(records.map { .string($0.text) }),
        ]
    }
}

extension FieldSet {
    /// The keys of fields in use that an import defined, and nobody else after it; and the set's version.
    fileprivate static func defined(
        in history: [RecordedEvent], _ opening: Opening, by reversion: Reversion
    ) throws(Problem) -> (keys: Set<String>, version: Int32) {
        let loaded = try load(history, opening)
        guard let now = loaded.state as? State else { throw .fault }
        var isImported: [String: Bool] = [:]
        for event in history where event.type == "field_set.defined" {
            let keys = (try? JSON(parsing: event.data))?["fields"]?.object?.keys.map { $0 } ?? []
            for key in keys { isImported[key] = reversion.wrote(event) }
        }
        return (Set(now.inUse.keys.filter { isImported[$0] == true }), loaded.version)
    }
}

extension Problem {
    static let fieldsInUse = Problem(
        "bulk.fields_in_use", 409,
        "Records that are not taken back have values of fields that the import defined, so these stay; see used_by.")
    fileprivate static func fieldsInUse(_ fields: [FieldInUse]) -> Problem {
        .fieldsInUse.telling(["used_by": .array(fields.map(\.json))])
    }
}
