import FoundationEssentials
import Glibc
import Kernel

/// Who was erased, in a file that lies beside the master key and not in the database: a backup from before an erasure
/// brings the person back, and a restore erases again whom this file names (docs/personal-data.md describes it).
///
/// Lines are only added. Each carries a code over itself and the code before it, which the master key alone makes: a
/// line that was changed, left out or moved is found. A tail that was cut off is not: the file is as precious as the
/// key beside it.
public struct ErasureRegister: Sendable {
    /// An erasure.
    public struct Entry: Sendable, Hashable {
        /// In whose log.
        public let organization: UUID
        /// Who was erased: a stream's id.
        public let person: UUID
        /// When.
        public let erasedAt: Instant

        /// An erasure.
        public init(organization: UUID, person: UUID, erasedAt: Instant) {
            (self.organization, self.person, self.erasedAt) = (organization, person, erasedAt)
        }
    }

    /// Where it lies.
    public let path: String
    private let master: MasterKey
    private static let use = "daybook erasure register 1"

    /// The register at `path`, which is made with the first erasure.
    public init(_ path: String, master: MasterKey) { (self.path, self.master) = (path, master) }

    // MARK: - What does it say?

    /// Whether there is a file.
    public var isThere: Bool { access(path, F_OK) == 0 }

    /// All that were erased, in order; none where there is no file.
    /// - Throws: `ErasureRegisterError`.
    public func entries() throws(ErasureRegisterError) -> [Entry] {
        let file = open(path, O_RDONLY | O_CLOEXEC)
        if file < 0, errno == ENOENT { return [] }
        guard file >= 0 else { throw .unreadable(path) }
        defer { close(file) }
        flock(file, LOCK_SH)
        return try read(file).entries
    }

    // MARK: - How is it kept?

    /// Adds those that are not in it, and returns when they are on the disk.
    /// - Throws: `ErasureRegisterError`.
    public func note(_ erased: [Entry]) throws(ErasureRegisterError) {
        let file = open(path, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .unwritable(path) }
        defer { close(file) }
        // Other processes note theirs in it, too.
        guard flock(file, LOCK_EX) == 0 else { throw .unwritable(path) }
        var state = try read(file)
        // What a crash left of a line was never acknowledged.
        guard ftruncate(file, off_t(state.length)) == 0 else { throw .unwritable(path) }
        let known = Set(state.entries.map(Name.init))
        var text: [UInt8] = []
        for entry in erased where !known.contains(Name(entry)) {
            let line = Self.line(state.entries.count + 1, entry)
            state.code = code(line, after: state.code)
            state.entries.append(entry)
            text += line + [UInt8(ascii: " ")] + Array(Self.hex(state.code).utf8) + [UInt8(ascii: "\n")]
        }
        if text.isEmpty { return }
        guard write(file, text, text.count) == text.count, fsync(file) == 0 else { throw .unwritable(path) }
        if state.length == 0 { keepName() }
    }

    /// A new file is there after a crash only once its folder is on the disk, too.
    private func keepName() {
        let cut = path.lastIndex(of: "/")
        let folder = open(cut.map { String(path[...$0]) } ?? ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { return }
        fsync(folder)
        close(folder)
    }

    private struct Name: Hashable {
        let organization: UUID
        let person: UUID
        init(_ entry: Entry) { (organization, person) = (entry.organization, entry.person) }
    }
    private struct State {
        var entries: [Entry] = []
        /// Of the last line.
        var code = [UInt8](repeating: 0, count: SHA256.length)
        /// Bytes of whole lines.
        var length = 0
    }

    private func read(_ file: Int32) throws(ErasureRegisterError) -> State {
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
            let number = state.entries.count + 1
            let line = bytes[state.length..<end]
            guard let cut = line.lastIndex(of: UInt8(ascii: " ")), let entry = Entry(line[..<cut]) else {
                throw .altered(path, line: number)
            }
            // As it was written, not as it is read: there is one form only.
            let written = Self.line(number, entry)
            let code = code(written, after: state.code)
            guard isEqual(written + Array(" \(Self.hex(code))".utf8), Array(line)) else {
                throw .altered(path, line: number)
            }
            state.entries.append(entry)
            state.code = code
            state.length = end + 1
        }
        return state
    }

    private static func line(_ number: Int, _ entry: Entry) -> [UInt8] {
        Array("\(number) \(entry.organization.text) \(entry.person.text) \(entry.erasedAt.text)".utf8)
    }

    private func code(_ line: [UInt8], after last: [UInt8]) -> [UInt8] { master.code(last + line, for: Self.use) }

    private static func hex(_ bytes: [UInt8]) -> String {
        bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }
}

extension ErasureRegister.Entry {
    /// Reads `<number> <organization> <person> <time>`; whether the number is right is for the code to tell.
    fileprivate init?(_ line: ArraySlice<UInt8>) {
        let parts = String(decoding: line, as: UTF8.self).split(separator: " ", omittingEmptySubsequences: false)
        guard parts.count == 4, let organization = UUID(uuidString: String(parts[1])),
            let person = UUID(uuidString: String(parts[2])), let erasedAt = Instant(parts[3])
        else { return nil }
        self.init(organization: organization, person: person, erasedAt: erasedAt)
    }
}

/// Why the register of erasures cannot be used.
public enum ErasureRegisterError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The file is there and cannot be read.
    case unreadable(String)
    /// Nothing can be added to the file.
    case unwritable(String)
    /// A line is not as it was written, or another master key wrote it.
    case altered(String, line: Int)

    /// A sentence that says what to do.
    public var description: String {
        switch self {
        case .unreadable(let path):
            "The register of erasures, \(path), cannot be read. Start as the user who owns it."
        case .unwritable(let path):
            "The register of erasures, \(path), cannot be written. Make room, or give the folder back to its owner."
        case .altered(let path, let line):
            "Line \(line) of the register of erasures, \(path), is not as it was written, or another master key "
                + "wrote it. Put back the register that belongs to the master key."
        }
    }
}
