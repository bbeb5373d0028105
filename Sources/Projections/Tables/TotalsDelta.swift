/// How groups of rows changed: new minus old, per batch and row; never per event.
struct TotalsDelta {
    /// 128 bits: no number of 64-bit amounts that a table can hold overflows it.
    struct Measure {
        var count: Int64 = 0
        var sum: Int128 = 0
        var isNothing: Bool { count == 0 && sum == 0 }
    }
    /// One group's change.
    struct Change {
        /// The group's columns as fields one behind the other, which is also how they are written.
        let key: [UInt8]
        let count: Int64
        let sum: Int128
    }
    private var groups: [[UInt8]: Measure] = [:]
    private let totals: Totals

    init(_ totals: Totals) { self.totals = totals }

    /// `sign`: 1 for a row as it is, −1 for one as it was.
    mutating func add(_ row: Row, sign: Int64, of projection: Projection, scratch: inout Bytes) {
        scratch.removeAll()
        for column in totals.by { projection.field(row, column, into: &scratch) }
        let key = Array(scratch.buffer)
        var measure = groups[key] ?? Measure()
        measure.count += sign
        if let sum = totals.sum, row.has(sum) { measure.sum += Int128(sign) * Int128(row.column(sum).pointee.number) }
        groups[key] = measure
    }

    /// The groups that changed, in an order that two processes share.
    func changes() -> [Change] {
        groups.filter { !$0.value.isNothing }
            .map { Change(key: $0.key, count: $0.value.count, sum: $0.value.sum) }
            .sorted { $0.key.lexicographicallyPrecedes($1.key) }
    }
}

extension TotalsDelta.Change {
    /// Writes the n-th field of `ReadTable.totalsFields`; 0 is the organization, which a group does not hold.
    func field(_ number: Int, groups: Int, into out: inout Bytes) {
        if number == groups + 1 { return out.field(count) }
        if number > groups {
            // `numeric`, as Postgres' own sum of bigints.
            let text = Array(String(sum).utf8)
            return text.withUnsafeBufferPointer { out.numeric($0.baseAddress!, text.count) }
        }
        key.withUnsafeBytes { bytes in
            guard var at = bytes.baseAddress else { return }
            for _ in 1..<number { at += 4 + max(0, Int(load(at, as: Int32.self))) }
            out.append(at, 4 + max(0, Int(load(at, as: Int32.self))))
        }
    }
}
