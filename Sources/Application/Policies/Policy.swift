import EventLog
import FoundationEssentials
import Kernel

/// A rule across entities: because something happened, something is to be done. Events become commands.
///
/// Pure: a policy sees an event and what it looked up, and answers with commands; it has no clock and keeps nothing.
/// The runner does the rest: it follows the log, waits for the tables, gives the commands and remembers how far it is.
struct Policy: Sendable {
    /// Part of the ids of its commands, and of what is remembered of it: never renamed.
    let name: String
    /// The events that concern it: "pipeline.stage_retired".
    let events: Set<String>
    /// What it must look up to react to an event; nil: nothing.
    let lookup: @Sendable (Happening) -> Lookup?
    /// What is to be done. With a lookup it is asked for each page of what was found. At most one command for each
    /// record; `ifMatch` makes sure that the record is still as it was found.
    let react: @Sendable (Happening, [Found]) -> [Ask]

    /// All of them. A new one is a file with a policy and a word here.
    static let all: [Policy] = [.stageRetirement]

    /// An event as a policy sees it: opened, and in its newest shape.
    struct Happening: Sendable {
        /// Where it stands in the log.
        let position: Position
        /// Whose stream it is in.
        let stream: UUID
        /// The event.
        let event: Stored
    }

    /// A question to read tables that have reached the event.
    struct Lookup: Sendable {
        /// The projections behind the tables.
        let projections: Set<String>
        /// Gives id, version and one more id of each record, by pages: $1 is the organization, $2 the last id of the
        /// page before, $3 the size of a page, $4 `ids`.
        let statement: String
        /// What is asked for.
        let ids: [UUID]
    }

    /// A record that was looked up.
    struct Found: Sendable, Hashable {
        /// The record.
        let id: UUID
        /// Its version, as the table has it.
        let version: Int32
        /// Which of the ids asked for it belongs to.
        let of: UUID
    }
}
