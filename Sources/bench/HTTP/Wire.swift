import Foundation
import Kernel
import Synchronization

/// A connection that is kept alive, and one request after the other on it, by a thread that waits.
final class Wire {
    private let descriptor: Int32
    private var bytes: [UInt8] = []

    struct Answer {
        let status: Int
        let body: ArraySlice<UInt8>
        var json: JSON { (try? JSON(parsing: Array(body))) ?? .null }
    }
    struct Broken: Error, CustomStringConvertible {
        let description: String
    }

    /// Connects to a port of this machine.
    init(port: UInt16) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let connected = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<Int32>.size))
        if connected != 0 { throw Broken(description: "nobody listens on port \(port)") }
    }
    deinit { close(descriptor) }

    /// A request as it goes over the wire.
    static func request(
        _ method: String, _ path: String, token: String?, key: String? = nil, body: String? = nil
    ) -> [UInt8] {
        var text = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\n"
        if let token { text += "Authorization: Bearer \(token)\r\n" }
        if let key { text += "Idempotency-Key: \(key)\r\n" }
        if let body { text += "Content-Type: application/json\r\nContent-Length: \(body.utf8.count)\r\n" }
        return Array((text + "\r\n" + (body ?? "")).utf8)
    }

    /// Sends it and reads the answer to its end.
    func ask(_ request: [UInt8]) throws -> Answer {
        var sent = 0
        while sent < request.count {
            let count = request[sent...].withUnsafeBytes {
                send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            if count <= 0 { throw Broken(description: "the server hung up") }
            sent += count
        }
        bytes.removeAll(keepingCapacity: true)
        var head: (end: Int, status: Int, length: Int)?
        while true {
            if head == nil { head = Self.head(of: bytes) }
            if let head, bytes.count >= head.end + head.length {
                return Answer(status: head.status, body: bytes[head.end..<(head.end + head.length)])
            }
            try read()
        }
    }

    private func read() throws {
        let count = withUnsafeTemporaryAllocation(byteCount: 65_536, alignment: 1) { buffer in
            let count = recv(descriptor, buffer.baseAddress, buffer.count, 0)
            if count > 0 { bytes.append(contentsOf: buffer[..<count]) }
            return count
        }
        if count <= 0 { throw Broken(description: "the server hung up") }
    }

    private static func head(of bytes: [UInt8]) -> (end: Int, status: Int, length: Int)? {
        guard let end = bytes.firstRange(of: [13, 10, 13, 10]) else { return nil }
        let lines = String(decoding: bytes[..<end.lowerBound], as: UTF8.self).split(separator: "\r\n")
        let status = lines.first?.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
        let length = lines.first { $0.lowercased().hasPrefix("content-length:") }
        return (end.upperBound, status, length.flatMap { Int($0.split(separator: " ").last ?? "") } ?? 0)
    }
}

// MARK: How are many asked for at once?

extension Wire {
    /// As many connections, each with one request after the other until the time is over, each on a thread of its own.
    /// They have asked for as long before it is counted: a pass begins after a checkpoint, and who writes a page for
    /// the first time after one pays for its image.
    /// - Parameter make: what a connection asks next; what comes back must have one of the statuses.
    static func load(
        _ connections: Int, port: UInt16, for duration: Duration, statuses: Set<Int>,
        _ make: @escaping @Sendable (Int) -> (Answer?) -> [UInt8]
    ) async throws -> Sample {
        let wires = try (0..<connections).map { _ in try Wire(port: port) }
        let start = ContinuousClock.now + duration
        let gathered = Gathered()
        await withTaskGroup(of: Void.self) { group in
            for (number, wire) in wires.enumerated() {
                let errand = Errand(wire: wire, next: make(number))
                group.addTask {
                    await withCheckedContinuation { continuation in
                        Thread.detachNewThread {
                            gathered.add(Swift.Result { try errand.run(start..<(start + duration), statuses) })
                            continuation.resume()
                        }
                    }
                }
            }
        }
        return Sample(try gathered.times(), within: duration)
    }

    /// What the connections have measured.
    private final class Gathered: Sendable {
        private let state = Mutex<(times: [Int64], failure: String?)>(([], nil))

        func add(_ result: Swift.Result<[Int64], any Error>) {
            state.withLock { state in
                switch result {
                case .success(let times): state.times += times
                case .failure(let error): state.failure = "\(error)"
                }
            }
        }
        func times() throws -> [Int64] {
            let (times, failure) = state.withLock { $0 }
            if let failure { throw Broken(description: failure) }
            return times
        }
    }

    private struct Errand: @unchecked Sendable {  // one thread has it
        let wire: Wire
        let next: (Answer?) -> [UInt8]

        /// How long each took that was answered within `counted`.
        func run(_ counted: Range<ContinuousClock.Instant>, _ statuses: Set<Int>) throws -> [Int64] {
            var times: [Int64] = []
            var last: Answer?
            var before = ContinuousClock.now
            while before < counted.upperBound {
                let answer = try wire.ask(next(last))
                let after = ContinuousClock.now
                guard statuses.contains(answer.status) else {
                    throw Broken(description: "answered \(answer.status): \(answer.json.text.prefix(300))")
                }
                if counted.contains(after) { times.append((after - before).inNanoseconds) }
                (last, before) = (answer, after)
            }
            return times
        }
    }
}
