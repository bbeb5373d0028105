import Application
import Kernel
import Projections

/// How the process and what it depends on are at one moment.
public struct Vitals: Sendable {
    /// Whether the database answered a question just now.
    public var database: Bool
    /// Each projection that this process knows.
    public var projections: [Projection]
    /// How many projectors live, in all processes; nil where that cannot be told.
    public var projectors: Int?
    /// What became of this process' own.
    public var projector: ProjectionRunner.Phase
    /// Seconds for which a policy of this process has waited for what it needs.
    public var policyWait: Double
    /// Units that wait to be appended; nil where that cannot be told.
    public var queued: Int?
    /// Logs whose heads are not signed, because what is stored contradicts what was signed before.
    public var refusedHeads: Int
    /// Files of this process that wait for the scanner, or cannot be scanned; nil where there is none.
    public var scans: ScanCounts?
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
        /// Seconds for which no event of any organization was applied although one waits.
        public var stalled: Double
        /// The same of the organization that waits longest.
        public var longestStall: Double

        /// How far a projection is.
        public init(
            name: String, lag: Int64?, lagSeconds: Double? = nil, held: Int = 0, heartbeat: Double? = nil,
            isStopped: Bool = false, stalled: Double = 0, longestStall: Double = 0
        ) {
            (self.name, self.lag, self.lagSeconds) = (name, lag, lagSeconds)
            (self.held, self.heartbeat, self.isStopped) = (held, heartbeat, isStopped)
            (self.stalled, self.longestStall) = (stalled, longestStall)
        }

        /// Nothing is applied that should be. A heartbeat does not tell: what beats may still apply nothing. Nor does
        /// the lag: it may be long and shrink. That events wait and nothing moves does.
        var isStuck: Bool { isStopped || stalled >= Vitals.patience }

        /// It applies events, or has none to apply.
        var isWell: Bool {
            !isStuck && longestStall < Vitals.patience && held == 0 && lag != nil && (heartbeat ?? 0) < Vitals.silence
        }
    }

    /// How things are.
    public init(
        database: Bool, projections: [Projection], projectors: Int? = nil, projector: ProjectionRunner.Phase = .idle,
        policyWait: Double = 0, queued: Int?, refusedHeads: Int = 0, scans: ScanCounts? = nil, version: String
    ) {
        (self.database, self.projections, self.queued) = (database, projections, queued)
        (self.projectors, self.projector, self.policyWait) = (projectors, projector, policyWait)
        (self.refusedHeads, self.scans, self.version) = (refusedHeads, scans, version)
    }

    /// Nobody answered in time.
    static let silent = Vitals(database: false, projections: [], queued: nil, version: "unknown")

    /// Seconds after which a projector that says nothing is taken for gone.
    static let silence = 30.0
    /// Seconds for which events may wait while nothing moves: longer than another projector needs to take over.
    static let patience = 15.0

    /// `ok`; `degraded` where a projection holds streams, is fed by nobody, or lags in one organization, a policy
    /// waits, a log was tampered with, or a file cannot be scanned; `stuck` where nothing of a projection is applied
    /// any more; `down` without a database.
    var status: String {
        if !database { return "down" }
        if isStuck { return "stuck" }
        let isWell =
            projections.allSatisfy(\.isWell) && policyWait < Self.patience && refusedHeads == 0
            && (scans?.aside ?? 0) == 0
        return isWell ? "ok" : "degraded"
    }
    /// Whether this process should be sent requests.
    var isServing: Bool { database && !isStuck }
    private var isStuck: Bool { projector == .ended || projections.contains(where: \.isStuck) }
}

extension Vitals {
    /// How a Daybook is just now, as its database tells.
    init(of daybook: Daybook, version: String) async {
        let statuses = try? await daybook.models.status()
        self.init(
            database: statuses != nil, projections: Vitals.projections(statuses ?? []),
            projectors: statuses == nil ? nil : try? await daybook.models.projectors(),
            projector: daybook.projector.phase,
            policyWait: daybook.policies.longestWait / .seconds(1), queued: nil,
            refusedHeads: daybook.refusedHeads, scans: daybook.attachments.scans, version: version)
    }

    /// The projections that are in service, as their register and the log tell. What is built or kept beside them makes
    /// no answer worse.
    static func projections(_ statuses: [ProjectionStatus]) -> [Projection] {
        statuses.filter { $0.state != "dropped" && $0.state != "building" }.map { status in
            Projection(
                name: status.projection, lag: status.eventsBehind, lagSeconds: status.secondsBehind,
                held: Int(status.held), heartbeat: status.heartbeatAge, isStopped: status.state == "stopped",
                stalled: status.stalled, longestStall: status.longestStall)
        }
    }

    /// What `/health` shows.
    var json: JSON {
        let shown = projections.map { projection -> JSON in
            [
                "projection": .string(projection.name), "lag": projection.lag.map(JSON.integer) ?? .null,
                "lag_seconds": projection.lagSeconds.map(JSON.number) ?? .null,
                "stalled_seconds": .number(projection.longestStall),
                "heartbeat_seconds": projection.heartbeat.map(JSON.number) ?? .null,
                "held": .integer(Int64(projection.held)), "stopped": .bool(projection.isStopped),
            ]
        }
        return [
            "status": .string(status), "database": .string(database ? "ok" : "unreachable"),
            "projector": .string(projector.rawValue),
            "projectors": projectors.map { .integer(Int64($0)) } ?? .null,
            "policy_wait_seconds": .number(policyWait),
            "projections": .array(shown), "queue": queued.map { .integer(Int64($0)) } ?? .null,
            "refused_heads": .integer(Int64(refusedHeads)), "scans": scans?.json ?? .null,
            "version": .string(version),
        ]
    }
}

extension ScanCounts {
    /// Those that cannot be scanned.
    fileprivate var aside: Int { refused + unanswered + unreadable }
    /// `{"waiting","refused","unanswered","unreadable"}`.
    fileprivate var json: JSON {
        [
            "waiting": .integer(Int64(waiting)), "refused": .integer(Int64(refused)),
            "unanswered": .integer(Int64(unanswered)), "unreadable": .integer(Int64(unreadable)),
        ]
    }
}
