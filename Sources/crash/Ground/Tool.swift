import Foundation

/// Programs of the system.
enum Tool {
    /// Runs one to its end; its talk is in the error where it fails.
    static func run(_ words: [String]) async throws {
        let (code, talk) = try await outcome(of: words)
        if code != 0 { throw Lacking("\(words.joined(separator: " ")) failed: \(talk)") }
    }

    static func outcome(of words: [String]) async throws -> (code: Int32, talk: String) {
        let process = Process()
        let tells = Pipe()
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = words
        (process.standardInput, process.standardOutput, process.standardError) = (FileHandle.nullDevice, tells, tells)
        let (ends, end) = AsyncStream.makeStream(of: Int32.self)
        process.terminationHandler = {
            end.yield($0.terminationStatus)
            end.finish()
        }
        try process.run()
        let output = tells.fileHandleForReading
        var talk = ""
        for await line in Lines(output.fileDescriptor, keeping: output).stream { talk += line + "\n" }
        for await code in ends { return (code, talk) }
        return (-1, talk)
    }
}
