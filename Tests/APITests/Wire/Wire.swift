import Foundation
import Kernel

/// One connection to a server, byte by byte: what a client library would tidy up can be sent as it is. Used by one task
/// at a time; it blocks threads of its own queue, never those on which tasks and the server run.
final class Wire: @unchecked Sendable {  // its task waits for each call before the next
    /// What came back.
    struct Answer: Sendable {
        var status: Int
        var headers: [String: String]
        var body: [UInt8]

        var json: JSON { (try? JSON(parsing: body)) ?? .null }
        var text: String { String(decoding: body, as: UTF8.self) }
        subscript(header: String) -> String? { headers[header.lowercased()] }
    }
    struct Closed: Error {}

    private let file: Int32
    private var buffer: [UInt8] = []

    init(port: Int, patience: Int = 20) throws {
        file = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let connected = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { connect(file, $0, size) }
        }
        guard connected == 0 else { throw Closed() }
        var limit = timeval(tv_sec: patience, tv_usec: 0)
        setsockopt(file, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(file, SOL_SOCKET, SO_SNDTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    }
    deinit { close(file) }

    /// Sends bytes as they are; what the peer no longer takes is left.
    func send(_ bytes: [UInt8]) async { await aside { $0.sendNow(bytes) } }
    func send(_ text: String) async { await send(Array(text.utf8)) }

    private func aside<Value: Sendable>(_ work: @escaping @Sendable (Wire) -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { continuation.resume(returning: work(self)) }
        }
    }
    private func sendNow(_ bytes: [UInt8]) {
        var sent = 0
        while sent < bytes.count {
            let count = bytes[sent...].withUnsafeBytes {
                Foundation.send(file, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return }
            sent += count
        }
    }
    /// Says that nothing more comes.
    func finish() { shutdown(file, Int32(SHUT_WR)) }

    /// Whether the peer closes without a further byte.
    func isClosed() async -> Bool { await aside { (try? $0.more()) == nil } }

    /// Reads one answer.
    func receive(head: Bool = false) async throws -> Answer {
        try await aside { wire in Result { try wire.receiveNow(head: head) } }.get()
    }
    private func receiveNow(head: Bool) throws -> Answer {
        let end = Array("\r\n\r\n".utf8)
        while buffer.firstRange(of: end) == nil { try more() }
        guard let split = buffer.firstRange(of: end) else { throw Closed() }
        let lines = String(decoding: buffer[..<split.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
        buffer.removeSubrange(..<split.upperBound)
        var answer = Answer(status: Int(lines[0].split(separator: " ")[1]) ?? 0, headers: [:], body: [])
        for line in lines.dropFirst() {
            let pair = line.split(separator: ":", maxSplits: 1)
            answer.headers[pair[0].lowercased()] = pair.count > 1 ? pair[1].trimmingCharacters(in: .whitespaces) : ""
        }
        if !head, answer["transfer-encoding"] == "chunked" {
            answer.body = try pieces()
            return answer
        }
        let length = head ? 0 : Int(answer["content-length"] ?? "0") ?? 0
        while buffer.count < length { try more() }
        answer.body = Array(buffer.prefix(length))
        buffer.removeFirst(length)
        return answer
    }

    /// A body of which nobody says before how long it is (RFC 9112 §7.1).
    private func pieces() throws -> [UInt8] {
        let end = Array("\r\n".utf8)
        var body: [UInt8] = []
        while true {
            while buffer.firstRange(of: end) == nil { try more() }
            guard let split = buffer.firstRange(of: end),
                let size = Int(String(decoding: buffer[..<split.lowerBound], as: UTF8.self), radix: 16)
            else { throw Closed() }
            buffer.removeSubrange(..<split.upperBound)
            while buffer.count < size + end.count { try more() }
            body += buffer.prefix(size)
            buffer.removeFirst(size + end.count)
            if size == 0 { return body }
        }
    }

    private func more() throws {
        var chunk = [UInt8](repeating: 0, count: 64 << 10)
        let count = recv(file, &chunk, chunk.count, 0)
        guard count > 0 else { throw Closed() }
        buffer.append(contentsOf: chunk.prefix(count))
    }
}

/// A request as a test states it.
struct Call: Sendable {
    var method = "GET"
    var path: String
    var headers: [(String, String)] = []
    var body: [UInt8]?

    init(_ method: String, _ path: String, _ headers: [(String, String)] = [], _ body: [UInt8]? = nil) {
        (self.method, self.path, self.headers, self.body) = (method, path, headers, body)
    }
    init(_ method: String, _ path: String, _ headers: [(String, String)] = [], json: String) {
        self.init(method, path, headers + [("Content-Type", "application/json")], Array(json.utf8))
    }

    var bytes: [UInt8] {
        var head = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n"
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        if let body, !headers.contains(where: { $0.0 == "Content-Length" || $0.0 == "Transfer-Encoding" }) {
            head += "Content-Length: \(body.count)\r\n"
        }
        return Array((head + "\r\n").utf8) + (body ?? [])
    }
}
