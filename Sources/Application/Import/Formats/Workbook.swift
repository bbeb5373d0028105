import CZip
import Foundation
import FoundationXML

/// A workbook of a spreadsheet (Office Open XML, `.xlsx`): its sheets as tables, each with its first row that holds
/// something as the names of its columns.
public struct Workbook: Sendable {
    /// The sheets in which something stands, in their order.
    public let sheets: [ListTable]

    /// The most bytes of one part of a file that are unpacked.
    private static let limit = 1 << 30

    /// Reads a file.
    /// - Throws: `CSV.Unreadable` with a sentence that says what to do.
    public init(_ path: String) throws(CSV.Unreadable) {
        let file = path.split(separator: "/").last.map(String.init) ?? path
        let parts = try Parts(path)
        let names = SheetNames.read(try parts.data("xl/workbook.xml"), try parts.data("xl/_rels/workbook.xml.rels"))
        guard !names.sheets.isEmpty else { throw CSV.Unreadable("\(path) is no workbook: it names no sheet.") }
        let strings = SharedStrings.read((try? parts.data("xl/sharedStrings.xml")) ?? Data())
        let styles = Styles.read((try? parts.data("xl/styles.xml")) ?? Data())
        var sheets: [ListTable] = []
        for (name, part) in names.sheets {
            let cells = SheetCells(strings: strings, styles: styles, is1904: names.is1904)
            let rows = cells.read(try parts.data(part))
            if let records = Self.records(rows) {
                sheets.append(ListTable(names.sheets.count == 1 ? file : "\(file): \(name)", records))
            }
        }
        guard !sheets.isEmpty else { throw CSV.Unreadable("\(path) holds no row in any sheet.") }
        self.sheets = sheets
    }

    /// Whether a file is one, as its name says.
    public static func isOne(_ path: String) -> Bool {
        [".xlsx", ".xlsm"].contains { path.lowercased().hasSuffix($0) }
    }

    /// Rows as wide as the first of them; what stands behind it has a column without a name, which is numbered.
    private static func records(_ rows: [(line: Int, cells: [String])]) -> [CSV.Record]? {
        let filled = rows.filter { row in row.cells.contains { !$0.isEmpty } }
        guard let first = filled.first else { return nil }
        let width = filled.reduce(0) { max($0, ($1.cells.lastIndex { !$0.isEmpty } ?? -1) + 1) }
        let names = (0..<width).map { index in
            let name = index < first.cells.count ? first.cells[index] : ""
            return name.isEmpty ? "column \(index + 1)" : name
        }
        return [CSV.Record(line: first.line, fields: names)]
            + filled.dropFirst().map { row in
                let cells = Array(row.cells.prefix(width))
                return CSV.Record(
                    line: row.line, fields: cells + Array(repeating: "", count: width - cells.count))
            }
    }

    /// The parts of the archive that a workbook is.
    private final class Parts {
        private let archive: OpaquePointer
        private let path: String

        init(_ path: String) throws(CSV.Unreadable) {
            var code: Int32 = 0
            guard let archive = zip_open(path, ZIP_RDONLY, &code) else {
                throw CSV.Unreadable("\(path) cannot be read as a workbook (.xlsx); save it as one again.")
            }
            (self.archive, self.path) = (archive, path)
        }
        deinit { zip_discard(archive) }

        func data(_ name: String) throws(CSV.Unreadable) -> Data {
            var facts = zip_stat_t()
            guard zip_stat(archive, name, 0, &facts) == 0, let file = zip_fopen(archive, name, 0) else {
                throw CSV.Unreadable("\(path) is no workbook: it lacks \(name).")
            }
            defer { zip_fclose(file) }
            guard facts.size <= Workbook.limit else { throw CSV.Unreadable("\(path) is too large; save it as CSV.") }
            var data = Data(count: Int(facts.size))
            let read = data.withUnsafeMutableBytes { zip_fread(file, $0.baseAddress, facts.size) }
            guard read == Int64(facts.size) else { throw CSV.Unreadable("\(path) is damaged; save it again.") }
            return data
        }
    }
}

/// A reader of one part: of its elements, by their names without prefixes.
private class PartReader: NSObject, XMLParserDelegate {
    func parse(_ data: Data) {
        let parser = XMLParser(data: data)
        parser.shouldResolveExternalEntities = false
        parser.delegate = self
        _ = parser.parse()
    }
    func begin(_: String, _: [String: String]) {}
    func end(_: String) {}
    func take(_: String) {}

    /// A name without the prefix of its namespace.
    static func bare(_ name: String) -> String { name.split(separator: ":").last.map(String.init) ?? name }

    func parser(
        _: XMLParser, didStartElement element: String, namespaceURI: String?, qualifiedName: String?,
        attributes: [String: String] = [:]
    ) { begin(Self.bare(element), attributes) }
    func parser(_: XMLParser, didEndElement element: String, namespaceURI: String?, qualifiedName: String?) {
        end(Self.bare(element))
    }
    func parser(_: XMLParser, foundCharacters characters: String) { take(characters) }
}

/// Which sheets there are, and where.
private final class SheetNames: PartReader {
    private(set) var sheets: [(name: String, part: String)] = []
    private(set) var is1904 = false
    private var targets: [String: String] = [:]

    static func read(_ workbook: Data, _ relations: Data) -> SheetNames {
        let names = SheetNames()
        names.parse(relations)
        names.parse(workbook)
        return names
    }

    override func begin(_ element: String, _ attributes: [String: String]) {
        switch element {
        case "Relationship":
            let target = attributes["Target"] ?? ""
            targets[attributes["Id"] ?? ""] = target.hasPrefix("/") ? String(target.dropFirst()) : "xl/\(target)"
        case "workbookPr": is1904 = ["1", "true"].contains(attributes["date1904"] ?? "")
        case "sheet":
            let id = attributes.first { Self.bare($0.key) == "id" }?.value ?? ""
            if let part = targets[id] { sheets.append((attributes["name"] ?? id, part)) }
        case _: break
        }
    }
}

/// The texts that cells name by number.
private final class SharedStrings: PartReader {
    private var strings: [String] = []
    private var text: String?
    private var isPhonetic = false
    private var isText = false

    static func read(_ data: Data) -> [String] {
        let reader = SharedStrings()
        reader.parse(data)
        return reader.strings
    }

    override func begin(_ element: String, _ attributes: [String: String]) {
        switch element {
        case "si": text = ""
        case "rPh": isPhonetic = true
        case "t": isText = !isPhonetic
        case _: break
        }
    }
    override func take(_ characters: String) { if isText { text? += characters } }
    override func end(_ element: String) {
        switch element {
        case "si":
            strings.append(text ?? "")
            text = nil
        case "rPh": isPhonetic = false
        case "t": isText = false
        case _: break
        }
    }
}

/// Which styles of cells show a number as a day or a time.
private final class Styles: PartReader {
    private var formats: [Int: String] = [:]
    private var isInCells = false
    private var styles: [Show] = []

    enum Show { case number, day, time }

    static func read(_ data: Data) -> [Show] {
        let reader = Styles()
        reader.parse(data)
        return reader.styles
    }

    override func begin(_ element: String, _ attributes: [String: String]) {
        switch element {
        case "numFmt":
            if let id = Int(attributes["numFmtId"] ?? "") { formats[id] = attributes["formatCode"] ?? "" }
        case "cellXfs": isInCells = true
        case "xf" where isInCells: styles.append(show(Int(attributes["numFmtId"] ?? "") ?? 0))
        case _: break
        }
    }
    override func end(_ element: String) {
        if element == "cellXfs" { isInCells = false }
    }

    private func show(_ id: Int) -> Show {
        switch id {
        case 14...17, 27...31, 34...36, 50...58: return .day
        case 18...22, 32, 33, 45...47: return .time
        case _: break
        }
        guard let code = formats[id] else { return .number }
        // What stands in quotes or brackets, or behind a backslash, is no part of a date: [Red], "d", \d.
        let plain = code.replacing(/"[^"]*"|\[[^\]]*\]|\\./, with: "").lowercased().prefix { $0 != ";" }
        if plain.contains("h") || plain.contains("s") { return .time }
        return plain.contains("y") || plain.contains("d") ? .day : .number
    }
}

/// The cells of a sheet, as texts.
private final class SheetCells: PartReader {
    private let strings: [String]
    private let styles: [Styles.Show]
    private let is1904: Bool
    private var rows: [(line: Int, cells: [String])] = []
    private var (line, column, kind, style) = (0, 0, "", 0)
    private var value = ""
    private var isValue = false
    private var isPhonetic = false

    init(strings: [String], styles: [Styles.Show], is1904: Bool) {
        (self.strings, self.styles, self.is1904) = (strings, styles, is1904)
    }

    func read(_ data: Data) -> [(line: Int, cells: [String])] {
        parse(data)
        return rows
    }

    override func begin(_ element: String, _ attributes: [String: String]) {
        switch element {
        case "row":
            line = Int(attributes["r"] ?? "") ?? line + 1
            rows.append((line, []))
            column = -1
        case "c":
            column = attributes["r"].map(Self.column) ?? column + 1
            (kind, style) = (attributes["t"] ?? "n", Int(attributes["s"] ?? "") ?? 0)
            value = ""
        case "v", "t": isValue = !isPhonetic
        case "rPh": isPhonetic = true
        case _: break
        }
    }
    override func take(_ characters: String) { if isValue { value += characters } }
    override func end(_ element: String) {
        switch element {
        case "v", "t": isValue = false
        case "rPh": isPhonetic = false
        case "c":
            guard let row = rows.indices.last, column >= 0, column < 16_384 else { return }
            let missing = column - rows[row].cells.count
            if missing > 0 { rows[row].cells += Array(repeating: "", count: missing) }
            let text = text()
            if column < rows[row].cells.count { rows[row].cells[column] = text } else { rows[row].cells.append(text) }
        case _: break
        }
    }

    /// `AB12` → 27.
    private static func column(_ reference: String) -> Int {
        reference.utf8.prefix { (65...90).contains($0) }.reduce(0) { $0 * 26 + Int($1) - 64 } - 1
    }

    private func text() -> String {
        switch kind {
        case "s": return Int(value).flatMap { strings.indices.contains($0) ? strings[$0] : nil } ?? ""
        case "b": return value == "1" ? "true" : "false"
        // An error such as #N/A is no value.
        case "e": return ""
        case "str", "inlineStr", "d": return value
        case _: break
        }
        guard let number = Double(value) else { return value }
        switch styles.indices.contains(style) ? styles[style] : .number {
        case .day where number >= 1, .time where number >= 1: return moment(number)
        case .number, .day, .time: return Self.digits(number)
        }
    }

    /// Days since the end of 1899 (or the beginning of 1904), of which Lotus' 29 February 1900 is none.
    private func moment(_ serial: Double) -> String {
        let seconds = (serial * 86_400).rounded()
        let days = Int((seconds / 86_400).rounded(.down))
        let rest = Int(seconds) - days * 86_400
        let since1970 = is1904 ? days - 24_107 : (days < 60 ? days + 1 : days) - 25_569
        let date = Date(timeIntervalSince1970: Double(since1970) * 86_400 + Double(rest))
        let text = date.formatted(Date.ISO8601FormatStyle())
        return rest == 0 ? String(text.prefix(10)) : text
    }

    private static func digits(_ number: Double) -> String {
        if number == number.rounded(), abs(number) < 1e15 { return String(Int64(number)) }
        // Fifteen digits are what a spreadsheet knows of a number.
        let known = Double(String(format: "%.15g", number)) ?? number
        let text = "\(known)"
        return text.contains("e") ? String(format: "%.15f", known) : text
    }
}
