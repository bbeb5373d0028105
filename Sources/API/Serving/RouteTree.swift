import HTTPTypes

/// Finds the route of a path. A written segment wins over a captured one.
struct RouteTree: Sendable {
    private var root = Node()

    private struct Node: Sendable {
        var written: [String: Node] = [:]
        var captured: [Node] = []
        var names: [String] = []
        var routes: [HTTPRequest.Method: Route] = [:]
    }

    /// What a path leads to.
    enum Match: Sendable {
        case route(Route, captured: [String: String])
        /// The path is known, the method is not one of these.
        case method(allowed: [HTTPRequest.Method], pattern: String)
        case nothing
    }

    /// - Precondition: no two routes share a method and a pattern.
    init(_ routes: [Route]) {
        for route in routes {
            let segments = route.path.split(separator: "/")
            Self.insert(route, segments[...], into: &root)
        }
    }

    private static func insert(_ route: Route, _ rest: ArraySlice<Substring>, into node: inout Node) {
        guard let segment = rest.first else {
            precondition(node.routes[route.method] == nil, "two routes \(route.method) \(route.path)")
            node.routes[route.method] = route
            node.names = route.path.split(separator: "/").filter { $0.hasPrefix("{") }
                .map { String($0.dropFirst().dropLast()) }
            return
        }
        if segment.hasPrefix("{") {
            if node.captured.isEmpty { node.captured = [Node()] }
            insert(route, rest.dropFirst(), into: &node.captured[0])
        } else {
            insert(route, rest.dropFirst(), into: &node.written[String(segment), default: Node()])
        }
    }

    /// The route of a path as it came, without its query.
    func match(_ method: HTTPRequest.Method, _ path: Substring) -> Match {
        // By bytes, not by characters: those are what an address is made of (RFC 3986 §2), and each request comes here.
        guard path.utf8.first == UInt8(ascii: "/") else { return .nothing }
        let segments = path.utf8.dropFirst().split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
            .map { Substring($0) }
        var values: [Substring] = []
        let wanted = segments.last == "" && segments.count > 1 ? segments.dropLast() : segments[...]
        guard let node = Self.find(wanted, from: root, &values) else { return .nothing }
        // HEAD is GET without the body (RFC 9110 §9.3.2).
        guard let route = node.routes[method] ?? (method == .head ? node.routes[.get] : nil) else {
            let allowed = node.routes.keys + (node.routes[.get] != nil && node.routes[.head] == nil ? [.head] : [])
            return .method(
                allowed: allowed.sorted { $0.rawValue < $1.rawValue }, pattern: node.routes.values.first?.path ?? "")
        }
        var captured: [String: String] = [:]
        for (name, value) in zip(node.names, values) {
            guard let decoded = PercentCoding.decode(value, plusIsSpace: false) else { return .nothing }
            captured[name] = decoded
        }
        return .route(route, captured: captured)
    }

    private static func find(_ rest: ArraySlice<Substring>, from node: Node, _ values: inout [Substring]) -> Node? {
        guard let segment = rest.first else { return node.routes.isEmpty ? nil : node }
        if let next = node.written[String(segment)], let found = find(rest.dropFirst(), from: next, &values) {
            return found
        }
        guard let next = node.captured.first, !segment.isEmpty else { return nil }
        let depth = values.count
        values.append(segment)
        if let found = find(rest.dropFirst(), from: next, &values) { return found }
        values.removeSubrange(depth...)
        return nil
    }
}
