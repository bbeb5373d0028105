import FoundationEssentials
import Kernel
import Postgres

/// The log does not hold what it should: a hole in the positions, or a column that is missing.
struct LogError: Error, CustomStringConvertible {
    let description: String

    /// An event is not where it must be.
    static func hole(_ organization: UUID, _ position: Int64) -> LogError {
        LogError(description: "log.event of \(organization.text) has no position \(position)")
    }
}

extension Event {
    /// Reads a field after the other: position, stream_id, version, type, schema, data, private, occurred_at,
    /// recorded_at, actor_id, leaf.
    private init(_ next: () throws -> UnsafeRawBufferPointer?) throws {
        func field(_ size: Int) throws -> UnsafeRawPointer { try Event.field(size, of: next()) }
        position = load(try field(8))
        stream = Cell(uuid: try field(16))
        version = load(try field(4))
        type = try next() ?? UnsafeRawBufferPointer(start: nil, count: 0)
        schema = load(try field(2))
        data = try next() ?? UnsafeRawBufferPointer(start: nil, count: 0)
        `private` = try next() ?? UnsafeRawBufferPointer(start: nil, count: 0)
        occurredAt = load(try field(8))
        recordedAt = load(try field(8))
        actor = Cell(uuid: try field(16))
        leaf = try field(32)
    }

    /// Where a field lies that has this size.
    static func field(_ size: Int, of bytes: UnsafeRawBufferPointer?) throws -> UnsafeRawPointer {
        guard let bytes, bytes.count == size, let base = bytes.baseAddress else {
            throw LogError(description: "a row of log.event has not the columns that it should")
        }
        return base
    }

    /// A row of `next_events.sql`, alive as long as its result.
    init(_ row: Postgres.Row) throws {
        var column = -1
        try self.init {
            column += 1
            return row.bytes(column)
        }
    }

    /// The fields of a binary COPY row behind the first ones, alive as long as its buffer.
    init(_ row: inout CopyRow) throws {
        try self.init { try row.next() }
    }
}
