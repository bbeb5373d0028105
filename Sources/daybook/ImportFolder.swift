import Application
import ArgumentParser
import Foundation
import Kernel

extension ForeignSystem: ExpressibleByArgument {}

extension ImportFile {
    /// A folder of another CRM's tables, or one file there.
    typealias Tables = (folder: String, only: FolderImport.Options.Only?)

    /// Imports tables of another CRM, as one import.
    func take(_ tables: Tables, of system: ForeignSystem, _ client: Client) async throws {
        let now = Instant(microseconds: Int64(Date().timeIntervalSince1970 * 1_000_000))
        let (folder, only) = tables
        var options = FolderImport.Options(system, folder: folder, rejects: rejects ?? usual(folder), now: now)
        options.only = only
        (options.dryRun, options.definesFields, options.callingCode) = (dryRun, defineFields, callingCode)
        let meter = Meter()
        let run = FolderImport(
            options, colleagues: try await colleagues(client), mapping: { mapping($0, of: system, folder) },
            send: { try await client.post($0, $1) }, files: withoutFiles ? nil : client.carrier,
            report: { meter.show($1, of: $0) })
        let summary: FolderSummary
        do { summary = try await run.run() } catch let unreadable as CSV.Unreadable {
            throw Exit(.failed, unreadable.detail)
        } catch let problem as Problem {
            for flaw in problem.errors { say(flaw.detail) }
            throw problem
        }
        for file in summary.files { tell(file) }
        if !summary.unknown.isEmpty { say("Not imported, since no mapping is for them: \(list(summary.unknown)).") }
        if !summary.newMembers.isEmpty { say("Users that no member is: \(list(summary.newMembers)).") }
        output.result(summary.json) { Self.sum(summary, dryRun: dryRun) }
        if summary.files.contains(where: { $0.rejected > 0 }) { throw Exit(.found) }
    }

    /// The mapping of a name: one that comes along, or one that an export wrote beside its rows.
    private func mapping(_ name: String, of system: ForeignSystem, _ folder: String) -> String? {
        guard system == .daybook else { return try? mapping(name) }
        let stem = name.dropFirst("daybook-".count)
        return try? String(contentsOfFile: "\(folder)/\(stem).yaml", encoding: .utf8)
    }

    /// Where the tables are, and which of them is meant where one file is named.
    /// - Parameter kind: what the file holds, where a mapping says that.
    func tables(_ kind: String?) throws -> Tables {
        var isFolder: ObjCBool = false
        guard FileManager.default.fileExists(atPath: file, isDirectory: &isFolder) else {
            throw Exit(.failed, "There is no file or folder \(file) that can be read.")
        }
        guard !isFolder.boolValue else { return (file, nil) }
        let url = URL(fileURLWithPath: file)
        return (url.deletingLastPathComponent().path, FolderImport.Options.Only(url.lastPathComponent, kind: kind))
    }

    /// "Account.csv: 167 rows: …", and what is worth knowing of it.
    private func tell(_ file: FileSummary) {
        let left = file.leftOut > 0 ? "; \(file.leftOut) values left out" : ""
        say(
            "\(file.name) (\(file.kind)): \(file.rows) rows: \(file.accepted) accepted, \(file.unchanged) unchanged, "
                + "\(file.rejected) rejected\(left)")
        if !file.created.isEmpty { say("  created: \(list(file.created))") }
        if !file.unused.isEmpty {
            say("  not taken (--define-fields makes fields of them): \(list(file.unused))")
        }
        for note in file.notes.prefix(10) { say("  \(note)") }
        if let rejects = file.rejectFile { say("  what was not taken is in \(rejects)") }
    }

    private func list(_ names: [String]) -> String {
        let more = names.count > 12 ? " and \(names.count - 12) more" : ""
        return names.prefix(12).joined(separator: ", ") + more
    }

    private static func sum(_ summary: FolderSummary, dryRun: Bool) -> String {
        let members = summary.json
        func count(_ name: String) -> Int64 { members[name]?.integer ?? 0 }
        let what = ["accepted", "unchanged", "rejected"].map { "\(count($0)) \($0)" }.joined(separator: ", ")
        let back = dryRun ? "nothing is done" : "daybook import revert \(summary.id) takes it back"
        return "\(count("rows")) rows: \(what); \(count("events")) events (\(back))"
    }

    /// All members, whom users of the other system may be.
    private func colleagues(_ client: Client) async throws -> [FolderImport.Colleague] {
        var colleagues: [FolderImport.Colleague] = []
        var cursor: String?
        repeat {
            let more = cursor.map { "&cursor=\($0)" } ?? ""
            let page = try await client.get("/members?limit=100&fields=id,name,email\(more)")
            for item in page["items"]?.array ?? [] {
                colleagues.append(
                    FolderImport.Colleague(
                        id: item["id"]?.string ?? "", name: item["name"]?.string ?? "", email: item["email"]?.string))
            }
            cursor = page["next"]?.string
        } while cursor != nil
        return colleagues
    }

    /// Beside the tables, or in the folder at hand where theirs may not be written to.
    private func usual(_ folder: String) -> String {
        FileManager.default.isWritableFile(atPath: folder) ? folder : FileManager.default.currentDirectoryPath
    }
}
