import Foundation
import Kernel
import Synchronization

/// The oracle: a file in which a client notes what it is about to ask, and what it was answered, each on the disk
/// before it goes on. What is judged is read back from the file.
final class Journal: Sendable {
    private struct State {
        var lines: [UInt8] = []
        var waiting: [UnsafeContinuation<Void, Never>] = []
        var isClosed = false
    }
    private let state = Mutex(State())
    private let bell = DispatchSemaphore(value: 0)
    private let path: String

    init(_ path: String) throws {
        self.path = path
        let file = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw Lacking("\(path) cannot be written") }
        Thread.detachNewThread { [self] in
            while write(to: file) {}
            Foundation.close(file)
        }
    }

    /// All that came meanwhile goes to the disk together. False: it was the last.
    private func write(to file: Int32) -> Bool {
        bell.wait()
        let (lines, waiting, isLast) = state.withLock { state in
            defer { (state.lines, state.waiting) = ([], []) }
            return (state.lines, state.waiting, state.isClosed)
        }
        var rest = lines[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Foundation.write(file, $0.baseAddress, $0.count) }
            precondition(count > 0, "the oracle's file cannot be written: \(String(cString: strerror(errno)))")
            rest = rest.dropFirst(count)
        }
        precondition(fdatasync(file) == 0, "the oracle's file does not reach the disk")
        for caller in waiting { caller.resume() }
        return !isLast
    }

    /// Returns when the line is on the disk.
    private func note(_ json: JSON) async {
        await withUnsafeContinuation { caller in
            state.withLock { state in
                state.lines += json.bytes + [UInt8(ascii: "\n")]
                state.waiting.append(caller)
            }
            bell.signal()
        }
    }

    func asks(_ errand: Errand) async { await note(["asked": errand.json]) }
    func heard(_ reply: Reply, to errand: Errand) async {
        await note(["answered": .string(errand.key), "reply": reply.json])
    }

    func close() {
        state.withLock { $0.isClosed = true }
        bell.signal()
    }

    // MARK: - What does it say?

    /// What became of an errand.
    struct Entry: Sendable {
        let errand: Errand
        /// The final answers, in order; more than one where it was repeated afterwards.
        var replies: [Reply]
    }

    /// Reads the file.
    func entries() throws -> [Entry] {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        var entries: [Entry] = []
        var numbers: [String: Int] = [:]
        for line in text.split(separator: "\n") {
            let json = try JSON(parsing: String(line))
            if let asked = json["asked"], let errand = Errand(asked) {
                numbers[errand.key] = entries.count
                entries.append(Entry(errand: errand, replies: []))
            } else if let key = json["answered"]?.string, let number = numbers[key], let reply = json["reply"] {
                entries[number].replies.append(Reply(reply))
            }
        }
        return entries
    }
}
