import Foundation
import Synchronization

/// A wire to a server that speaks S3, on which something befalls the requests that put the parts of a file together, as
/// it does on real ones. All others pass as they are, each on a connection of its own.
final class FaultyWire: Sendable {
    /// What befalls one.
    enum Fault: Sendable {
        /// It is carried out, and the answer does not arrive.
        case answerLost
        /// The service answers 200 and then that it failed.
        case failsLate
        /// The service does not know such an upload.
        case uploadUnknown
    }
    struct Broken: Error {}

    let url: String
    private let listening: Int32
    private let server: UInt16
    private let coming: Mutex<[Fault]>
    /// What has not befallen any yet.
    var faults: [Fault] { coming.withLock { $0 } }

    /// - Parameter url: of the server, on this machine.
    init(to url: String, _ faults: [Fault]) throws {
        coming = Mutex(faults)
        guard let server = url.split(separator: ":").last.flatMap({ UInt16($0) }) else { throw Broken() }
        self.server = server
        listening = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = Self.address(0)
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { [listening] pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listening, $0, size) == 0 && listen(listening, 16) == 0 && getsockname(listening, $0, &size) == 0
            }
        }
        guard isBound else { throw Broken() }
        self.url = "http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))"
        Thread.detachNewThread { [self] in
            while case let client = accept(listening, nil, nil), client >= 0 {
                Thread.detachNewThread { [self] in
                    serve(client)
                    close(client)
                }
            }
        }
    }

    func fail(_ faults: [Fault]) { coming.withLock { $0 += faults } }

    private func serve(_ client: Int32) {
        guard let request = Self.request(from: client) else { return }
        let line = String(decoding: request.prefix { $0 != 13 }, as: UTF8.self)
        let isLast = line.hasPrefix("POST ") && line.contains("uploadId=")
        let fault = isLast ? coming.withLock { $0.isEmpty ? nil : $0.removeFirst() } : nil
        switch fault {
        case .failsLate: Self.send(Self.answer("200 OK", "InternalError"), to: client)
        case .uploadUnknown: Self.send(Self.answer("404 Not Found", "NoSuchUpload"), to: client)
        case .answerLost: _ = passed(request)
        case nil: Self.send(passed(request), to: client)
        }
    }

    /// What the server answers.
    private func passed(_ request: [UInt8]) -> [UInt8] {
        let file = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(file) }
        var address = Self.address(server)
        let isConnected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(file, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
        guard isConnected, let end = request.firstRange(of: Array("\r\n".utf8))?.upperBound else { return [] }
        Self.send(request[..<end] + Array("Connection: close\r\n".utf8) + request[end...], to: file)
        var answer: [UInt8] = []
        while let more = Self.more(from: file) { answer += more }
        return answer
    }

    private static func answer(_ status: String, _ code: String) -> [UInt8] {
        let body = "<?xml version=\"1.0\"?><Error><Code>\(code)</Code></Error>"
        return Array(
            "HTTP/1.1 \(status)\r\nContent-Length: \(body.utf8.count)\r\nConnection: close\r\n\r\n\(body)".utf8)
    }

    /// Its head, and as many bytes as that says.
    private static func request(from file: Int32) -> [UInt8]? {
        var bytes: [UInt8] = []
        while true {
            if let head = bytes.firstRange(of: Array("\r\n\r\n".utf8)) {
                let lines = String(decoding: bytes[..<head.lowerBound], as: UTF8.self).lowercased()
                let length = lines.components(separatedBy: "\r\n").first { $0.hasPrefix("content-length:") }
                    .flatMap { Int($0.dropFirst("content-length:".count).trimmingCharacters(in: .whitespaces)) }
                let whole = head.upperBound + (length ?? 0)
                while bytes.count < whole {
                    guard let more = more(from: file) else { return nil }
                    bytes += more
                }
                return bytes
            }
            guard let more = more(from: file) else { return nil }
            bytes += more
        }
    }

    private static func more(from file: Int32) -> [UInt8]? {
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        let count = recv(file, &piece, piece.count, 0)
        return count > 0 ? Array(piece.prefix(count)) : nil
    }

    private static func send(_ bytes: [UInt8], to file: Int32) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes { [sent] in
                Foundation.send(file, $0.baseAddress.map { $0 + sent }, $0.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }

    private static func address(_ port: UInt16) -> sockaddr_in {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return address
    }
}
