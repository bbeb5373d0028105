import Glibc
import Kernel

/// A file of numbered lines, to which lines are only added. Each carries a code over itself and the code before it,
/// which the master key alone makes: a line that was changed, left out or moved is found. A tail that was cut off is
/// not: the file is as precious as the key beside it.
struct SignedLines: Sendable {
    /// Where it lies.
    let path: String
    private let use: String
    private let master: MasterKey

    /// - Parameter use: what the codes are made for, so that no line of one file is one of another.
    init(_ path: String, for use: String, master: MasterKey) {
        (self.path, self.use, self.master) = (path, use, master)
    }

    // MARK: - What does it say?

    /// Whether there is a file.
    var isThere: Bool { access(path, F_OK) == 0 }

    /// All lines in order, without their numbers and codes; none where there is no file.
    func all() throws(RegisterError) -> [String] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        if file < 0, errno == ENOENT { return [] }
        guard file >= 0 else { throw .unreadable(path) }
        defer { close(file) }
        flock(file, LOCK_SH)
        return try read(file).lines
    }

    // MARK: - How is it kept?

    /// Adds lines, and returns when they are on the disk.
    /// - Parameter new: those to add, by those that are there; nobody else adds meanwhile.
    func add(_ new: ([String]) throws(RegisterError) -> [String]) throws(RegisterError) {
        let file = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .unwritable(path) }
        defer { close(file) }
        // Other processes note theirs in it, too.
        guard flock(file, LOCK_EX) == 0 else { throw .unwritable(path) }
        var state = try read(file)
        // What a crash left of a line was never acknowledged.
        guard ftruncate(file, off_t(state.length)) == 0 else { throw .unwritable(path) }
        var text: [UInt8] = []
        for content in try new(state.lines) { text += state.add(content) { master.code($0, for: use) } }
        if text.isEmpty { return }
        let isNew = state.length == text.count
        guard write(file, text, text.count) == text.count, fsync(file) == 0 else { throw .unwritable(path) }
        if isNew { keepName() }
    }

    /// A new file is there after a crash only once its folder is on the disk, too.
    private func keepName() {
        let cut = path.lastIndex(of: "/")
        let folder = open(cut.map { String(path[...$0]) } ?? ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }

    private struct State {
        var lines: [String] = []
        /// Of the last line.
        var code = [UInt8](repeating: 0, count: SHA256.length)
        /// Bytes of whole lines.
        var length = 0

        /// The bytes of the next line.
        mutating func add(_ content: String, _ coded: ([UInt8]) -> [UInt8]) -> [UInt8] {
            let line = Array("\(lines.count + 1) \(content)".utf8)
            code = coded(code + line)
            let bytes = line + Array(" \(code.hex)\n".utf8)
            lines.append(content)
            length += bytes.count
            return bytes
        }
    }

    private func read(_ file: Int32) throws(RegisterError) -> State {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(file, &buffer, buffer.count)
            guard count >= 0 else { throw .unreadable(path) }
            if count == 0 { break }
            bytes += buffer.prefix(count)
        }
        var state = State()
        while let end = bytes[state.length...].firstIndex(of: UInt8(ascii: "\n")) {
            let line = bytes[state.length...end]
            let parts = String(decoding: line.dropLast(), as: UTF8.self)
            guard let first = parts.firstIndex(of: " "), let last = parts.lastIndex(of: " "), first < last else {
                throw .altered(path, line: state.lines.count + 1)
            }
            // As it would be written: there is one form only.
            let written = state.add(String(parts[parts.index(after: first)..<last])) { master.code($0, for: use) }
            guard isEqual(written, Array(line)) else { throw .altered(path, line: state.lines.count) }
        }
        return state
    }
}

/// Why a register cannot be used.
public enum RegisterError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file is there and cannot be read.
    case unreadable(String)
    /// Nothing can be added to the file.
    case unwritable(String)
    /// A line is not as it was written, or another master key wrote it.
    case altered(String, line: Int)

    /// A sentence that says what to do.
    public var description: String {
        switch self {
        case .unreadable(let path): "The register \(path) cannot be read. Start as the user who owns it."
        case .unwritable(let path):
            "The register \(path) cannot be written. Make room, or give the folder back to its owner."
        case .altered(let path, let line):
            "Line \(line) of the register \(path) is not as it was written, or another master key wrote it. Put back "
                + "the register that belongs to the master key."
        }
    }
}
