import FoundationEssentials
import Kernel
import Postgres
import Synchronization

/// One projection with the table that it fills.
struct Deployed: Sendable {
    let table: ReadTable
    /// Which build of the table: a process that folds by another loses the compare.
    let generation: Int32
    let statements: TableStatements

    init(table: ReadTable, generation: Int32) {
        self.table = table
        self.generation = generation
        statements = TableStatements(table, generation: generation)
    }

    /// Under this name its progress stands: the table's.
    var name: String { table.name }
    var definition: Definition { table.definition }
}

/// The projections that are fed together, ready to run; immutable, and compared by identity.
final class Deployment: Sendable {
    let projections: [Deployed]
    let plan: Plan
    /// How many persons were found erased: who remembers keys forgets them when this has changed.
    let erasures = Atomic(0)
    /// How what is sealed is read; nil: it is not.
    let unsealing: Unsealing?
    /// What was live when it was read, those included whose text was not understood.
    let live: [String]

    init(_ projections: [Deployed], live: [String] = [], unsealing: Unsealing?) {
        self.projections = projections
        self.live = live
        self.unsealing = unsealing
        plan = Plan(projections.map(\.definition), unsealing?.catalogue, upcasts: unsealing?.upcasts ?? .none)
    }

    /// An engine for one thread.
    func engine() -> Engine {
        Engine(plan, plan.opens || !plan.upcasts.isEmpty ? unsealing.map { KeyBook($0.master) } : nil)
    }
}

/// A row of `read.projection`: a projection's table in one of its versions.
struct Record: Sendable {
    enum State: String, Sendable { case live, stopped, dropped, building }
    /// The table's name.
    var name: String
    var generation: Int32
    var state: State
    var file: String
    var text: String
    /// Of an old one: it was taken out of service by a rollback.
    var isRolledBack: Bool

    init(_ row: Postgres.Row) throws(PostgresError) {
        name = try row.text(0)
        generation = try row.int(1)
        state = State(rawValue: try row.text(2)) ?? .dropped
        file = try row.text(3)
        text = try row.text(4)
        isRolledBack = try row.bool(5)
    }

    /// The definition it was built from. A text of an older or newer language may not be understood.
    func definition() throws(Problems) -> Definition {
        let key = file + "\n" + text
        if let known = Record.known.withLock({ $0[key] }) { return known }
        let definition = try Definition.read(file: file, text: text)
        Record.known.withLock {
            if $0.count >= 1000 { $0.removeAll() }
            $0[key] = definition
        }
        return definition
    }

    /// What files say that were read before. All are looked at in every exchange, and by whoever asks how the tables
    /// are: to read them again each time took longer than the rest.
    private static let known = Mutex<[String: Definition]>([:])

    static func all(_ result: Result) throws(PostgresError) -> [Record] {
        var records: [Record] = []
        for row in result { records.append(try Record(row)) }
        return records
    }
}

/// How far a projection is in an organization.
struct Checkpoint: Sendable {
    /// All events up to here are applied, or wait.
    var position: Int64 = 0
    /// Those that are applied.
    var applied = LeafSum()
    /// Whether `read.progress` has a row for it.
    var isStored = false
    /// How often rows were folded again for somebody who was erased.
    var refolds: Int32 = 0
    /// Streams that wait.
    var held: Set<Cell> = []

    init() {}

    /// From four columns of a row: position, events, leaf_sum, refolds.
    init(_ row: Postgres.Row, from column: Int) throws(PostgresError) {
        position = try row.bigint(column)
        let events = try row.bigint(column + 1)
        guard let sum = row.bytes(column + 2).flatMap({ LeafSum(count: events, bytes: $0) }) else {
            throw PostgresError(.unexpectedResult, "a leaf sum of read.progress is not 32 bytes long")
        }
        applied = sum
        refolds = try row.int(column + 3)
        isStored = true
    }
}
