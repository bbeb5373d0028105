import CRM
import FoundationEssentials
import Kernel

extension Batch {
    /// Carries out rows whose references are settled, and tries another way where a record is further than the row.
    mutating func execute(_ tasks: [Task]) async throws(Problem) {
        for task in tasks where task.wishes.isEmpty { outcomes[task.index] = .taken(events: 0) }
        for task in tasks where !task.waits { left[task.index] = task.left }
        var open: [(task: Task, ways: [UUID: Wish.Way])] = tasks.filter { !$0.wishes.isEmpty }.map { task in
            (task, Dictionary(task.wishes.map { ($0.id, way(of: $0)) }) { first, _ in first })
        }
        // Why the past of a row's records is not told.
        var refused: [Int: RowFlaw] = [:]
        while !open.isEmpty {
            let units = open.map { unit($0.task, $0.ways) }
            let results = await commands.executeEach(
                units.map(\.asks), by: caller, dryRun: session.dryRun, assuming: imagined)
            var again: [(task: Task, ways: [UUID: Wish.Way])] = []
            for ((task, ways), (unit, result)) in zip(open, zip(units, results)) {
                switch result {
                case .success(let answer):
                    let results = answer.results.dropFirst(unit.assumed)
                    finish(task, results.reduce(unit.imagined) { $0 + $1.events })
                    if ways.values.contains(.madeAtOnce), let flaw = refused[task.index] {
                        left[task.index, default: []].append(flaw)
                    }
                    note(results.flatMap(\.warnings), task)
                case .failure(let problem):
                    if let fatal = problem.fatal { throw fatal }
                    if let fewer = withoutLostTags(task, problem) {
                        left[task.index, default: []].append(flaw(problem, task))
                        again.append((fewer, ways))
                    } else if let next = Self.next(ways, after: problem, task) {
                        if next.values.contains(.madeAtOnce) { refused[task.index] = pastFlaw(problem, task) }
                        again.append((task, next))
                    } else if await isSaid(task, problem) {
                        finish(task, 0)
                    } else {
                        outcomes[task.index] = .rejected(flaw(problem, task))
                    }
                }
            }
            open = again
        }
    }

    /// Whether a row that only changes what another file makes says nothing new of a record that is away: if that were
    /// taken out, nothing would be changed.
    private func isSaid(_ task: Task, _ problem: Problem) async -> Bool {
        guard task.wishes.count == 1, let wish = task.wishes.first, wish.elsewhere != nil,
            problem.code == wish.entity.archived
        else { return false }
        let asks = [wish.restoring] + wish.asks(.compareNow)
        let tried = await commands.executeEach([asks], by: caller, dryRun: true)
        guard case .success(let answer)? = tried.first else { return false }
        return answer.results.dropFirst().allSatisfy { $0.events == 0 }
    }

    /// The row without the words that name no tag in use, as one that was retired; nil where something else hinders it,
    /// or it is not plain which of its steps is meant. Each time there are fewer words, so that this ends.
    private func withoutLostTags(_ task: Task, _ problem: Problem) -> Task? {
        let lost = problem.errors.compactMap { error in
            error.code == "not_found" && error.pointer.hasPrefix("/tags/") ? Int(error.pointer.dropFirst(6)) : nil
        }
        let naming = task.wishes.indices.flatMap { wish in
            task.wishes[wish].steps.indices.filter { task.wishes[wish].steps[$0].act == "tag" }.map { (wish, $0) }
        }
        let others = task.wishes.flatMap { $0.then + $0.past }.filter { $0.act == "tag" }
        guard !lost.isEmpty, lost.count == problem.errors.count, naming.count == 1, others.isEmpty,
            let (wish, step) = naming.first, let words = task.wishes[wish].steps[step].body["tags"]?.array,
            lost.allSatisfy(words.indices.contains)
        else { return nil }
        var fewer = task
        let kept = words.enumerated().filter { !lost.contains($0.offset) }.map(\.element)
        fewer.wishes[wish].steps[step].body["tags"] = .array(kept)
        fewer.wishes[wish].steps[step].isLost = kept.isEmpty
        return fewer
    }

    /// What is tried first. What is taken out of the archive now can have no step before that.
    private func way(of wish: Wish) -> Wish.Way {
        guard present.contains(wish.id) else { return .made }
        return putAway.contains(wish.id) ? .compareNow : .compared
    }

    private mutating func finish(_ task: Task, _ events: Int) {
        outcomes[task.index] = task.waits ? .postponed(events: events) : .taken(events: events)
        for wish in task.wishes {
            if wish.isPastTold, strangers.contains(wish.id) { untold.insert(request.rows[task.index].line) }
            if !present.contains(wish.id) { appear(wish.id, wish.entity) }
            if !session.dryRun { putAway.remove(wish.id) }
            if !task.waits { done[wish.id] = original(wish, task) }
        }
    }

    /// Tells of a row that was taken and should be looked at.
    private mutating func note(_ warnings: [Answer.Warning], _ task: Task) {
        for warning in warnings {
            let others = warning.existing.map(\.text).joined(separator: ", ")
            notes.append("Line \(request.rows[task.index].line) was taken although \(warning.code) by \(others)")
        }
    }

    /// The wish as the row gave it, before its references were set; a later row is compared with that.
    private func original(_ wish: Wish, _ task: Task) -> Wish {
        var original = wish
        for link in wish.links { original.unresolve(link) }
        return original
    }

    /// The commands of a row.
    private func unit(
        _ task: Task, _ ways: [UUID: Wish.Way]
    ) -> (asks: [Ask], assumed: Int, imagined: Int) {
        var asks: [Ask] = []
        var unreal = 0
        for wish in task.wishes {
            // In a dry run a record that would be there cannot be compared; that it is said again counts for one event.
            if imagined.contains(wish.id) {
                unreal += 1
            } else {
                let own = (putAway.contains(wish.id) ? [wish.restoring] : []) + wish.asks(ways[wish.id] ?? .made)
                // In a dry run what stands on a record that would be there cannot be decided, such as a stage.
                if own.contains(where: { $0.stands(on: imagined) }) || wish.isIn(imagined, Pipeline.name) {
                    unreal += 1
                } else {
                    asks += own
                }
            }
        }
        guard session.dryRun else { return (asks, 0, 0) }
        // Tags that would be there have no names yet by which they are found.
        let hasTags = session.imagined.hasTags
        let real = asks.filter { !(hasTags && $0.namesTags) }.map { $0.without(imagined) }
        return (session.assumed + real, session.assumed.count, unreal)
    }

    private static func next(
        _ ways: [UUID: Wish.Way], after problem: Problem, _ task: Task
    ) -> [UUID: Wish.Way]? {
        let next = task.wishes.reduce(into: [UUID: Wish.Way]()) { next, wish in
            next[wish.id] = ways[wish.id]?.next(after: problem, wish)
        }
        return next.isEmpty ? nil : ways.merging(next) { $1 }
    }

    /// What a problem means for the row, with the column that gave the value.
    private func flaw(_ problem: Problem, _ task: Task) -> RowFlaw {
        let pointer = problem.errors.first?.pointer ?? ""
        // The value itself, or what it is part of: a word of a list, a member of an address.
        let places = sequence(first: pointer[...]) { place in place.lastIndex(of: "/").map { place[..<$0] } }
        var column = places.lazy.compactMap { place in
            task.wishes.lazy.compactMap { $0.columns[String(place)] }.first
        }.first
        if column == nil, let top = pointer.split(separator: "/").first {
            let prefix = "/\(top)"
            column =
                task.wishes.lazy.compactMap { wish in
                    wish.columns.first { $0.key == prefix || $0.key.hasPrefix(prefix + "/") }?.value
                }.first
        }
        return RowFlaw(column, problem.rowCode, problem.reason)
    }

    /// Why the row is taken without its past.
    private func pastFlaw(_ problem: Problem, _ task: Task) -> RowFlaw {
        let flaw = flaw(problem, task)
        let reason = "What happened before is not told: \(flaw.reason) (\(flaw.code))"
        return RowFlaw(flaw.column, "import.past_refused", reason)
    }

    // MARK: What is told?

    var summary: JSON {
        var (accepted, unchanged, events) = (0, 0, extraEvents)
        var rejected: [JSON] = []
        var postponed: [JSON] = []
        var (taken, leftOut) = ([JSON](), [JSON]())
        func told(_ flaw: RowFlaw, _ line: JSON) -> JSON {
            let column = flaw.column.map(JSON.string) ?? .null
            return ["line": line, "column": column, "code": .string(flaw.code), "reason": .string(flaw.reason)]
        }
        for (index, row) in request.rows.enumerated() {
            let line = JSON.integer(Int64(row.line))
            switch outcomes[index] {
            case .taken(let yielded):
                events += yielded
                if yielded > 0 || request.taken.contains(row.line) {
                    accepted += 1
                    taken.append(line)
                } else {
                    unchanged += 1
                }
                leftOut += (left[index] ?? []).map { told($0, line) }
            case .postponed(let yielded):
                events += yielded
                postponed.append(["line": line, "events": .integer(Int64(yielded))])
            case .rejected(let flaw): rejected.append(told(flaw, line))
            case nil: break
            }
        }
        return [
            "rows": .integer(Int64(request.rows.count)), "accepted": .integer(Int64(accepted)),
            "unchanged": .integer(Int64(unchanged)), "events": .integer(Int64(events)), "rejected": .array(rejected),
            "postponed": .array(postponed), "created": .array(created), "notes": .array(notes.map(JSON.string)),
            "accepted_lines": .array(taken), "left_out": .array(leftOut),
            "untold": .array(untold.sorted().map { .integer(Int64($0)) }),
        ]
    }
}

extension Wish {
    /// Whether it belongs to a record of that entity that would be there.
    fileprivate func isIn(_ ids: Set<UUID>, _ entity: String) -> Bool {
        links.contains { $0.entity.name == entity && ids.contains($0.id) }
    }
}

extension Ask {
    /// Whether it puts tags on by their names.
    fileprivate var namesTags: Bool {
        act == "tag" && (body["tags"]?.array ?? []).contains { $0.string.map { UUID(text: $0) == nil } ?? false }
    }

    /// Whether it cannot be asked without one of these records: it must name it, or does so within a member.
    fileprivate func stands(on ids: Set<UUID>) -> Bool {
        guard !ids.isEmpty, let members = body.object else { return false }
        func names(_ value: JSON) -> Bool {
            switch value {
            case .string(let text): UUID(text: text).map(ids.contains) ?? false
            case .array(let items): items.contains(where: names)
            case .object(let inner):
                inner.contains { names($0.value) || UUID(text: $0.key).map(ids.contains) ?? false }
            case .null, .bool, .integer, .number: false
            }
        }
        let required = CRM.entity(named: entity)?.taken(by: act).filter(\.isRequired).map(\.name) ?? []
        return members.contains { name, value in
            guard names(value) else { return false }
            return value.string == nil || required.contains(name)
        }
    }

    /// The same without references to records that are not really there.
    fileprivate func without(_ ids: Set<UUID>) -> Ask {
        guard !ids.isEmpty, case .object(let members) = body else { return self }
        let kept = members.filter { member in
            guard let id = member.value.string.flatMap(UUID.init(text:)) else { return true }
            return !ids.contains(id)
        }
        return Ask(entity, target, act, .object(kept), occurredAt: occurredAt, ifMatch: ifMatch, replaces: replaces)
    }
}

extension Problem {
    /// Itself where it is not the row's fault: the client sends the batch again, or gives up.
    var fatal: Problem? {
        let isPassing = status == 503 || code == "stream.conflict" || code == Problem.fault.code
        return isPassing || status == 401 || status == 403 ? self : nil
    }
    /// What a program reads in the reject file.
    var rowCode: String { errors.first.map { "import.\($0.code)" } ?? code }
    /// What a person reads in the reject file.
    var reason: String {
        guard let flaw = errors.first else { return detail }
        return "\(flaw.pointer.dropFirst()): \(flaw.detail)"
    }
}
