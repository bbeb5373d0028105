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
            let part = BulkPart(
                id: id, key: key, hash: hash, from: from, dryRun: dryRun, caller: caller, keys: keys)
            let record = try await begin(part) {
                BulkRecord(id: id, entity: undone.entity, act: "undo", ids: undone.ids, undoes: act)
            }
            return try await tell(part, of: record) { page, caller throws(Problem) in
                try await each(page, of: entity, in: record, caller, dryRun: dryRun) { open, _ throws(Problem) in
                    try await waysBack(open, entity, from: undone, by: record, caller)
                }
            }
        }
    }

    /// - Parameter undo: what it does already is done: it may have been written since `each` looked.
    func waysBack<E: Lasting>(
        _ ids: [UUID], _ entity: E.Type, from act: BulkRecord, by undo: BulkRecord, _ caller: Caller
    ) async throws(Problem) -> [BulkWay] {
        let read: LoadedStreams
        do { read = try await commands.reader.streams(caller.organization, ids) } catch { throw .unavailable }
        let opening = try await commands.opening(read.events.values.joined(), caller.organization)
        return ids.map { id in
            let history = read.events[id] ?? []
            if let last = history.last(where: { undo.wrote($0) }) {
                return .settled(.done(version: last.version, position: last.position))
            }
            // A stream that cannot be read fails alone.
            do throws(Problem) { return try E.wayBack(of: id, history, opening) { act.wrote($0) } } catch {
                return .settled(.refused(error))
            }
        }
    }
}

extension BulkRecord {
    /// Whether an event is the act's.
    fileprivate func wrote(_ event: RecordedEvent) -> Bool { event.command == id && event.position > begun }
}

extension Lasting {
    /// How the record of a history becomes what it was before the events of an act. One that the act made is put away.
    /// - Parameters:
    ///   - start: from which event on those of the act are looked for.
    ///   - wrote: whether an event is the act's.
    static func wayBack(
        of id: UUID, _ history: [RecordedEvent], from start: Int = 0, _ opening: Opening,
        wrote: (RecordedEvent) -> Bool
    ) throws(Problem) -> BulkWay {
        let now = try load(history, opening)
        if now.isErased { return .settled(.refused(.erased)) }
        guard let first = history[start...].firstIndex(where: wrote) else {
            return .settled(.unchanged(version: now.version))
        }
        let before = try load(Array(history[..<first]), opening)
        if isSame(before.state, now.state) { return .settled(.unchanged(version: now.version)) }
        let others = history[first...].filter { !wrote($0) }
        if !others.isEmpty {
            // What others did and took back again since hinders nothing.
            let last = history.lastIndex(where: wrote) ?? first
            let isTakenBack = others.allSatisfy { $0.version > history[last].version }
            guard isTakenBack, isSame(try load(Array(history[...last]), opening).state, now.state) else {
                return .settled(.refused(.changedSince(others, opening)))
            }
        }
        guard let to = before.state as? State, let from = now.state as? State else { throw .fault }
        if case .absent = to { return putAway(id, from, version: now.version) }
        let steps = wayBack(of: id, from: from, to: to)
        guard !steps.isEmpty else { return .settled(.refused(.notUndoable)) }
        let asks = steps.enumerated().map { index, step in
            Ask(name, .id(id), step.act, .object(step.body), ifMatch: index == 0 ? now.version : nil)
        }
        return .asked(asks) { isSame($0, to) ? nil : .notUndoable }
    }

    /// A record that would not be there is archived, with all that it says.
    private static func putAway(_ id: UUID, _ state: State, version: Int32) -> BulkWay {
        if case .archived = state { return .settled(.unchanged(version: version)) }
        guard let act = acts.first(where: { $0.form == .archives }) else { return .settled(.refused(.notUndoable)) }
        return .asked([Ask(name, .id(id), act.name, [:], ifMatch: version)])
    }
}

extension Problem {
    /// The most changes that are told of one record.
    private static let told = 20

    static let changedSince = Problem(
        "bulk.changed_since", 409, "Somebody changed this record since; see changed, and edit it by hand.")
    fileprivate static func changedSince(_ events: [RecordedEvent], _ opening: Opening) -> Problem {
        .changedSince.telling(["changed": opening.changes(events.prefix(told))])
    }
    static let notUndoable = Problem(
        "bulk.not_undoable", 409,
        "The record's own acts do not lead back to all that it was; edit it by hand, its history shows the past.")
}
