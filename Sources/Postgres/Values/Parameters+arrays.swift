import FoundationEssentials

/// One-dimensional arrays: what `unnest` and `= ANY` take. Elements may be NULL.
extension Parameters {
    /// A `uuid[]`.
    public mutating func uuids(_ values: some Collection<UUID?>) { array(of: .uuid, .uuids, values) { $0.uuid($1) } }
    /// A `uuid[]` without NULLs.
    public mutating func uuids(_ values: some Collection<UUID>) { array(of: .uuid, .uuids, values) { $0.uuid($1) } }
    /// A `text[]`.
    public mutating func texts(_ values: some Collection<String?>) { array(of: .text, .texts, values) { $0.text($1) } }
    /// A `text[]` without NULLs.
    public mutating func texts(_ values: some Collection<String>) { array(of: .text, .texts, values) { $0.text($1) } }
    /// A `bigint[]`.
    public mutating func bigints(_ values: some Collection<Int64?>) {
        array(of: .bigint, .bigints, values) { $0.bigint($1) }
    }
    /// A `bigint[]` without NULLs.
    public mutating func bigints(_ values: some Collection<Int64>) {
        array(of: .bigint, .bigints, values) { $0.bigint($1) }
    }
    /// An `integer[]`.
    public mutating func ints(_ values: some Collection<Int32?>) { array(of: .int, .ints, values) { $0.int($1) } }
    /// An `integer[]` without NULLs.
    public mutating func ints(_ values: some Collection<Int32>) { array(of: .int, .ints, values) { $0.int($1) } }
    /// A `smallint[]`.
    public mutating func smallints(_ values: some Collection<Int16?>) {
        array(of: .smallint, .smallints, values) { $0.smallint($1) }
    }
    /// A `smallint[]` without NULLs.
    public mutating func smallints(_ values: some Collection<Int16>) {
        array(of: .smallint, .smallints, values) { $0.smallint($1) }
    }
    /// A `boolean[]`.
    public mutating func bools(_ values: some Collection<Bool?>) { array(of: .bool, .bools, values) { $0.bool($1) } }
    /// A `boolean[]` without NULLs.
    public mutating func bools(_ values: some Collection<Bool>) { array(of: .bool, .bools, values) { $0.bool($1) } }
    /// A `double precision[]`.
    public mutating func doubles(_ values: some Collection<Double?>) {
        array(of: .double, .doubles, values) { $0.double($1) }
    }
    /// A `double precision[]` without NULLs.
    public mutating func doubles(_ values: some Collection<Double>) {
        array(of: .double, .doubles, values) { $0.double($1) }
    }
    /// A `bytea[]`.
    public mutating func byteas(_ values: some Collection<[UInt8]?>) {
        array(of: .bytea, .byteas, values) { $0.bytea($1) }
    }
    /// A `bytea[]` without NULLs.
    public mutating func byteas(_ values: some Collection<[UInt8]>) {
        array(of: .bytea, .byteas, values) { $0.bytea($1) }
    }
    /// A `json[]`.
    public mutating func jsons(_ values: some Collection<[UInt8]?>) { array(of: .json, .jsons, values) { $0.json($1) } }
    /// A `json[]` without NULLs.
    public mutating func jsons(_ values: some Collection<[UInt8]>) { array(of: .json, .jsons, values) { $0.json($1) } }
    /// A `jsonb[]`.
    public mutating func jsonbs(_ values: some Collection<[UInt8]?>) {
        array(of: .jsonb, .jsonbs, values) { $0.jsonb($1) }
    }
    /// A `jsonb[]` without NULLs.
    public mutating func jsonbs(_ values: some Collection<[UInt8]>) {
        array(of: .jsonb, .jsonbs, values) { $0.jsonb($1) }
    }
    /// A `timestamptz[]`, in microseconds since 1970-01-01T00:00Z.
    public mutating func timestamptzs(_ values: some Collection<Int64?>) {
        array(of: .timestamptz, .timestamptzs, values) { $0.timestamptz($1) }
    }
    /// A `timestamptz[]` without NULLs, in microseconds since 1970-01-01T00:00Z.
    public mutating func timestamptzs(_ values: some Collection<Int64>) {
        array(of: .timestamptz, .timestamptzs, values) { $0.timestamptz($1) }
    }
    /// A `date[]`, in days since 1970-01-01.
    public mutating func dates(_ values: some Collection<Int32?>) { array(of: .date, .dates, values) { $0.date($1) } }
    /// A `date[]` without NULLs, in days since 1970-01-01.
    public mutating func dates(_ values: some Collection<Int32>) { array(of: .date, .dates, values) { $0.date($1) } }

    /// An array of any type: `write` writes one element, as exactly one field (or `null()`).
    public mutating func array<Values: Collection>(
        of element: OID, _ array: OID, _ values: Values, _ write: (inout FieldWriter, Values.Element) -> Void
    ) {
        var index = values.startIndex
        self.array(of: element, array, count: values.count) { writer, _ in
            write(&writer, values[index])
            values.formIndex(after: &index)
        }
    }

    /// An array of `count` elements of any type: `write` writes the one of a number (from 0), as exactly one field.
    ///
    /// Not generic, and so the one to call where it is called often: a column of rows that are copied for nobody.
    public mutating func array(
        of element: OID, _ array: OID, count: Int, _ write: (inout FieldWriter, Int) -> Void
    ) {
        add(array) { writer in
            writer.field { _ in }
            let start = writer.bytes.count
            writer.append(Int32(count == 0 ? 0 : 1))  // dimensions
            writer.append(Int32(1))  // there may be NULLs; Postgres looks for itself
            writer.append(element.rawValue)
            if count > 0 {
                writer.append(Int32(clamping: count))
                writer.append(Int32(1))  // lower bound
                for number in 0..<count { write(&writer, number) }
            }
            writer.setLength(ofFieldFrom: start)
        }
    }
}
