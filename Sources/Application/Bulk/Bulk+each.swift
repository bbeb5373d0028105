import CRM
import EventLog
import FoundationEssentials
import Kernel
import Vault

extension Bulk {
    /// Deals with each of these records by itself, again while others change them meanwhile.
    /// - Parameter ways: how those that are still open are dealt with, in their order.
    func each(
        _ ids: [UUID], of entity: any Entity.Type, in record: BulkRecord, _ caller: Caller, dryRun: Bool,
        _ ways: ([UUID], [UUID: StreamTrace]) async throws(Problem) -> [BulkWay]
    ) async throws(Problem) -> [BulkItem] {
        var items: [UUID: BulkItem] = [:]
        var open = ids
        for _ in 0..<Commands.attempts where !open.isEmpty {
            let traces = try await traces(of: record, in: open, caller)
            for id in open { items[id] = entity.item(id, traces[id]) }
            open.removeAll { items[$0] != nil }
            var (asked, objections) = ([(id: UUID, asks: [Ask])](), [(@Sendable (any Sendable) -> Problem?)?]())
            for (id, way) in zip(open, try await ways(open, traces)) {
                switch way {
                case .settled(let item): items[id] = item
                case .asked(let asks, let objection):
                    asked.append((id, asks))
                    objections.append(objection)
                }
            }
            let bounds = objections
            let results = await commands.executeEach(
                asked.map(\.asks), by: caller, dryRun: dryRun, as: record.id
            ) { unit, state in bounds[unit]?(state) }
            for (id, result) in zip(asked.map(\.id), results) { items[id] = try item(of: result, dryRun: dryRun) }
            open.removeAll { items[$0] != nil }
        }
        // Others were faster with these each time; the rest is written and stands.
        return ids.map { items[$0] ?? .refused(.conflict) }
    }

    /// Deals with all of them as one unit, or with none where one of them is refused.
    func whole(
        _ ids: [UUID], of request: BulkRequest, in record: BulkRecord, _ caller: Caller, _ keys: OrganizationKeys
    ) async throws(Problem) -> [BulkItem] {
        for _ in 0..<Commands.attempts {
            let traces = try await traces(of: record, in: ids, caller)
            // It was done before the answer got lost, all at one position.
            if let last = traces.values.compactMap(\.written?.position).max() {
                return ids.map { id in
                    let version = traces[id]?.version ?? 0
                    guard let written = traces[id]?.written else { return .unchanged(version: version) }
                    return .done(version: written.version, position: last)
                }
            }
            let items = try await each(ids, of: request.entity, in: record, caller, dryRun: true) { open, traces in
                open.map { .asked([request.ask(of: $0, at: traces[$0])]) }
            }
            if request.dryRun || ids.isEmpty || items.contains(where: { $0.word == "refused" }) { return items }
            let asks = ids.map { request.ask(of: $0, at: traces[$0]) }
            do throws(Problem) {
                let answer = try await commands.settle(
                    try await commands.named(asks, keys, caller.organization), by: caller, command: record.id, keys,
                    repeatable: nil, lane: .import, dryRun: false)
                return answer.results.map { BulkItem($0, at: answer.position.position) }
            } catch  where error.status == 412 {
                continue
            }
        }
        throw .conflict
    }

    /// What came of a record's unit; nil where it was changed since it was seen.
    /// - Throws: what concerns the whole request.
    private func item(of result: Result<Answer, Problem>, dryRun: Bool) throws(Problem) -> BulkItem? {
        switch result {
        case .success(let answer):
            return answer.joined.map { BulkItem($0, at: dryRun ? nil : answer.position.position) }
        case .failure(let problem) where problem.status == 412: return nil
        case .failure(let problem) where problem.code == Problem.conflict.code: return .refused(.conflict)
        case .failure(let problem):
            if let fatal = problem.fatal { throw fatal }
            return .refused(problem)
        }
    }

    /// How far these records are, and what an act did with them.
    func traces(
        of record: BulkRecord, in ids: [UUID], _ caller: Caller
    ) async throws(Problem) -> [UUID: StreamTrace] {
        do {
            return try await commands.reader.traces(caller.organization, of: record.id, after: record.begun, in: ids)
        } catch { throw .unavailable }
    }
}

extension Entity {
    /// What is known of one of the records without asking anything of it: that there is none, or that it is done.
    fileprivate static func item(_ id: UUID, _ trace: StreamTrace?) -> BulkItem? {
        guard let trace, trace.type?.prefix(while: { $0 != "." }) == name[...] else { return .refused(.absent(name)) }
        return trace.written.map { .done(version: $0.version, position: $0.position) }
    }
}

extension BulkItem {
    /// What the asks of one record came to.
    fileprivate init(_ result: Answer.Result, at position: Int64?) {
        self =
            result.events == 0
            ? .unchanged(version: result.version)
            : .done(version: result.version, position: position, warnings: result.warnings)
    }
}

extension Problem {
    static func refusedWhole(_ refused: [(UUID, BulkItem)], of asked: Int, request: String) -> Problem {
        Problem(
            "bulk.refused", 409,
            "Nothing was done: \(refused.count) of \(asked) records cannot be; see results, or leave all_or_none out.",
            more: [
                "asked": .integer(Int64(asked)), "refused": .integer(Int64(refused.count)),
                "results": .array(refused.map { $1.json(of: $0, request: request) }),
            ])
    }
}
