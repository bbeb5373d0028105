import Foundation
import Testing

/// The built binary, which lies beside the tests' own.
enum Program {
    static let path = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        .appending(path: "daybook").path

    /// What a verb said and how it ended.
    struct Outcome: Sendable {
        let code: Int32
        let output: String
        let talk: String
        /// The last line of standard output as JSON.
        var object: [String: any Sendable] {
            let line = output.split(separator: "\n").last ?? ""
            let parsed = try? JSONSerialization.jsonObject(with: Data(line.utf8))
            return parsed as? [String: any Sendable] ?? [:]
        }
    }

    /// Runs a verb to its end.
    static func run(_ arguments: [String], environment: [String: String] = [:]) async throws -> Outcome {
        let running = try Running(arguments, environment: environment)
        let code = await running.ended()
        return Outcome(code: code, output: running.output, talk: running.talk)
    }
}

/// A process of the binary. What it says goes to files, so that nobody waits for a full pipe.
final class Running: Sendable {
    let process: Process
    private let folder: URL
    private let exit: Task<Int32, Never>

    init(_ arguments: [String], environment: [String: String] = [:]) throws {
        folder = FileManager.default.temporaryDirectory.appending(path: "daybook-talk-\(UUID().uuidString.prefix(8))")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        process = Process()
        process.executableURL = URL(fileURLWithPath: Program.path)
        process.arguments = arguments
        let own = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("DAYBOOK_") }
        process.environment = own.merging(environment) { $1 }
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try Self.file(folder.appending(path: "output"))
        process.standardError = try Self.file(folder.appending(path: "talk"))
        let (ends, end) = AsyncStream.makeStream(of: Int32.self)
        process.terminationHandler = { process in
            end.yield(process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus)
            end.finish()
        }
        try process.run()
        exit = Task {
            for await code in ends { return code }
            return -1
        }
    }

    deinit {
        if process.isRunning { kill(process.processIdentifier, SIGKILL) }
        try? FileManager.default.removeItem(at: folder)
    }

    private static func file(_ url: URL) throws -> FileHandle {
        _ = FileManager.default.createFile(atPath: url.path, contents: nil)
        return try FileHandle(forWritingTo: url)
    }

    var output: String { text("output") }
    var talk: String { text("talk") }
    private func text(_ name: String) -> String {
        (try? String(contentsOf: folder.appending(path: name), encoding: .utf8)) ?? ""
    }

    func ended() async -> Int32 { await exit.value }
    func signal(_ number: Int32) { kill(process.processIdentifier, number) }

    /// Whether a line of its output is this, within a minute.
    func says(_ line: String) async -> Bool {
        for _ in 0..<1200 {
            if output.split(separator: "\n").contains(Substring(line)) { return true }
            guard process.isRunning else { break }
            try? await Task.sleep(for: .milliseconds(50))
        }
        return false
    }

    /// The URL of the line `ready …`.
    /// - Throws: when the process ends or a minute passes before it is there.
    func ready() async throws -> String {
        for _ in 0..<1200 {
            let line = output.split(separator: "\n").first { $0.hasPrefix("ready ") }
            if let line { return String(line.dropFirst("ready ".count)) }
            guard process.isRunning else { break }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw NotReady(talk: talk)
    }
    struct NotReady: Error { let talk: String }
}
