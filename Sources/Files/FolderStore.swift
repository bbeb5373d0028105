import FoundationEssentials
import Glibc
import Kernel
import Synchronization

/// Files in a folder of this machine, for the user who runs the server alone:
/// `<organization>/<last two digits of the id>/<id>`, and in `unfinished` what is being written.
public struct FolderStore: FileStore {
    /// 256 KiB.
    public let piece = 1 << 18
    /// Where it is.
    public let folder: String
    private var unfinished: String { folder + "/unfinished" }

    /// - Parameter folder: an absolute path; made with the first file.
    public init(_ folder: String) { self.folder = folder }

    private func path(_ name: FileName) -> String {
        let (organization, id) = (name.organization.text, name.id.text)
        return "\(folder)/\(organization)/\(id.suffix(2))/\(id)"
    }

    /// Begins a file in `unfinished`.
    public func begin(_ name: FileName, headLength: Int) async throws(StoreError) -> any FileWriter {
        let (part, whole) = ("\(unfinished)/\(name.id.text)", path(name))
        return try await Aside.run { () throws(StoreError) in
            try Folder.make(unfinished)
            unlink(part)
            let file = open(part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard file >= 0 else { throw .system() }
            guard lseek(file, off_t(headLength), SEEK_SET) >= 0 else { throw .system() }
            return FolderWriter(file, from: part, to: whole)
        }
    }

    /// Reads without keeping the file open.
    public func read(_ name: FileName, at offset: Int64, count: Int) async throws(StoreError) -> [UInt8] {
        let path = path(name)
        return try await Aside.run { () throws(StoreError) in
            let file = open(path, O_RDONLY | O_CLOEXEC)
            guard file >= 0 else { throw errno == ENOENT ? .absent : .system() }
            defer { close(file) }
            var isWell = true
            let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
                while filled < count {
                    let place = buffer.baseAddress.map { $0 + filled }
                    let more = pread(file, place, count - filled, off_t(offset) + filled)
                    if more < 0 { isWell = false }
                    if more <= 0 { break }
                    filled += more
                }
            }
            guard isWell else { throw .system() }
            return bytes
        }
    }

    /// Takes the file away; its folder stays.
    public func remove(_ name: FileName) async throws(StoreError) {
        let path = path(name)
        try await Aside.run { () throws(StoreError) in
            guard unlink(path) == 0 || errno == ENOENT else { throw .system() }
        }
    }

    /// Goes through the folders. What is there and cannot be looked at is no file that is not there: it throws.
    public func list(_ body: ([StoredFile]) async throws -> Void) async throws {
        let root = folder
        let shelves = try await Aside.run { () throws(StoreError) in
            var shelves: [String] = []
            for organization in try Folder.names(in: root) where UUID(text: organization) != nil {
                shelves += try Folder.names(in: "\(root)/\(organization)").map { "\(organization)/\($0)" }
            }
            return shelves
        }
        for shelf in shelves {
            let files = try await Aside.run { () throws(StoreError) in
                var files: [StoredFile] = []
                for id in try Folder.names(in: "\(root)/\(shelf)") {
                    guard let name = FileName("\(shelf.prefix { $0 != "/" })/\(id)"),
                        let about = try Folder.about("\(root)/\(shelf)/\(id)")
                    else { continue }
                    files.append(StoredFile(name, size: Int64(about.st_size), storedAt: about.modified))
                }
                return files
            }
            if !files.isEmpty { try await body(files) }
        }
    }

    /// Takes away what nobody has written to since.
    public func sweep(before moment: Instant) async throws(StoreError) {
        let folder = unfinished
        try await Aside.run { () throws(StoreError) in
            var failure: StoreError?
            for name in try Folder.names(in: folder) {
                let path = "\(folder)/\(name)"
                do throws(StoreError) {
                    guard let about = try Folder.about(path), about.modified < moment else { continue }
                    guard unlink(path) == 0 || errno == ENOENT else { throw .system() }
                } catch { failure = failure ?? error }
            }
            if let failure { throw failure }
        }
    }
}

/// A file on its way into a folder.
private final class FolderWriter: FileWriter {
    private let file: Int32
    private let part: String
    private let whole: String
    private let isOpen = Mutex(true)

    init(_ file: Int32, from part: String, to whole: String) {
        (self.file, self.part, self.whole) = (file, part, whole)
    }

    deinit { if end() { unlink(part) } }

    func write(_ bytes: [UInt8]) async throws(StoreError) {
        try await Aside.run { [file] () throws(StoreError) in try Folder.write(bytes, to: file) }
    }

    func finish(head: [UInt8]) async throws(StoreError) {
        try await Aside.run { [self] () throws(StoreError) in
            guard lseek(file, 0, SEEK_SET) >= 0 else { throw .system() }
            try Folder.write(head, to: file)
            guard fsync(file) == 0 else { throw .system() }
            let shelf = String(whole.prefix(upTo: whole.lastIndex(of: "/") ?? whole.endIndex))
            try Folder.make(shelf)
            guard rename(part, whole) == 0 else { throw .system() }
            try Folder.sync(shelf)
            _ = end()
        }
    }

    func abandon() async { if end() { unlink(part) } }

    /// Closes it; false where that was done before.
    private func end() -> Bool {
        let isFirst = isOpen.withLock { isOpen in
            defer { isOpen = false }
            return isOpen
        }
        if isFirst { close(file) }
        return isFirst
    }
}

/// What the system does with folders and files.
private enum Folder {
    /// Makes a folder and those above it, so that they are there after a crash.
    static func make(_ path: String) throws(StoreError) {
        if mkdir(path, 0o700) == 0 || errno == EEXIST { return }
        guard errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex else { throw .system() }
        let above = String(path[..<slash])
        try make(above)
        guard mkdir(path, 0o700) == 0 || errno == EEXIST else { throw .system() }
        try sync(above)
    }

    /// Makes the names in a folder last.
    static func sync(_ path: String) throws(StoreError) {
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw .system() }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw .system() }
    }

    /// The names in a folder; none where it is not there.
    static func names(in folder: String) throws(StoreError) -> [String] {
        guard let stream = opendir(folder) else {
            if errno == ENOENT { return [] }
            throw .system()
        }
        defer { closedir(stream) }
        var names: [String] = []
        while true {
            errno = 0
            guard let entry = readdir(stream) else {
                if errno != 0 { throw .system() }
                return names
            }
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
                String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
    }

    /// What is known of a file; nil where it is gone.
    static func about(_ path: String) throws(StoreError) -> stat? {
        var about = stat()
        if stat(path, &about) == 0 { return about }
        if errno == ENOENT { return nil }
        throw .system()
    }

    static func write(_ bytes: [UInt8], to file: Int32) throws(StoreError) {
        var failure: StoreError?
        bytes.withUnsafeBytes { bytes in
            var rest = bytes
            while !rest.isEmpty, failure == nil {
                let count = Glibc.write(file, rest.baseAddress, rest.count)
                if count <= 0 { failure = .system() }
                rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(max(0, count)))
            }
        }
        if let failure { throw failure }
    }
}

extension StoreError {
    /// What `errno` says.
    fileprivate static func system() -> StoreError {
        switch errno {
        case ENOSPC, EDQUOT, EFBIG: .full
        case EACCES, EPERM, EROFS: .refused(String(cString: strerror(errno)))
        default: .unavailable(String(cString: strerror(errno)))
        }
    }
}

extension stat {
    fileprivate var modified: Instant {
        Instant(microseconds: Int64(st_mtim.tv_sec) * 1_000_000 + Int64(st_mtim.tv_nsec) / 1_000)
    }
}
