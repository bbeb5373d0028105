import FoundationEssentials
import Kernel
import Vault

/// An event as it stands in the log.
public struct RecordedEvent: Sendable, Hashable {
    /// Whose log.
    public var organization: UUID
    /// Its place there, from 1.
    public var position: Position
    /// The stream it belongs to.
    public var stream: UUID
    /// Its number in the stream, from 1.
    public var version: Int32
    /// The stored name, `deal.moved`.
    public var type: String
    /// The version of the payload's shape.
    public var schema: Int16
    /// The payload, byte for byte as it was appended.
    public var data: [UInt8]
    /// The sealed parts.
    public var `private`: [UInt8]?
    /// Who, how and why, byte for byte.
    public var meta: [UInt8]
    /// When it happened.
    public var occurredAt: Instant
    /// When the log took it in.
    public var recordedAt: Instant
    /// Who did it.
    public var actor: UUID
    /// The command that caused it.
    public var command: UUID
    /// Its place among the events of that command, from 0.
    public var index: Int16
    /// The leaf hash, then the hash of each complete subtree that ends here: 32 bytes each.
    public var merkle: [UInt8]

    /// An event.
    public init(
        organization: UUID, position: Position, stream: UUID, version: Int32, type: String, schema: Int16,
        data: [UInt8], private: [UInt8]?, meta: [UInt8], occurredAt: Instant, recordedAt: Instant, actor: UUID,
        command: UUID, index: Int16, merkle: [UInt8]
    ) {
        self.organization = organization
        self.position = position
        self.stream = stream
        self.version = version
        self.type = type
        self.schema = schema
        self.data = data
        self.private = `private`
        self.meta = meta
        self.occurredAt = occurredAt
        self.recordedAt = recordedAt
        self.actor = actor
        self.command = command
        self.index = index
        self.merkle = merkle
    }

    /// Its canonical form (see `EventLine`), without a line feed.
    public var line: [UInt8] {
        var line = [UInt8]()
        EventLine.write(self, to: &line)
        return line
    }

    /// The leaf hash that is stored with it: 32 bytes.
    public var leaf: [UInt8] { Array(merkle.prefix(SHA256.length)) }
}
