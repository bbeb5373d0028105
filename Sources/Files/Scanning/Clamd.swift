import Glibc

/// ClamAV's server, asked over its own protocol (clamd(8), INSTREAM) by a socket of this machine or over the network.
public struct Clamd: VirusScanner {
    /// Where it listens.
    public enum Address: Sendable, Hashable {
        case socket(String)
        case host(String, port: String)

        /// `/run/clamav/clamd.ctl`, or `scanner.example:3310`.
        public init?(_ text: String) {
            if text.hasPrefix("/") {
                self = .socket(text)
                return
            }
            guard let colon = text.lastIndex(of: ":"), colon > text.startIndex,
                let port = UInt16(text[text.index(after: colon)...])
            else { return nil }
            self = .host(text[..<colon].filter { $0 != "[" && $0 != "]" }, port: String(port))
        }
    }

    private let address: Address

    /// A scanner there.
    public init(_ address: Address) { self.address = address }

    /// Connects, and says that a file comes.
    public func begin() async throws(ScanError) -> any VirusScan {
        let address = address
        return try await Aside.run { () throws(ScanError) in
            let talk = ClamdTalk(try address.connect())
            try talk.send(Array("zINSTREAM\0".utf8))
            return talk
        }
    }
}

/// One file on its way to clamd: pieces with their lengths before them, and an empty one at the end.
private final class ClamdTalk: VirusScan {
    private let socket: Int32

    init(_ socket: Int32) { self.socket = socket }
    deinit { close(socket) }

    func take(_ bytes: [UInt8]) async throws(ScanError) {
        if bytes.isEmpty { return }
        try await Aside.run { [self] () throws(ScanError) in
            try send(withUnsafeBytes(of: UInt32(bytes.count).bigEndian) { [UInt8]($0) } + bytes)
        }
    }

    func finish() async throws(ScanError) -> Verdict {
        try await Aside.run { [self] () throws(ScanError) in
            try send([0, 0, 0, 0])
            let said = try answer()
            if said == "stream: OK" { return .clean }
            guard said.hasPrefix("stream: "), said.hasSuffix(" FOUND") else { throw .refused(said) }
            return .infected(String(said.dropFirst("stream: ".count).dropLast(" FOUND".count)))
        }
    }

    /// Sends all of it. Where the scanner takes no more it closes, and has said why.
    func send(_ bytes: [UInt8]) throws(ScanError) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { bytes in
                Glibc.send(socket, bytes.baseAddress.map { $0 + sent }, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else {
                let failure = ScanError.unavailable(String(cString: strerror(errno)))
                throw (try? answer()).map { .refused($0) } ?? failure
            }
            sent += count
        }
    }

    /// What it says, to the byte 0 that ends it.
    private func answer() throws(ScanError) -> String {
        var (said, piece): ([UInt8], [UInt8]) = ([], Array(repeating: 0, count: 1024))
        while !said.contains(0), said.count < 4096 {
            let count = recv(socket, &piece, piece.count, 0)
            guard count > 0 else { break }
            said += piece.prefix(count)
        }
        let text = String(decoding: said.prefix { $0 != 0 }, as: UTF8.self)
        if text.isEmpty { throw .unavailable("it closed without a word") }
        return text
    }
}

extension Clamd.Address {
    /// A connection on which nothing is waited for longer than two minutes.
    fileprivate func connect() throws(ScanError) -> Int32 {
        let file =
            switch self {
            case .socket(let path): try Self.connect(path)
            case .host(let host, let port): try Self.connect(host, port)
            }
        var patience = timeval(tv_sec: 120, tv_usec: 0)
        let size = socklen_t(MemoryLayout<timeval>.size)
        setsockopt(file, SOL_SOCKET, SO_RCVTIMEO, &patience, size)
        setsockopt(file, SOL_SOCKET, SO_SNDTIMEO, &patience, size)
        return file
    }

    private static func connect(_ path: String) throws(ScanError) -> Int32 {
        var address = sockaddr_un()
        address.sun_family = sa_family_t(AF_UNIX)
        let room = MemoryLayout.size(ofValue: address.sun_path)
        guard path.utf8.count < room else { throw .unavailable("the path of its socket is too long") }
        withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
        let file = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(file, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
            }
        }
        return try connected(file, isConnected)
    }

    private static func connect(_ host: String, _ port: String) throws(ScanError) -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, port, &hints, &found)
        defer { freeaddrinfo(found) }
        guard status == 0, let first = found else { throw .unavailable(String(cString: gai_strerror(status))) }
        let file = Glibc.socket(
            first.pointee.ai_family, first.pointee.ai_socktype | Int32(SOCK_CLOEXEC.rawValue), 0)
        return try connected(file, Glibc.connect(file, first.pointee.ai_addr, first.pointee.ai_addrlen) == 0)
    }

    private static func connected(_ file: Int32, _ isConnected: Bool) throws(ScanError) -> Int32 {
        if isConnected { return file }
        let failure = ScanError.unavailable(String(cString: strerror(errno)))
        close(file)
        throw failure
    }
}
