import CLibPQ
import FoundationEssentials

/// A row of a result. Columns count from 0.
///
/// `uuid(0)` wants a value and throws `.unexpectedResult` on NULL; `uuid(orNil: 0)` gives nil there. Both throw where
/// the column is of another type or missing. Nothing traps.
public struct Row: Sendable {
    let result: Result
    /// Which row of the result this is.
    public let index: Int

    // MARK: - What is in a column?

    /// Whether a column is NULL, or not there.
    public func isNull(_ column: Int) -> Bool { bytes(column) == nil }

    /// The value's bytes in binary format, without a copy (jsonb without its version byte); nil for NULL.
    ///
    /// They live as long as the `Result`: keep it, if need be by `withExtendedLifetime`, or use `withBytes`.
    public func bytes(_ column: Int) -> UnsafeRawBufferPointer? {
        guard index >= 0, index < result.count, column >= 0, column < result.columnCount,
            PQgetisnull(result.raw, Int32(index), Int32(column)) == 0,
            let value = PQgetvalue(result.raw, Int32(index), Int32(column))
        else { return nil }
        let length = Int(PQgetlength(result.raw, Int32(index), Int32(column)))
        let isJSONB = PQftype(result.raw, Int32(column)) == OID.jsonb.rawValue && length > 0
        return UnsafeRawBufferPointer(start: value + (isJSONB ? 1 : 0), count: length - (isJSONB ? 1 : 0))
    }

    /// Runs `body` on the value's bytes, or on nil for NULL, and keeps the result alive meanwhile.
    public func withBytes<T>(_ column: Int, _ body: (UnsafeRawBufferPointer?) throws -> T) rethrows -> T {
        try withExtendedLifetime(result) { try body(bytes(column)) }
    }

    // MARK: - What is it, when it may not be NULL?

    /// A `uuid`.
    public func uuid(_ column: Int) throws(PostgresError) -> UUID { try some(column, uuid(orNil: column)) }
    /// A `text`, or the text of any type that is text on the wire (`name`, `json`, `jsonb`, an enum).
    public func text(_ column: Int) throws(PostgresError) -> String { try some(column, text(orNil: column)) }
    /// A `bigint`, or a narrower integer.
    public func bigint(_ column: Int) throws(PostgresError) -> Int64 { try some(column, bigint(orNil: column)) }
    /// An `integer`, or a `smallint`.
    public func int(_ column: Int) throws(PostgresError) -> Int32 { try some(column, int(orNil: column)) }
    /// A `smallint`.
    public func smallint(_ column: Int) throws(PostgresError) -> Int16 { try some(column, smallint(orNil: column)) }
    /// A `boolean`.
    public func bool(_ column: Int) throws(PostgresError) -> Bool { try some(column, bool(orNil: column)) }
    /// A `double precision`.
    public func double(_ column: Int) throws(PostgresError) -> Double { try some(column, double(orNil: column)) }
    /// A `timestamptz`, in microseconds since 1970-01-01T00:00Z.
    public func timestamptz(_ column: Int) throws(PostgresError) -> Int64 {
        try some(column, timestamptz(orNil: column))
    }
    /// A `date`, in days since 1970-01-01.
    public func date(_ column: Int) throws(PostgresError) -> Int32 { try some(column, date(orNil: column)) }
    /// A copy of the value's bytes: a `bytea`, a `json` or `jsonb` document.
    public func bytea(_ column: Int) throws(PostgresError) -> [UInt8] { try some(column, bytea(orNil: column)) }

    // MARK: - What is it, when it may be NULL?

    /// A `uuid`.
    public func uuid(orNil column: Int) throws(PostgresError) -> UUID? {
        try value(column, .uuid, 16) { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
    }
    /// A `text`, or the text of any type that is text on the wire.
    public func text(orNil column: Int) throws(PostgresError) -> String? {
        let type = result.type(ofColumn: column)
        if Self.notText.contains(type) {
            throw PostgresError(.unexpectedResult, "column \(column) is of type \(type.rawValue), which is no text")
        }
        return try read(column) { String(decoding: $0, as: UTF8.self) }
    }
    /// A `bigint`, or a narrower integer.
    public func bigint(orNil column: Int) throws(PostgresError) -> Int64? {
        if result.type(ofColumn: column) == .bigint {
            return try value(column, .bigint, 8) { Int64(bigEndian: $0.loadUnaligned(as: Int64.self)) }
        }
        return try int(orNil: column).map(Int64.init)
    }
    /// An `integer`, or a `smallint`.
    public func int(orNil column: Int) throws(PostgresError) -> Int32? {
        if result.type(ofColumn: column) == .smallint { return try smallint(orNil: column).map(Int32.init) }
        return try value(column, .int, 4) { Int32(bigEndian: $0.loadUnaligned(as: Int32.self)) }
    }
    /// A `smallint`.
    public func smallint(orNil column: Int) throws(PostgresError) -> Int16? {
        try value(column, .smallint, 2) { Int16(bigEndian: $0.loadUnaligned(as: Int16.self)) }
    }
    /// A `boolean`.
    public func bool(orNil column: Int) throws(PostgresError) -> Bool? { try value(column, .bool, 1) { $0[0] != 0 } }
    /// A `double precision`.
    public func double(orNil column: Int) throws(PostgresError) -> Double? {
        try value(column, .double, 8) { Double(bitPattern: UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self))) }
    }
    /// A `timestamptz`, in microseconds since 1970-01-01T00:00Z.
    public func timestamptz(orNil column: Int) throws(PostgresError) -> Int64? {
        try value(column, .timestamptz, 8) {
            Epoch.instant(fromPostgres: Int64(bigEndian: $0.loadUnaligned(as: Int64.self)))
        }
    }
    /// A `date`, in days since 1970-01-01.
    public func date(orNil column: Int) throws(PostgresError) -> Int32? {
        try value(column, .date, 4) { Epoch.day(fromPostgres: Int32(bigEndian: $0.loadUnaligned(as: Int32.self))) }
    }
    /// A copy of the value's bytes.
    public func bytea(orNil column: Int) throws(PostgresError) -> [UInt8]? { try read(column) { [UInt8]($0) } }

    // MARK: - What do these stand on?

    private static let notText: Set<OID> = [
        .bool, .bytea, .bigint, .smallint, .int, .double, .date, .timestamptz, .uuid,
    ]

    private func read<T>(_ column: Int, _ decode: (UnsafeRawBufferPointer) -> T) throws(PostgresError) -> T? {
        guard index >= 0, index < result.count, column >= 0, column < result.columnCount else {
            throw PostgresError(
                .unexpectedResult,
                "there is no row \(index), column \(column) in \(result.count) rows of \(result.columnCount) columns")
        }
        return withBytes(column) { $0.map(decode) }
    }

    private func value<T>(
        _ column: Int, _ type: OID, _ length: Int, _ decode: (UnsafeRawBufferPointer) -> T
    ) throws(PostgresError) -> T? {
        guard result.type(ofColumn: column) == type || result.type(ofColumn: column).rawValue == 0 else {
            throw PostgresError(
                .unexpectedResult,
                "column \(column) is of type \(result.type(ofColumn: column).rawValue), and \(type.rawValue) was wanted"
            )
        }
        // What has the type has its length, unless the result came in text format, which this module never asks for.
        let value = try read(column) { $0.count == length ? Optional(decode($0)) : nil }
        if case .some(.none) = value {
            throw PostgresError(.unexpectedResult, "column \(column) is not in binary format")
        }
        return value ?? nil
    }

    private func some<T>(_ column: Int, _ value: T?) throws(PostgresError) -> T {
        if let value { return value }
        throw PostgresError(.unexpectedResult, "column \(column) is NULL, and a value was wanted")
    }
}
