import Foundation

extension CSV {
    /// A file on disk, read from its start to its end in pieces.
    public final class File {
        /// Size of a piece.
        private static let piece = 64 << 10

        /// Bytes of the whole file.
        public let size: Int
        /// Bytes read so far.
        public private(set) var read = 0
        private let handle: FileHandle
        private var parser: Parser
        private var ended = false

        /// The most bytes that were held at once.
        public var peak: Int { parser.peak }

        /// Opens a file.
        /// - Throws: `CSV.Unreadable` with a sentence that says what to do.
        public init(_ path: String, _ format: Format = Format()) throws(Unreadable) {
            guard let handle = FileHandle(forReadingAtPath: path) else {
                throw Unreadable("There is no file \(path) that can be read.")
            }
            (self.handle, parser) = (handle, Parser(format))
            do {
                size = Int(try handle.seekToEnd())
                try handle.seek(toOffset: 0)
                let first = try handle.read(upToCount: 2).map(Array.init) ?? []
                try handle.seek(toOffset: 0)
                guard first != [0x1F, 0x8B] else {
                    throw Unreadable(
                        "\(path) is compressed; unpack it first (gunzip --keep \(path)) and import what comes out.")
                }
                guard first != [0xFF, 0xFE], first != [0xFE, 0xFF] else {
                    throw Unreadable("\(path) is UTF-16; save it as UTF-8.")
                }
            } catch let unreadable as Unreadable {
                throw unreadable
            } catch {
                throw Unreadable("\(path) cannot be read: \(error.localizedDescription)")
            }
        }

        /// The next record or broken line; nil at the end.
        public func next() throws(Unreadable) -> Item? {
            while true {
                if let item = parser.next() { return item }
                if ended { return nil }
                do {
                    let bytes = try handle.read(upToCount: Self.piece) ?? Data()
                    ended = bytes.isEmpty
                    read += bytes.count
                    if ended { parser.finish() } else { parser.feed(bytes) }
                } catch {
                    throw Unreadable("Reading stopped after \(read) bytes: \(error.localizedDescription)")
                }
            }
        }
    }

    /// Why a file cannot be read.
    public struct Unreadable: Error, Sendable, Hashable {
        /// A sentence that says what to do.
        public let detail: String

        init(_ detail: String) { self.detail = detail }
    }
}
