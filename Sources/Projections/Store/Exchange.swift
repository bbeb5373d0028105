import FoundationEssentials
import Kernel
import Postgres

/// One version of a projection takes the place of another: one short transaction, in which nothing is copied.
struct Exchange {
    /// Which way.
    enum Move {
        /// The new table serves, and what served becomes the old one; what was old goes.
        case swap
        /// The old table serves again, and what served becomes the old one.
        case rollback

        var incoming: Version { self == .swap ? .new : .old }
    }
    let connection: BlockingConnection
    let projection: String
    let move: Move
    /// The views as they are to be afterwards.
    let views: [ViewFile]

    init(_ connection: BlockingConnection, _ projection: String, _ move: Move, views: [ViewFile]) {
        self.connection = connection
        self.projection = projection
        self.move = move
        self.views = views
    }

    /// The tables and views that it needs for itself alone.
    static func relations(of projection: String, _ connection: BlockingConnection) throws -> [String] {
        let tables = [Version.serving, .new, .old].flatMap { version in
            ReadTable.suffixes.map { version.name(of: projection) + $0 }
        }
        return tables + (try Views(connection: connection).known().map(\.view.name))
    }

    /// In a transaction that is open. `catchUp` brings the incoming table to where the serving one was when nobody
    /// could write it any more.
    /// - Returns: the views that could not be put up again, and why.
    func run(_ catchUp: ([UUID: Int64]) throws -> Void) throws -> [(view: ViewFile, error: PostgresError)] {
        let serving = tables(.serving)
        let old = tables(.old)
        let incoming = tables(move.incoming)
        let positions = try lockProgress()
        let views = try way(serving, old, incoming)
        switch views {
        case .turned(let standing): try standing.lock()
        case .anew, .none: break
        }
        for table in [serving, old, tables(.new)] { try table.lock() }
        if case .turned(let standing) = views { try standing.expect(on: serving) }
        try catchUp(positions)
        try incoming.inherit(from: serving)
        if move == .swap { try old.drop() }
        let isServed = try !serving.there().isEmpty
        let aside = VersionTables(connection, Exchange.aside(projection))
        if isServed { try serving.rename(to: aside.name) } else { try serving.drop() }
        try incoming.rename(to: projection)
        if isServed { try aside.rename(to: old.name) }
        try connection.query(
            Statement("UPDATE read.projection SET rolled_back = (name = $1 AND $2) WHERE name IN ($1, $3)") {
                $0.text(old.name)
                $0.bool(move == .rollback)
                $0.text(projection)
            })
        switch views {
        case .none: return []
        case .turned(let standing):
            try standing.turn()
            return []
        case .anew(let taken): return try Views(connection: connection).putUp(self.views, taken)
        }
    }

    /// What becomes of the views.
    private enum Way {
        /// There was no serving table, so none stands on it. Those that wait for one are put up when all is done.
        case none
        /// Those that stand on the table itself stand on the other; they are as they are to be.
        case turned(Standing)
        /// All were taken down, and are put up again.
        case anew(Views.Taken)
    }

    private func way(_ serving: VersionTables, _ old: VersionTables, _ incoming: VersionTables) throws -> Way {
        let others = move == .swap ? [old, incoming] : [incoming]
        let known = Views(connection: connection)
        if try serving.there().isEmpty {
            if try Standing.isNothing(on: others) { return .none }
        } else if try known.are(views), try looksAlike(move.incoming),
            let standing = try Standing(on: serving, insteadOf: others, for: incoming)
        {
            return .turned(standing)
        }
        return .anew(try known.takeDown(on: try [serving, old, incoming].flatMap { try $0.there() }))
    }

    /// Whether the engine's own views over the one are those over the other.
    private func looksAlike(_ incoming: Version) throws -> Bool {
        let records = try Record.all(connection)
        func views(_ version: Version) -> [String]? {
            let record = records.first { $0.name == version.name(of: projection) }
            return (try? record?.definition()).map { ReadTable(definition: $0, name: projection).views.map(\.sql) }
        }
        // A text of another language than today's looks like nothing.
        guard let serving = views(.serving), let other = views(incoming) else { return false }
        return serving == other
    }

    /// Nobody ever sees this name: it is there within the transaction only.
    private static func aside(_ projection: String) -> String { projection + "__out" }

    private func tables(_ version: Version) -> VersionTables {
        VersionTables(connection, version.name(of: projection))
    }

    /// Locks progress, views and tables in the order in which batches and readers take them: a batch compares the
    /// progress before it writes rows, a reader opens a view before its tables.
    /// - Returns: how far the serving table is.
    private func lockProgress() throws -> [UUID: Int64] {
        let names = Version.allCases.map { $0.name(of: projection) }
        var positions: [UUID: Int64] = [:]
        for row in try connection.query(Statement(SQL.lockProgress) { $0.texts(names) }) {
            if try row.text(0) == projection { positions[try row.uuid(1)] = try row.bigint(2) }
        }
        return positions
    }
}

/// Projections' tables go; what other tables and the log hold stays.
struct Drop {
    let connection: BlockingConnection
    let records: [Record]
    let forget: Bool

    init(_ connection: BlockingConnection, _ records: [Record], forget: Bool) {
        self.connection = connection
        self.records = records
        self.forget = forget
    }

    /// In a transaction that is open. All versions; where one is named that does not serve, that one.
    func run() throws {
        let serving = Set(records.filter { $0.version == .serving }.map(\.projection))
        let names = Set(records.map(\.name)).union(serving.flatMap(Version.names)).sorted()
        _ = try connection.query(Statement(SQL.lockProgress) { $0.texts(names) })
        let views = Views(connection: connection)
        let known = try views.known().map(\.view)
        let tables = names.map { VersionTables(connection, $0) }
        let taken = try views.takeDown(on: try tables.flatMap { try $0.there() })
        for table in tables where !serving.contains(table.name) { try table.drop() }
        for record in records where record.version == .serving { try dropServing(record) }
        try views.putUp(known, taken)
    }

    private func dropServing(_ record: Record) throws {
        let tables = VersionTables(connection, record.name)
        for table in try tables.there() { try connection.execute("DROP TABLE read.\(quoted(table))") }
        try connection.query(Statement(SQL.forgetProgress) { $0.text(record.name) })
        let end = forget ? "DELETE FROM read.projection" : "UPDATE read.projection SET state = 'dropped'"
        try connection.query(Statement("\(end) WHERE name = $1") { $0.text(record.name) })
        try connection.query(Statement("DELETE FROM read.rebuild WHERE projection = $1") { $0.text(record.name) })
    }
}
