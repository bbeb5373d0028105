/// The right edge of a growing tree: the hashes of the complete subtrees that it is made of. All that is needed to add
/// a leaf, and to tell the root.
public struct Frontier: Hashable, Sendable {
    /// How many leaves the tree has.
    public private(set) var size: Int64
    /// The hashes of `MerkleTree.peaks(of: size)`, largest first.
    public private(set) var hashes: [[UInt8]]

    /// The edge of the empty tree.
    public static let empty = Frontier(size: 0, hashes: [])

    private init(size: Int64, hashes: [[UInt8]]) { (self.size, self.hashes) = (size, hashes) }

    /// The edge of a tree that was read.
    /// - Parameter hashes: those of `MerkleTree.peaks(of: size)`; nil where they are not as many.
    public init?(size: Int64, peaks hashes: [[UInt8]]) {
        guard size >= 0, hashes.count == size.nonzeroBitCount, hashes.allSatisfy({ $0.count == MerkleTree.length })
        else { return nil }
        self.init(size: size, hashes: hashes)
    }

    /// Adds a leaf.
    /// - Returns: its hash and those of the complete subtrees that end with it, smallest first: what the log stores.
    public mutating func append(leaf: [UInt8]) -> [UInt8] {
        var stored = leaf
        var hash = leaf
        for _ in 0..<(size + 1).trailingZeroBitCount {
            hash = MerkleTree.node(hashes.removeLast(), hash)
            stored += hash
        }
        hashes.append(hash)
        size += 1
        return stored
    }

    /// The hash of the whole tree.
    public var root: [UInt8] { MerkleTree.fold(hashes) }
}
