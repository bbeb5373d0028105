import FoundationEssentials
import Glibc
import Kernel
import Postgres

/// A filled new table takes the place of the old one: one short transaction.
struct Swap {
    let connection: BlockingConnection
    let old: ReadTable
    let shadow: Deployed
    let views: [ViewFile]
    let upcasts: Upcasts

    /// `catchUp` brings the new table, in this transaction, to where the old one was when nobody could write it any
    /// more.
    /// - Returns: the views that could not be put up again, and why.
    func run(_ catchUp: ([UUID: Int64]) throws -> Void) throws -> [(view: ViewFile, error: PostgresError)] {
        try Swap.prepare(connection)
        let positions = try Swap.lock(connection, old)
        try catchUp(positions)
        try connection.execute(old.drop)
        for sql in shadow.table.rename(to: old) { try connection.execute(sql) }
        for sql in old.protect { try connection.execute(sql) }
        for table in ["read.progress", "read.held"] {
            try connection.query(Statement("DELETE FROM \(table) WHERE projection = $1") { $0.text(old.name) })
            try connection.query(
                Statement("UPDATE \(table) SET projection = $1 WHERE projection = $2") {
                    $0.text(old.name)
                    $0.text(shadow.name)
                })
        }
        let definition = shadow.definition
        try connection.query(
            Statement(SQL.deployProjection) {
                $0.text(definition.name)
                $0.int(shadow.generation)
                $0.text(Record.State.live.rawValue)
                $0.text(definition.file)
                $0.text(definition.text)
                $0.text(definition.canonical(upcasts))
            })
        try connection.query(Statement(old.stop) { $0.text(old.name) })
        return try Views(connection: connection).putUp(views)
    }

    // MARK: - How is it done without harm?

    /// A swap waits for nobody longer than 100 ms, so nobody waits longer for it.
    static func prepare(_ connection: BlockingConnection) throws {
        try connection.execute("SET LOCAL lock_timeout = '100ms'")
        try connection.query(Statement("SELECT pg_advisory_xact_lock(hashtextextended('daybook swap', 0))"))
    }

    /// Locks progress, views and table in the order in which batches and readers take them: a batch compares the
    /// progress before it writes rows, a reader opens a view before its tables.
    /// - Returns: how far the table is.
    static func lock(_ connection: BlockingConnection, _ table: ReadTable) throws -> [UUID: Int64] {
        var positions: [UUID: Int64] = [:]
        for row in try connection.query(Statement(SQL.lockProgress) { $0.text(table.name) }) {
            positions[try row.uuid(0)] = try row.bigint(1)
        }
        try Views(connection: connection).takeDown()
        for name in table.every {
            let found = try connection.query(Statement("SELECT to_regclass($1) IS NOT NULL") { $0.text(name) })
            if try found[0].bool(0) { try connection.execute("LOCK TABLE \(name) IN ACCESS EXCLUSIVE MODE") }
        }
        return positions
    }

    /// Tries a transaction again as long as somebody holds a lock that it needs; after two minutes it says so.
    static func patiently(
        _ connection: BlockingConnection, between: () throws -> Void = {}, _ body: () throws -> Void
    ) throws {
        let deadline = ContinuousClock.now + .seconds(120)
        var pause: UInt32 = 20_000
        while true {
            do {
                return try connection.transaction { try body() }
            } catch let error as PostgresError where error.kind == .lockTimeout || error.kind == .deadlock {
                if ContinuousClock.now > deadline {
                    throw ReadModelError("a query has been reading the table for minutes: end it, or try again later")
                }
                // Each attempt holds up readers for as long as it waits: fewer of them the longer it takes.
                usleep(UInt32.random(in: pause / 2...pause))
                pause = min(pause * 2, 900_000)
                try between()
            }
        }
    }
}

/// A projection's table goes; what other tables and the log hold stays.
struct Drop {
    let connection: BlockingConnection
    let name: String
    let forget: Bool

    init(_ connection: BlockingConnection, _ name: String, forget: Bool) {
        self.connection = connection
        self.name = name
        self.forget = forget
    }

    func run() throws {
        let views = try Views(connection: connection).known().map(\.view)
        try Swap.prepare(connection)
        let tables = ["", "_totals", "_history"].map { "read.\(quoted(name + $0))" }
        _ = try connection.query(Statement(SQL.lockProgress) { $0.text(name) })
        try Views(connection: connection).takeDown()
        try connection.execute("DROP TABLE IF EXISTS \(tables.joined(separator: ", "))")
        for table in ["read.progress", "read.held"] {
            try connection.query(Statement("DELETE FROM \(table) WHERE projection = $1") { $0.text(name) })
        }
        let record = forget ? "DELETE FROM read.projection" : "UPDATE read.projection SET state = 'dropped'"
        try connection.query(Statement("\(record) WHERE name = $1") { $0.text(name) })
        try Views(connection: connection).putUp(views)
    }
}
