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

/// How a rebuild is to be done.
public struct RebuildOptions: Sendable {
    /// Whether the new table is brought into service; otherwise it waits, and is fed, until `swap` or `drop`.
    public var swaps = true
    /// Whether what an earlier rebuild left is thrown away instead of being gone on with.
    public var isFresh = false
    /// How many seconds a swap waits for those who read the table.
    public var patience = 120.0

    /// The usual.
    public init() {}
}

/// What `rebuild` did of one projection.
public struct Rebuilt: Sendable, Codable, Equatable {
    /// The table's name.
    public let projection: String
    /// How often its table was built.
    public let generation: Int
    /// Whether it went on with what an earlier rebuild had put down.
    public let continued: Bool
    /// Whether it is in service; if not, it waits under NAME__new.
    public let swapped: Bool
    /// How many rows it has.
    public let rows: Int64
    /// How many rows differ from those that served until now; nil where these were built by another definition.
    public let rowsChanged: Int64?

    enum CodingKeys: String, CodingKey {
        case projection, generation, continued, swapped, rows
        case rowsChanged = "rows_changed"
    }
}

/// A table of a projection beside the one that serves.
public struct ProjectionVersion: Sendable, Codable, Equatable {
    /// NAME__new or NAME__old.
    public let table: String
    /// `building` until the log is read, then `live` or `stopped`.
    public let state: String
    /// How often the projection's table had been built then.
    public let generation: Int
    /// Of an old one: whether the projection was taken back from it.
    public let rolledBack: Bool

    enum CodingKeys: String, CodingKey {
        case table, state, generation
        case rolledBack = "rolled_back"
    }
}

/// What a rebuild says of itself while it is at work, or said last.
public struct RebuildReport: Sendable, Codable, Equatable {
    /// What is done.
    public let phase: String
    /// Events read.
    public let events: Int64
    /// Events to be read.
    public let total: Int64
    /// Events per second.
    public let perSecond: Double
    /// Seconds left for the reading, as it looks.
    public let secondsLeft: Double?
    /// Whom the swap waits for.
    public let waitsFor: [Reader]
    /// Why it ended; nil while it does not.
    public let failure: String?
    /// Whether somebody is at work on it. Otherwise the next rebuild goes on from what is put down.
    public let isAtWork: Bool

    enum CodingKeys: String, CodingKey {
        case phase, events, total, failure
        case perSecond = "per_second"
        case secondsLeft = "seconds_left"
        case waitsFor = "waits_for"
        case isAtWork = "at_work"
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
    /// Its tables beside the one that serves.
    public let versions: [ProjectionVersion]
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
    /// How far its tables beside the one that serves are.
    public internal(set) var versions: [ProjectionStatus] = []
    /// What a rebuild of it says of itself; nil where none is at work or was broken off.
    public internal(set) var rebuild: RebuildReport?

    /// What a rebuild says concerns all organizations: it is not for everybody.
    public mutating func forgetRebuild() { rebuild = nil }

    enum CodingKeys: String, CodingKey {
        case projection, state, organizations, events, held, stalled, versions, rebuild
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
    /// Of the events read, how many an earlier rebuild had read, which was broken off.
    public let continuedFrom: Int64
    /// Events per second, so far.
    public let perSecond: Double
    /// Seconds left for the reading, as it looks; nil before anything can be said.
    public let secondsLeft: Double?
    /// Whom the swap waits for.
    public let waitsFor: [Reader]

    enum CodingKeys: String, CodingKey {
        case projections, phase, events, total
        case continuedFrom = "continued_from"
        case perSecond = "per_second"
        case secondsLeft = "seconds_left"
        case waitsFor = "waits_for"
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
