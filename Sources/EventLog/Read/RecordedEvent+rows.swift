import FoundationEssentials
import Kernel
import Postgres

extension Result {
    /// The events in rows of all fifteen columns of `log.event`, in the table's order.
    public func events() throws(PostgresError) -> [RecordedEvent] {
        var events: [RecordedEvent] = []
        events.reserveCapacity(count)
        for row in self { events.append(try RecordedEvent(row)) }
        return events
    }
}

extension RecordedEvent {
    /// From a row of all fifteen columns, in the table's order.
    public init(_ row: Row) throws(PostgresError) {
        self.init(
            organization: try row.uuid(0), position: try row.bigint(1), stream: try row.uuid(2),
            version: try row.int(3), type: try row.text(4), schema: try row.smallint(5), data: try row.bytea(6),
            private: try row.bytea(orNil: 7), meta: try row.bytea(8),
            occurredAt: Instant(microseconds: try row.timestamptz(9)),
            recordedAt: Instant(microseconds: try row.timestamptz(10)), actor: try row.uuid(11),
            command: try row.uuid(12), index: try row.smallint(13), merkle: try row.bytea(14))
    }

    /// From a row of `LogReader.copyRows`.
    public init(_ row: inout CopyRow) throws(PostgresError) {
        self.init(
            organization: try row.uuid(), position: try row.integer(), stream: try row.uuid(),
            version: try row.integer(), type: String(decoding: try row.some(), as: UTF8.self),
            schema: try row.integer(), data: [UInt8](try row.some()), private: try row.next().map { [UInt8]($0) },
            meta: [UInt8](try row.some()), occurredAt: try row.instant(), recordedAt: try row.instant(),
            actor: try row.uuid(), command: try row.uuid(), index: try row.integer(), merkle: [UInt8](try row.some()))
    }
}

extension CopyRow {
    fileprivate mutating func some() throws(PostgresError) -> UnsafeRawBufferPointer {
        if let field = try next() { return field }
        throw PostgresError(.unexpectedResult, "a column of log.event is NULL, and a value was wanted")
    }
    fileprivate mutating func integer<T: FixedWidthInteger>() throws(PostgresError) -> T {
        let field = try some()
        guard field.count == MemoryLayout<T>.size else { throw Self.unexpected }
        return T(bigEndian: field.loadUnaligned(as: T.self))
    }
    fileprivate mutating func uuid() throws(PostgresError) -> UUID {
        let field = try some()
        guard field.count == 16 else { throw Self.unexpected }
        return UUID(uuid: field.loadUnaligned(as: uuid_t.self))
    }
    /// Postgres counts from 2000-01-01.
    fileprivate mutating func instant() throws(PostgresError) -> Instant {
        let microseconds: Int64 = try integer()
        return Instant(microseconds: microseconds + 946_684_800_000_000)
    }
    private static var unexpected: PostgresError {
        PostgresError(.unexpectedResult, "a column of log.event has another type than was wanted")
    }
}
