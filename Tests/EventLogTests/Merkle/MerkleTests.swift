import EventLog
import Testing

/// The tree against the definition, written down as the RFC has it.
@Suite struct MerkleTests {
    /// MTH of RFC 6962 §2.1.
    private func naiveRoot(_ leaves: ArraySlice<[UInt8]>) -> [UInt8] {
        guard let first = leaves.first else { return MerkleTree.empty }
        guard leaves.count > 1 else { return MerkleTree.leaf(first) }
        var half = 1
        while half * 2 < leaves.count { half *= 2 }
        return MerkleTree.node(naiveRoot(leaves.prefix(half)), naiveRoot(leaves.dropFirst(half)))
    }
    private static let lines = (0..<150).map { Array("line \($0)".utf8) }

    /// The stored hashes of a log of these lines, and its root at each size.
    private static let grown = lines.reduce(into: (stored: [[UInt8]](), edges: [Frontier.empty])) { grown, line in
        var edge = grown.edges[grown.edges.count - 1]
        grown.stored.append(edge.append(leaf: MerkleTree.leaf(line)))
        grown.edges.append(edge)
    }
    private func hash(_ node: MerkleTree.Node) -> [UInt8]? {
        let stored = Self.grown.stored[Int(node.position) - 1]
        return Array(stored[32 * node.level..<32 * node.level + 32])
    }

    @Test func `the edge's root is the tree's at every size`() {
        for (size, edge) in Self.grown.edges.enumerated() {
            #expect(edge.root == naiveRoot(Self.lines.prefix(size)))
            #expect(Frontier(size: Int64(size), peaks: edge.hashes) == edge)
            #expect(MerkleTree.peaks(of: Int64(size)).map { hash($0) } == edge.hashes)
        }
    }

    @Test func `a position stores its leaf and each subtree that ends there`() {
        for (index, stored) in Self.grown.stored.enumerated() {
            #expect(stored.count == 32 * (1 + (index + 1).trailingZeroBitCount))
            for level in 0..<stored.count / 32 {
                let range = index + 1 - (1 << level)...index
                #expect(Array(stored[32 * level..<32 * level + 32]) == naiveRoot(Self.lines[range]))
            }
        }
    }

    @Test func `each line is proved in each tree that has it, and in no other place`() throws {
        for size in Int64(1)...70 {
            let root = Self.grown.edges[Int(size)].root
            for index in 0..<size {
                let path = try #require(ProofPlan.inclusion(of: index, in: size).hashes(hash))
                let leaf = MerkleTree.leaf(Self.lines[Int(index)])
                #expect(InclusionProof(index: index, size: size, path: path).verifies(leaf: leaf, root: root))
                let elsewhere = InclusionProof(index: (index + 1) % size, size: size, path: path)
                #expect(size == 1 || !elsewhere.verifies(leaf: leaf, root: root))
                let other = MerkleTree.leaf(Array("another line".utf8))
                #expect(!InclusionProof(index: index, size: size, path: path).verifies(leaf: other, root: root))
            }
        }
    }

    @Test func `each tree is proved to be the beginning of each later one`() throws {
        for to in Int64(0)...70 {
            let new = Self.grown.edges[Int(to)].root
            for from in 0...to {
                let path = try #require(ProofPlan.consistency(from: from, to: to).hashes(hash))
                let old = Self.grown.edges[Int(from)].root
                #expect(ConsistencyProof(from: from, to: to, path: path).verifies(old: old, new: new))
                let forged = MerkleTree.leaf(Array("forged".utf8))
                #expect(!ConsistencyProof(from: from, to: to, path: path).verifies(old: forged, new: new))
                // Every tree begins with the empty one.
                #expect(
                    from == 0 && to > 0
                        || !ConsistencyProof(from: from, to: to, path: path).verifies(old: old, new: forged))
                #expect(!ConsistencyProof(from: from, to: to, path: path + [forged]).verifies(old: old, new: new))
            }
        }
    }

    @Test func `a proof costs as many reads as the tree is high, twice`() {
        let size: Int64 = 1_000_000 - 1
        for index in stride(from: Int64(0), to: size, by: 49_999) {
            #expect(ProofPlan.inclusion(of: index, in: size).nodes.count <= 40)
            #expect(ProofPlan.consistency(from: index, to: size).nodes.count <= 40)
        }
    }

    @Test func `what is no edge of a tree of that size is refused`() {
        let hash = MerkleTree.leaf([])
        #expect(Frontier(size: 3, peaks: [hash]) == nil)
        #expect(Frontier(size: 1, peaks: [Array(hash.dropLast())]) == nil)
        #expect(Frontier(size: -1, peaks: []) == nil)
    }
}
