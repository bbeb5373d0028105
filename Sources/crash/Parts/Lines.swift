import Foundation

/// The lines that come from a file descriptor, read by a thread of their own.
struct Lines: Sendable {
    let stream: AsyncStream<String>

    /// The descriptor is read to its end, and `keep` lives until then.
    init(_ descriptor: Int32, keeping keep: (any Sendable)? = nil) {
        let (stream, lines) = AsyncStream.makeStream(of: String.self)
        self.stream = stream
        Thread.detachNewThread {
            var rest: [UInt8] = []
            var buffer = [UInt8](repeating: 0, count: 65_536)
            while true {
                let count = read(descriptor, &buffer, buffer.count)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { break }
                rest += buffer[..<count]
                while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
                    lines.yield(String(decoding: rest[..<end], as: UTF8.self))
                    rest.removeFirst(end + 1)
                }
            }
            lines.finish()
            withExtendedLifetime(keep) {}
        }
    }
}
