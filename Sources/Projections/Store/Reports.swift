/// A projection's file or a view's: `deals.yaml`, `board.sql`.
public struct ProjectionFile: Sendable {
    /// The file's name, without folders.
    public let name: String
    /// Its text.
    public let text: String

    /// A file.
    public init(name: String, text: String) {
        self.name = name
        self.text = text
    }
}

/// A deployed projection, for `list`.
public struct ProjectionEntry: Sendable, Codable, Equatable {
    /// The table's name.
    public let projection: String
    /// `live`, `stopped` (too much is held) or `dropped`.
    public let state: String
    /// How often its table was built.
    public let generation: Int
    /// The file it came from.
    public let file: String
    /// As the file has it.
    public let description: String?
    /// As the file has it.
    public let owner: String?
    /// As the file has it.
    public let version: String?
    /// The event types it takes.
    public let events: [String]
}

/// How far a projection is, for `status`, `/health` and `/metrics`.
public struct ProjectionStatus: Sendable, Codable, Equatable {
    /// The table's name.
    public let projection: String
    /// `live`, `stopped` or `dropped`.
    public let state: String
    /// Organizations that have events.
    public let organizations: Int64
    /// Events applied, over all organizations.
    public let events: Int64
    /// Events of the logs that are neither applied nor held.
    public let eventsBehind: Int64
    /// Since the first of them was recorded; 0 where there is none.
    public let secondsBehind: Double
    /// Since a projector last said that it lives.
    public let heartbeatAge: Double
    /// Streams that are held.
    public let held: Int64
    /// For how many seconds no event of any organization was applied although one waits; 0 where none does.
    public let stalled: Double
    /// The same of the organization that waits longest.
    public let longestStall: Double

    enum CodingKeys: String, CodingKey {
        case projection, state, organizations, events, held, stalled
        case longestStall = "longest_stall"
        case eventsBehind = "events_behind"
        case secondsBehind = "seconds_behind"
        case heartbeatAge = "heartbeat_age"
    }
}

/// How far a rebuild or a verification is.
public struct RebuildProgress: Sendable, Codable, Equatable {
    /// What is done.
    public enum Phase: String, Sendable, Codable {
        /// The log is read and folded.
        case reading
        /// Indexes are made.
        case indexing
        /// What was written meanwhile is applied.
        case catchingUp = "catching_up"
        /// The new table takes the old one's place.
        case swapping
        /// Table and refolded log are compared.
        case comparing
        /// Done.
        case done
    }
    /// The tables concerned.
    public let projections: [String]
    /// What is being done.
    public let phase: Phase
    /// Events read.
    public let events: Int64
    /// Events to be read.
    public let total: Int64
    /// Events per second, so far.
    public let perSecond: Double
    /// Seconds left for the reading, as it looks; nil before anything can be said.
    public let secondsLeft: Double?

    enum CodingKeys: String, CodingKey {
        case projections, phase, events, total
        case perSecond = "per_second"
        case secondsLeft = "seconds_left"
    }
}

/// What `verify` found of one projection.
public struct Verification: Sendable, Codable, Equatable {
    /// The table's name.
    public let projection: String
    /// How many rows it has.
    public let rows: Int64
    /// Whether rows, totals and progress are what the log says.
    public let equal: Bool
    /// The lowest position, over the organizations, up to which it was compared; 0 where there is nothing.
    public let position: Int64
    /// At most 100 for rows, 100 for totals and 100 for versions.
    public let differences: [Difference]
}

/// One place where a table is not what the log says. Names no value: those may be personal.
public struct Difference: Sendable, Codable, Equatable {
    /// Which way it differs.
    public enum Kind: String, Sendable, Codable {
        /// The log makes a row that the table has not.
        case missing
        /// The table has a row that the log does not make.
        case extra
        /// A column holds another value.
        case value
        /// The progress says something else than the log.
        case progress
    }
    /// The table: the projection's, its totals' or its history's.
    public let table: String
    /// Whose row it is.
    public let organization: String
    /// The row's id; of totals, the group; of a version, the id and since which position it was.
    public let key: String
    /// The column, where a value differs.
    public let column: String?
    /// Which way it differs.
    public let kind: Kind
}

/// What `heal` did of one projection.
public struct Healing: Sendable, Codable, Equatable {
    /// The table's name.
    public let projection: String
    /// Streams that are applied again.
    public let healed: Int
    /// Streams that still cannot be applied.
    public let held: Int
    /// Afterwards.
    public let state: String
}

/// Why a verb was refused.
public struct ReadModelError: Error, Sendable, CustomStringConvertible {
    /// For people: what is wrong and what to do.
    public let description: String

    init(_ description: String) { self.description = description }
}
