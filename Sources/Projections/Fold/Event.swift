/// One event as it lies in the buffer it was read into. Times are microseconds since 2000-01-01T00:00Z.
struct Event {
    var position: Int64
    var stream: Cell
    var version: Int32
    var type: UnsafeRawBufferPointer
    var schema: Int16
    var data: UnsafeRawBufferPointer
    /// The sealed parts; empty where there are none.
    var `private`: UnsafeRawBufferPointer
    var occurredAt: Int64
    var recordedAt: Int64
    var actor: Cell
    /// 32 bytes.
    var leaf: UnsafeRawPointer
}

/// Why an event could not be applied to a row. Names no value: those may be personal.
enum FoldError: Error, Equatable {
    /// `data` is not JSON as it should be.
    case malformed
    /// The member is not of the column's type.
    case wrongType(column: Int?)
    /// A sum beyond 64 bits, or a list of more than `JSONList.most` elements.
    case overflow(column: Int)
    /// The event does not follow the stream's last one.
    case versionGap

    var code: String {
        switch self {
        case .malformed: "malformed"
        case .wrongType: "wrong_type"
        case .overflow: "overflow"
        case .versionGap: "version_gap"
        }
    }
    var column: Int? {
        switch self {
        case .wrongType(let column): column
        case .overflow(let column): column
        case .malformed, .versionGap: nil
        }
    }
}
