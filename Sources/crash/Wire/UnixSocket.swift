import Foundation

/// Sockets as libpq names them.
enum UnixSocket {
    static let name = ".s.PGSQL.5432"

    static func listen(at path: String) -> Int32 {
        let socket = make()
        guard socket >= 0, with(path, { bind(socket, $0, $1) }) == 0, Foundation.listen(socket, 64) == 0 else {
            if socket >= 0 { close(socket) }
            return -1
        }
        return socket
    }

    static func connect(to path: String) -> Int32 {
        let socket = make()
        guard socket >= 0, with(path, { Foundation.connect(socket, $0, $1) }) == 0 else {
            if socket >= 0 { close(socket) }
            return -1
        }
        return socket
    }

    private static func make() -> Int32 {
        socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    }

    private static func with(_ path: String, _ body: (UnsafePointer<sockaddr>, socklen_t) -> Int32) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let bytes = Array(path.utf8)
        guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return -1 }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
            }
        }
    }
}
