import EventLog
public import FoundationEssentials
public import Kernel
public import Logging
import Postgres

/// Answers questions from the read tables and the log.
///
/// Each answer is one round trip and one read-only REPEATABLE READ transaction: the organization is set for row-level
/// security, the progress of the tables concerned is read, then the rows; so the position that an answer states is that
/// of its rows. The documents are made by views beside the projections and pass through as bytes.
public final class Queries: Sendable {
    /// What questions need from elsewhere.
    public struct Surroundings: Sendable {
        /// The key under which an organization's cursors are signed: secret, and the same in every process.
        public var cursorKey: @Sendable (_ organization: UUID) async throws(Problem) -> [UInt8]
        /// The id of a record by its id in another system.
        public var recordID:
            @Sendable (_ organization: UUID, _ entity: String, _ source: String, _ id: String) async throws(Problem) ->
                UUID
        /// What is needed to read events in which something is sealed.
        var opening: @Sendable (_ organization: UUID, _ events: [RecordedEvent]) async throws(Problem) -> Opening
        /// Returns when these projections have probably reached the position, or when its task is cancelled. A hint:
        /// what was reached is read from the database.
        public var wait: @Sendable (_ organization: UUID, _ position: Int64, _ projections: [String]) async -> Void
        /// The time at which a question is asked: what lies behind it cannot be asked for.
        public var clock: @Sendable () -> Instant

        /// What questions need from elsewhere; where nothing is sealed, nothing is opened.
        public init(
            cursorKey: @escaping @Sendable (_ organization: UUID) async throws(Problem) -> [UInt8],
            recordID:
                @escaping @Sendable (
                    _ organization: UUID, _ entity: String, _ source: String, _ id: String
                ) async throws(Problem) -> UUID,
            wait: @escaping @Sendable (_ organization: UUID, _ position: Int64, _ projections: [String]) async -> Void,
            clock: @escaping @Sendable () -> Instant
        ) {
            (self.cursorKey, self.recordID, self.wait, self.clock) = (cursorKey, recordID, wait, clock)
            opening = { _, _ in Opening() }
        }
    }

    let entities: [any Entity.Type]
    let surroundings: Surroundings
    /// Point reads, lists and reports do not stand in one queue: what is slow holds up only its like.
    let points: PipelinedConnection
    let lists: PipelinedConnection
    let reports: PipelinedConnection
    let looks = Rounds<RecordLook, UUID, Records>(limit: 64)
    let known = Known<Catalog, PostgresError>()
    let patience: Duration
    let log: Logger

    /// Connects as the role `daybook_app`, in the background.
    /// - Parameters:
    ///   - database: where it is; the role is chosen here.
    ///   - patience: how long a question waits for a position.
    public init(
        _ database: ConnectionSettings, entities: [any Entity.Type], surroundings: Surroundings,
        patience: Duration = .seconds(5),
        log: Logger
    ) {
        (self.entities, self.surroundings, self.patience, self.log) = (entities, surroundings, patience, log)
        func connection(_ name: String, _ settings: [String: String]) -> PipelinedConnection {
            let common = [
                "default_transaction_isolation": "repeatable read", "default_transaction_read_only": "on", "jit": "off",
            ]
            return PipelinedConnection(
                database.with(role: "daybook_app").with(settings: common.merging(settings) { $1 }),
                name: "daybook \(name)", reconnect: Reconnect(patience: .seconds(5)), log: log)
        }
        // A point read has one plan whatever its values; what a list or report needs depends on them.
        points = connection("records", ["plan_cache_mode": "force_generic_plan", "statement_timeout": "5s"])
        lists = connection("lists", ["plan_cache_mode": "force_custom_plan", "statement_timeout": "10s"])
        // A report sorts and groups all that an organization has; what does not fit is written to files.
        reports = connection(
            "reports", ["plan_cache_mode": "force_custom_plan", "statement_timeout": "30s", "work_mem": "32MB"])
    }

    /// Lets what was asked be answered, and disconnects.
    public func close() async {
        await points.close()
        await lists.close()
        await reports.close()
    }

    /// The entity of a name.
    func entity(_ name: String) throws(Problem) -> any Entity.Type {
        guard let entity = entities.first(where: { $0.name == name }) else {
            throw Problem("route_not_found", 404, "There is nothing called \(name.prefix(60)) here.")
        }
        return entity
    }
}

// MARK: What is there to read?

extension Queries {
    func catalog(fresh: Bool = false) async throws(Problem) -> Catalog {
        do {
            return try await known.current(fresh: fresh) { [lists] () throws(PostgresError) in
                try Catalog(await lists.query(Statement(SQL.catalog)))
            }
        } catch {
            throw problem(error)
        }
    }

    /// Runs `body`, and once more with a fresh catalogue where the one at hand may have been too old for it.
    func answering<T: Sendable>(_ body: (Catalog) async throws(Problem) -> T) async throws(Problem) -> T {
        do {
            return try await body(try await catalog())
        } catch
            where [
                "read.changed", "read.unavailable", "parameter.unknown", "parameter.unavailable", "filter.invalid",
                "table.not_found",
            ].contains(error.code)
        {
            return try await body(try await catalog(fresh: true))
        }
    }

    /// The moment that a question names.
    func moment(_ parameters: [Parameter]) throws(Problem) -> Moment? {
        try Moment(parameters, now: surroundings.clock())
    }

    /// The records of an entity, as they can be listed and shown.
    func subject(_ entity: any Entity.Type, _ catalog: Catalog) throws(Problem) -> Subject {
        if let subject = catalog.subject(entity) { return subject }
        throw catalog.isPast ? .historyUnavailable : .unavailableView
    }

    /// A table or view without which there is no answer.
    func relation(_ name: String, _ catalog: Catalog) throws(Problem) -> Relation {
        if let relation = catalog.relations[name] { return relation }
        throw catalog.isPast ? .historyUnavailable : .unavailableView
    }
}

extension Problem {
    static let unavailableView = Problem(
        "read.unavailable", 503, "The tables of this answer are not there; the projections must be loaded.",
        retryAfter: 5)
}
