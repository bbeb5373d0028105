import CRM
import EventLog
public import FoundationEssentials
public import Kernel
import Vault

// MARK: How is an import taken back?

extension Bulk {
    /// What a request to revert an import says.
    public static let reverting = [Field("dry_run", .flag), Field("from", .integer(1...Int64.max))]

    /// Brings every record that an import wrote to back to what it was before: those that it made are archived, with
    /// all that they say, and those that it changed have again what they had. A record that somebody changed since is
    /// refused, and told with those changes.
    ///
    /// Nothing is kept for it. The log tells what the import wrote, page by page from its end, and what was taken back
    /// already: killed at any moment and asked again, it comes to the same end. Importing the file again takes out of
    /// the archive what this put there.
    /// - Parameter request: in the normal form of `reverting`.
    /// - Returns: `{"id","import","dry_run"?,"done","unchanged","refused","results","next","position"}`, of this page;
    ///   `next` is the `from` of the next.
    /// - Throws: `import.not_found` where no event is of that import.
    public func revert(_ imported: UUID, _ request: Body, by caller: Caller) async throws(Problem) -> Told {
        try Account.permit(caller)
        let keys = try await commands.organizationKeys(of: caller.organization)
        let reversion = Reversion(
            imported: imported, command: keys.commandID(revertingImport: imported),
            dryRun: request.flag("dry_run") ?? false, caller: caller)
        let head = try await commands.head(of: caller.organization)
        let from = request.integer("from")
        let page: [ImportedStream]
        do {
            page = try await commands.reader.imported(
                caller.organization, by: imported, but: reversion.command, before: from ?? .max, limit: Self.page)
        } catch { throw .unavailable }
        guard !page.isEmpty || from != nil else { throw .absent("import") }
        var items: [UUID: BulkItem] = [:]
        for group in Self.groups(page) {
            let done = try await revert(group, reversion, after: head.position)
            items.merge(zip(group.ids, done)) { $1 }
        }
        var results = page.filter { $0.entity != FieldSet.name }.map { stream in
            (entity: stream.entity, id: stream.id, item: items[stream.id] ?? .refused(.fault))
        }
        // Whoever uses a field by now is known when all records are as they were.
        if page.count < Self.page {
            let fields = try await revert(fieldsOf: reversion, after: head.position)
            results += fields.map { (entity: FieldSet.name, id: $0.id, item: $0.item) }
        }
        return try await told(results, next: page.count < Self.page ? nil : page.last?.position, reversion)
    }

    /// Records of one kind, in the order in which kinds go: what others stand on comes last.
    private static func groups(_ page: [ImportedStream]) -> [RevertedGroup] {
        CRM.entities.reversed().compactMap { entity in
            let ids = page.filter { $0.entity == entity.name }.map(\.id)
            return ids.isEmpty || entity == FieldSet.self ? nil : RevertedGroup(entity: entity, ids: ids)
        }
    }

    private func revert(
        _ group: RevertedGroup, _ reversion: Reversion, after head: Position
    ) async throws(Problem) -> [BulkItem] {
        do throws(Problem) { try group.entity.permit(reversion.caller) } catch {
            return group.ids.map { _ in .refused(error) }
        }
        let record = BulkRecord(
            id: reversion.command, entity: group.entity.name, act: "revert", ids: group.ids,
            undoes: reversion.imported, begun: head)
        let caller = reversion.caller.carryingOut(reversion.command, takingBack: reversion.imported)
        return try await each(group.ids, of: group.entity, in: record, caller, dryRun: reversion.dryRun) {
            open, _ throws(Problem) in
            let read: LoadedStreams
            do { read = try await commands.reader.streams(caller.organization, open) } catch { throw .unavailable }
            let opening = try await commands.opening(read.events.values.joined(), caller.organization)
            return open.map { id in
                do throws(Problem) {
                    return try reversion.wayBack(of: id, group.entity, read.events[id] ?? [], opening)
                } catch { return .settled(.refused(error)) }
            }
        }
    }

    private func told(
        _ results: [(entity: String, id: UUID, item: BulkItem)], next: Position?, _ reversion: Reversion
    ) async throws(Problem) -> Told {
        let head = try await commands.head(of: reversion.caller.organization)
        var body: [String: JSON] = [
            "id": .string(reversion.command.text), "import": .string(reversion.imported.text),
            "next": next.map { .integer($0) } ?? .null, "position": .integer(head.position),
        ]
        if reversion.dryRun { body["dry_run"] = true }
        for (name, count) in BulkItem.counts(results.map(\.item)) { body[name] = .integer(Int64(count)) }
        body["results"] = .array(
            results.map { entity, id, item in
                var members = item.json(of: id, request: reversion.caller.request).object ?? [:]
                members["entity"] = .string(entity)
                return .object(members)
            })
        return Told(body: .object(body), position: head)
    }
}

/// Records of one kind that an import wrote to.
private struct RevertedGroup {
    let entity: any Entity.Type
    let ids: [UUID]
}

/// One import on its way back.
struct Reversion {
    let imported: UUID
    /// Its own command, the same whenever the import is taken back.
    let command: UUID
    let dryRun: Bool
    let caller: Caller

    /// What became of a record before it was taken back last is over: only what the import wrote since counts.
    func wayBack(
        of id: UUID, _ entity: any Entity.Type, _ history: [RecordedEvent], _ opening: Opening
    ) throws(Problem) -> BulkWay {
        let start = history.lastIndex { $0.command == command }.map { $0 + 1 } ?? 0
        guard let entity = entity as? any Lasting.Type else { return .settled(.refused(.notUndoable)) }
        return try entity.wayBack(of: id, history, from: start, opening, wrote: wrote)
    }

    /// Whether an event is the import's; what takes it back is not.
    func wrote(_ event: RecordedEvent) -> Bool { event.command != command && Meta(event).imported == imported }
}
