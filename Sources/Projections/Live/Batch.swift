import FoundationEssentials
import Kernel
import Postgres
import Synchronization

/// One batch of events of one organization, from the log to the tables: it asks for statements to be run and is given
/// their results, and knows neither connection nor task. The live tail and the end of a rebuild drive it.
///
/// Not Sendable: it belongs to one task or thread, and is used for one batch after another.
final class Batch {
    /// What is to be applied.
    struct Order {
        var organization: UUID
        /// The projections that take part, by number; all at the same position.
        var group: [Int]
        /// Of all projections of the deployment.
        var checkpoints: [Checkpoint]
        /// The last position to take; at most `Batch.most` events are taken anyway.
        var upTo = Int64.max
        /// At most so many events.
        var limit = Batch.most
        /// Streams to be held from an event on that the database refused.
        var refused: [(projection: Int, hold: Hold)] = []

        var from: Int64 { group.first.map { checkpoints[$0].position } ?? 0 }
    }
    private enum Stage { case events, persons, rows, keys, older, predecessors, writing, done }

    /// Batches of 10,000 gain nothing (FACTS-projection §2).
    static let most: Int64 = 1000

    let deployment: Deployment
    let engine: Engine
    private(set) var order = Order(organization: UUID(), group: [], checkpoints: [])
    private var stage = Stage.done
    private var source: Result?
    private(set) var events: [Event] = []
    /// The rows that the batch touches as they were, one behind the other, by projection.
    private var before: [[Cell]]
    /// The projections whose rows were asked for, in order.
    private var asked: [Int] = []
    /// Those that were asked for more rows, and how many they had.
    private var older: [(projection: Int, known: Int)] = []
    /// The persons whose keys were asked for.
    private var persons: [UUID] = []
    /// The streams of persons whom the batch erases, and what the log says of them up to where the rows are.
    private var erased: [Cell] = []
    private var histories: [Result] = []
    /// The first event of each stream in the batch.
    private var first: [Cell: Int] = [:]
    private var scratch = Bytes()
    private var memory = KeyMemory()
    private var previous: Batch?

    init(_ deployment: Deployment) {
        self.deployment = deployment
        engine = deployment.engine()
        before = deployment.projections.map { _ in [] }
    }

    /// How many events were asked for: where as many came, there may be more.
    private(set) var wanted: Int64 = 0
    /// Where each projection is once the batch is written.
    private(set) var checkpoints: [Checkpoint] = []
    /// Streams that the batch holds anew, by projection.
    var holds: [(projection: Int, hold: Hold)] {
        order.group.flatMap { i in engine.projections[i].holds.map { (i, $0) } }
    }
    /// Whether it holds nothing anew and erases nobody.
    var isPlain: Bool { holds.isEmpty && erased.isEmpty }
    /// The persons whom the batch erases.
    var erasedPersons: [UUID] { erased.map(\.uuid) }
    /// Whether the statements asked for last are those that write.
    var isWriting: Bool { stage == .writing }

    // MARK: - What is to be run next?

    /// The first statements of a batch. `behind`: the one before, which is ready and may not be written yet.
    func start(_ order: Order, behind previous: Batch? = nil) -> [Statement] {
        self.order = order
        self.previous = previous
        engine.organization = Cell(order.organization)
        memory.refresh(engine, deployment)
        let (next, over) = order.from.addingReportingOverflow(min(order.limit, Batch.most))
        let to = min(order.upTo, over ? .max : next)
        wanted = to - order.from
        checkpoints = order.checkpoints
        events.removeAll(keepingCapacity: true)
        stage = .events
        return [
            Statement(SQL.nextEvents) {
                $0.uuid(order.organization)
                $0.bigint(order.from)
                $0.bigint(to)
            }
        ]
    }

    /// Takes the results of the statements asked for and asks for the next ones; nil: the batch is done.
    func next(_ results: [Result]) throws -> [Statement]? {
        switch stage {
        case .events:
            try take(events: results[0])
            if events.isEmpty { return finish() }
            begin()
            return try askForPersons() ?? askForRows()
        case .persons:
            try takePersons(results)
            return try askForRows()
        case .rows:
            try take(rows: results)
            return try askForOlderKeys() ?? askForOlderRows()
        case .keys:
            try takePersons(results)
            return try askForOlderRows()
        case .older:
            try takeOlder(rows: results)
            return try askForPredecessors() ?? fold(knowing: [])
        case .predecessors:
            var known: Set<Cell> = []
            for row in results[0] { known.insert(Cell(try row.uuid(0))) }
            return try fold(knowing: known)
        case .writing, .done: return finish()
        }
    }

    private func finish() -> [Statement]? {
        stage = .done
        source = nil
        histories = []
        return nil
    }

    // MARK: - What is read?

    private func take(events result: Result) throws {
        source = result
        var last = order.from
        for row in result {
            let event = try Event(row)
            if event.position <= last { continue }  // applied before
            guard event.position == last + 1 else {
                throw LogError.hole(order.organization, last + 1)
            }
            last = event.position
            events.append(event)
        }
    }

    /// Makes the engine ready, and looks at what the events want.
    private func begin() {
        engine.removeAll()
        for projection in engine.projections { projection.active = false }
        for i in order.group {
            engine.projections[i].active = true
            engine.hold(order.checkpoints[i].held, in: i)
        }
        for (i, hold) in order.refused { engine.hold(hold, in: i) }
        first.removeAll(keepingCapacity: true)
        var unknown: Set<UUID> = []
        erased.removeAll()
        for (n, event) in events.enumerated() {
            if first[event.stream] == nil { first[event.stream] = n }
            if engine.book != nil, Erasure.matches(event.type) { erased.append(event.stream) }
            let type = engine.type(of: event)
            if type < 0 { continue }
            let mayBeSealed = deployment.plan.types[type].sealing != .nothing || deployment.plan.isOlder(event)
            if mayBeSealed { unknown.formUnion(engine.unknown(event)) }
        }
        persons = Array(unknown)
    }

    /// Which rows have keys of values is known once the events are open: then the keys come first.
    private func askForPersons() -> [Statement]? {
        if persons.isEmpty || !engine.hasKeyedRows { return nil }
        stage = .persons
        return [KeyBook.statement(order.organization, persons)]
    }
    private func takePersons(_ results: [Result]) throws {
        try engine.book?.take(results[0], order.organization, persons)
        persons = []
    }

    /// The keys that are not known, and the rows that the batch touches, of each projection that takes one of its event
    /// types.
    private func askForRows() throws -> [Statement] {
        for event in events {
            let type = engine.type(of: event)
            if type < 0 { continue }
            for (i, _) in deployment.plan.types[type].programs where engine.projections[i].active {
                engine.touch(event, in: i)
            }
        }
        for i in order.group where engine.projections[i].hasStreamRows {
            for stream in erased { _ = engine.projections[i].rows.table.row(stream) }
        }
        asked = order.group.filter { engine.projections[$0].rows.table.count > 0 }
        let keys = persons.isEmpty ? [] : [KeyBook.statement(order.organization, persons)]
        let statements = keys + asked.map { askForRows(from: 0, of: $0) } + erased.map(askForHistory)
        if statements.isEmpty { return try askForPredecessors() ?? fold(knowing: []) }
        stage = .rows
        return statements
    }

    /// The rows that were touched, from the `start`th on.
    private func askForRows(from start: Int, of i: Int) -> Statement {
        let rows = engine.projections[i].rows.table.count
        return Statement(deployment.projections[i].statements.select) { parameters in
            parameters.uuid(order.organization)
            parameters.array(.uuid, count: rows - start, scratch: &scratch) { n, out in
                out.field(engine.projections[i].rows.table[start + n].key)
            }
        }
    }

    /// What a person's stream says up to here. Its rows were folded while the key was there: they are folded again.
    private func askForHistory(_ stream: Cell) -> Statement {
        Statement(SQL.streamEvents) {
            $0.uuid(order.organization)
            $0.uuid(stream.uuid)
            $0.bigint(order.from)
        }
    }

    private func take(rows results: [Result]) throws {
        var results = results[...]
        if !persons.isEmpty { try takePersons([results.removeFirst()]) }
        for (i, result) in zip(asked, results) {
            for row in result { engine.projections[i].take(row) }
        }
        histories = results.suffix(erased.count)
    }

    /// The keys of others whom those streams concern.
    private func askForOlderKeys() throws -> [Statement]? {
        var unknown: Set<UUID> = []
        for stream in erased { engine.book?.erase(engine.organization, stream) }
        for history in histories {
            for row in history { unknown.formUnion(engine.unknown(try Event(row))) }
        }
        if unknown.isEmpty { return nil }
        persons = Array(unknown)
        stage = .keys
        return [KeyBook.statement(order.organization, persons)]
    }

    /// The rows with keys of values that those streams changed before.
    private func askForOlderRows() throws -> [Statement] {
        older = []
        for i in order.group where !erased.isEmpty && !engine.projections[i].hasStreamRows {
            let known = engine.projections[i].rows.table.count
            for history in histories { for row in history { engine.touch(try Event(row), in: i) } }
            if engine.projections[i].rows.table.count > known { older.append((i, known)) }
        }
        if older.isEmpty { return try askForPredecessors() ?? fold(knowing: []) }
        stage = .older
        return older.map { askForRows(from: $0.known, of: $0.projection) }
    }
    private func takeOlder(rows results: [Result]) throws {
        for ((i, _), result) in zip(older, results) {
            for row in result { engine.projections[i].take(row) }
        }
    }

    /// A stream's version before the batch is told by a row that is there, unless events between changed no row: then
    /// the log is asked.
    private func askForPredecessors() -> [Statement]? {
        if let previous { take(rowsOf: previous) }
        previous = nil
        var unknown: [Event] = []
        for n in first.values where events[n].version > 1 {
            let event = events[n]
            let isKnown = asked.contains { i in
                guard let row = engine.projections[i].rows.table.find(event.stream) else { return false }
                return row.version == event.version - 1
            }
            if isKnown { engine.start(event.stream, at: event.version - 1) } else { unknown.append(event) }
        }
        if unknown.isEmpty { return nil }
        stage = .predecessors
        return [
            Statement(SQL.predecessors) {
                $0.uuid(order.organization)
                $0.uuids(unknown.map(\.stream.uuid))
                $0.ints(unknown.map(\.version))
                $0.bigints(unknown.map(\.position))
            }
        ]
    }

    // MARK: - What is written?

    private func fold(knowing predecessors: Set<Cell>) throws -> [Statement] {
        for n in first.values where predecessors.contains(events[n].stream) {
            engine.start(events[n].stream, at: events[n].version - 1)
        }
        for i in deployment.projections.indices {
            let rows = engine.projections[i].rows.table.count
            before[i].removeAll(keepingCapacity: true)
            for n in 0..<rows { engine.projections[i].rows.copy(row: n, to: &before[i]) }
        }
        for (stream, history) in zip(erased, histories) { engine.refold(stream, try history.map { try Event($0) }) }
        if !erased.isEmpty { deployment.erasures.add(1, ordering: .relaxed) }
        for event in events { engine.apply(event) }
        let last = events[events.count - 1].position
        for i in order.group {
            let projection = engine.projections[i]
            checkpoints[i].position = last
            checkpoints[i].applied.add(engine.seen)
            checkpoints[i].applied.subtract(projection.waiting)
            checkpoints[i].held = projection.held
            checkpoints[i].isStored = true
        }
        stage = .writing
        return progressStatements() + holdStatements()
            + order.group.flatMap { i in
                RowChange(engine.projections[i], before: before[i], all: !erased.isEmpty)
                    .statements(deployment.projections[i], order.organization, anew: erased, scratch: &scratch)
            }
    }

    /// The compare comes first: it takes the locks that keep two projectors apart.
    private func progressStatements() -> [Statement] {
        let group = order.group.sorted { deployment.projections[$0].name < deployment.projections[$1].name }
        let new = group.filter { !order.checkpoints[$0].isStored }
        let begin = Statement(SQL.beginProgress) {
            $0.uuid(order.organization)
            $0.texts(new.map { deployment.projections[$0].name })
            $0.ints(new.map { deployment.projections[$0].generation })
        }
        let advance = Batch.advance(
            order.organization, group.map { (deployment.projections[$0], order.checkpoints[$0], checkpoints[$0]) })
        return new.isEmpty ? [advance] : [begin, advance]
    }

    /// Sets the progress of projections where it is still what it was.
    static func advance(
        _ organization: UUID, _ moves: [(projection: Deployed, from: Checkpoint, to: Checkpoint)]
    ) -> Statement {
        Statement(SQL.advanceProgress) {
            $0.uuid(organization)
            $0.texts(moves.map(\.projection.name))
            $0.ints(moves.map(\.projection.generation))
            $0.bigints(moves.map(\.from.position))
            $0.bigints(moves.map(\.from.applied.count))
            $0.bigints(moves.map(\.to.position))
            $0.bigints(moves.map(\.to.applied.count))
            $0.byteas(moves.map(\.to.applied.bytes))
            $0.ints(moves.map(\.from.refolds))
        }
    }

    private func holdStatements() -> [Statement] {
        if holds.isEmpty { return [] }
        return [Batch.hold(order.organization, holds.map { (deployment.projections[$0.projection].name, $0.hold) })]
    }

    /// Notes that streams wait.
    static func hold(_ organization: UUID, _ holds: [(projection: String, hold: Hold)]) -> Statement {
        Statement(SQL.holdStreams) {
            $0.uuid(organization)
            $0.texts(holds.map(\.projection))
            $0.uuids(holds.map(\.hold.stream.uuid))
            $0.bigints(holds.map(\.hold.position))
            $0.ints(holds.map(\.hold.version))
            $0.texts(holds.map(\.hold.code))
            $0.texts(holds.map(\.hold.column))
        }
    }
}
