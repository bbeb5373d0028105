import Glibc

/// The right to run the server of a data folder. It ends with the process that holds it, also by kill -9.
struct FolderLock: Sendable {
    private let descriptor: Int32

    init(_ folder: String) throws(ClusterError) {
        let path = "\(folder)/lock"
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard descriptor >= 0 else { throw Files.failure(path) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            close(descriptor)
            throw .inUse(folder: folder, process: Files.read(path).flatMap { Int32($0.trimmed) })
        }
        ftruncate(descriptor, 0)
        let text = Array("\(getpid())\n".utf8)
        _ = write(descriptor, text, text.count)
    }

    func release() { close(descriptor) }
}
