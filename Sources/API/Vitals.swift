import Application
import Kernel
import Projections

/// How the process and what it depends on are at one moment.
public struct Vitals: Sendable {
    /// Whether the database answered a question just now.
    public var database: Bool
    /// Each projection that this process knows.
    public var projections: [Projection]
    /// Units that wait to be appended; nil where that cannot be told.
    public var queued: Int?
    /// Logs whose heads are not signed, because what is stored contradicts what was signed before.
    public var refusedHeads: Int
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
        /// Seconds since a projector last said that it lives; nil where that cannot be told.
        public var heartbeat: Double?
        /// Whether it has given up: nothing is applied until a person acts.
        public var isStopped: Bool

        /// How far a projection is.
        public init(
            name: String, lag: Int64?, lagSeconds: Double? = nil, held: Int = 0, heartbeat: Double? = nil,
            isStopped: Bool = false
        ) {
            (self.name, self.lag, self.lagSeconds) = (name, lag, lagSeconds)
            (self.held, self.heartbeat, self.isStopped) = (held, heartbeat, isStopped)
        }

        /// It applies events, or has none to apply.
        var isWell: Bool { !isStopped && held == 0 && lag != nil && (heartbeat ?? 0) < Vitals.silence }
    }

    /// How things are.
    public init(database: Bool, projections: [Projection], queued: Int?, refusedHeads: Int = 0, version: String) {
        (self.database, self.projections, self.queued) = (database, projections, queued)
        (self.refusedHeads, self.version) = (refusedHeads, version)
    }

    /// Nobody answered in time.
    static let silent = Vitals(database: false, projections: [], queued: nil, version: "unknown")

    /// Seconds after which a projector that says nothing is taken for gone.
    static let silence = 30.0

    /// `ok`; `degraded` where a projection stopped, holds streams or is fed by nobody, or a log was tampered with;
    /// `down` without a database.
    var status: String {
        if !database { return "down" }
        return projections.allSatisfy(\.isWell) && refusedHeads == 0 ? "ok" : "degraded"
    }
    /// Whether this process should be sent requests.
    var isServing: Bool { database && !projections.contains { $0.isStopped } }
}

extension Vitals {
    /// How a Daybook is just now, as its database tells.
    init(of daybook: Daybook, version: String) async {
        let statuses = try? await daybook.models.status()
        self.init(
            database: statuses != nil, projections: Vitals.projections(statuses ?? []), queued: nil,
            refusedHeads: daybook.refusedHeads, version: version)
    }

    /// The projections that are not dropped, as their register and the log tell.
    static func projections(_ statuses: [ProjectionStatus]) -> [Projection] {
        statuses.filter { $0.state != "dropped" }.map { status in
            Projection(
                name: status.projection, lag: status.eventsBehind, lagSeconds: status.secondsBehind,
                held: Int(status.held), heartbeat: status.heartbeatAge, isStopped: status.state == "stopped")
        }
    }

    /// What `/health` shows.
    var json: JSON {
        let shown = projections.map { projection -> JSON in
            [
                "projection": .string(projection.name), "lag": projection.lag.map(JSON.integer) ?? .null,
                "lag_seconds": projection.lagSeconds.map(JSON.number) ?? .null,
                "heartbeat_seconds": projection.heartbeat.map(JSON.number) ?? .null,
                "held": .integer(Int64(projection.held)), "stopped": .bool(projection.isStopped),
            ]
        }
        return [
            "status": .string(status), "database": .string(database ? "ok" : "unreachable"),
            "projections": .array(shown), "queue": queued.map { .integer(Int64($0)) } ?? .null,
            "refused_heads": .integer(Int64(refusedHeads)), "version": .string(version),
        ]
    }
}
