import Glibc

/// A pointer into somebody else's buffer: an event's `data`, or what a cell points to.
typealias Pointer = UnsafePointer<UInt8>

/// A growing output buffer in Postgres' binary format. Never shared, never copied: appending counts no references.
///
/// A field of a COPY row and an element of an array have the same form (four bytes of length, then the value), so one
/// encoder serves the rebuild, which writes rows, and the tail, which writes columns.
struct Bytes: ~Copyable {
    private(set) var base: UnsafeMutablePointer<UInt8>
    private(set) var count = 0
    private var capacity: Int

    init(capacity: Int = 1 << 12) {
        self.capacity = capacity
        base = .allocate(capacity: capacity)
    }
    deinit { base.deallocate() }

    var buffer: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

    mutating func removeAll() { count = 0 }

    @inline(__always) private mutating func reserve(_ more: Int) {
        if count + more > capacity { grow(more) }
    }
    @inline(never) private mutating func grow(_ more: Int) {
        capacity = max(capacity * 2, count + more)
        let bigger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity)
        bigger.update(from: base, count: count)
        base.deallocate()
        base = bigger
    }

    @inline(__always) mutating func append<T: FixedWidthInteger>(_ value: T) {
        reserve(MemoryLayout<T>.size)
        UnsafeMutableRawPointer(base + count).storeBytes(of: value.bigEndian, as: T.self)
        count += MemoryLayout<T>.size
    }
    @inline(__always) mutating func append(_ start: UnsafeRawPointer, _ length: Int) {
        reserve(length)
        memcpy(base + count, start, length)
        count += length
    }
    mutating func append(_ bytes: UnsafeRawBufferPointer) {
        if let start = bytes.baseAddress { append(start, bytes.count) }
    }

    // MARK: - How is a field written?

    @inline(__always) mutating func field<T: FixedWidthInteger>(_ value: T) {
        append(Int32(MemoryLayout<T>.size))
        append(value)
    }
    @inline(__always) mutating func field(_ start: UnsafeRawPointer, _ length: Int) {
        append(Int32(truncatingIfNeeded: length))
        append(start, length)
    }
    @inline(__always) mutating func field(_ cell: Cell) {
        append(Int32(16))
        withUnsafeBytes(of: cell) { append($0) }
    }
    @inline(__always) mutating func null() { append(Int32(-1)) }
}

@inline(__always) func load<T: FixedWidthInteger>(_ p: UnsafeRawPointer, as: T.Type = T.self) -> T {
    T(bigEndian: p.loadUnaligned(as: T.self))
}
