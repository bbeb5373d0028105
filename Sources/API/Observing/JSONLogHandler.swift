import Foundation
import Kernel
import Logging
import Synchronization

/// Writes each log line as one JSON object on one line: `time`, `level`, `message`, `logger`, then its metadata.
public struct JSONLogHandler: LogHandler {
    /// Where lines go.
    public enum Output: Sendable {
        case standardOutput, standardError
        /// Given to a function, for tests.
        case function(@Sendable ([UInt8]) -> Void)
    }

    /// Lines below it are not written.
    public var logLevel = Logger.Level.info
    /// Members of every line.
    public var metadata: Logger.Metadata = [:]
    private let label: String
    private let output: Output

    // Lines of all handlers go out whole, one after the other.
    private static let turn = Mutex(())

    /// A handler for the logger of that label.
    public init(label: String, output: Output = .standardError) { (self.label, self.output) = (label, output) }

    /// A member of every line.
    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    /// Writes one line.
    public func log(event: LogEvent) {
        let now = Instant(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
        var line = Array("{".utf8)
        Self.member("time", .string(now.text), to: &line, first: true)
        Self.member("level", .string(event.level.rawValue), to: &line)
        Self.member("message", .string(event.message.description), to: &line)
        Self.member("logger", .string(label), to: &line)
        let members = metadata.merging(event.metadata ?? [:]) { $1 }
        for (name, value) in members.sorted(by: { $0.key < $1.key }) { Self.member(name, Self.json(value), to: &line) }
        line.append(contentsOf: "}\n".utf8)
        write(line)
    }

    private func write(_ line: [UInt8]) {
        switch output {
        case .function(let take): take(line)
        case .standardOutput: Self.write(line, to: STDOUT_FILENO)
        case .standardError: Self.write(line, to: STDERR_FILENO)
        }
    }

    private static func write(_ line: [UInt8], to file: Int32) {
        turn.withLock { _ in
            line.withUnsafeBytes { bytes in
                var rest = bytes[...]
                while !rest.isEmpty {
                    let written = Foundation.write(file, UnsafeRawBufferPointer(rebasing: rest).baseAddress, rest.count)
                    if written > 0 { rest = rest.dropFirst(written) } else if errno != EINTR { return }
                }
            }
        }
    }

    private static func member(_ name: String, _ value: JSON, to line: inout [UInt8], first: Bool = false) {
        if !first { line.append(UInt8(ascii: ",")) }
        JSON.write(name, to: &line)
        line.append(UInt8(ascii: ":"))
        value.write(to: &line)
    }

    private static func json(_ value: Logger.Metadata.Value) -> JSON {
        switch value {
        case .string(let text): .string(text)
        case .stringConvertible(let whole as Int): .integer(Int64(whole))
        case .stringConvertible(let number as Double): .number(number)
        case .stringConvertible(let other): .string(other.description)
        case .array(let items): .array(items.map(json))
        case .dictionary(let members): .object(members.mapValues(json))
        }
    }
}
