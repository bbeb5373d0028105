import Kernel
import Logging
import Postgres

/// Makes the database what a set of files says.
struct Deploying {
    let connection: BlockingConnection
    let set: FileSet
    let unsealing: Unsealing?
    let log: Logger
    let progress: @Sendable (RebuildProgress) -> Void
    /// Whether there is nothing beside these files.
    var isWhole = true

    init(
        _ connection: BlockingConnection, _ set: FileSet, _ unsealing: Unsealing?, log: Logger,
        progress: @escaping @Sendable (RebuildProgress) -> Void
    ) {
        self.connection = connection
        self.set = set
        self.unsealing = unsealing
        self.log = log
        self.progress = progress
    }

    /// - Returns: the projections that were built.
    func run() throws -> [String] {
        let records = try Record.all(connection.query(Statement(SQL.deployedProjections)))
        var changed: [Definition] = []
        for definition in set.definitions {
            let record = records.first { $0.name == definition.name }
            if let record, record.state != .dropped, try isSame(record, as: definition) {
                if record.text != definition.text || record.file != definition.file { try retext(definition) }
            } else {
                changed.append(definition)
            }
        }
        let names = Set(set.definitions.map(\.name))
        for record in records where isWhole && !names.contains(record.name) && record.state != .dropped {
            log.warning(
                "a projection's file is gone; its table stays until it is dropped",
                metadata: ["projection": "\(record.name)", "file": "\(record.file)"])
        }
        try Rebuild(
            connection, changed, views: set.views, unsealing: unsealing, log: log, progress: progress
        ).run()
        try installViews()
        return changed.map(\.name)
    }

    private func isSame(_ record: Record, as definition: Definition) throws -> Bool {
        guard (try? record.definition()) != nil else { return false }
        let found = try connection.query(
            Statement(SQL.wasBuiltSo) {
                $0.text(record.name)
                $0.text(definition.canonical(unsealing?.upcasts ?? .none))
            })
        return try found[0].bool(0)
    }

    private func retext(_ definition: Definition) throws {
        try connection.query(
            Statement(SQL.retextProjection) {
                $0.text(definition.name)
                $0.text(definition.file)
                $0.text(definition.text)
            })
    }

    /// Puts all views up anew where one changed, or is not there. A view that cannot be made is a fault of its file.
    private func installViews() throws {
        let views = Views(connection: connection)
        let known = try views.known()
        let isSame =
            known.map(\.view.text) == set.views.map(\.text) && known.map(\.view.file) == set.views.map(\.file)
            && known.allSatisfy(\.isInstalled)
        if isSame { return }
        var waiting: [(view: ViewFile, error: PostgresError)] = []
        try Swap.patiently(connection) {
            try Swap.prepare(connection)
            try views.takeDown()
            waiting = try views.putUp(set.views)
        }
        if waiting.isEmpty { return }
        let dropped = try Record.all(connection.query(Statement(SQL.deployedProjections))).filter {
            $0.state == .dropped
        }
        if !dropped.isEmpty { return }
        throw Problems(
            problems: waiting.map { Problem(file: $0.view.file, line: 1, column: 1, message: $0.error.message) })
    }
}
