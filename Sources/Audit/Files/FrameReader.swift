import CLZ4
import Glibc

/// Reads a file that is one LZ4 frame, whose checksums must be right, and which must be whole and alone in it.
final class FrameReader {
    private let path: String
    private let file: Int32
    private var context: OpaquePointer?
    private var packed = [UInt8](repeating: 0, count: 1 << 16)
    /// What of `packed` waits to be decompressed.
    private var rest = 0..<0
    private var piece = [UInt8](repeating: 0, count: 1 << 18)
    private var isEnded = false
    /// What of the decompressed bytes is no line yet.
    private var ahead: ArraySlice<UInt8> = []

    init(_ path: String) throws(FileError) {
        self.path = path
        file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw FileError(.cannotRead, path) }
        guard LZ4F_isError(LZ4F_createDecompressionContext(&context, UInt32(LZ4F_VERSION))) == 0 else {
            throw FileError(.cannotRead, path)
        }
    }

    deinit {
        LZ4F_freeDecompressionContext(context)
        close(file)
    }

    /// The next bytes, some hundred thousand at most; nil at the end.
    func next() throws(FileError) -> ArraySlice<UInt8>? {
        while true {
            if rest.isEmpty {
                let count = read(file, &packed, packed.count)
                guard count >= 0 else { throw FileError(.cannotRead, path) }
                if count == 0 {
                    guard isEnded else { throw FileError(.damaged, path) }
                    return nil
                }
                rest = 0..<count
            }
            guard !isEnded else { throw FileError(.damaged, path) }
            var (taken, given) = (rest.count, piece.count)
            let status = packed.withUnsafeBytes { bytes in
                LZ4F_decompress(context, &piece, &given, bytes.baseAddress.map { $0 + rest.lowerBound }, &taken, nil)
            }
            guard LZ4F_isError(status) == 0 else { throw FileError(.damaged, path) }
            rest = rest.lowerBound + taken..<rest.upperBound
            isEnded = status == 0
            if given > 0 { return piece[..<given] }
        }
    }

    /// The next line without its line feed, which the last one must have too; nil at the end. A longer line than
    /// `limit` is damage.
    func line(limit: Int = 1 << 20) throws(FileError) -> [UInt8]? {
        var line: [UInt8] = []
        while true {
            if let end = ahead.firstIndex(of: UInt8(ascii: "\n")) {
                line.append(contentsOf: ahead[..<end])
                ahead = ahead[(end + 1)...]
                return line
            }
            line.append(contentsOf: ahead)
            ahead = []
            guard line.count <= limit else { throw FileError(.damaged, path) }
            guard let bytes = try next() else {
                guard line.isEmpty else { throw FileError(.damaged, path) }
                return nil
            }
            ahead = bytes
        }
    }
}
