public import FoundationEssentials
public import Kernel

/// How a row came to be what it is: the events that made it, and what each of them changed.
public struct Explanation: Sendable, Equatable {
    /// The projection.
    public let projection: String
    /// Whose row it is.
    public let organization: UUID
    /// The row's id.
    public let id: UUID
    /// How far the table is: later events are not told.
    public let position: Int64
    /// In the order in which they were applied.
    public var steps: [Step]
    /// What the row holds after the last of them; nil where it was taken away.
    public let row: [String: JSON]?

    /// One event that was applied to the row.
    public struct Step: Sendable, Equatable {
        /// Its position in the organization's log.
        public let position: Int64
        /// The record that it is an event of, and its version there.
        public let stream: UUID
        /// That record's version.
        public let version: Int32
        /// "deal.moved".
        public let type: String
        /// When it happened.
        public let occurredAt: Instant
        /// When it was recorded.
        public let recordedAt: Instant
        /// Who did it.
        public let actor: UUID
        /// The command that yielded it.
        public let command: UUID
        /// By what act, request, import, as what kind of actor, over which channel: an object.
        public let meta: JSON
        /// What it changed in the row; empty where it only set what was so already.
        public var changes: [Change]
        /// Whether it took the row away.
        public let removes: Bool
    }

    /// What an event changed in one column.
    public struct Change: Sendable, Equatable {
        /// The column.
        public let column: String
        /// What it held; null where nothing.
        public let from: JSON
        /// What it holds then; null where nothing.
        public let to: JSON
    }

    /// The same with those events only that changed a column.
    public func of(column: String) -> Explanation {
        var narrowed = self
        narrowed.steps = steps.compactMap { step in
            var step = step
            step.changes.removeAll { $0.column != column }
            return step.changes.isEmpty ? nil : step
        }
        return narrowed
    }
}

extension Explanation {
    /// `{"projection","organization","id","position","events":[…],"row"}`.
    public var json: JSON {
        [
            "projection": .string(projection), "organization": .string(organization.text), "id": .string(id.text),
            "position": .integer(position), "events": .array(steps.map(\.json)),
            "row": row.map { .object($0) } ?? .null,
        ]
    }
}

extension Explanation.Step {
    /// `{"position","record","version","type","occurred_at","recorded_at","actor","command", what `meta` says,
    /// "changes":[{"column","from","to"}]}`, and `"removes":true` where it took the row away.
    public var json: JSON {
        var members = meta.object ?? [:]
        members["position"] = .integer(position)
        members["record"] = .string(stream.text)
        members["version"] = .integer(Int64(version))
        members["type"] = .string(type)
        members["occurred_at"] = .string(occurredAt.text)
        members["recorded_at"] = .string(recordedAt.text)
        members["actor"] = .string(actor.text)
        members["command"] = .string(command.text)
        members["changes"] = .array(changes.map { ["column": .string($0.column), "from": $0.from, "to": $0.to] })
        if removes { members["removes"] = true }
        return .object(members)
    }
}
