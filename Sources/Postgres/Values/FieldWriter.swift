import FoundationEssentials

/// Writes values in Postgres' binary format, each as a field: four bytes of length (−1 for NULL), then the value.
///
/// Array elements and COPY rows are made of such fields, and a parameter is one, so one encoder serves all three.
public struct FieldWriter: Sendable {
    /// What was written so far.
    public private(set) var bytes: [UInt8] = []

    /// An empty writer with room for `capacity` bytes.
    public init(capacity: Int = 128) { bytes.reserveCapacity(capacity) }

    /// Forgets what was written but keeps the memory.
    public mutating func removeAll() { bytes.removeAll(keepingCapacity: true) }

    // MARK: - How is a value written?

    /// NULL.
    public mutating func null() { append(Int32(-1)) }

    /// A field with whatever `body` appends, for types that are not named here.
    public mutating func field(_ body: (inout [UInt8]) -> Void) {
        let start = bytes.count
        append(Int32(0))
        body(&bytes)
        setLength(ofFieldFrom: start + 4)
    }

    /// Writes the length of a field whose value began at `start` and ends here.
    mutating func setLength(ofFieldFrom start: Int) {
        let length = UInt32(clamping: bytes.count - start)
        for byte in 0..<4 { bytes[start - 4 + byte] = UInt8(truncatingIfNeeded: length >> UInt32(24 - 8 * byte)) }
    }

    /// A `uuid`.
    public mutating func uuid(_ value: UUID?) {
        guard let value else { return null() }
        append(Int32(16))
        withUnsafeBytes(of: value.uuid) { bytes.append(contentsOf: $0) }
    }

    /// A `text`, in UTF-8. Postgres refuses U+0000 in it.
    public mutating func text(_ value: String?) {
        guard var value else { return null() }
        value.withUTF8 { utf8 in
            append(Int32(clamping: utf8.count))
            bytes.append(contentsOf: utf8)
        }
    }

    /// A `bytea`.
    public mutating func bytea(_ value: (some Collection<UInt8>)?) { bytes(value, after: nil) }

    /// A `bytea`.
    public mutating func bytea(_ value: [UInt8]?) { bytes(value, after: nil) }

    /// A `json`: the document's bytes, kept as they are.
    public mutating func json(_ value: (some Collection<UInt8>)?) { bytes(value, after: nil) }

    /// A `json`: the document's bytes, kept as they are.
    public mutating func json(_ value: [UInt8]?) { bytes(value, after: nil) }

    /// A `jsonb`: the document's bytes, which Postgres parses.
    public mutating func jsonb(_ value: (some Collection<UInt8>)?) { bytes(value, after: 1) }

    /// A `bigint`.
    public mutating func bigint(_ value: Int64?) { integer(value) }
    /// An `integer`.
    public mutating func int(_ value: Int32?) { integer(value) }
    /// A `smallint`.
    public mutating func smallint(_ value: Int16?) { integer(value) }
    /// A `double precision`.
    public mutating func double(_ value: Double?) { integer(value?.bitPattern) }
    /// A `boolean`.
    public mutating func bool(_ value: Bool?) { integer(value.map { UInt8($0 ? 1 : 0) }) }

    /// A `timestamptz`, in microseconds since 1970-01-01T00:00Z; the extremes of Int64 are ∓infinity.
    public mutating func timestamptz(_ microseconds: Int64?) { integer(microseconds.map(Epoch.instant(toPostgres:))) }
    /// A `date`, in days since 1970-01-01; the extremes of Int32 are ∓infinity.
    public mutating func date(_ days: Int32?) { integer(days.map(Epoch.day(toPostgres:))) }

    // MARK: - How is a COPY in binary format framed?

    /// The head of a binary COPY: once, before the first row.
    public mutating func copyHeader() {
        bytes.append(contentsOf: "PGCOPY\n".utf8)
        bytes.append(contentsOf: [0xFF, 0x0D, 0x0A, 0x00])
        append(Int64(0))
    }
    /// The start of a row of `fields` fields, which follow.
    public mutating func copyRow(fields: Int16) { append(fields) }
    /// The end of a binary COPY: once, after the last row.
    public mutating func copyTrailer() { append(Int16(-1)) }

    // MARK: - What do these stand on?

    mutating func append(_ value: some FixedWidthInteger) {
        withUnsafeBytes(of: value.bigEndian) { bytes.append(contentsOf: $0) }
    }
    private mutating func integer(_ value: (some FixedWidthInteger)?) {
        guard let value else { return null() }
        append(Int32(value.bitWidth / 8))
        append(value)
    }
    private mutating func bytes(_ value: (some Collection<UInt8>)?, after version: UInt8?) {
        guard let value else { return null() }
        append(Int32(clamping: value.count + (version == nil ? 0 : 1)))
        if let version { bytes.append(version) }
        bytes.append(contentsOf: value)
    }
}

/// Postgres counts from 2000-01-01, everybody else from 1970-01-01.
enum Epoch {
    private static let microseconds: Int64 = 946_684_800_000_000
    private static let days: Int32 = 10_957

    static func instant(toPostgres value: Int64) -> Int64 { shift(value, by: -microseconds) }
    static func instant(fromPostgres value: Int64) -> Int64 { shift(value, by: microseconds) }
    static func day(toPostgres value: Int32) -> Int32 { shift(value, by: -days) }
    static func day(fromPostgres value: Int32) -> Int32 { shift(value, by: days) }

    /// The extremes stand for the infinities and stay; what would overflow becomes one of them.
    private static func shift<T: FixedWidthInteger>(_ value: T, by delta: T) -> T {
        if value == .max || value == .min { return value }
        let (sum, overflow) = value.addingReportingOverflow(delta)
        return overflow ? (delta > 0 ? .max : .min) : sum
    }
}
