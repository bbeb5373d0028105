import Foundation
import Testing

/// What the tutorial shows is typed and compared.
@Suite struct TutorialTests {
    /// The lines to type, each with what is said to come out, where that is shown.
    private func steps() throws -> [(script: String, output: String?)] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "../../docs/tutorial-projections.md").standardizedFileURL
        let text = try String(contentsOf: file, encoding: .utf8)
        var steps: [(script: String, output: String?)] = []
        for block in text.components(separatedBy: "\n```").enumerated().filter({ $0.offset % 2 == 1 }).map(\.element) {
            let parts = block.split(separator: "\n", maxSplits: 1).map(String.init)
            guard parts.count == 2 else { continue }
            switch parts[0] {
            case "sh": steps.append((parts[1], nil))
            case "text": steps[steps.count - 1].output = parts[1]
            default: break
            }
        }
        return steps
    }

    private func bash(_ script: String, in folder: String, _ environment: [String: String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = ["-uo", "pipefail", "-c", script]
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = FileHandle.nullDevice
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }

    @Test(.timeLimit(.minutes(4)))
    func `from nothing to a report in ten minutes, as the page has it`() async throws {
        let house = try House()
        let (server, client) = try await house.serve()
        try FileManager.default.createDirectory(atPath: house.folder + "/tools", withIntermediateDirectories: true)
        try FileManager.default.createSymbolicLink(
            atPath: house.folder + "/tools/daybook", withDestinationPath: Program.path)
        let environment = ["DAYBOOK_DATA": house.folder, "DAYBOOK_URL": client.url]
        let steps = try steps()
        #expect(steps.count == 10)
        var said: [String] = []
        for step in steps {
            let output = try bash(step.script, in: house.folder, environment)
            if let expected = step.output { #expect(output == expected, "\(step.script)") }
            said.append(output)
        }
        let rows = said[7].split(separator: "\n").compactMap { line in
            (try? JSONSerialization.jsonObject(with: Data(line.utf8))) as? [String: Any]
        }
        #expect(rows.compactMap { $0["opened"] as? Int }.reduce(0, +) > 10)
        #expect(rows.allSatisfy { $0["owner"] is String })
        let page = (try? JSONSerialization.jsonObject(with: Data(said[8].utf8))) as? [String: Any]
        let items = page?["items"] as? [[String: Any]] ?? []
        #expect(!items.isEmpty && items.allSatisfy { ($0["opened"] as? Int ?? 0) >= 2 }, "\(said[8])")
        #expect(said[9].hasSuffix("equal"), "\(said[9])")
        await house.leave(server)
    }
}
