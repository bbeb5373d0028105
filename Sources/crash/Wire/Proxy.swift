import Foundation
import Synchronization

/// Stands between a process and Postgres on a unix socket, and springs traps at points of their conversation.
final class Proxy: Sendable {
    private struct State {
        var traps: [Trap]
        var exchanges: [String: Int] = [:]
        var links: [ObjectIdentifier: Link] = [:]
        var isClosed = false
    }
    private let state: Mutex<State>
    private let listener: Int32
    private let upstream: String
    let folder: String
    private let spring: @Sendable (Trap.Deed) -> Void

    /// - Parameters:
    ///   - folder: where the socket is made; the folder goes when the proxy is closed.
    ///   - upstream: the path of Postgres' socket.
    ///   - spring: told of each deed; does what the wire cannot do itself.
    init(
        _ folder: String, to upstream: String, traps: [Trap], spring: @escaping @Sendable (Trap.Deed) -> Void
    ) throws {
        (self.folder, self.upstream, self.spring) = (folder, upstream, spring)
        state = Mutex(State(traps: traps))
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        listener = UnixSocket.listen(at: folder + "/" + UnixSocket.name)
        guard listener >= 0 else { throw Lacking("no socket can be made in \(folder)") }
        Thread.detachNewThread { [self] in
            while true {
                let client = accept(listener, nil, nil)
                if client < 0, errno == EINTR || errno == ECONNABORTED { continue }
                guard client >= 0 else { break }
                take(client)
            }
        }
    }

    private func take(_ client: Int32) {
        let server = UnixSocket.connect(to: upstream)
        guard server >= 0 else {
            Foundation.close(client)
            return
        }
        let link = Link(client: client, server: server, proxy: self)
        let isClosed = state.withLock { state in
            if !state.isClosed { state.links[ObjectIdentifier(link)] = link }
            return state.isClosed
        }
        link.start()
        if isClosed { link.cut() }
    }

    func ended(_ link: Link) { state.withLock { _ = $0.links.removeValue(forKey: ObjectIdentifier(link)) } }

    // MARK: - What is sprung?

    /// The number of the exchange that begins on a connection of that name.
    func begins(on name: String) -> Int {
        state.withLock { state in
            state.exchanges[name, default: 0] += 1
            return state.exchanges[name, default: 0]
        }
    }

    /// Whether a trap is set there.
    func isSet(_ name: String, _ exchange: Int, _ point: Trap.Point) -> Bool {
        state.withLock { $0.traps.contains { $0.connection == name && $0.exchange == exchange && $0.point == point } }
    }

    /// What happens at this point; each trap springs once.
    func take(_ name: String, _ exchange: Int, _ point: Trap.Point) -> Trap.Deed? {
        let deed = state.withLock { state -> Trap.Deed? in
            let found = state.traps.firstIndex {
                $0.connection == name && $0.exchange == exchange && $0.point == point
            }
            return found.map { state.traps.remove(at: $0).deed }
        }
        if let deed { spring(deed) }
        return deed
    }

    /// Nothing more goes wrong.
    func calm() { state.withLock { $0.traps = [] } }

    /// Cuts all connections that there are.
    func cutAll() { for link in state.withLock({ Array($0.links.values) }) { link.cut() } }

    func close() {
        state.withLock { $0.isClosed = true }
        shutdown(listener, Int32(SHUT_RDWR))
        Foundation.close(listener)
        cutAll()
        try? FileManager.default.removeItem(atPath: folder)
    }
}
