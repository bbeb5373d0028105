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
        commandName: "file",
        abstract: "Import a file by a mapping, or a folder of another CRM; the word `file` may be left out.",
        discussion: """
            FILE --map MAP: MAP is a mapping file, or the name of one that comes with Daybook:
            \(names.joined(separator: ", ")).
            DIR --from SYSTEM: DIR is a folder of the tables (CSV) that \(systems) gave out; or
            one file there, such as one of rejected rows that were corrected.
            Importing a file again changes nothing. Rows that cannot be taken are written to a reject file; then the
            exit code is 2. The server is DAYBOOK_URL with DAYBOOK_TOKEN, or the one of the data folder; where none
            answers, one is started for the import.
            """)

    @Argument(help: "A file: CSV in UTF-8, .xlsx, .vcf, .jsonl; with --from, the folder.") var file: String
    @Option(help: "The sheet of a workbook (.xlsx). [default: the only one]") var sheet: String?
    @Option(help: "A mapping file, or the name of one that comes along.") var map: String?
    @Option(help: "Another CRM: \(ImportFile.systems).") var from: ForeignSystem?
    @Flag(help: "Make a custom field of each column that a mapping does not know.") var defineFields = false
    @Option(help: "The calling code of telephone numbers that name no country: 44.") var callingCode: Int?
    @Flag(help: "Leave out the files that an export of Daybook's wrote down.") var withoutFiles = false
    @Flag(help: "Tell what would be, and change nothing.") var dryRun = false
    @Option(help: "The organization, where the owner has several.") var organization: String?
    @Option(help: "The server. [environment: DAYBOOK_URL]") var url: String?
    @Option(help: "Where rejected rows are written. [default: FILE.rejects.csv]") var rejects: String?
    @OptionGroup var place: Place
    @OptionGroup var output: Output

    static var systems: String { ForeignSystem.allCases.map(\.rawValue).joined(separator: ", ") }

    func validate() throws {
        guard (map == nil) != (from == nil) else { throw ValidationError("Say --map MAP, or --from SYSTEM.") }
    }

    func run() async throws {
        if let (system, kind) = foreign {
            let tables = try tables(kind)
            return try await ImportServer.asked(place, url: url, organization: organization) {
                try await take(tables, of: system, $0)
            }
        }
        let mapping = try mapping(map ?? "")
        guard FileManager.default.isReadableFile(atPath: file) else {
            throw Exit(.failed, "There is no file \(file) that can be read.")
        }
        try await ImportServer.asked(place, url: url, organization: organization) { try await take(mapping, $0) }
    }

    private func take(_ mapping: String, _ client: Client) async throws {
        let meter = Meter()
        let summary: ImportRun.Summary
        do {
            let run = ImportRun(
                try table(mapping), mapping: mapping, rejects: rejects ?? usualRejects, dryRun: dryRun, more: more,
                send: { try await client.post($0, $1) }, report: { meter.show($0) })
            summary = try await run.run()
        } catch let unreadable as CSV.Unreadable {
            throw Exit(.failed, unreadable.detail)
        } catch let problem as Problem where problem.code == "mapping.invalid" {
            for flaw in problem.errors { say("\(map ?? ""): \(flaw.detail)") }
            throw Exit(.failed, "The mapping cannot be used; nothing was imported.")
        }
        if !summary.created.isEmpty { say("Created by name: \(summary.created.joined(separator: ", ")).") }
        summary.notes.forEach { say($0) }
        if let rejects = summary.rejectFile { say("What was not taken is in \(rejects)") }
        output.result(summary.json) {
            let left = summary.leftOut > 0 ? "; \(summary.leftOut) values left out" : ""
            return "\(summary.rows) rows: \(summary.accepted) accepted, \(summary.unchanged) unchanged, "
                + "\(summary.rejected) rejected\(left); \(summary.events) events"
        }
        if summary.rejected > 0 { throw Exit(.found) }
    }

    /// What opens the import besides.
    private var more: [String: JSON] {
        var more: [String: JSON] = [:]
        more["calling_code"] = callingCode.map { .integer(Int64($0)) }
        if defineFields { more["define_fields"] = true }
        return more
    }

    /// The rows of the file, as its name says what it is.
    private func table(_ mapping: String) throws -> any ImportTable {
        let name = file.lowercased()
        if name.hasSuffix(".vcf") { return try VCardTable(file) }
        if name.hasSuffix(".jsonl") { return try JSONLinesTable(file, entity: entity(of: mapping)) }
        guard Workbook.isOne(file) else { return CSVTable(file, try Mapping.format(of: mapping)) }
        let sheets = try Workbook(file).sheets
        let names = sheets.map { String($0.name.split(separator: ": ").last ?? "") }
        guard let sheet else {
            if sheets.count == 1 { return sheets[0] }
            throw Exit(.failed, "\(file) has several sheets; name one by --sheet: \(names.joined(separator: ", ")).")
        }
        guard let index = names.firstIndex(of: sheet) ?? (sheets.count == 1 ? 0 : nil) else {
            throw Exit(.failed, "\(file) has no sheet \(sheet); it has \(names.joined(separator: ", ")).")
        }
        return sheets[index]
    }

    /// Of whose records an export's mapping is.
    private func entity(of mapping: String) -> String? {
        let name = mapping.split(separator: "\n").first { $0.hasPrefix("mapping: daybook-") }
        return name.map { String($0.dropFirst("mapping: daybook-".count)).replacing("-", with: "_") }
    }

    // MARK: Which mapping, and where do the rejected rows go?

    /// Whose tables are imported, and what the file holds where a mapping says that.
    private var foreign: (ForeignSystem, kind: String?)? {
        if let from { return (from, nil) }
        let name = Self.stem(map ?? "")
        let isShipped = Self.shipped.contains { Self.stem($0.name) == name }
        guard isShipped, !FileManager.default.fileExists(atPath: map ?? "") else { return nil }
        return ForeignSystem.allCases.lazy.compactMap { system in
            system.kind(ofMapping: name).map { (system, $0) }
        }.first
    }

    private static let shipped = Shipped.files(in: "schemas/imports")
    private static var names: [String] { shipped.map { stem($0.name) }.filter { !isForeign($0) } }
    /// Whether it is one of those of another CRM, which --from names.
    private static func isForeign(_ name: String) -> Bool {
        ForeignSystem.allCases.contains { name.hasPrefix($0.rawValue + "-") }
    }
    private static func stem(_ name: String) -> String {
        name.hasSuffix(".yaml") ? String(name.dropLast(".yaml".count)) : name
    }

    /// The text of a mapping file; else of one that comes along, whose name may be without its source.
    func mapping(_ map: String) throws -> String {
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
final class Meter {
    private let start = ContinuousClock.now
    private var last = ContinuousClock.now
    private var pass = (number: 1, start: ContinuousClock.now)

    func show(_ progress: ImportRun.Progress, of file: String? = nil) {
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
        let name = file.map { "\($0): " } ?? ""
        say("\(name)\(progress.rows) rows\(again), \(Int(share * 100)) %, \(Int(rate)) rows/s\(isWhole ? "" : left)")
    }
}
