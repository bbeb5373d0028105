import CRM
import Foundation
import Kernel

/// A file of documents, one a line, as an export writes them: the same columns as its CSV has.
public struct JSONLinesTable: ImportTable {
    /// The file's name.
    public let name: String
    private let path: String
    private let sheet: Sheet

    /// Looks through a file for the members that its documents have.
    /// - Parameter entity: of whose records they are; nil where that is not known.
    /// - Throws: `CSV.Unreadable` where it is none that can be read.
    public init(_ path: String, entity: String? = nil) throws(CSV.Unreadable) {
        (name, self.path) = (path.split(separator: "/").last.map(String.init) ?? path, path)
        var members: [String] = []
        var custom: [String: FieldSet.Definition] = [:]
        let lines = try Lines(path)
        while let (_, text) = try lines.next() {
            guard let document = (try? JSON(parsing: Array(text.utf8)))?.object else { continue }
            for name in document.keys.sorted() where !members.contains(name) { members.append(name) }
            for (key, value) in document["custom"]?.object ?? [:] where custom[key] == nil && value != .null {
                // An amount has two columns, words have one; what else there is needs no more than a column.
                let kind: FieldSet.Definition.Kind =
                    Money(value) != nil ? .money : value.array != nil ? .choices : .text
                custom[key] = FieldSet.Definition(label: key, type: kind, choices: nil, entity: nil)
            }
        }
        let type: any Entity.Type = entity.flatMap { CRM.entity(plural: $0) ?? CRM.entity(named: $0) } ?? Account.self
        sheet = Sheet(of: type, members: members, custom.sorted { $0.key < $1.key }.map { ($0.key, $0.value) })
    }

    /// From the first line.
    public func rows() throws(CSV.Unreadable) -> any ImportRows { Rows(try Lines(path), sheet) }

    /// The lines of a file, read in pieces.
    private final class Lines {
        private let handle: FileHandle
        private var buffer: [UInt8] = []
        private var start = 0
        private var number = 0
        private var ended = false
        let size: Int
        private(set) var read = 0

        init(_ path: String) throws(CSV.Unreadable) {
            guard let handle = FileHandle(forReadingAtPath: path), let size = try? handle.seekToEnd(),
                (try? handle.seek(toOffset: 0)) != nil
            else { throw CSV.Unreadable("There is no file \(path) that can be read.") }
            (self.handle, self.size) = (handle, Int(size))
        }

        /// The next line that is not empty, and its number.
        func next() throws(CSV.Unreadable) -> (Int, String)? {
            while true {
                if let end = buffer[start...].firstIndex(of: 0x0A)
                    ?? (ended && start < buffer.count ? buffer.count : nil)
                {
                    let line = buffer[start..<end]
                    start = min(end + 1, buffer.count)
                    number += 1
                    if line.isEmpty { continue }
                    return (number, String(decoding: line, as: UTF8.self))
                }
                if ended { return nil }
                buffer.removeSubrange(..<start)
                start = 0
                do {
                    let bytes = try handle.read(upToCount: 64 << 10) ?? Data()
                    ended = bytes.isEmpty
                    read += bytes.count
                    buffer += bytes
                } catch { throw CSV.Unreadable("Reading stopped after \(read) bytes: \(error.localizedDescription)") }
            }
        }
    }

    private final class Rows: ImportRows {
        private let lines: Lines
        private let sheet: Sheet
        private var isFirst = true
        var read: Int { lines.read }
        var size: Int { lines.size }
        init(_ lines: Lines, _ sheet: Sheet) { (self.lines, self.sheet) = (lines, sheet) }

        func next() throws(CSV.Unreadable) -> CSV.Item? {
            if isFirst {
                isFirst = false
                return .record(CSV.Record(line: 0, fields: sheet.columns.map(\.name)))
            }
            guard let (line, text) = try lines.next() else { return nil }
            // Its first line is no header; a line of a file of rows is at least 1.
            guard let document = try? JSON(parsing: Array(text.utf8)), document.object != nil else {
                return .broken(line: line, .notAnObject, text: text)
            }
            return .record(CSV.Record(line: line, fields: sheet.columns.map { $0.cell(of: document) }))
        }
    }
}
