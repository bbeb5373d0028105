/// That a line is in a tree, at its place (RFC 6962 §2.1.1).
public struct InclusionProof: Hashable, Sendable {
    /// The leaf's number, from 0: its position less one.
    public let index: Int64
    /// How many leaves the tree has.
    public let size: Int64
    /// The hashes beside the way from the leaf to the root, from the leaf on.
    public let path: [[UInt8]]

    /// A proof that somebody made.
    public init(index: Int64, size: Int64, path: [[UInt8]]) {
        (self.index, self.size, self.path) = (index, size, path)
    }

    /// Whether `leaf` is at its place in the tree of that root.
    public func verifies(leaf: [UInt8], root: [UInt8]) -> Bool {
        guard index >= 0, index < size else { return false }
        var (hash, node, last) = (leaf, index, size - 1)
        for sibling in path {
            guard last > 0, sibling.count == MerkleTree.length else { return false }
            if node & 1 == 1 || node == last {
                hash = MerkleTree.node(sibling, hash)
                while node & 1 == 0, node != 0 { (node, last) = (node >> 1, last >> 1) }
            } else {
                hash = MerkleTree.node(hash, sibling)
            }
            (node, last) = (node >> 1, last >> 1)
        }
        return last == 0 && hash == root
    }
}

/// That a tree is the beginning of a later one: nothing was changed or taken away between them (RFC 6962 §2.1.2).
public struct ConsistencyProof: Hashable, Sendable {
    /// How many leaves the earlier tree has.
    public let from: Int64
    /// How many the later one has.
    public let to: Int64
    /// The hashes, in the RFC's order.
    public let path: [[UInt8]]

    /// A proof that somebody made.
    public init(from: Int64, to: Int64, path: [[UInt8]]) { (self.from, self.to, self.path) = (from, to, path) }

    /// Whether the tree of root `old` is the beginning of the tree of root `new`.
    public func verifies(old: [UInt8], new: [UInt8]) -> Bool {
        guard from >= 0, from <= to else { return false }
        if from == to { return path.isEmpty && old == new }
        if from == 0 { return path.isEmpty && old == MerkleTree.empty }
        // A complete earlier tree is a node of the later one, and its hash is not repeated in the proof.
        let isWhole = from & (from - 1) == 0
        guard let seed = isWhole ? old : path.first else { return false }
        var (earlier, later) = (seed, seed)
        var (node, last) = (from - 1, to - 1)
        while node & 1 == 1 { (node, last) = (node >> 1, last >> 1) }
        for sibling in path.dropFirst(isWhole ? 0 : 1) {
            guard last > 0, sibling.count == MerkleTree.length else { return false }
            if node & 1 == 1 || node == last {
                earlier = MerkleTree.node(sibling, earlier)
                later = MerkleTree.node(sibling, later)
                while node & 1 == 0, node != 0 { (node, last) = (node >> 1, last >> 1) }
            } else {
                later = MerkleTree.node(later, sibling)
            }
            (node, last) = (node >> 1, last >> 1)
        }
        return last == 0 && earlier == old && later == new
    }
}

// MARK: - Of which stored hashes is a proof made?

/// A proof before its hashes were read: each hash of its path is folded from complete subtrees.
public struct ProofPlan: Hashable, Sendable {
    /// The subtrees of each hash of the path, from the left.
    public let path: [[MerkleTree.Node]]
    /// All that must be read.
    public var nodes: [MerkleTree.Node] { path.flatMap { $0 } }

    /// The plan of an inclusion proof: PATH(index, D[size]).
    public static func inclusion(of index: Int64, in size: Int64) -> ProofPlan {
        precondition(index >= 0 && index < size, "the leaf is in the tree")
        return ProofPlan(path: inclusion(index, 0..<size))
    }

    /// The plan of a consistency proof: PROOF(from, D[to]).
    public static func consistency(from: Int64, to: Int64) -> ProofPlan {
        precondition(from >= 0 && from <= to, "the earlier tree is not larger")
        return ProofPlan(path: from == 0 || from == to ? [] : consistency(from, 0..<to, isWhole: true))
    }

    /// The hashes of the path; nil where one that is needed was not read.
    public func hashes(_ hash: (MerkleTree.Node) -> [UInt8]?) -> [[UInt8]]? {
        var hashes: [[UInt8]] = []
        for cover in path {
            let found = cover.compactMap(hash)
            guard found.count == cover.count else { return nil }
            hashes.append(MerkleTree.fold(found))
        }
        return hashes
    }

    private static func inclusion(_ index: Int64, _ leaves: Range<Int64>) -> [[MerkleTree.Node]] {
        guard leaves.count > 1 else { return [] }
        let middle = split(leaves)
        return index < middle
            ? inclusion(index, leaves.lowerBound..<middle) + [MerkleTree.cover(middle..<leaves.upperBound)]
            : inclusion(index, middle..<leaves.upperBound) + [MerkleTree.cover(leaves.lowerBound..<middle)]
    }

    /// SUBPROOF(m, D[n], b) of RFC 6962 §2.1.2; `end` is where the earlier tree ends.
    private static func consistency(
        _ end: Int64, _ leaves: Range<Int64>, isWhole: Bool
    ) -> [[MerkleTree.Node]] {
        if end == leaves.upperBound { return isWhole ? [] : [MerkleTree.cover(leaves)] }
        let middle = split(leaves)
        return end <= middle
            ? consistency(end, leaves.lowerBound..<middle, isWhole: isWhole)
                + [MerkleTree.cover(middle..<leaves.upperBound)]
            : consistency(end, middle..<leaves.upperBound, isWhole: false)
                + [MerkleTree.cover(leaves.lowerBound..<middle)]
    }

    /// Where a tree of at least two leaves is divided: behind the largest power of two that is less than its size.
    private static func split(_ leaves: Range<Int64>) -> Int64 {
        let size = leaves.upperBound - leaves.lowerBound
        return leaves.lowerBound + (1 << Int64(63 - (size - 1).leadingZeroBitCount))
    }
}
