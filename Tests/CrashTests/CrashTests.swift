import Foundation
import Testing

/// The short form of `tools/crash`: each kind of scenario at least once, and every canary.
@Suite(.serialized) struct CrashTests {
    @Test(.timeLimit(.minutes(5)))
    func `twenty seeds of all kinds break nothing`() async throws {
        let told = try await Program.run(["--runs", "20", "--seed", "1"])
        #expect(told.code == 0, "\(told.output)")
        #expect(told.summary["runs"] as? Int == 20)
        #expect(told.summary["acknowledged"] as? Int ?? 0 > 100)
        let kinds = told.summary["kinds"] as? [String: Int] ?? [:]
        let leftOut = told.summary["left_out"] as? Int ?? 0
        #expect(kinds.values.reduce(0, +) + leftOut == 20)
        // Only a full disk may be out of reach, where this process may not mount one.
        #expect(kinds.filter { $0.value == 0 }.keys.allSatisfy { $0 == "disk full" && geteuid() != 0 })
        let faults = told.summary["faults"] as? [String: Int] ?? [:]
        for name in ["pause", "connection cut", "kill -9 of a server", "clock stepped", "older backup restored"] {
            #expect(faults[name] ?? 0 > 0, "\(name) never happened")
        }
    }

    @Test(
        .timeLimit(.minutes(3)),
        arguments: [
            ("skip-lock", "positions"), ("highest-position", "follower"), ("outside-checkpoint", "rows"),
        ])
    func `a fault that is put in on purpose is caught`(canary: String, kind: String) async throws {
        let told = try await Program.run(["--runs", "4", "--seed", "1", "--canary", canary])
        #expect(told.code == 2, "\(told.output)")
        let broken = told.summary["broken"] as? [[String: any Sendable]] ?? []
        #expect(broken.allSatisfy { $0["seed"] != nil })
        let found = broken.flatMap { $0["findings"] as? [[String: any Sendable]] ?? [] }
        #expect(found.contains { $0["kind"] as? String == kind }, "\(found)")
    }
}

/// The program, which lies beside the tests' own.
private enum Program {
    struct Outcome: Sendable {
        let code: Int32
        let output: String
        /// The last line as JSON.
        var summary: [String: any Sendable] {
            let line = output.split(separator: "\n").last ?? ""
            return (try? JSONSerialization.jsonObject(with: Data(line.utf8))) as? [String: any Sendable] ?? [:]
        }
    }

    static func run(_ arguments: [String]) async throws -> Outcome {
        let folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
        let talk = FileManager.default.temporaryDirectory.appending(path: "crash-\(UUID().uuidString.prefix(8))")
        _ = FileManager.default.createFile(atPath: talk.path, contents: nil)
        defer { try? FileManager.default.removeItem(at: talk) }
        let process = Process()
        process.executableURL = folder.appending(path: "crash")
        process.arguments = arguments + ["--format", "json"]
        process.standardInput = FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: talk)
        let (ends, end) = AsyncStream.makeStream(of: Int32.self)
        process.terminationHandler = { process in
            end.yield(process.terminationReason == .exit ? process.terminationStatus : 128 + process.terminationStatus)
            end.finish()
        }
        try process.run()
        var code: Int32 = -1
        for await ended in ends { code = ended }
        return Outcome(code: code, output: try String(contentsOf: talk, encoding: .utf8))
    }
}
