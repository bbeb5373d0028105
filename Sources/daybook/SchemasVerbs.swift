import Application
import ArgumentParser
import CRM
import Foundation
import Kernel

/// `daybook schemas …`.
struct SchemasVerbs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "schemas", abstract: "The shapes of events, for readers of the log.", subcommands: [Export.self])

    /// `daybook schemas export`.
    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "export", abstract: "Write the JSON Schema and an example of each event that has none yet.",
            discussion: """
                In the source tree the folder is schemas/events. What stands in its released.lock is never written \
                again: where a file or a shape changed, nothing is written and the exit code is 2.
                """)
        @OptionGroup var output: Output
        @Argument(help: "The folder.") var folder: String

        func run() async throws {
            let place = URL(filePath: folder, directoryHint: .isDirectory)
            let formats = ReleasedFormats(eventShapes, in: try Self.texts(in: place))
            if formats.findings.isEmpty {
                for (name, text) in formats.new {
                    let file = place.appending(path: name)
                    try FileManager.default.createDirectory(
                        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
                    try text.write(to: file, atomically: true, encoding: .utf8)
                }
            }
            let written = formats.findings.isEmpty ? formats.new.keys.sorted() : []
            output.result([
                "written": .array(written.map(JSON.string)), "findings": .array(formats.findings.map(JSON.string)),
            ]) {
                let lines = formats.findings + written.map { "written: \($0)" }
                return lines.isEmpty
                    ? "All \(eventShapes.count) shapes are there as they are." : lines.joined(separator: "\n")
            }
            if !formats.findings.isEmpty { throw Exit(.found) }
        }

        /// The texts of a folder's files by their path in it; empty where there is no folder.
        private static func texts(in folder: URL) throws -> [String: String] {
            let all = FileManager.default.enumerator(atPath: folder.path)?.compactMap { $0 as? String } ?? []
            return try all.filter { $0.hasSuffix(".json") || $0 == ReleasedFormats.lock }
                .reduce(into: [:]) { texts, name in
                    texts[name] = try String(contentsOf: folder.appending(path: name), encoding: .utf8)
                }
        }
    }
}
