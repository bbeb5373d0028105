import FoundationEssentials

/// One-dimensional arrays. Elements that are NULL come as nil.
extension Row {
    /// A `uuid[]`.
    public func uuids(_ column: Int) throws(PostgresError) -> [UUID?] {
        try array(column, of: .uuid) { UUID(uuid: $0.loadUnaligned(as: uuid_t.self)) }
    }
    /// A `text[]`.
    public func texts(_ column: Int) throws(PostgresError) -> [String?] {
        try array(column, of: .text) { String(decoding: $0, as: UTF8.self) }
    }
    /// A `bytea[]`.
    public func byteas(_ column: Int) throws(PostgresError) -> [[UInt8]?] {
        try array(column, of: .bytea) { [UInt8]($0) }
    }
    /// A `bigint[]`.
    public func bigints(_ column: Int) throws(PostgresError) -> [Int64?] {
        try array(column, of: .bigint) { Int64(bigEndian: $0.loadUnaligned(as: Int64.self)) }
    }
    /// An `integer[]`.
    public func ints(_ column: Int) throws(PostgresError) -> [Int32?] {
        try array(column, of: .int) { Int32(bigEndian: $0.loadUnaligned(as: Int32.self)) }
    }

    /// An array of `element`s; `read` gets an element's bytes in binary format.
    public func array<T>(
        _ column: Int, of element: OID, _ read: (UnsafeRawBufferPointer) -> T
    ) throws(PostgresError) -> [T?] {
        let elements = withBytes(column) { bytes -> [T?]? in
            guard let bytes, bytes.count >= 12 else { return nil }
            func number(_ offset: Int) -> Int {
                Int(Int32(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: Int32.self)))
            }
            // Dimensions, a flag, the type of the elements; then length and lower bound, and the elements as fields.
            guard number(0) < 2, UInt32(truncatingIfNeeded: number(8)) == element.rawValue else { return nil }
            var elements: [T?] = []
            var position = 20
            for _ in 0..<(number(0) == 0 ? 0 : number(12)) {
                let length = number(position)
                position += 4
                elements.append(
                    length < 0 ? nil : read(UnsafeRawBufferPointer(rebasing: bytes[position..<position + length])))
                position += max(length, 0)
            }
            return elements
        }
        if let elements { return elements }
        throw PostgresError(
            .unexpectedResult, "column \(column) is NULL or no one-dimensional array of type \(element.rawValue)")
    }
}
