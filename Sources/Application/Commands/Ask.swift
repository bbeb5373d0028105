public import FoundationEssentials
public import Kernel

/// One command as a client states it.
public struct Ask: Sendable {
    /// The entity's name: "deal".
    public let entity: String
    /// Which record.
    public let target: Target
    /// The act: "move".
    public let act: String
    /// Its members, as they came.
    public let body: JSON
    /// When it occurred, where that is not now.
    public let occurredAt: Instant?
    /// The version of the record that the client has seen.
    public let ifMatch: Int32?
    /// Whether an edit replaces all editable fields (PUT) instead of changing some (PATCH).
    public let replaces: Bool

    /// How a record is named.
    public enum Target: Sendable, Hashable {
        /// One that is made by this command, with a fresh id.
        case new
        case id(UUID)
        /// By its id in another system; the id is computed, not searched.
        case external(source: String, id: String)
    }

    /// A command.
    public init(
        _ entity: String, _ target: Target, _ act: String, _ body: JSON, occurredAt: Instant? = nil,
        ifMatch: Int32? = nil,
        replaces: Bool = false
    ) {
        (self.entity, self.target, self.act, self.body) = (entity, target, act, body)
        (self.occurredAt, self.ifMatch, self.replaces) = (occurredAt, ifMatch, replaces)
    }
}

/// What became of the commands of one unit.
public struct Answer: Sendable, Hashable {
    /// One for each command, in order.
    public let results: [Result]
    /// The log's position after it.
    public let position: PositionToken
    /// What would be, of a dry run; nil where it was carried out.
    public var preview: Preview?

    /// What became of all of them as if they were one, where all are about one record; nil where there are none.
    public var joined: Result? {
        guard let first = results.first, let last = results.last else { return nil }
        return Result(
            status: first.status, id: last.id, version: last.version, events: results.reduce(0) { $0 + $1.events },
            made: results.flatMap(\.made), warnings: results.flatMap(\.warnings))
    }

    /// What became of one command.
    public struct Result: Sendable, Hashable {
        /// 201 for a record that was made, else 200.
        public let status: Int
        /// The record.
        public let id: UUID
        /// Its version after the command.
        public let version: Int32
        /// How many events the command yielded, of its own record.
        public let events: Int
        /// The other records that it made.
        public let made: [Made]
        /// What was carried out and should be looked at.
        public var warnings: [Warning] = []
    }

    /// What commands that are not carried out would leave behind.
    public struct Preview: Sendable, Hashable {
        /// The last command's record as it would be, in the fields of its entity.
        public let record: JSON
        /// What would happen, in order: `{"record","type","data"}`.
        public let events: JSON
    }

    /// What somebody should look at, although it was carried out.
    public struct Warning: Sendable, Hashable {
        /// That of the refusal which it would be under a stricter policy: "contact.email_taken".
        public let code: String
        /// Who has the value already, a hundred at most of each value.
        public let existing: [UUID]
    }

    /// A record that a command made beside its own.
    public struct Made: Sendable, Hashable {
        /// The entity's name.
        public let entity: String
        /// The record.
        public let id: UUID
        /// Its version after the command.
        public let version: Int32
    }
}
