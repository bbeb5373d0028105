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
        let all = try Record.all(connection)
        let records = all.filter { $0.version == .serving }
        var changed: [Definition] = []
        for definition in set.definitions {
            let record = records.first { $0.name == definition.name }
            if let record, record.state != .dropped, try isSame(record, as: definition) {
                if record.text != definition.text || record.file != definition.file { try retext(definition) }
            } else if let record, record.state != .dropped, try wasTakenBack(definition, all) {
                log.warning(
                    "a projection was rolled back from what its file says, and stays so until the file changes",
                    metadata: ["projection": "\(definition.name)", "file": "\(definition.file)"])
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
        do {
            _ = try Rebuild(
                connection, changed, RebuildOptions(), views: set.views, unsealing: unsealing, log: log,
                progress: progress
            ).run()
        } catch {
            // Those that came into service before it have theirs.
            try? installViews()
            throw error
        }
        try installViews()
        return changed.map(\.name)
    }

    private func isSame(_ record: Record, as definition: Definition) throws -> Bool {
        try record.isBuilt(as: definition, unsealing?.upcasts ?? .none, connection)
    }

    /// Whether this is what somebody took out of service: a start does not put it back.
    private func wasTakenBack(_ definition: Definition, _ records: [Record]) throws -> Bool {
        let name = Version.old.name(of: definition.name)
        guard let old = records.first(where: { $0.name == name }), old.isRolledBack else { return false }
        return try isSame(old, as: definition)
    }

    private func retext(_ definition: Definition) throws {
        try connection.query(
            Statement(SQL.retextProjection) {
                $0.text(definition.name)
                $0.text(definition.file)
                $0.text(definition.text)
            })
    }

    /// A view that cannot be made is a fault of its file, unless somebody dropped what it stands on.
    private func installViews() throws {
        let waiting = try Views(connection: connection).install(set.views)
        if waiting.isEmpty { return }
        let dropped = try Record.all(connection).filter { $0.state == .dropped }
        if !dropped.isEmpty { return }
        throw Problems(
            problems: waiting.map { Problem(file: $0.view.file, line: 1, column: 1, message: $0.error.message) })
    }
}
