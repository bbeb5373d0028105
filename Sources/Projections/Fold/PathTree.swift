import Glibc

/// All paths wanted of one event type, by all projections together, as one tree.
///
/// `@unchecked Sendable`: its memory is written in `init` only.
final class PathTree: @unchecked Sendable {
    struct Node {
        var firstEdge: Int32
        var edges: Int32
        /// Which value is found here; −1: none, the node only leads on.
        var slot: Int32
    }
    struct Edge {
        /// The first eight bytes of the name: one comparison tells nearly all names apart.
        var prefix: UInt64
        var name: Int32
        var length: Int32
        var node: Int32
    }
    let nodes: UnsafeMutablePointer<Node>
    let edges: UnsafeMutablePointer<Edge>
    let names: UnsafeMutablePointer<UInt8>
    /// How many values a scan finds.
    let slots: Int

    /// `paths[i]` is found in slot i.
    init(_ paths: [[String]]) {
        var nodes = [Node(firstEdge: 0, edges: 0, slot: -1)]
        var edges: [Edge] = []
        var names: [UInt8] = []
        var queue: [(node: Int, depth: Int, paths: [Int])] = [(0, 0, Array(paths.indices))]
        while !queue.isEmpty {  // breadth first, so that the edges of a node lie side by side
            let (node, depth, members) = queue.removeFirst()
            for i in members where paths[i].count == depth { nodes[node].slot = Int32(i) }
            nodes[node].firstEdge = Int32(edges.count)
            let deeper = members.filter { paths[$0].count > depth }
            for name in Set(deeper.map { paths[$0][depth] }).sorted() {
                let utf8 = Array(name.utf8)
                edges.append(
                    Edge(
                        prefix: PathTree.prefix(utf8), name: Int32(names.count), length: Int32(utf8.count),
                        node: Int32(nodes.count)))
                names += utf8
                queue.append((nodes.count, depth + 1, deeper.filter { paths[$0][depth] == name }))
                nodes.append(Node(firstEdge: 0, edges: 0, slot: -1))
                nodes[node].edges += 1
            }
        }
        slots = paths.count
        self.nodes = .allocate(capacity: nodes.count)
        self.nodes.initialize(from: nodes, count: nodes.count)
        self.edges = .allocate(capacity: edges.count + 1)
        self.edges.initialize(from: edges, count: edges.count)
        self.names = .allocate(capacity: names.count + 1)
        self.names.initialize(from: names, count: names.count)
    }
    deinit {
        nodes.deallocate()
        edges.deallocate()
        names.deallocate()
    }

    private static func prefix(_ name: [UInt8]) -> UInt64 {
        name.prefix(8).enumerated().reduce(0) { $0 | UInt64($1.element) << UInt64(8 * $1.offset) }
    }

    /// The node behind a member of this name, or −1. `prefix`: the name's first eight bytes, zero where it is shorter.
    @inline(__always) func child(of node: Int, _ key: Pointer, _ length: Int, _ prefix: UInt64) -> Int {
        let n = nodes[node]
        for i in Int(n.firstEdge)..<Int(n.firstEdge + n.edges) {
            let e = edges[i]
            if e.prefix == prefix, Int(e.length) == length,
                length <= 8 || memcmp(names + Int(e.name) + 8, key + 8, length - 8) == 0
            {
                return Int(e.node)
            }
        }
        return -1
    }

    /// Gives all values below a node the same kind: the paths lead through something that is no object.
    func mark(below node: Int, _ kind: Value.Kind, _ values: UnsafeMutablePointer<Value>) {
        let n = nodes[node]
        for i in Int(n.firstEdge)..<Int(n.firstEdge + n.edges) {
            let child = Int(edges[i].node)
            if nodes[child].slot >= 0 { values[Int(nodes[child].slot)].kind = kind }
            mark(below: child, kind, values)
        }
    }
}
