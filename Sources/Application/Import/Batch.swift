import CRM
import FoundationEssentials
import Kernel

/// The rows of one request on their way.
///
/// Rows go in waves: a row that names a record which an earlier row of the batch still writes waits for it, so that it
/// finds the record there. In a wave, references are settled, records that are to be created by name are created, and
/// all rows are carried out together.
struct Batch {
    let session: ImportSession
    let caller: Caller
    let commands: Commands
    let request: RowsRequest

    var outcomes: [Int: Outcome] = [:]  // by index of the row
    /// What was left out of rows, by their index.
    var left: [Int: [RowFlaw]] = [:]
    var created: [JSON] = []
    var notes: [String] = []
    /// Events of records created by name.
    var extraEvents = 0
    /// Records that are there, or would be in a dry run.
    var present: Set<UUID> = []
    /// Of those that are there, the ones that this import did not make.
    var strangers: Set<UUID> = []
    /// Lines whose past is not told, since their records are strangers.
    var untold: Set<Int> = []
    /// Of those that are there, the ones which the reversion of an import put away: they are taken out again.
    var putAway: Set<UUID> = []
    /// In a dry run, records that would be there and are not.
    var imagined: Set<UUID> = []
    /// What this batch has made of a record: the same said again is done.
    var done: [UUID: Wish] = [:]

    /// What became of a row.
    enum Outcome: Sendable {
        case taken(events: Int)
        case rejected(RowFlaw)
        /// It waits for a record that may come later in the file.
        case postponed(events: Int)
    }

    /// A row and what it says.
    struct Task: Sendable {
        let index: Int
        var wishes: [Wish]
        /// Whether a reference was left out that the next pass will set.
        var waits = false
        /// What is left out of it for good.
        var left: [RowFlaw] = []
    }

    init(session: ImportSession, caller: Caller, commands: Commands, request: RowsRequest) {
        (self.session, self.caller, self.commands, self.request) = (session, caller, commands, request)
    }

    /// Takes the rows.
    mutating func run() async throws(Problem) -> JSON {
        var tasks: [Task] = []
        for (index, row) in request.rows.enumerated() {
            do throws(RowFlaw) {
                let wishes = try session.planner.wishes(row)
                tasks.append(Task(index: index, wishes: wishes, left: wishes.flatMap(\.left)))
            } catch { outcomes[index] = .rejected(error) }
        }
        let named = Array(Set(tasks.flatMap { $0.wishes.flatMap(\.named) }))
        let (real, reverted, makers) = try await commands.standing(named, in: session.organization)
        putAway = reverted
        strangers = real.filter { makers[$0] != session.whole }
        for task in tasks.indices {
            for wish in tasks[task].wishes.indices { tasks[task].wishes[wish].adopt(real) }
        }
        imagined = session.dryRun ? session.imagined.among(named).subtracting(real) : []
        present = real.union(imagined).union(session.assumed.compactMap(\.recordID))
        while !tasks.isEmpty { try await carryOut(nextWave(&tasks)) }
        return summary
    }

    /// Takes the rows out of `tasks` that wait for no earlier one.
    private mutating func nextWave(_ tasks: inout [Task]) -> [Task] {
        var wave: [Task] = []
        var later: [Task] = []
        var busy: Set<UUID> = []
        for var task in tasks {
            task.wishes.removeAll { done[$0.id] == $0 }
            let written = task.wishes.map(\.id)
            let awaited = task.wishes.flatMap(\.links).map(\.id).filter {
                !present.contains($0) && !written.contains($0)
            }
            if busy.isDisjoint(with: written), busy.isDisjoint(with: awaited) {
                wave.append(task)
            } else {
                later.append(task)
            }
            busy.formUnion(written)
        }
        tasks = later
        return wave
    }

    private mutating func carryOut(_ wave: [Task]) async throws(Problem) {
        var ready: [Task] = []
        for task in wave {
            var settled = task
            do throws(RowFlaw) {
                if try settle(&settled) { ready.append(settled) } else { outcomes[task.index] = .postponed(events: 0) }
            } catch { outcomes[task.index] = .rejected(error) }
        }
        ready = try await createByName(ready)
        try await execute(ready)
    }

    // MARK: What of the records that a row refers to?

    /// Sets the references of a row, leaves out those that come later, and says whether it can be carried out now.
    private func settle(_ task: inout Task) throws(RowFlaw) -> Bool {
        let own = Set(task.wishes.map(\.id))
        for index in task.wishes.indices {
            let wish = task.wishes[index]
            if let key = wish.elsewhere, !present.contains(wish.id) {
                let reason = "There is no \(wish.entity.name) \"\(key)\"; import the file that makes it first."
                throw RowFlaw(nil, "import.record_missing", reason)
            }
            for link in task.wishes[index].links {
                if present.contains(link.id) || own.contains(link.id) {
                    task.wishes[index].resolve(link)
                    continue
                }
                let mapping = session.planner.mapping
                let mayCome = link.source == mapping.source && mapping.written.contains(link.entity.name)
                switch (link.missing, mayCome && !request.isFinal) {
                case (.refuse, true): return false
                // A past is told once, with all to which it refers.
                case (_, true) where link.place.isPast: return false
                case (.empty, true), (.create, true): task.waits = true
                case (.empty, false):
                    if link.entity.name == Pipeline.name { task.wishes[index].forgetStages() }
                    task.wishes[index].lose(link)
                    guard mapping.leavesUnfit else { continue }
                    let reason = "There is no \(link.entity.name) \"\(link.name)\" from \(link.source)."
                    let flaw = RowFlaw(link.column, "import.reference_missing", reason)
                    if !task.left.contains(flaw) { task.left.append(flaw) }
                case (.create, false): task.wishes[index].resolve(link)
                case (.refuse, false):
                    throw RowFlaw(
                        link.column, "import.reference_missing",
                        "There is no \(link.entity.name) \"\(link.name)\" from \(link.source); import it first.")
                }
            }
        }
        return true
    }

    /// Creates the records that rows of a wave refer to and the mapping wants created; answers the rows that can go on.
    private mutating func createByName(_ tasks: [Task]) async throws(Problem) -> [Task] {
        var missing: [Wish.Link] = []
        for task in tasks {
            let own = Set(task.wishes.map(\.id))
            for link in task.wishes.flatMap(\.links)
            where link.missing == .create && !own.contains(link.id)
                && (!present.contains(link.id) || putAway.contains(link.id))
            {
                guard task.wishes.contains(where: { $0.isResolved(link) }) else { continue }
                if !missing.contains(where: { $0.id == link.id }) { missing.append(link) }
            }
        }
        guard !missing.isEmpty else { return tasks }
        let units = missing.map { link in
            let ask = putAway.contains(link.id) ? link.restoring : link.creating
            return [ask]
        }
        let results = await commands.executeEach(units, by: caller, dryRun: session.dryRun)
        var failed: [UUID: RowFlaw] = [:]
        for (link, result) in zip(missing, results) {
            switch result {
            case .success(let answer):
                extraEvents += answer.results.reduce(0) { $0 + $1.events }
                if putAway.remove(link.id) == nil {
                    created.append(["entity": .string(link.entity.name), "name": .string(link.name)])
                    appear(link.id, link.entity)
                }
            case .failure(let problem) where problem.code.hasSuffix(".already_exists"): present.insert(link.id)
            case .failure(let problem):
                if let fatal = problem.fatal { throw fatal }
                let reason = "The \(link.entity.name) \"\(link.name)\" cannot be created: \(problem.reason)"
                failed[link.id] = RowFlaw(link.column, problem.rowCode, reason)
            }
        }
        return tasks.filter { task in
            guard let flaw = task.wishes.flatMap(\.links).lazy.compactMap({ failed[$0.id] }).first else { return true }
            outcomes[task.index] = .rejected(flaw)
            return false
        }
    }

    /// A record is there now; in a dry run, it would be.
    mutating func appear(_ id: UUID, _ entity: EntityFacts) {
        present.insert(id)
        guard session.dryRun else { return }
        imagined.insert(id)
        session.imagined.add(id, isTag: entity.name == Tag.name)
    }
}

extension Ask {
    /// The record, where it is named by its id.
    fileprivate var recordID: UUID? { if case .id(let id) = target { id } else { nil } }
}

extension Wish.Link {
    /// What makes the record, where it is missing.
    fileprivate var creating: Ask { Ask(entity.name, .id(id), entity.creation.act, .object(creates)) }
    /// What takes it out again, where it was put away.
    fileprivate var restoring: Ask { Ask(entity.name, .id(id), EntityFacts.restoring, [:]) }
}
