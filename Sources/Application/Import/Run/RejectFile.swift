import Foundation
import Kernel

/// The rows that could not be taken, each with line, column, code and reason before its own fields. Corrected, it can
/// be imported by the same mapping.
final class RejectFile {
    struct Entry {
        var line: Int
        var column: String
        var code: String
        var reason: String
        var fields: [String]
    }

    private let path: String
    private var header: [String] = []
    private var handle: FileHandle?

    init(_ path: String) { self.path = path }

    /// Says what the file's columns are called.
    func begin(_ names: [String]) { header = names }

    /// Writes a row down; the first one makes the file.
    func add(_ entry: Entry) throws {
        if handle == nil {
            // It may hold personal data: readable by its owner only.
            let made = FileManager.default.createFile(
                atPath: path, contents: nil, attributes: [.posixPermissions: 0o600])
            guard made, let opened = FileHandle(forWritingAtPath: path) else {
                throw CSV.Unreadable("The reject file \(path) cannot be written; name another with --rejects.")
            }
            handle = opened
            try opened.write(contentsOf: Data(CSV.line(Self.columns + header).utf8))
        }
        let told = [String(entry.line), entry.column, entry.code, entry.reason]
        // As wide as the header, so that every reader takes it; a line that could not be split is one field.
        let fields = entry.fields + Array(repeating: "", count: max(0, header.count - entry.fields.count))
        try handle?.write(contentsOf: Data(CSV.line(told + fields).utf8))
    }

    /// Closes the file and answers its path. Without rows there is none; one of an earlier import would mislead.
    func finish(dryRun: Bool) throws -> String? {
        guard let handle else {
            if !dryRun, Self.isOne(path) { try? FileManager.default.removeItem(atPath: path) }
            return nil
        }
        try handle.close()
        return path
    }
}

extension RejectFile {
    /// What stands before a row's own fields.
    static let columns = ["line", "column", "code", "reason"]
    /// How the names of such files end.
    static let suffix = ".rejects.csv"

    /// Whether an import wrote what is at a path.
    static func isOne(_ path: String) -> Bool {
        guard let handle = FileHandle(forReadingAtPath: path) else { return false }
        defer { try? handle.close() }
        let start = Data((columns.joined(separator: ",") + ",").utf8)
        return (try? handle.read(upToCount: start.count)) == start
    }

    /// The name of the file, or of the sheet, whose rows are in one of this name; nil where it is none by its name.
    static func stem(of name: String) -> String? {
        guard name.hasSuffix(suffix) else { return nil }
        // Of rows that were sent once more, or rejected once more, the name says that, too.
        let parts = name.dropLast(4).split(separator: ".")
        return parts.last { $0 != "rejects" && $0 != "after" }.map(String.init)
    }
}

/// The rows of a file of rejected ones, without what an import wrote before their own fields.
final class CorrectedRows: ImportRows {
    private let file: CSV.File
    var read: Int { file.read }
    var size: Int { file.size }
    init(_ file: CSV.File) { self.file = file }

    func next() throws(CSV.Unreadable) -> CSV.Item? {
        let item = try file.next()
        guard case .record(let record)? = item else { return item }
        let own = record.fields.dropFirst(RejectFile.columns.count)
        return .record(CSV.Record(line: record.line, fields: Array(own)))
    }
}

extension RejectFile.Entry {
    /// A line that is no row.
    init(line: Int, _ flaw: CSV.Flaw, _ text: String) {
        self.init(line: line, column: "", code: flaw.rawValue, reason: flaw.detail, fields: [text])
    }

    init(_ json: JSON, _ lines: [Int: [String]]) {
        line = json["line"].flatMap(\.integer).map { Int($0) } ?? 0
        column = json["column"]?.string ?? ""
        code = json["code"]?.string ?? ""
        reason = json["reason"]?.string ?? ""
        fields = lines[line] ?? []
    }
}
