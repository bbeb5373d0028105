import Application
import ArgumentParser
import Foundation
import FoundationNetworking
import Kernel

/// `daybook export DIR`.
struct ExportVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write all records into a folder, with the mappings that import them again.",
        discussion: """
            For each kind of records a file of rows (CSV, or JSON Lines) and a mapping; the files on them in DIR/files,
            each under its id, with their table. `daybook import --from daybook DIR` reads them, into this organization
            or another. Records that were put away are among them.
            """)

    enum Rows: String, ExpressibleByArgument, CaseIterable { case csv, jsonl }

    @Argument(help: "The folder; it is made where it is not there.") var folder: String
    @Option(help: "csv or jsonl.") var rows: Rows = .csv
    @Flag(help: "Leave out the files on records.") var withoutFiles = false
    @Option(help: "The organization, where the owner has several.") var organization: String?
    @Option(help: "The server. [environment: DAYBOOK_URL]") var url: String?
    @OptionGroup var place: Place
    @OptionGroup var output: Output

    func run() async throws {
        do {
            // It holds personal data.
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch { throw Exit(.failed, "The folder \(folder) cannot be made.") }
        try await ImportServer.asked(place, url: url, organization: organization) { try await write($0) }
    }

    private func write(_ client: Client) async throws {
        var counts: [String: JSON] = [:]
        for entity in ForeignSystem.ours {
            let path = "/\(entity.plural)/export?"
            let file = "\(folder)/\(entity.plural).\(rows.rawValue)"
            let count = try await client.download("\(path)format=\(rows.rawValue)&archived=any&past=true", to: file)
            counts[entity.plural] = .integer(Int64(rows == .csv ? max(0, count - 1) : count))
            let name = entity.plural.replacing("_", with: "-")
            _ = try await client.download("\(path)format=mapping&past=true", to: "\(folder)/\(name).yaml")
            let after = "\(folder)/\(name)-after.yaml"
            do {
                _ = try await client.download("\(path)format=closing&past=true", to: after)
            } catch let problem as Problem {
                guard problem.code == "export.no_mapping" else { throw problem }
                // One of an earlier export says what is not so any more.
                try? FileManager.default.removeItem(atPath: after)
            }
        }
        var told: [String: JSON] = ["folder": .string(folder), "rows": .object(counts)]
        var files = ""
        if !withoutFiles {
            let freight = try await FileExport(folder: folder, rows: rows.rawValue, client: client).run()
            told["files"] = .integer(Int64(freight.count))
            told["files_left"] = .array(freight.left.map(JSON.string))
            for name in freight.left.prefix(20) { say("Not written: \(name)") }
            if freight.left.count > 20 { say("Not written: \(freight.left.count - 20) more") }
            files = ", and \(freight.count) files"
        }
        output.result(.object(told)) {
            let rows = counts.values.reduce(0) { $0 + ($1.integer ?? 0) }
            return "\(rows) rows of \(counts.count) kinds\(files) are in \(folder)"
        }
    }
}

extension Client {
    /// Gets what a path below `/api/v1` answers into a file, readable by its owner only.
    /// - Returns: how many lines it has, line ends within quotes not counted.
    func download(_ path: String, to file: String) async throws -> Int {
        let saved = try await saved(path)
        do {
            try? FileManager.default.removeItem(atPath: file)
            try FileManager.default.moveItem(at: saved, to: URL(fileURLWithPath: file))
            try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: file)
        } catch { throw Exit(.failed, "\(file) cannot be written.") }
        guard let handle = FileHandle(forReadingAtPath: file) else { throw Exit(.failed, "\(file) cannot be read.") }
        defer { try? handle.close() }
        var (lines, isQuoted) = (0, false)
        while let piece = try handle.read(upToCount: 1 << 20), !piece.isEmpty {
            for byte in piece {
                if byte == UInt8(ascii: "\"") { isQuoted.toggle() }
                if byte == 0x0A, !isQuoted || !file.hasSuffix(".csv") { lines += 1 }
            }
        }
        return lines
    }
}
