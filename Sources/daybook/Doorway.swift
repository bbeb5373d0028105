import Foundation

/// The place at which the server listens: the loopback interface only, since it speaks no TLS.
enum Doorway {
    static let host = "127.0.0.1"

    static func url(_ port: Int) -> String { "http://\(host):\(port)" }

    /// Says at once, and not after a minute of other work, that a port is taken. 0 takes any that is free.
    static func check(_ port: Int) throws {
        guard (0...65_535).contains(port) else {
            throw Exit(.lacking, "A port is a number from 0 to 65535, not \(port).")
        }
        let probe = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard probe >= 0 else { throw Exit(.lacking, "No socket is to be had: \(String(cString: strerror(errno))).") }
        defer { close(probe) }
        var yes: Int32 = 1
        setsockopt(probe, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port).bigEndian)
        address.sin_addr.s_addr = inet_addr(host)
        let bound = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(probe, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard bound == 0 else { throw refusal(port, errno) }
    }

    static func refusal(_ port: Int, _ error: Int32) -> Exit {
        switch error {
        case EADDRINUSE:
            Exit(.lacking, "Port \(port) is used by another program. Stop that, or choose another: --port \(port + 1)")
        case EACCES:
            Exit(.lacking, "Port \(port) may be used by root only. Choose one above 1023: --port 8080")
        default:
            Exit(.lacking, "Port \(port) cannot be used: \(String(cString: strerror(error))).")
        }
    }
}
