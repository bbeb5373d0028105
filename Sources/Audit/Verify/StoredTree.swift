import EventLog
import Vault

/// The tree as the rows themselves tell it: the hash of each complete subtree as the row where it ends keeps it.
///
/// Where rows are missing it goes on with what later rows keep of the subtrees around them.
struct StoredTree {
    /// A row keeps a hash that does not follow from those of its two halves: the left half's or its own is wrong.
    struct Fault: Hashable {
        /// The row that keeps it.
        let row: Int64
        /// The last position of the left half, whose row keeps that half's hash.
        let left: Int64
        /// The first position of the subtree.
        let first: Int64
    }

    private(set) var size: Int64 = 0
    /// By level: the complete subtree that waits for its right half; nil where it is not known.
    private var waiting: [[UInt8]?] = []

    /// The tree so far, all of which is known.
    init(_ frontier: Frontier) {
        size = frontier.size
        var hashes = frontier.hashes[...]
        for level in stride(from: 63, through: 0, by: -1) where size & 1 << level != 0 {
            put(hashes.popFirst(), level)
        }
    }

    /// Nil where a part of it is not known.
    var frontier: Frontier? {
        var hashes: [[UInt8]] = []
        for level in stride(from: 63, through: 0, by: -1) where size & 1 << level != 0 {
            guard level < waiting.count, let hash = waiting[level] else { return nil }
            hashes.append(hash)
        }
        return Frontier(size: size, peaks: hashes)
    }

    /// The rows behind `size` and up to `last` are not there.
    mutating func skip(through last: Int64) {
        let old = self
        waiting = []
        size = last
        for level in 0..<63 where last & 1 << level != 0 && last >> level == old.size >> level {
            if level < old.waiting.count { put(old.waiting[level], level) }
        }
    }

    /// The next row: its leaf hash, then the hashes of the subtrees that end there.
    mutating func take(_ merkle: [UInt8]) -> Fault? {
        let row = size + 1
        let top = row.trailingZeroBitCount
        let hashes = (0...top).map { level -> [UInt8]? in
            let hash = Array(merkle.dropFirst(level * SHA256.length).prefix(SHA256.length))
            return hash.count == SHA256.length ? hash : nil
        }
        var fault: Fault?
        for level in 1..<(top + 1) {
            let left = level - 1 < waiting.count ? waiting[level - 1] : nil
            if let left, let right = hashes[level - 1], let stored = hashes[level], fault == nil,
                MerkleTree.node(left, right) != stored
            {
                fault = Fault(row: row, left: row - 1 << (level - 1), first: row - 1 << level + 1)
            }
            put(nil, level - 1)
        }
        put(hashes[top], top)
        size = row
        return fault
    }

    private mutating func put(_ hash: [UInt8]?, _ level: Int) {
        while waiting.count <= level { waiting.append(nil) }
        waiting[level] = hash
    }
}
