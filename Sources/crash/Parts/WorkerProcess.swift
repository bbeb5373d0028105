import Foundation
import Kernel
import Synchronization

/// A worker as it is seen from the run.
final class WorkerProcess: Hand {
    private struct State {
        var waiting: [Int64: CheckedContinuation<Reply, Never>] = [:]
        var number: Int64 = 0
        var isGone = false
    }
    private let state = Mutex(State())
    private let process: Process
    private let input: FileHandle

    /// Starts it, and returns when it is ready.
    init(url: String, canary: Canary?) async throws {
        let (told, tells) = (Pipe(), Pipe())
        process = Process()
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["worker", "--url", url] + (canary.map { ["--canary", $0.rawValue] } ?? [])
        (process.standardInput, process.standardOutput) = (told, tells)
        input = told.fileHandleForWriting
        try process.run()
        let output = tells.fileHandleForReading
        var lines = Lines(output.fileDescriptor, keeping: output).stream.makeAsyncIterator()
        guard await lines.next() != nil else { throw Lacking("a worker does not start") }
        let rest = lines
        Task { [weak self] in
            var lines = rest
            while let line = await lines.next() { self?.hear(line) }
            self?.end()
        }
    }

    deinit { kill() }

    var isGone: Bool { state.withLock { $0.isGone } }

    func ask(_ errand: Errand) async -> Reply {
        await withCheckedContinuation { caller in
            let number = state.withLock { state -> Int64? in
                if state.isGone { return nil }
                state.number += 1
                state.waiting[state.number] = caller
                return state.number
            }
            guard let number else { return caller.resume(returning: .unknown("the worker is dead")) }
            send(["number": .integer(number), "errand": errand.json])
        }
    }

    func setClock(_ offset: Int64) { send(["clock": .integer(offset)]) }

    /// A worker that is dead does not hear it, and `end` answers who waits.
    private func send(_ json: JSON) {
        state.withLock { _ in try? input.write(contentsOf: json.bytes + [UInt8(ascii: "\n")]) }
    }

    private func hear(_ line: String) {
        guard let json = try? JSON(parsing: line), let number = json["number"]?.integer, let reply = json["reply"]
        else {
            return
        }
        state.withLock { $0.waiting.removeValue(forKey: number) }?.resume(returning: Reply(reply))
    }

    private func end() {
        let waiting = state.withLock { state in
            defer { state.waiting = [:] }
            state.isGone = true
            return state.waiting
        }
        for caller in waiting.values { caller.resume(returning: .unknown("the worker died")) }
    }

    func kill() {
        state.withLock { $0.isGone = true }
        if process.isRunning { Foundation.kill(process.processIdentifier, SIGKILL) }
    }

    func leave() async {
        try? input.close()
        for _ in 0..<100 where process.isRunning { try? await Task.sleep(for: .milliseconds(10)) }
        kill()
    }
}
