import Glibc

/// The few operations on files that a cluster needs.
enum Files {
    static func read(_ path: String, last limit: Int = 1 << 24) -> String? {
        guard let file = fopen(path, "re") else { return nil }
        defer { fclose(file) }
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 16_384)
        while case let count = fread(&buffer, 1, buffer.count, file), count > 0 {
            bytes.append(contentsOf: buffer[..<count])
            if bytes.count > limit * 2 { bytes.removeFirst(bytes.count - limit) }
        }
        return String(decoding: bytes.suffix(limit), as: UTF8.self)
    }

    /// Replaces a file at once: a crash leaves the old one or the new one.
    static func write(_ text: String, to path: String, owner: Account) throws(ClusterError) {
        let new = path + ".new"
        unlink(new)
        let file = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure(path) }
        defer { close(file) }
        var text = text
        let count = text.withUTF8 { Glibc.write(file, $0.baseAddress, $0.count) }
        guard count == text.utf8.count, fsync(file) == 0, owner.own(new), rename(new, path) == 0 else {
            throw failure(path)
        }
    }

    /// Makes a folder where there is none.
    static func makeFolder(_ path: String, mode: mode_t, owner: Account?) throws(ClusterError) {
        if mkdir(path, mode) == 0 {
            guard chmod(path, mode) == 0, owner?.own(path) ?? true else { throw failure(path) }
        } else if errno != EEXIST {
            throw failure(path)
        }
    }

    /// Owner and mode of what is at the path itself (a symbolic link is not followed).
    static func status(_ path: String) -> stat? {
        var status = stat()
        return lstat(path, &status) == 0 ? status : nil
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    /// The names in a folder.
    static func names(in folder: String) -> [String] {
        guard let stream = opendir(folder) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafeBytes(of: &entry.pointee.d_name) { raw in
                String(decoding: raw.prefix { $0 != 0 }, as: UTF8.self)
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    /// Removes a file, or a folder with all that is in it.
    static func remove(_ path: String) {
        if let status = status(path), status.st_mode & S_IFMT == S_IFDIR {
            for name in names(in: path) { remove("\(path)/\(name)") }
            rmdir(path)
        } else {
            unlink(path)
        }
    }

    static func failure(_ path: String) -> ClusterError { .file(path, reason: String(cString: strerror(errno))) }
}
