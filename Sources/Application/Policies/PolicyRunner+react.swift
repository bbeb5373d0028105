import EventLog
import FoundationEssentials
import Kernel
import Logging
import Postgres
import Projections

extension PolicyRunner {
    /// Does all that a policy asks because of one event.
    func react(_ policy: Policy, to event: RecordedEvent) async throws(Delay) {
        guard try await isShallow(event) else {
            return log.error("policies drive each other: this event is left alone", metadata: metadata(policy, event))
        }
        let happening: Policy.Happening
        do {
            let opening = try await commands.opening([event], event.organization)
            happening = Policy.Happening(
                position: event.position, stream: event.stream, event: try opening.stored(event))
        } catch let problem as Problem {
            throw .unavailable(problem.code)
        } catch {
            return log.error("a policy cannot read an event, and leaves it", metadata: metadata(policy, event))
        }
        guard let lookup = policy.lookup(happening) else {
            let asks = policy.react(happening, [])
            if try await !carryOut(asks, policy, event).isEmpty { throw .notYet }
            return
        }
        var position = event.position
        var settled: Set<UUID> = []
        for _ in 0..<Self.rounds {
            if try await round(policy, happening, event, lookup, at: position, &settled) { return }
            // Records were changed since they were looked up: again, once the tables show the change.
            position = try await asking { () throws(PostgresError) in
                try await commands.reader.head(event.organization).position
            }
            try? await Task.sleep(for: options.pause)
        }
        throw .notYet
    }

    /// So often all is looked up again before others get their turn.
    private static let rounds = 10

    /// One look at all that there is, in pages.
    /// - Returns: whether every record was as it was found.
    private func round(
        _ policy: Policy, _ happening: Policy.Happening, _ event: RecordedEvent, _ lookup: Policy.Lookup,
        at position: Position, _ settled: inout Set<UUID>
    ) async throws(Delay) -> Bool {
        var last = UUID(uuid: (0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0))
        var isSettled = true
        while true {
            guard let page = try await look(lookup, event.organization, at: position, after: last) else {
                throw .notYet
            }
            let asks = policy.react(happening, page.filter { !settled.contains($0.id) })
            let changed = try await carryOut(asks, policy, event)
            settled.formUnion(page.map(\.id).filter { !changed.contains($0) })
            if !changed.isEmpty { isSettled = false }
            guard page.count == options.page, let end = page.last else { return isSettled }
            last = end.id
        }
    }

    /// A page of what a policy looks up, from tables that have reached the position; nil while they have not.
    private func look(
        _ lookup: Policy.Lookup, _ organization: UUID, at position: Position, after last: UUID
    ) async throws(Delay) -> [Policy.Found]? {
        _ = await waits.wait(
            for: organization, position: position, projections: lookup.projections, timeout: .seconds(1))
        return try await asking { () throws(PostgresError) -> [Policy.Found]? in
            // The tables' places first: the rows may be newer than they, and never older.
            let results = try await database.run([
                Statement(SQL.policyTables) {
                    $0.uuid(organization)
                    $0.texts(lookup.projections)
                    $0.bigint(position)
                },
                Statement(lookup.statement) {
                    $0.uuid(organization)
                    $0.uuid(last)
                    $0.bigint(Int64(options.page))
                    $0.uuids(lookup.ids)
                },
            ])
            guard try results[0][0].bool(0) else { return nil }
            var page: [Policy.Found] = []
            for row in results[1] {
                page.append(Policy.Found(id: try row.uuid(0), version: try row.int(1), of: try row.uuid(2)))
            }
            return page
        }
    }

    // MARK: - What becomes of a command?

    private enum Fate {
        case done
        /// The record is not as it was found.
        case changed(UUID?)
        case delayed(Problem)
    }

    /// Gives the commands, all at once.
    /// - Returns: the records that are not as they were found.
    private func carryOut(_ asks: [Ask], _ policy: Policy, _ event: RecordedEvent) async throws(Delay) -> Set<UUID> {
        let fates = await withTaskGroup(of: Fate.self) { group in
            for ask in asks { group.addTask { await self.carryOut(ask, policy, event) } }
            return await group.reduce(into: [Fate]()) { $0.append($1) }
        }
        var changed: Set<UUID> = []
        for fate in fates {
            switch fate {
            case .done: break
            case .changed(let id): if let id { changed.insert(id) }
            case .delayed(let problem): throw .unavailable(problem.code)
            }
        }
        return changed
    }

    private func carryOut(_ ask: Ask, _ policy: Policy, _ event: RecordedEvent) async -> Fate {
        let caller = Caller(policy: policy.name, becauseOf: event)
        do throws(Problem) {
            try await commands.react(ask, policy: policy.name, position: event.position, by: caller)
            return .done
        } catch {
            if error.status == 412 { return .changed(ask.target.id) }
            if error.isPassing { return .delayed(error) }
            var metadata = metadata(policy, event)
            metadata["entity"] = "\(ask.entity)"
            metadata["record"] = "\(ask.target.id?.text ?? "")"
            metadata["act"] = "\(ask.act)"
            metadata["code"] = "\(error.code)"
            log.log(level: error.status < 500 ? .notice : .error, "a policy's command was refused", metadata: metadata)
            return .done
        }
    }

    // MARK: - Where does an event come from?

    /// Whether fewer reactions than are allowed led to this event.
    private func isShallow(_ event: RecordedEvent) async throws(Delay) -> Bool {
        var cause = Meta(event).cause
        for _ in 0..<options.depth {
            guard let position = cause else { return true }
            let before = try await asking { () throws(PostgresError) in
                try await commands.reader.page(event.organization, after: position - 1, limit: 1).first
            }
            cause = before.flatMap { Meta($0).cause }
        }
        return false
    }

    private func metadata(_ policy: Policy, _ event: RecordedEvent) -> Logger.Metadata {
        [
            "policy": "\(policy.name)", "organization": "\(event.organization.text)", "position": "\(event.position)",
        ]
    }
}

extension Ask.Target {
    /// The id, where it is named by one.
    fileprivate var id: UUID? {
        switch self {
        case .id(let id): id
        case .new, .external: nil
        }
    }
}

extension Problem {
    /// Whether the same may be well in a moment.
    fileprivate var isPassing: Bool {
        status == 503 || status == 429 || ["stream.conflict", "idempotency.running"].contains(code)
    }
}
