import FoundationEssentials
public import Kernel
import Postgres

/// What a candidate would change of a table, for whoever is about to deploy it.
public struct Diffing: Sendable {
    /// A row that would change.
    public struct Change: Sendable {
        /// `added`, `removed` or `changed`.
        public let kind: String
        /// Whose row.
        public let organization: String
        /// The row's key.
        public let key: String
        /// By column, the value there is and the value there would be; null for a personal one that may not be shown.
        public let columns: [String: (old: JSON, new: JSON)]
    }
    /// Streams of which the candidate could not apply an event.
    public struct Held: Sendable, Equatable {
        /// Why.
        public let code: String
        /// At which column.
        public let column: String?
        /// How many.
        public let streams: Int64
    }
    /// The table's name.
    public let projection: String
    /// Whether there is such a table; otherwise each row is one more.
    public let isDeployed: Bool
    /// Rows the candidate makes.
    public let rows: Int64
    /// How many rows would be `added`, `removed` and `changed`.
    public let counts: [String: Int64]
    /// How many of the changed rows differ in each column.
    public let columns: [String: Int64]
    /// Columns that come, go, or change their type.
    public let newColumns, goneColumns, retypedColumns: [String]
    /// What could not be applied.
    public let held: [Held]
    /// The first rows that would change, as many as were asked for.
    public let changes: [Change]

    /// Whether the candidate makes the table that there is.
    public var isEqual: Bool {
        counts.isEmpty && newColumns.isEmpty && goneColumns.isEmpty && retypedColumns.isEmpty && held.isEmpty
    }

    /// For programs.
    public var json: JSON {
        func names(_ names: [String]) -> JSON { .array(names.map { .string($0) }) }
        let shown = changes.map { change -> JSON in
            [
                "kind": .string(change.kind), "organization": .string(change.organization),
                "key": .string(change.key),
                "columns": .object(change.columns.mapValues { ["old": $0.old, "new": $0.new] }),
            ]
        }
        let held = self.held.map { held -> JSON in
            [
                "code": .string(held.code), "column": held.column.map { .string($0) } ?? .null,
                "streams": .integer(held.streams),
            ]
        }
        let kinds = ["added", "removed", "changed"]
        return [
            "projection": .string(projection), "deployed": .bool(isDeployed), "equal": .bool(isEqual),
            "rows": .integer(rows),
            "counts": .object(Dictionary(uniqueKeysWithValues: kinds.map { ($0, .integer(counts[$0] ?? 0)) })),
            "columns": .object(columns.mapValues { .integer($0) }), "new_columns": names(newColumns),
            "gone_columns": names(goneColumns), "retyped_columns": names(retypedColumns), "held": .array(held),
            "changes": .array(shown),
        ]
    }
}

/// Replays a candidate beside the table that serves, in a table of its own that goes with the transaction: nothing is
/// deployed.
struct Diff {
    let connection: BlockingConnection
    let candidate: Definition
    let record: Record?
    let unsealing: Unsealing?
    /// How many changes are listed.
    let most: Int64
    /// Whether values of personal columns are shown.
    let showsPersonal: Bool
    let progress: @Sendable (RebuildProgress) -> Void

    init(
        _ connection: BlockingConnection, _ candidate: Definition, _ record: Record?, _ unsealing: Unsealing?,
        most: Int64, showsPersonal: Bool, progress: @escaping @Sendable (RebuildProgress) -> Void
    ) {
        self.connection = connection
        self.candidate = candidate
        self.record = record
        self.unsealing = unsealing
        self.most = most
        self.showsPersonal = showsPersonal
        self.progress = progress
    }

    func run() throws -> Diffing {
        try connection.transaction(.repeatableRead) {
            // Compared with a table that is there, or with an empty one of the candidate's own shape.
            let serving =
                try record.map { ReadTable(definition: try $0.definition(), name: $0.name) }
                ?? table(candidate, "diff_none__")
            if record == nil { for sql in serving.create { try connection.execute(sql) } }
            let new = table(candidate, "diff__")
            for sql in new.create { try connection.execute(sql) }
            let holds = try fill(new)
            try connection.execute(
                filled(SQL.changedRows, ["rows": serving.rows, "candidate": new.rows]))
            let found = try tell(serving, new, holds)
            for sql in ["DROP TABLE changed_rows", new.drop] + (record == nil ? [serving.drop] : []) {
                try connection.execute(sql)
            }
            return found
        }
    }

    private func table(_ definition: Definition, _ prefix: String) -> ReadTable {
        var table = ReadTable(definition: definition, name: prefix + definition.name, schema: "pg_temp")
        table.personal = unsealing.map { definition.personalColumns($0.catalogue) } ?? []
        return table
    }

    /// Folds the logs up to where the table that serves is.
    private func fill(_ new: ReadTable) throws -> [Hold] {
        let heads = try LogHead.all(connection.query(Statement(SQL.heads)))
        let deployment = Deployment([Deployed(table: new, generation: 0)], unsealing: unsealing)
        let stopwatch = Stopwatch([candidate.name], total: heads.reduce(0) { $0 + $1.position }, progress)
        let pass = LogPass(connection, deployment, stopwatch)
        if let record {
            var reached: [UUID: Int64] = [:]
            for row in try connection.query(Statement(SQL.putDown) { $0.text(record.name) }) {
                reached[try row.uuid(0)] = try row.bigint(1)
            }
            pass.bounds = Dictionary(
                uniqueKeysWithValues: heads.map {
                    ($0.organization, LogPass.Bounds(last: [reached[$0.organization] ?? 0]))
                })
        }
        try pass.run(heads)
        pass.stopwatch.tell(.comparing)
        for sql in new.index.prefix(1) { try connection.execute(sql) }
        try connection.execute("ANALYZE \(new.rows)")
        pass.stopwatch.tell(.done)
        return pass.outcomes[0].flatMap(\.holds)
    }

    // MARK: - What is told?

    private func tell(_ serving: ReadTable, _ new: ReadTable, _ holds: [Hold]) throws -> Diffing {
        func counts(_ sql: String) throws -> [String: Int64] {
            var counts: [String: Int64] = [:]
            for row in try connection.query(Statement(sql)) { counts[try row.text(0)] = try row.bigint(1) }
            return counts
        }
        let before = record == nil ? [:] : types(serving.definition)
        let after = record == nil ? [:] : types(candidate)
        let held = Dictionary(grouping: holds) { "\($0.code) \($0.column ?? "")" }.sorted { $0.key < $1.key }
        return Diffing(
            projection: candidate.name, isDeployed: record != nil,
            rows: try connection.query(Statement("SELECT count(*) FROM \(new.rows)"))[0].bigint(0),
            counts: try counts(SQL.changeCounts), columns: try counts(SQL.changeColumns),
            newColumns: after.keys.filter { before[$0] == nil }.sorted(),
            goneColumns: before.keys.filter { after[$0] == nil }.sorted(),
            retypedColumns: after.keys.filter { before[$0] != nil && before[$0] != after[$0] }.sorted(),
            held: held.map {
                Diffing.Held(code: $0.value[0].code, column: $0.value[0].column, streams: Int64($0.value.count))
            },
            changes: try changes(personal(serving.definition).union(personal(candidate))))
    }

    private func types(_ definition: Definition) -> [String: ColumnType] {
        Dictionary(uniqueKeysWithValues: definition.columns.map { ($0.name, $0.type) })
    }

    private func personal(_ definition: Definition) -> Set<String> {
        guard !showsPersonal, let unsealing else { return [] }
        return Set(definition.personalColumns(unsealing.catalogue).map { definition.columns[$0].name })
    }

    private func changes(_ personal: Set<String>) throws -> [Diffing.Change] {
        try connection.query(Statement(SQL.changeList) { $0.bigint(most) }).map { row in
            let columns = try JSON(parsing: Array(try row.text(3).utf8)).object ?? [:]
            return Diffing.Change(
                kind: try row.text(2), organization: try row.uuid(0).text, key: try row.text(1),
                columns: columns.reduce(into: [:]) { shown, column in
                    let pair = column.value.array ?? []
                    let isShown = !personal.contains(column.key) && pair.count == 2
                    shown[column.key] = isShown ? (pair[0], pair[1]) : (.null, .null)
                })
        }
    }
}

extension ReadModels {
    /// Replays a projection's file and shows row by row what it would change of the table that is deployed under the
    /// same name. Nothing is deployed, and nobody waits for it.
    /// - Parameters:
    ///   - most: how many changes are listed; all are counted.
    ///   - showsPersonal: whether values of personal columns are shown; otherwise they are null.
    /// - Throws: `Problems` with what the file gets wrong.
    public func diff(
        _ file: ProjectionFile, catalogue: EventCatalogue? = nil, most: Int64 = 100, showsPersonal: Bool = false,
        progress: @escaping @Sendable (RebuildProgress) -> Void = { _ in }
    ) async throws -> Diffing {
        let set = try FileSet([file], catalogue: catalogue)
        guard let candidate = set.definitions.first else {
            throw ReadModelError("\(file.name) is no projection: its name ends with .yaml")
        }
        return try await work.run { [unsealing] connection in
            let record = try Record.all(connection).first { $0.name == candidate.name && $0.state != .dropped }
            return try Diff(
                connection, candidate, record, unsealing, most: most, showsPersonal: showsPersonal, progress: progress
            ).run()
        }
    }
}
