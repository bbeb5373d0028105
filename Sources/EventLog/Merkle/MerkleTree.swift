import Vault

/// The hash tree over a log's lines (RFC 6962 §2.1). Hashes are 32 bytes.
///
/// A subtree that is complete is named by its level and its number there: node (k, j) covers the leaves from index
/// j · 2^k on, 2^k of them. Nothing of the tree is stored but the hashes of complete subtrees, each with the event
/// whose line completes it, so no node is ever changed.
public enum MerkleTree {
    /// Bytes of a hash.
    public static let length = SHA256.length

    /// A complete subtree.
    public struct Node: Hashable, Sendable {
        /// Its height: it covers 2^level leaves.
        public let level: Int
        /// Which of that height it is, from 0.
        public let index: Int64

        /// A complete subtree.
        public init(level: Int, index: Int64) { (self.level, self.index) = (level, index) }

        /// The position of the event that completes it: there its hash is stored, as number `level` of `merkle`.
        public var position: Int64 { (index + 1) << Int64(level) }
    }

    /// The hash of a tree without leaves.
    public static let empty = SHA256.hash([])

    /// The hash of a leaf: SHA-256(0x00 ‖ line), the line without its line feed.
    public static func leaf(_ line: [UInt8]) -> [UInt8] { leaf(line, [], [], []) }

    /// The hash of a leaf whose line is written in four parts.
    static func leaf(_ first: [UInt8], _ second: [UInt8], _ third: [UInt8], _ fourth: [UInt8]) -> [UInt8] {
        var hash = prefixed
        hash.update(first)
        hash.update(second)
        hash.update(third)
        hash.update(fourth)
        return hash.finish()
    }
    private static let prefixed: SHA256 = {
        var hash = SHA256()
        hash.update([0x00])
        return hash
    }()

    /// The hash of an inner node: SHA-256(0x01 ‖ left ‖ right).
    public static func node(_ left: some Sequence<UInt8>, _ right: some Sequence<UInt8>) -> [UInt8] {
        var bytes: [UInt8] = [0x01]
        bytes.reserveCapacity(1 + 2 * length)
        bytes.append(contentsOf: left)
        bytes.append(contentsOf: right)
        return SHA256.hash(bytes)
    }

    /// The complete subtrees that a tree of `size` leaves is made of, from the first leaf on.
    public static func peaks(of size: Int64) -> [Node] { cover(0..<size) }

    /// The fewest complete subtrees that make the leaves `range`, from the left, where each starts at a multiple of its
    /// own size: so it is for a tree from any node's first leaf on.
    static func cover(_ range: Range<Int64>) -> [Node] {
        var nodes: [Node] = []
        var start = range.lowerBound
        while start < range.upperBound {
            let aligned = start == 0 ? 62 : start.trailingZeroBitCount
            let fitting = 63 - (range.upperBound - start).leadingZeroBitCount
            let level = min(aligned, fitting)
            nodes.append(Node(level: level, index: start >> Int64(level)))
            start += 1 << Int64(level)
        }
        return nodes
    }

    /// The hash over neighbouring subtrees, largest first, as the recursion of RFC 6962 §2.1 joins them.
    static func fold(_ hashes: [[UInt8]]) -> [UInt8] {
        guard var hash = hashes.last else { return empty }
        for left in hashes.dropLast().reversed() { hash = node(left, hash) }
        return hash
    }
}
