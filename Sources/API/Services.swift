import Application
import Kernel

/// What the API stands on: the use cases of the application, and how the process is.
public struct Services: Sendable {
    let entities: [any Entity.Type]
    let commands: Commands
    let access: Access
    let queries: Queries
    let imports: Imports
    let vitals: @Sendable () async -> Vitals

    /// - Parameters:
    ///   - entities: what routes are made of; the list in `CRM`.
    ///   - vitals: how the process is just now; asked for `/health` and `/metrics`, and given two seconds.
    public init(
        entities: [any Entity.Type], commands: Commands, access: Access, queries: Queries,
        vitals: @escaping @Sendable () async -> Vitals
    ) {
        (self.entities, self.commands, self.access) = (entities, commands, access)
        (self.queries, self.vitals, imports) = (queries, vitals, Imports(commands: commands))
    }
}

/// How the process and what it depends on are at one moment.
public struct Vitals: Sendable {
    /// Whether the database answered a question just now.
    public var database: Bool
    /// Each projection that this process knows.
    public var projections: [Projection]
    /// Units that wait to be appended.
    public var queued: Int
    /// What was released: "0.1.0".
    public var version: String

    /// How far a projection is.
    public struct Projection: Sendable {
        /// Its name.
        public var name: String
        /// Events in the log that it has not applied, over all organizations; nil where that cannot be told.
        public var lag: Int64?
        /// Age in seconds of the oldest event that it has not applied.
        public var lagSeconds: Double?
        /// Streams that it holds in quarantine.
        public var held: Int
        /// Whether it has given up: nothing is applied until a person acts.
        public var isStopped: Bool

        /// How far a projection is.
        public init(name: String, lag: Int64?, lagSeconds: Double? = nil, held: Int = 0, isStopped: Bool = false) {
            (self.name, self.lag, self.lagSeconds) = (name, lag, lagSeconds)
            (self.held, self.isStopped) = (held, isStopped)
        }
    }

    /// How things are.
    public init(database: Bool, projections: [Projection], queued: Int, version: String) {
        (self.database, self.projections, self.queued) = (database, projections, queued)
        self.version = version
    }

    /// Nobody answered in time.
    static let silent = Vitals(database: false, projections: [], queued: 0, version: "unknown")

    /// `ok`; `degraded` where a projection stopped or holds streams; `down` without a database.
    var status: String {
        if !database { return "down" }
        return projections.contains { $0.isStopped || $0.held > 0 || $0.lag == nil } ? "degraded" : "ok"
    }
    /// Whether this process should be sent requests.
    var isServing: Bool { database && !projections.contains { $0.isStopped } }
}
