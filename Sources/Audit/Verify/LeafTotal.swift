/// The sum of leaf hashes modulo 2^256, big-endian: what `read.progress` keeps of the events that were applied. Written
/// for the checker alone, so that it checks the projections' own arithmetic too.
struct LeafTotal: Hashable {
    private(set) var bytes = [UInt8](repeating: 0, count: 32)

    /// One more leaf hash, of 32 bytes.
    mutating func add(_ leaf: some BidirectionalCollection<UInt8>) {
        var carry: UInt16 = 0
        for (index, byte) in zip(bytes.indices.reversed(), leaf.reversed()) {
            let sum = UInt16(bytes[index]) + UInt16(byte) + carry
            bytes[index] = UInt8(truncatingIfNeeded: sum)
            carry = sum >> 8
        }
    }

    /// Takes another total away.
    mutating func subtract(_ other: LeafTotal) {
        var borrow: Int16 = 0
        for index in bytes.indices.reversed() {
            let difference = Int16(bytes[index]) - Int16(other.bytes[index]) - borrow
            bytes[index] = UInt8(truncatingIfNeeded: difference)
            borrow = difference < 0 ? 1 : 0
        }
    }
}
