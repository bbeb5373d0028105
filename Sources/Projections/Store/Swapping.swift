import FoundationEssentials
import Kernel
import Logging
import Postgres

/// Brings another version of a projection into service: what is built, or what served before.
struct Swapping {
    let connection: BlockingConnection
    let projection: String
    let move: Exchange.Move
    /// The views as they are to be; nil: as they are, and then each that is there now must be there afterwards.
    var views: [ViewFile]?
    /// Seconds to wait for those who read.
    var patience = 120.0
    let log: Logger
    let unsealing: Unsealing?

    init(
        _ connection: BlockingConnection, _ projection: String, _ move: Exchange.Move, log: Logger,
        unsealing: Unsealing?
    ) {
        self.connection = connection
        self.projection = projection
        self.move = move
        self.log = log
        self.unsealing = unsealing
    }

    /// The caller holds the projection's `RebuildLock`.
    /// - Parameter waiting: is told whom it waits for.
    func run(waiting: @escaping ([Reader]) -> Void = { _ in }) throws {
        let record = try incoming()
        let table = ReadTable(definition: try record.definition(), name: record.name)
        let deployment = Deployment(
            [Deployed(table: table, generation: record.generation)], unsealing: unsealing)
        let follower = Follower(connection, deployment)
        let known = try Views(connection: connection).known()
        let exchange = Exchange(connection, projection, move, views: views ?? known.map(\.view))
        var patience = Patience(connection, try Exchange.relations(of: projection, connection))
        patience.seconds = self.patience
        var told: [Int32] = []
        patience.waiting = { [log, projection] readers in
            waiting(readers)
            if readers.map(\.pid) == told || readers.isEmpty { return }
            told = readers.map(\.pid)
            log.warning(
                "the exchange of a table waits for those who read it",
                metadata: [
                    "projection": "\(projection)", "readers": "\(readers.map(\.sentence).joined(separator: ", "))",
                ])
        }
        try follower.catchUp()
        try patience.run(between: { try follower.catchUp() }) {
            let lost = try exchange.run { try follower.catchUp(to: $0) }
            try refuse(lost, known)
        }
    }

    private func incoming() throws -> Record {
        let name = move.incoming.name(of: projection)
        let record = try Record.all(connection).first { $0.name == name }
        switch (move, record?.state) {
        case (_, .live?):
            if let record { return record }
        case (_, .stopped?):
            throw ReadModelError("\(name) is stopped, because too much of it is held: heal or rebuild it first")
        case (.swap, .building?):
            throw ReadModelError("\(name) is not built to its end: rebuild \(projection) goes on with it")
        case (.swap, _): throw ReadModelError("\(projection) has no new table: rebuild it first, with --no-swap")
        case (.rollback, _): break
        }
        throw ReadModelError("\(projection) has no old table to go back to")
    }

    /// A view that was there and would not be any more keeps the swap from being done, where nobody brings others.
    private func refuse(
        _ lost: [(view: ViewFile, error: PostgresError)], _ known: [(view: ViewFile, isInstalled: Bool)]
    ) throws {
        let installed = Set(known.filter(\.isInstalled).map(\.view.name))
        for (view, error) in lost {
            if views == nil, installed.contains(view.name) {
                throw ReadModelError(
                    "the view \(view.name) does not stand on that table (\(error.message)): "
                        + "deploy the two files together")
            }
            log.debug("a view waits for its tables", metadata: ["view": "\(view.name)", "error": "\(error)"])
        }
    }
}
