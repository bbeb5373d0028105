import CLZ4
import Glibc

/// Writes a file as one LZ4 frame with checksums (lz4_Frame_format.md), which `lz4 -dc` and others read.
///
/// The file has another name until it is closed, and is on the disk when it has its own: a crash leaves no half of it.
final class FrameWriter {
    /// Bytes of text that wait to be compressed together.
    private static let piece = 1 << 18
    private let path: String
    private let file: Int32
    private var context: OpaquePointer?
    private var preferences = LZ4F_preferences_t()
    private var waiting: [UInt8] = []
    private var packed: [UInt8]
    private var isClosed = false

    /// - Parameter mode: who may read it.
    init(_ path: String, mode: mode_t = 0o644) throws(FileError) {
        self.path = path
        preferences.frameInfo.blockSizeID = LZ4F_max256KB
        preferences.frameInfo.contentChecksumFlag = LZ4F_contentChecksumEnabled
        packed = Array(repeating: 0, count: LZ4F_compressBound(Self.piece, &preferences) + 64)
        unlink(path + ".new")
        file = open(path + ".new", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard file >= 0 else { throw FileError(.cannotWrite, path) }
        guard LZ4F_isError(LZ4F_createCompressionContext(&context, UInt32(LZ4F_VERSION))) == 0 else {
            throw FileError(.cannotWrite, path)
        }
        try put(LZ4F_compressBegin(context, &packed, packed.count, &preferences))
    }

    deinit {
        LZ4F_freeCompressionContext(context)
        close(file)
        if !isClosed { unlink(path + ".new") }
    }

    /// Adds bytes.
    func write(_ bytes: some Collection<UInt8>) throws(FileError) {
        waiting.append(contentsOf: bytes)
        if waiting.count >= Self.piece { try compress() }
    }

    /// Ends the frame and gives the file its name.
    func finish() throws(FileError) {
        try compress()
        try put(LZ4F_compressEnd(context, &packed, packed.count, nil))
        guard fsync(file) == 0, rename(path + ".new", path) == 0 else { throw FileError(.cannotWrite, path) }
        isClosed = true
    }

    private func compress() throws(FileError) {
        var start = 0
        while start < waiting.count {
            let count = min(waiting.count - start, Self.piece)
            let size = waiting.withUnsafeBytes { bytes in
                LZ4F_compressUpdate(
                    context, &packed, packed.count, bytes.baseAddress.map { $0 + start }, count, nil)
            }
            try put(size)
            start += count
        }
        waiting.removeAll(keepingCapacity: true)
    }

    private func put(_ size: Int) throws(FileError) {
        guard LZ4F_isError(size) == 0, Disk.write(packed[..<size], to: file) else {
            throw FileError(.cannotWrite, path)
        }
    }
}
