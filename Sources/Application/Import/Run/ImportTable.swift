import Foundation
import Vault

/// Rows of a file or of a part of one, read from the start as often as is asked for. The first record is the names of
/// the columns.
public protocol ImportTable: Sendable {
    /// By what people know it: "accounts.csv".
    var name: String { get }
    /// How many of the columns are the file's own; those behind them were worked out. nil: all.
    var ownColumns: Int? { get }
    /// Starts reading.
    /// - Throws: `CSV.Unreadable` with a sentence that says what to do.
    func rows() throws(CSV.Unreadable) -> any ImportRows
}

/// A table that is being read.
public protocol ImportRows: AnyObject {
    /// The next record or broken line; nil at the end.
    func next() throws(CSV.Unreadable) -> CSV.Item?
    /// How much was read, in whatever `size` is in.
    var read: Int { get }
    /// How much there is.
    var size: Int { get }
}

extension ImportTable {
    /// All.
    public var ownColumns: Int? { nil }

    /// What all of it says, in few letters.
    func digest() throws(CSV.Unreadable) -> String {
        let rows = try rows()
        var content = ContentDigest()
        while let item = try rows.next() { content.add(item) }
        return content.finish()
    }
}

/// What tables say, in few letters of which nobody reads it: whether it is the same again.
struct ContentDigest {
    private var hash = SHA256()

    mutating func add(_ item: CSV.Item) {
        switch item {
        case .record(let record): add(record.fields)
        case .broken(_, let flaw, let text): add([flaw.rawValue, text])
        }
    }
    private mutating func add(_ texts: [String]) {
        for text in texts { hash.update(Array("\(text.utf8.count):\(text)".utf8)) }
        hash.update(Array("\n".utf8))
    }
    consuming func finish() -> String { hash.finish().map { String(format: "%02x", $0) }.joined() }

    /// Of several tables, by name.
    static func of(_ tables: [(name: String, digest: String)]) -> String {
        var all = ContentDigest()
        for table in tables { all.add([table.name, table.digest]) }
        return all.finish()
    }
}

extension CSV.File: ImportRows {}

/// A CSV file, or one of rejected rows that somebody corrected.
public struct CSVTable: ImportTable {
    let path: String
    let format: CSV.Format

    /// The file at a path.
    public init(_ path: String, _ format: CSV.Format = CSV.Format()) { (self.path, self.format) = (path, format) }

    /// Its name without its folder.
    public var name: String { path.split(separator: "/").last.map(String.init) ?? path }
    /// Opens it.
    public func rows() throws(CSV.Unreadable) -> any ImportRows {
        guard RejectFile.isOne(path) else { return try CSV.File(path, format) }
        return CorrectedRows(try CSV.File(path))
    }
}

/// Records that are in memory.
public struct ListTable: ImportTable {
    /// By what people know it.
    public let name: String
    let records: [CSV.Record]

    /// - Parameter records: the names of the columns first.
    public init(_ name: String, _ records: [CSV.Record]) { (self.name, self.records) = (name, records) }

    /// From the first.
    public func rows() -> any ImportRows { Rows(records) }

    private final class Rows: ImportRows {
        private let records: [CSV.Record]
        private(set) var read = 0
        var size: Int { records.count }
        init(_ records: [CSV.Record]) { self.records = records }

        func next() -> CSV.Item? {
            guard read < records.count else { return nil }
            defer { read += 1 }
            return .record(records[read])
        }
    }
}

/// A table with columns that are worked out of each row.
struct DerivedTable: ImportTable {
    let base: any ImportTable
    let ownColumns: Int?
    /// The names of all columns.
    let header: [String]
    /// The cells of a row, of its fields.
    let derive: @Sendable ([String]) -> [String]

    var name: String { base.name }
    func rows() throws(CSV.Unreadable) -> any ImportRows { Rows(try base.rows(), self) }

    private final class Rows: ImportRows {
        private let base: any ImportRows
        private let table: DerivedTable
        private var isFirst = true
        var read: Int { base.read }
        var size: Int { base.size }
        init(_ base: any ImportRows, _ table: DerivedTable) { (self.base, self.table) = (base, table) }

        func next() throws(CSV.Unreadable) -> CSV.Item? {
            switch try base.next() {
            case .record(let record)?:
                defer { isFirst = false }
                let fields = isFirst ? table.header : table.derive(record.fields)
                return .record(CSV.Record(line: record.line, fields: fields))
            case let other: return other
            }
        }
    }
}
