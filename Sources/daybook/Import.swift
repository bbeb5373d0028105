import Application
import ArgumentParser
import Foundation
import Kernel
import Shipped

/// `daybook import FILE …`, `daybook import revert ID`.
struct Import: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Import files of other systems, or take an import back.",
        subcommands: [ImportFile.self, ImportRevert.self], defaultSubcommand: ImportFile.self)
}

/// `daybook import FILE --map MAP`.
struct ImportFile: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "file", abstract: "Import a CSV file by a mapping; the word `file` may be left out.",
        discussion: """
            MAP is a mapping file, or the name of one that comes with Daybook: \(names.joined(separator: ", ")).
            Importing a file again changes nothing. Rows that cannot be taken are written to a reject file; then the
            exit code is 2. The server is DAYBOOK_URL with DAYBOOK_TOKEN, or the one of the data folder; where none
            answers, one is started for the import.
            """)

    @Argument(help: "The CSV file, in UTF-8.") var file: String
    @Option(help: "A mapping file, or the name of one that comes along.") var map: String
    @Flag(help: "Tell what would be, and change nothing.") var dryRun = false
    @Option(help: "The organization, where the owner has several.") var organization: String?
    @Option(help: "The server. [environment: DAYBOOK_URL]") var url: String?
    @Option(help: "Where rejected rows are written. [default: FILE.rejects.csv]") var rejects: String?
    @OptionGroup var place: Place
    @OptionGroup var output: Output

    func run() async throws {
        let mapping = try mapping()
        guard FileManager.default.isReadableFile(atPath: file) else {
            throw Exit(.failed, "There is no file \(file) that can be read.")
        }
        try await ImportServer.asked(place, url: url, organization: organization) { try await take(mapping, $0) }
    }

    private func take(_ mapping: String, _ client: Client) async throws {
        let meter = Meter()
        let run = try ImportRun(
            path: file, mapping: mapping, rejects: rejects ?? usualRejects, dryRun: dryRun,
            send: { try await client.post($0, $1) }, report: { meter.show($0) })
        let summary: ImportRun.Summary
        do {
            summary = try await run.run()
        } catch let unreadable as CSV.Unreadable {
            throw Exit(.failed, unreadable.detail)
        } catch let problem as Problem where problem.code == "mapping.invalid" {
            for flaw in problem.errors { say("\(map): \(flaw.detail)") }
            throw Exit(.failed, "The mapping cannot be used; nothing was imported.")
        }
        if !summary.created.isEmpty { say("Created by name: \(summary.created.joined(separator: ", ")).") }
        summary.notes.forEach { say($0) }
        if let rejects = summary.rejectFile { say("\(summary.rejected) rows were rejected; they are in \(rejects)") }
        output.result(summary.json) {
            "\(summary.rows) rows: \(summary.accepted) accepted, \(summary.unchanged) unchanged, "
                + "\(summary.rejected) rejected; \(summary.events) events"
        }
        if summary.rejected > 0 { throw Exit(.found) }
    }

    // MARK: Which mapping, and where do the rejected rows go?

    private static let shipped = Shipped.files(in: "schemas/imports")
    private static var names: [String] { shipped.map { stem($0.name) } }
    private static func stem(_ name: String) -> String {
        name.hasSuffix(".yaml") ? String(name.dropLast(".yaml".count)) : name
    }

    /// The text of a mapping file; else of one that comes along, whose name may be without its source.
    private func mapping() throws -> String {
        if let text = try? String(contentsOfFile: map, encoding: .utf8) { return text }
        let wanted = Self.stem(map).replacing("_", with: "-")
        let found = Self.shipped.filter { Self.stem($0.name) == wanted || Self.stem($0.name).hasSuffix("-" + wanted) }
        let exact = found.filter { Self.stem($0.name) == wanted }
        guard let mapping = exact.first ?? (found.count == 1 ? found.first : nil) else {
            let names = Self.names.joined(separator: ", ")
            throw Exit(.failed, "There is no mapping \(map): name a file, or one of \(names).")
        }
        return mapping.text
    }

    /// Beside the file, or in the folder at hand where the file's may not be written to.
    private var usualRejects: String {
        let source = URL(fileURLWithPath: file)
        let name = source.deletingPathExtension().lastPathComponent + ".rejects.csv"
        let folder = source.deletingLastPathComponent()
        let isOpen = FileManager.default.isWritableFile(atPath: folder.path)
        return (isOpen ? folder : URL(fileURLWithPath: FileManager.default.currentDirectoryPath)).appending(path: name)
            .path
    }
}

/// Progress on standard error: how far, how fast, how long still.
private final class Meter {
    private let start = ContinuousClock.now
    private var last = ContinuousClock.now
    private var pass = (number: 1, start: ContinuousClock.now)

    func show(_ progress: ImportRun.Progress) {
        let now = ContinuousClock.now
        if progress.pass != pass.number { pass = (progress.pass, now) }
        let isWhole = progress.read == progress.size
        guard now - last > .seconds(1) || (isWhole && now - start > .seconds(2)) else { return }
        last = now
        let seconds = (now - pass.start) / .seconds(1)
        let rate = Double(progress.rows) / max(seconds, 0.001)
        let share = Double(progress.read) / Double(max(progress.size, 1))
        let left = share > 0 ? ", \(Int((seconds / share - seconds).rounded(.up))) s left" : ""
        let again = progress.pass > 1 ? " sent again" : ""
        say("\(progress.rows) rows\(again), \(Int(share * 100)) %, \(Int(rate)) rows/s\(isWhole ? "" : left)")
    }
}
