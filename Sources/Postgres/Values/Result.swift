import CLibPQ
import Glibc

/// What a statement answered: its rows, in binary format, in libpq's own memory.
///
/// `@unchecked Sendable`: a PGresult is never changed after it was received, and libpq's accessors only read it.
public final class Result: RandomAccessCollection, @unchecked Sendable {
    let raw: OpaquePointer
    /// How many columns each row has.
    public let columnCount: Int

    /// Takes the result over; it is freed with this object.
    init(_ raw: OpaquePointer) {
        self.raw = raw
        columnCount = Int(PQnfields(raw))
    }

    deinit { PQclear(raw) }

    /// How many rows came.
    public var count: Int { Int(PQntuples(raw)) }
    /// Always 0.
    public var startIndex: Int { 0 }
    /// The number of rows.
    public var endIndex: Int { count }
    /// How many rows were inserted, updated, deleted, copied or selected.
    public var affected: Int { Int(String(cString: PQcmdTuples(raw))) ?? 0 }
    /// Whether the statement was a BEGIN.
    var opensTransaction: Bool {
        guard columnCount == 0, let command = PQcmdStatus(raw) else { return false }
        return strcmp(command, "BEGIN") == 0 || strcmp(command, "START TRANSACTION") == 0
    }

    /// A row. A row that is not there reads as NULLs, which every accessor of a value refuses.
    public subscript(row: Int) -> Row { Row(result: self, index: row) }

    /// The columns' names, in order.
    public var columns: [String] {
        (0..<columnCount).map { PQfname(raw, Int32($0)).map { String(cString: $0) } ?? "" }
    }
    /// The type of a column; 0 where there is none.
    public func type(ofColumn column: Int) -> OID {
        (0..<columnCount).contains(column) ? OID(PQftype(raw, Int32(column))) : OID(0)
    }
}
