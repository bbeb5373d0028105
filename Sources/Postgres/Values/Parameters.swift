import FoundationEssentials

/// The values of a statement's `$1`, `$2`, … in order, in binary format, in one flat buffer.
public struct Parameters: Sendable {
    /// Where a value lies in the buffer; a negative length is NULL.
    struct Slot: Sendable {
        var offset: Int
        var length: Int32
        var type: OID
    }
    private var writer = FieldWriter()
    private(set) var slots: [Slot] = []

    /// No parameters.
    public init() {}

    /// How many values there are.
    public var count: Int { slots.count }
    var byteCount: Int { writer.bytes.count }

    // MARK: - How is a value added?

    /// NULL of a type.
    public mutating func null(_ type: OID) { add(type) { $0.null() } }
    /// A `uuid`.
    public mutating func uuid(_ value: UUID?) { add(.uuid) { $0.uuid(value) } }
    /// A `text`. Postgres refuses U+0000 in it.
    public mutating func text(_ value: String?) { add(.text) { $0.text(value) } }
    /// A `bigint`.
    public mutating func bigint(_ value: Int64?) { add(.bigint) { $0.bigint(value) } }
    /// An `integer`.
    public mutating func int(_ value: Int32?) { add(.int) { $0.int(value) } }
    /// A `smallint`.
    public mutating func smallint(_ value: Int16?) { add(.smallint) { $0.smallint(value) } }
    /// A `boolean`.
    public mutating func bool(_ value: Bool?) { add(.bool) { $0.bool(value) } }
    /// A `double precision`.
    public mutating func double(_ value: Double?) { add(.double) { $0.double(value) } }
    /// A `bytea`; for a literal NULL write `null(.bytea)`.
    public mutating func bytea(_ value: (some Collection<UInt8>)?) { add(.bytea) { $0.bytea(value) } }
    /// A `json`, as the bytes of the document, which are kept.
    public mutating func json(_ value: (some Collection<UInt8>)?) { add(.json) { $0.json(value) } }
    /// A `jsonb`, as the bytes of the document.
    public mutating func jsonb(_ value: (some Collection<UInt8>)?) { add(.jsonb) { $0.jsonb(value) } }
    /// A `timestamptz`, in microseconds since 1970-01-01T00:00Z.
    public mutating func timestamptz(_ microseconds: Int64?) { add(.timestamptz) { $0.timestamptz(microseconds) } }
    /// A `date`, in days since 1970-01-01.
    public mutating func date(_ days: Int32?) { add(.date) { $0.date(days) } }

    /// A value of any type, written as one field.
    public mutating func add(_ type: OID, _ write: (inout FieldWriter) -> Void) {
        let start = writer.bytes.count
        write(&writer)
        let length = writer.bytes.count - start - 4
        let isNull = length == 0 && writer.bytes[start] == 0xFF
        slots.append(Slot(offset: start + 4, length: isNull ? -1 : Int32(clamping: length), type: type))
    }

    // MARK: - How does libpq see them?

    /// The C arrays that libpq's functions take, alive inside `body` only.
    func withC<R>(
        _ body: (
            _ count: Int32, _ values: UnsafePointer<UnsafePointer<CChar>?>?, _ lengths: UnsafePointer<Int32>?,
            _ formats: UnsafePointer<Int32>?
        ) -> R
    ) -> R {
        if slots.isEmpty { return body(0, nil, nil, nil) }
        return writer.bytes.withUnsafeBytes { raw in
            withUnsafeTemporaryAllocation(of: UnsafePointer<CChar>?.self, capacity: slots.count) { values in
                withUnsafeTemporaryAllocation(of: Int32.self, capacity: slots.count * 2) { numbers in
                    for (index, slot) in slots.enumerated() {
                        // An empty last value points one past the end, at which libpq copies nothing.
                        let value = raw.baseAddress.map {
                            $0.advanced(by: slot.offset).assumingMemoryBound(to: CChar.self)
                        }
                        values[index] = slot.length < 0 ? nil : value
                        numbers[index] = max(slot.length, 0)
                        numbers[slots.count + index] = 1
                    }
                    guard let lengths = numbers.baseAddress else { return body(0, nil, nil, nil) }
                    return body(Int32(slots.count), values.baseAddress, lengths, lengths + slots.count)
                }
            }
        }
    }

    func withTypes<R>(_ body: (_ count: Int32, _ types: UnsafePointer<UInt32>?) -> R) -> R {
        withUnsafeTemporaryAllocation(of: UInt32.self, capacity: slots.count) { types in
            for (index, slot) in slots.enumerated() { types[index] = slot.type.rawValue }
            return body(Int32(slots.count), types.baseAddress)
        }
    }
}
