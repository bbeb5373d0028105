import Foundation
import Kernel

/// A real server, `daybook serve`, over the database that is measured.
final class Served: @unchecked Sendable {  // `Process` is only asked and told to end
    private let process: Process
    let port: UInt16

    private struct NotThere: Error, CustomStringConvertible {
        let description: String
    }

    /// Starts it and returns when it serves. `folder`: its data.
    init(database: String, master: String, folder: String) throws {
        let program = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
            .appending(path: "daybook")
        guard FileManager.default.isExecutableFile(atPath: program.path) else {
            throw NotThere(description: "The program daybook is not beside bench: build it too, as tools/bench does.")
        }
        let tells = Pipe()
        process = Process()
        process.executableURL = program
        process.arguments = ["serve", "--database-url", database, "--data", folder, "--port", "0", "--empty"]
        let own = ProcessInfo.processInfo.environment.filter { !$0.key.hasPrefix("DAYBOOK_") }
        process.environment = own.merging(["DAYBOOK_MASTER_KEY": master]) { $1 }
        (process.standardInput, process.standardOutput) = (FileHandle.nullDevice, tells)
        // Its log goes where a service's log goes: to a file.
        let log = folder + ".log"
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        process.standardError = FileHandle(forWritingAtPath: log) ?? FileHandle.nullDevice
        try process.run()
        var told = Data()
        while true {
            let more = tells.fileHandleForReading.availableData
            told += more
            let lines = String(decoding: told, as: UTF8.self).split(separator: "\n")
            if let ready = lines.first(where: { $0.hasPrefix("ready ") }),
                let port = UInt16(ready.split(separator: ":").last ?? "")
            {
                self.port = port
                return
            }
            if more.isEmpty { throw NotThere(description: "The server does not start; \(log) tells why.") }
        }
    }

    deinit { if process.isRunning { process.terminate() } }

    /// Ends it and waits for its end.
    func end() {
        if process.isRunning { process.terminate() }
        process.waitUntilExit()
    }

    // MARK: - How much memory has it?

    /// What is resident now, and the most that ever was, in megabytes.
    var memory: (now: Double, most: Double) {
        let path = "/proc/\(process.processIdentifier)/status"
        let lines = ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").split(separator: "\n")
        func megabytes(_ name: String) -> Double {
            (Double((lines.first { $0.hasPrefix(name) } ?? "").filter(\.isNumber)) ?? 0) / 1024
        }
        return (megabytes("VmRSS:"), megabytes("VmHWM:"))
    }
}
