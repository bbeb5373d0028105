import Application
import CRM
import Foundation
import Kernel

/// Writes the files on records into a folder, each under its id, and a table of what is known of them.
struct FileExport {
    let folder: String
    /// csv or jsonl.
    let rows: String
    let client: Client

    /// Those that may be had: not put away, not taken away, and nothing found in them.
    private static let those = "archived=false&removed=false&scan.in=none,clean"

    /// - Returns: how many were written, and which were not, with why.
    func run() async throws -> (count: Int, left: [String]) {
        let place = "\(folder)/\(FolderImport.files)"
        do {
            try FileManager.default.createDirectory(
                atPath: place, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch { throw Exit(.failed, "The folder \(place) cannot be made.") }
        let path = "/\(Attachment.plural)/export?format=\(rows)&\(Self.those)"
        _ = try await client.download(path, to: "\(folder)/\(Attachment.plural).\(rows)")
        var (count, left) = (0, [String]())
        try await each(Self.those) { id, name, _ in
            let target = "\(place)/\(id)"
            do {
                let saved = try await client.saved("/\(Attachment.plural)/\(id)/download")
                try? FileManager.default.removeItem(atPath: target)
                do { try FileManager.default.moveItem(at: saved, to: URL(fileURLWithPath: target)) } catch {
                    throw Exit(.failed, "\(target) cannot be written.")
                }
                count += 1
            } catch let problem as Problem {
                // The table says that it is there; importing it says what is missing.
                left.append("\(name): \(problem.detail)")
            }
        }
        try await each("archived=false&scan.in=pending,infected") { _, name, scan in
            left.append("\(name): \(scan == "infected" ? "in quarantine" : "not scanned yet")")
        }
        try await each("archived=any&removed=true") { _, name, _ in left.append("\(name): taken away") }
        try await each("archived=true&removed=false") { _, name, _ in left.append("\(name): put away") }
        return (count, left)
    }

    private func each(
        _ parameters: String, _ body: (_ id: String, _ name: String, _ scan: String) async throws -> Void
    ) async throws {
        var more = ""
        repeat {
            let path = "/\(Attachment.plural)?\(parameters)&fields=id,filename,scan&limit=200\(more)"
            let page = try await client.get(path)
            for item in page["items"]?.array ?? [] {
                try await body(item["id"]?.string ?? "", item["filename"]?.string ?? "", item["scan"]?.string ?? "")
            }
            more = page["next"]?.string.map { "&cursor=\($0)" } ?? ""
        } while !more.isEmpty
    }
}
