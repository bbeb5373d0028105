import Foundation

/// A workbook of a spreadsheet (Office Open XML, `.xlsx`): its sheets as tables, each with its first row that holds
/// something as the names of its columns.
public struct Workbook: Sendable {
    /// The sheets in which something stands, in their order.
    public let sheets: [SheetTable]

    /// Reads a file. What it says and cannot be read hinders all of it: nothing is left out silently.
    /// - Throws: `CSV.Unreadable` with a sentence that says what to do.
    public init(_ path: String) throws(CSV.Unreadable) {
        let file = path.split(separator: "/").last.map(String.init) ?? path
        let parts = try WorkbookParts(path)
        let names = SheetNames()
        try names.parse(try parts.needed("xl/_rels/workbook.xml.rels"))
        try names.parse(try parts.needed("xl/workbook.xml"))
        guard !names.sheets.isEmpty else { throw CSV.Unreadable("\(path) is no workbook: it names no sheet.") }
        let strings = SharedStrings()
        if let part = try parts.part(names.strings) { try strings.parse(part) }
        let styles = CellStyles()
        if let part = try parts.part(names.styles) { try styles.parse(part) }
        var sheets: [SheetTable] = []
        for (name, target) in names.sheets {
            guard let target else { throw CSV.Unreadable("\(path) is damaged: the sheet \(name) is not in it.") }
            let cells = SheetCells(name, strings: strings.strings, styles: styles.styles, is1904: names.is1904)
            try cells.parse(try parts.needed(target))
            let title = names.sheets.count == 1 ? file : "\(file): \(name)"
            if let table = SheetTable(title, cells.rows) { sheets.append(table) }
        }
        guard !sheets.isEmpty else { throw CSV.Unreadable("\(path) holds no row in any sheet.") }
        self.sheets = sheets
    }

    /// Whether a file is one, as its name says.
    public static func isOne(_ path: String) -> Bool {
        [".xlsx", ".xlsm"].contains { path.lowercased().hasSuffix($0) }
    }
}

/// One sheet of a workbook. Only what is not empty is held, so that a cell far away costs no more than any other.
public struct SheetTable: ImportTable {
    /// The file's name, with the sheet's where it has several.
    public let name: String
    private let header: CSV.Record
    private let lines: [Line]

    /// A row of a sheet, and its cells that are not empty.
    struct Line: Sendable {
        let number: Int
        var cells: [(column: Int, text: String)]
    }

    /// - Returns: nil where there is no row.
    init?(_ name: String, _ lines: [Line]) {
        guard let first = lines.first else { return nil }
        let width = lines.lazy.flatMap(\.cells).reduce(0) { max($0, $1.column + 1) }
        let named = Self.fields(of: first, width)
        // What stands behind the names has a column without one, which is numbered.
        let names = named.enumerated().map { $1.isEmpty ? "column \($0 + 1)" : $1 }
        (self.name, self.lines) = (name, Array(lines.dropFirst()))
        header = CSV.Record(line: first.number, fields: names)
    }

    private static func fields(of line: Line, _ width: Int) -> [String] {
        line.cells.reduce(into: Array(repeating: "", count: width)) { $0[$1.column] = $1.text }
    }

    /// From the names of the columns.
    public func rows() -> any ImportRows { Rows(self) }

    private final class Rows: ImportRows {
        private let table: SheetTable
        private(set) var read = 0
        var size: Int { table.lines.count + 1 }
        init(_ table: SheetTable) { self.table = table }

        func next() -> CSV.Item? {
            guard read < size else { return nil }
            defer { read += 1 }
            guard read > 0 else { return .record(table.header) }
            let line = table.lines[read - 1]
            guard line.cells.reduce(0, { $0 + $1.text.utf8.count }) <= CSV.longest else {
                return .broken(line: line.number, .tooLong, text: line.cells.first?.text ?? "")
            }
            return .record(
                CSV.Record(
                    line: line.number, fields: SheetTable.fields(of: line, table.header.fields.count)))
        }
    }
}
