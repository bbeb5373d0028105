import FoundationEssentials
import Glibc

/// One value of a row in 16 bytes: a number, day or time in `low`; a UUID; or a text of up to 12 bytes in place
/// (length, then bytes), a longer one as length, its first four bytes, and where the arena holds it.
struct Cell: Hashable, Sendable {
    var low: UInt64
    var high: UInt64

    static let zero = Cell(low: 0, high: 0)

    @inline(__always) init(low: UInt64, high: UInt64) { (self.low, self.high) = (low, high) }
    @inline(__always) init(_ number: Int64) { (low, high) = (UInt64(bitPattern: number), 0) }
    @inline(__always) init(uuid p: UnsafeRawPointer) {
        (low, high) = (p.loadUnaligned(as: UInt64.self), p.loadUnaligned(fromByteOffset: 8, as: UInt64.self))
    }
    init(_ uuid: UUID) { self = withUnsafeBytes(of: uuid.uuid) { Cell(uuid: $0.baseAddress!) } }

    var number: Int64 { Int64(bitPattern: low) }
    var length: Int { Int(UInt32(truncatingIfNeeded: low)) }
    var uuid: UUID { UUID(uuid: withUnsafeBytes(of: self) { $0.loadUnaligned(as: uuid_t.self) }) }

    /// Mixes both words; the table takes its slot from the low bits and its tag from the high ones.
    var mixed: UInt64 {
        let x = (low ^ (high &* 0x9E37_79B9_7F4A_7C15)) &* 0xD6E8_FEB8_6659_FD93
        return x ^ x >> 32
    }
}

/// Bytes that only grow; what lies in it never moves, so a copied cell stays good.
struct Arena: ~Copyable {
    private static let block = 1 << 18
    private var blocks: [UnsafeMutablePointer<UInt8>] = []
    private var used = 0
    /// Of the last block.
    private var capacity = 0

    deinit { for block in blocks { block.deallocate() } }

    var bytes: Int { blocks.count * Arena.block }

    /// Forgets all texts; one block of memory is kept for the next.
    mutating func removeAll() {
        for block in blocks.dropFirst() { block.deallocate() }
        blocks.removeSubrange(min(1, blocks.count)...)
        used = 0
        // The first one may be longer than the others; its tail is not used again.
        capacity = blocks.isEmpty ? 0 : Arena.block
    }

    /// Room for `length` bytes, to be written and then kept.
    @inline(__always) mutating func room(_ length: Int) -> UnsafeMutablePointer<UInt8> {
        if used + length > capacity { more(length) }
        return blocks[blocks.count - 1] + used
    }
    private mutating func more(_ length: Int) {
        // A text longer than a block has one of its own; it begins at offset 0, so `start` finds it the same way.
        capacity = max(Arena.block, length)
        blocks.append(.allocate(capacity: capacity))
        used = 0
    }

    @inline(__always) mutating func text(_ start: Pointer, _ length: Int) -> Cell {
        if length <= 12 { return Arena.short(start, length) }
        memcpy(room(length), start, length)
        return keep(length)
    }

    /// The `length` bytes just written to `room` become a text.
    @inline(__always) mutating func keep(_ length: Int) -> Cell {
        let p = room(length)
        if length <= 12 { return Arena.short(p, length) }
        var cell = Cell(low: UInt64(length), high: UInt64((blocks.count - 1) * Arena.block + used))
        withUnsafeMutableBytes(of: &cell) { _ = memcpy($0.baseAddress! + 4, p, 4) }
        used = capacity > Arena.block ? capacity : used + length
        return cell
    }
    @inline(__always) private static func short(_ start: Pointer, _ length: Int) -> Cell {
        var cell = Cell(low: UInt64(length), high: 0)
        withUnsafeMutableBytes(of: &cell) { _ = memcpy($0.baseAddress! + 4, start, length) }
        return cell
    }

    /// Where the bytes of a text lie: in the cell itself, or here.
    @inline(__always) func start(_ cell: UnsafePointer<Cell>) -> Pointer {
        let c = cell.pointee
        if c.length <= 12 { return Pointer((UnsafeRawPointer(cell) + 4).assumingMemoryBound(to: UInt8.self)) }
        return Pointer(blocks[Int(c.high) / Arena.block] + Int(c.high) % Arena.block)
    }
}
