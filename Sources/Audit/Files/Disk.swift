import Glibc

/// Why a file of an export cannot be used.
public struct FileError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What can be wrong.
    public enum Reason: Sendable {
        case cannotRead, cannotWrite
        /// It is not what its name says, cut short, or its checksum is wrong.
        case damaged
        /// A folder that is to be made is there already and holds something.
        case notEmpty
    }
    /// What is wrong.
    public let reason: Reason
    /// Which file or folder.
    public let path: String
    /// What the system said.
    public let system: String

    init(_ reason: Reason, _ path: String) {
        (self.reason, self.path) = (reason, path)
        system = String(cString: strerror(errno))
    }

    /// A sentence that says what to do.
    public var description: String {
        switch reason {
        case .cannotRead: "\(path) cannot be read: \(system)."
        case .cannotWrite: "\(path) cannot be written: \(system). Check the folder, its mode and the space left."
        case .damaged: "\(path) is damaged: it is cut short, or not as it was written. Take another copy."
        case .notEmpty: "\(path) is not empty. Name a folder that is not there yet."
        }
    }
}

/// The few operations on files that exports need.
enum Disk {
    /// Makes a folder, or takes one that is there and empty.
    static func makeFolder(_ path: String, mode: mode_t = 0o755) throws(FileError) {
        if mkdir(path, mode) != 0 {
            guard errno == EEXIST else { throw FileError(.cannotWrite, path) }
            guard try names(in: path).isEmpty else { throw FileError(.notEmpty, path) }
        }
    }

    /// The names in a folder, sorted.
    static func names(in folder: String) throws(FileError) -> [String] {
        guard let stream = opendir(folder) else { throw FileError(.cannotRead, folder) }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
                String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// A small text; `limit` bytes at most.
    static func read(_ path: String, limit: Int = 1 << 20) throws(FileError) -> String {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw FileError(.cannotRead, path) }
        defer { close(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            guard count >= 0 else { throw FileError(.cannotRead, path) }
            if count == 0 { break }
            bytes.append(contentsOf: buffer[..<count])
            guard bytes.count <= limit else { throw FileError(.damaged, path) }
        }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw FileError(.damaged, path) }
        return text
    }

    /// Writes a small text at once: a crash leaves the file as it was, or whole.
    static func write(_ text: String, to path: String, mode: mode_t = 0o644) throws(FileError) {
        unlink(path + ".new")
        let file = open(path + ".new", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode)
        guard file >= 0 else { throw FileError(.cannotWrite, path) }
        defer { close(file) }
        guard write(Array(text.utf8)[...], to: file), fsync(file) == 0, rename(path + ".new", path) == 0 else {
            throw FileError(.cannotWrite, path)
        }
    }

    /// Writes all of it. False: `errno` says why not.
    static func write(_ bytes: ArraySlice<UInt8>, to file: Int32) -> Bool {
        bytes.withUnsafeBytes { bytes in
            var rest = bytes
            while !rest.isEmpty {
                let count = Glibc.write(file, rest.baseAddress, rest.count)
                guard count > 0 else { return false }
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(count))
            }
            return true
        }
    }
}
