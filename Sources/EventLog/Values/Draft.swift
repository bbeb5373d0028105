import FoundationEssentials
import Kernel

/// An event that is decided but has no position yet.
public struct Draft: Sendable {
    /// The stream it belongs to.
    public var stream: UUID
    /// Its number in the stream, from 1.
    public var version: Int32
    /// The stored name, `deal.moved`: lower case, digits and `_`, one dot.
    public var type: String
    /// The version of the payload's shape, from 1.
    public var schema: Int16
    /// The payload: one JSON object, compact, without control characters. These bytes are stored, hashed and shown.
    public var data: [UInt8]
    /// The sealed parts, if anything personal belongs to it.
    public var `private`: [UInt8]?
    /// Who, how and why, beside the columns: one JSON object, compact, members in DESIGN §3's order.
    public var meta: [UInt8]
    /// When it happened; nil is the moment at which it is recorded.
    public var occurredAt: Instant?
    /// Who did it; the organization itself where the system did.
    public var actor: UUID
    /// The command that caused it.
    public var command: UUID
    /// Its place among the events of that command, from 0.
    public var index: Int16

    /// An event to append.
    public init(
        stream: UUID, version: Int32, type: String, schema: Int16, data: [UInt8], private: [UInt8]? = nil,
        meta: [UInt8] = Array("{}".utf8), occurredAt: Instant? = nil, actor: UUID, command: UUID, index: Int16
    ) {
        self.stream = stream
        self.version = version
        self.type = type
        self.schema = schema
        self.data = data
        self.private = `private`
        self.meta = meta
        self.occurredAt = occurredAt
        self.actor = actor
        self.command = command
        self.index = index
    }
}
