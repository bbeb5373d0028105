import CRM
import EventLog
public import FoundationEssentials
public import Kernel
import Vault

// MARK: How is an act on many records taken back?

extension Bulk {
    /// What a request to undo says.
    public static let undoing = [Field("dry_run", .flag), from]

    /// Brings every record that an act changed back to what it was before, as one act of its own, which can be undone
    /// in its turn.
    ///
    /// Nothing was kept for that: the log tells what a record was before the act's events and what it is now, and the
    /// record's own acts lead from the one to the other. A record that somebody changed since is refused and told with
    /// those changes; so is one that its acts cannot bring back whole.
    /// - Parameter request: in the normal form of `undoing`.
    /// - Returns: as `run` does; what the act did not change, or is as before already, is `unchanged`.
    /// - Throws: `bulk.not_found`, `bulk.key_required`.
    public func undo(
        _ act: UUID, _ request: Body, by caller: Caller, key: String? = nil
    ) async throws(Problem) -> Told {
        let keys = try await commands.organizationKeys(of: caller.organization)
        let undone = try await record(act, caller, keys)
        guard let entity = CRM.entity(named: undone.entity) as? any Lasting.Type else { throw .fault }
        try entity.permit(caller)
        let (dryRun, from) = (request.flag("dry_run") ?? false, Int(request.integer("from") ?? 0))
        let hash = keys.requestHash(method: "undo", path: "", body: JSON.string(act.text).bytes)
        return try await running(key, "undo", caller, keys, dryRun: dryRun) { id throws(Problem) in
            let kept = try await earlier(id, hash, caller, keys)
            let record = BulkRecord(id: id, entity: undone.entity, act: "undo", ids: undone.ids, undoes: act)
            try await begin(record, kept, hash, key, caller, keys, dryRun: dryRun)
            let page = record.page(from: from)
            let caller = caller.carryingOut(id)
            let items = try await each(page, of: entity, as: id, caller, dryRun: dryRun) { open, _ throws(Problem) in
                try await waysBack(open, entity, from: act, caller)
            }
            return try await told(record, from, page, items, caller, dryRun: dryRun)
        }
    }

    private func waysBack<E: Lasting>(
        _ ids: [UUID], _ entity: E.Type, from act: UUID, _ caller: Caller
    ) async throws(Problem) -> [BulkWay] {
        let read: LoadedStreams
        do { read = try await commands.reader.streams(caller.organization, ids) } catch { throw .unavailable }
        let opening = try await commands.opening(read.events.values.joined(), caller.organization)
        var ways: [BulkWay] = []
        for id in ids { ways.append(try E.wayBack(of: id, read.events[id] ?? [], from: act, opening)) }
        return ways
    }
}

extension Lasting {
    /// How the record of a history becomes what it was before an act.
    fileprivate static func wayBack(
        of id: UUID, _ history: [RecordedEvent], from act: UUID, _ opening: Opening
    ) throws(Problem) -> BulkWay {
        let now = try load(history, opening)
        if now.isErased { return .settled(.refused(.erased)) }
        guard let first = history.firstIndex(where: { $0.command == act }) else {
            return .settled(.unchanged(version: now.version))
        }
        let before = try load(Array(history[..<first]), opening)
        if isSame(before.state, now.state) { return .settled(.unchanged(version: now.version)) }
        let others = history[first...].filter { $0.command != act }
        guard others.isEmpty else { return .settled(.refused(.changedSince(others, opening))) }
        guard let to = before.state as? State, let from = now.state as? State else { throw .fault }
        let steps = wayBack(of: id, from: from, to: to)
        guard !steps.isEmpty else { return .settled(.refused(.notUndoable)) }
        let asks = steps.enumerated().map { index, step in
            Ask(name, .id(id), step.act, .object(step.body), ifMatch: index == 0 ? now.version : nil)
        }
        return .asked(asks) { isSame($0, to) ? nil : .notUndoable }
    }
}

extension Problem {
    /// The most changes that are told of one record.
    private static let told = 20

    fileprivate static func changedSince(_ events: [RecordedEvent], _ opening: Opening) -> Problem {
        Problem(
            "bulk.changed_since", 409, "Somebody changed this record since; see changed, and edit it by hand.",
            more: ["changed": opening.changes(events.prefix(told))])
    }
    static let notUndoable = Problem(
        "bulk.not_undoable", 409,
        "The record's own acts do not lead back to all that it was; edit it by hand, its history shows the past.")
}
