import Postgres

/// Which of a projection's tables: up to three are there at once, each with rows, totals, progress and a record under a
/// name of its own.
enum Version: CaseIterable, Sendable {
    /// What queries read, under the projection's own name.
    case serving
    /// What is built, or waits to be swapped.
    case new
    /// What served before, and can serve again.
    case old

    /// What stands behind the projection's name.
    var suffix: String {
        switch self {
        case .serving: ""
        case .new: "__new"
        case .old: "__old"
        }
    }

    /// The name of a projection's table in this version.
    func name(of projection: String) -> String { projection + suffix }

    /// The names that all versions of a projection have, and what is put down of one that is being built.
    static func names(of projection: String) -> [String] {
        allCases.map { $0.name(of: projection) } + [part(of: projection)]
    }

    /// Under this name lie the rows of the organization at which a build was put down.
    static func part(of projection: String) -> String { projection + "__part" }

    /// Whose table in which version a name is.
    static func split(_ name: String) -> (projection: String, version: Version) {
        for version in [Version.new, .old] where name.hasSuffix(version.suffix) {
            return (String(name.dropLast(version.suffix.count)), version)
        }
        return (name, .serving)
    }
}

extension Record {
    /// The projection whose table it is, in whatever version.
    var projection: String { Version.split(name).projection }
    /// Which of its tables.
    var version: Version { Version.split(name).version }

    /// All there are.
    static func all(_ connection: BlockingConnection) throws -> [Record] {
        try all(connection.query(Statement(SQL.deployedProjections)))
    }
}

/// The tables of one version, found by their names: also where its text is not understood any more.
struct VersionTables {
    let connection: BlockingConnection
    let name: String

    init(_ connection: BlockingConnection, _ name: String) {
        self.connection = connection
        self.name = name
    }

    /// Those that are there, rows first.
    func there() throws -> [String] {
        let names = ReadTable.suffixes.map { name + $0 }
        let found = try connection.query(Statement(SQL.tablesOf) { $0.texts(names) }).map { try $0.text(0) }
        return names.filter(found.contains)
    }

    /// Takes ACCESS EXCLUSIVE on each.
    func lock() throws {
        for table in try there() { try connection.execute("LOCK TABLE read.\(quoted(table)) IN ACCESS EXCLUSIVE MODE") }
    }

    /// Takes them away, with their record and progress. ACCESS EXCLUSIVE on each.
    func drop() throws {
        for table in try there() { try connection.execute("DROP TABLE read.\(quoted(table))") }
        try connection.query(Statement(SQL.forgetProgress) { $0.text(name) })
        try connection.query(Statement("DELETE FROM read.projection WHERE name = $1") { $0.text(name) })
    }

    /// Gives them another name, with their indexes, record and progress. ACCESS EXCLUSIVE on each.
    func rename(to other: String) throws {
        for table in try there() {
            let new = other + table.dropFirst(name.count)
            let indexes = try connection.query(Statement(SQL.indexesOf) { $0.text("read.\(quoted(table))") })
                .map { try $0.text(0) }
            for index in indexes where index.hasPrefix(table) {
                let renamed = new + index.dropFirst(table.count)
                try connection.execute("ALTER INDEX read.\(quoted(index)) RENAME TO \(quoted(renamed))")
            }
            try connection.execute("ALTER TABLE read.\(quoted(table)) RENAME TO \(quoted(new))")
        }
        try connection.query(
            Statement(SQL.renameProgress) {
                $0.text(name)
                $0.text(other)
            })
        try connection.query(
            Statement("UPDATE read.projection SET name = $2, heartbeat_at = clock_timestamp() WHERE name = $1") {
                $0.text(name)
                $0.text(other)
            })
    }

    /// Gives others the rights to them that they have to `others`, as far as the columns are there.
    func inherit(from others: VersionTables) throws {
        for table in try others.there() {
            let own = name + table.dropFirst(others.name.count)
            guard try there().contains(own) else { continue }
            let target = "read.\(quoted(own))"
            let columns = try connection.query(
                Statement(
                    "SELECT attname::text FROM pg_attribute WHERE attrelid = to_regclass($1) AND attnum > 0"
                ) { $0.text(target) }
            ).map { try $0.text(0) }
            try perform(
                Statement(SQL.grantsOf) {
                    $0.text("read.\(quoted(table))")
                    $0.text(target)
                    $0.texts(columns)
                })
            try perform(
                Statement(SQL.policiesOf) {
                    $0.text(table)
                    $0.text(target)
                    $0.text(own)
                })
        }
    }
    private func perform(_ statements: Statement) throws {
        for row in try connection.query(statements) { try connection.execute(try row.text(0)) }
    }
}

/// One rebuild, swap or removal of a projection at a time: two would fill one table. Held by the session, so it is free
/// again when its process is killed.
struct RebuildLock {
    private let connection: BlockingConnection
    private let names: [String]

    /// - Throws: `ReadModelError` where somebody else is at work.
    init(_ connection: BlockingConnection, _ names: [String]) throws {
        self.connection = connection
        var got: [String] = []
        for name in names.sorted() {
            let found = try connection.query(
                Statement("SELECT pg_try_advisory_lock(hashtextextended('daybook rebuild ' || $1, 0))") {
                    $0.text(name)
                })
            if try found[0].bool(0) {
                got.append(name)
                continue
            }
            RebuildLock(connection, having: got).free()
            throw ReadModelError("\(name) is being rebuilt already")
        }
        self.names = got
    }
    private init(_ connection: BlockingConnection, having names: [String]) {
        self.connection = connection
        self.names = names
    }

    func free() {
        for name in names {
            _ = try? connection.query(
                Statement("SELECT pg_advisory_unlock(hashtextextended('daybook rebuild ' || $1, 0))") { $0.text(name) })
        }
    }
}
