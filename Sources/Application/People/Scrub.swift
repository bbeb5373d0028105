import Foundation
public import FoundationEssentials
public import Kernel
public import Logging
public import Postgres

/// Makes what was erased unreadable on the disk, too (DESIGN §5).
///
/// Erasing destroys a key and empties rows; the bytes of old row versions stay in tables, in statistics and in the
/// write-ahead log until they are written over. Scrubbing rewrites those tables and turns the log over. What it cannot
/// do it says.
public struct Scrub {
    /// What was done, and what could not be.
    public struct Report: Sendable, Hashable {
        /// The tables that were rewritten.
        public internal(set) var tables: [String] = []
        /// What may still hold something; empty: nothing that this server knows of.
        public internal(set) var findings: [Finding] = []
    }
    /// Something that may still hold what was erased.
    public struct Finding: Sendable, Hashable {
        /// What it is.
        public enum Kind: String, Sendable {
            /// A table that could not be rewritten.
            case table
            /// Somebody still sees old row versions, so that they were copied along.
            case snapshot
            /// Statistics of a column that should have none.
            case statistics
            /// A table is being rebuilt.
            case rebuild
            /// Segments of the write-ahead log, or copies of it.
            case log
            /// A backup from before.
            case backup
        }
        /// What it is.
        public let kind: Kind
        /// A sentence that says what to do.
        public let detail: String

        /// A finding.
        public init(_ kind: Kind, _ detail: String) { (self.kind, self.detail) = (kind, detail) }
    }

    let connection: BlockingConnection
    private let progress: (String) -> Void
    private var report = Report()

    /// How long is waited for others, in tenths of a second.
    private static let patience = 300

    /// Rewrites and turns over. Readers of a table wait while it is rewritten; the log of events is not touched.
    /// - Parameters:
    ///   - settings: of a login that owns the database, better of a superuser: only that one may turn the log over.
    ///   - progress: told of each table before it is rewritten.
    /// - Throws: `PostgresError`.
    public static func run(
        _ settings: ConnectionSettings, log: Logger, progress: @escaping @Sendable (String) -> Void = { _ in }
    ) async throws -> Report {
        let patient = settings.with(settings: ["lock_timeout": "30s", "client_min_messages": "error"])
        let pool = BlockingPool(patient, size: 1, name: "scrub", log: log)
        do {
            let report = try await pool.run { connection in
                var scrub = Scrub(connection: connection, progress: progress)
                try scrub.run()
                return scrub.report
            }
            await pool.close()
            return report
        } catch {
            await pool.close()
            throw error
        }
    }

    /// In which organizations a person has a key, and when it was destroyed; nil: it is still there.
    public static func erasures(
        of person: UUID, _ connection: PipelinedConnection
    ) async throws -> [(organization: UUID, erasedAt: Instant?)] {
        try await connection.query(Statement(SQL.personErasures) { $0.uuid(person) }).map { row in
            (try row.uuid(0), try row.timestamptz(orNil: 1).map { Instant(microseconds: $0) })
        }
    }

    private init(connection: BlockingConnection, progress: @escaping (String) -> Void) {
        (self.connection, self.progress) = (connection, progress)
    }

    private mutating func run() throws {
        try dropLeftovers()
        try waitForOthers()
        for row in try connection.query(Statement(SQL.scrubTables)) {
            try rewrite(try row.text(0), isOurs: try row.bool(1))
        }
        for row in try connection.query(Statement(SQL.scrubStatistics)) {
            found(.statistics, "pg_statistic has values of \(try row.text(0)): a superuser may delete them.")
        }
        try turnLogOver()
    }

    private mutating func found(_ kind: Finding.Kind, _ detail: String) {
        report.findings.append(Finding(kind, detail))
    }

    // MARK: - What is rewritten?

    /// A rebuild that was broken off leaves tables that nobody would empty.
    private mutating func dropLeftovers() throws {
        for row in try connection.query(Statement(SQL.scrubLeftovers)) {
            let name = try row.text(0)
            let key = "hashtextextended('daybook rebuild ' || $1, 0)"
            let got = try connection.query(Statement("SELECT pg_try_advisory_lock(\(key))") { $0.text(name) })
            guard try got[0].bool(0) else {
                found(.rebuild, "read.\(name) is being rebuilt: scrub again when that is done.")
                continue
            }
            for row in try connection.query(Statement(SQL.scrubCopiesOf) { $0.text(name) }) {
                try connection.execute("DROP TABLE \(try row.text(0))")
            }
            for (table, column) in [("progress", "projection"), ("held", "projection"), ("projection", "name")] {
                try connection.query(
                    Statement("DELETE FROM read.\(table) WHERE \(column) IN ($1 || '__new', $1 || '__part')") {
                        $0.text(name)
                    })
            }
            try connection.query(Statement("SELECT pg_advisory_unlock(\(key))") { $0.text(name) })
        }
    }

    /// A rewrite keeps the row versions that somebody may still read.
    private mutating func waitForOthers() throws {
        let mine = try connection.query(Statement("SELECT pg_current_xact_id()::xid::text"))[0].text(0)
        for attempt in 0...Self.patience {
            let older = try connection.query(Statement(SQL.scrubOlder) { $0.text(mine) })[0].bigint(0)
            if older == 0 { return }
            if attempt < Self.patience { usleep(100_000) }
        }
        found(
            .snapshot,
            "A transaction has been open for longer than this took, and old row versions were kept for it: "
                + "end it (pg_stat_activity names it), and scrub again.")
    }

    private mutating func rewrite(_ table: String, isOurs: Bool) throws {
        guard isOurs else {
            return found(.table, "\(table) belongs to another role: its owner may run VACUUM FULL \(table).")
        }
        progress(table)
        do throws(PostgresError) {
            try connection.execute("VACUUM FULL \(table)")
            report.tables.append(table)
        } catch {
            switch error.kind {
            case .lockTimeout, .deadlock: found(.table, "\(table) is being read: scrub again when nobody does.")
            case .undefinedTable: break  // A rebuild took its place meanwhile.
            default: throw error
            }
        }
    }

    // MARK: - What is in the write-ahead log?

    private mutating func turnLogOver() throws {
        do throws(PostgresError) {
            let last = try connection.query(Statement("SELECT pg_walfile_name(pg_current_wal_lsn())"))[0].text(0)
            for _ in 0..<5 {
                // Segments go when a checkpoint begins in a later one.
                try connection.execute("SELECT pg_switch_wal()")
                try connection.execute("CHECKPOINT")
                if try connection.query(Statement(SQL.scrubSegments) { $0.text(last) })[0].bigint(0) == 0 { break }
            }
            let left = try connection.query(Statement(SQL.scrubSegments) { $0.text(last) })[0].bigint(0)
            if left > 0 {
                found(.log, "\(left) old segments of the write-ahead log are kept for a replica, a slot or an archive.")
            }
        } catch {
            guard error.kind == .insufficientPrivilege else { throw error }
            found(
                .log,
                "This login may not turn the write-ahead log over: a superuser may run pg_switch_wal() and CHECKPOINT.")
        }
        let copies = try connection.query(Statement(SQL.scrubCopies))[0]
        if try copies.bool(0) {
            found(.log, "wal_recycle is on: old segments are used again and keep their bytes until they are full.")
        }
        if try copies.bool(1) { found(.log, "The write-ahead log is archived: the archive has it as it was.") }
        if try copies.bigint(2) > 0 { found(.log, "A replica has the write-ahead log as it was: scrub it, too.") }
    }
}
