import Foundation

/// The texts that cells name by number.
final class SharedStrings: PartReader {
    private(set) var strings: [String] = []
    private var text: String?
    private var isPhonetic = false
    private var isText = false

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
final class CellStyles: PartReader {
    private var formats: [Int: String] = [:]
    private var isInCells = false
    private(set) var styles: [Show] = []

    enum Show { case number, day, time }

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
final class SheetCells: PartReader {
    /// The rows in which something stands.
    private(set) var rows: [SheetTable.Line] = []
    private let sheet: String
    private let strings: [String]
    private let styles: [CellStyles.Show]
    private let is1904: Bool
    private var (line, column, style) = (0, -1, 0)
    private var (kind, value) = ("n", "")
    private var (isRow, isValue, isPhonetic) = (false, false, false)
    /// Whether the cell is worked out.
    private var isFormula = false

    /// What a spreadsheet has room for.
    private static let lines = 1...1_048_576
    /// What an import takes: the first line of a file names so many columns at most.
    private static let columns = 0..<1000

    init(_ sheet: String, strings: [String], styles: [CellStyles.Show], is1904: Bool) {
        (self.sheet, self.strings, self.styles, self.is1904) = (sheet, strings, styles, is1904)
    }

    override func begin(_ element: String, _ attributes: [String: String]) {
        switch element {
        case "row": beginRow(attributes["r"])
        case "c": beginCell(attributes)
        case "f": isFormula = true
        case "v", "t": isValue = !isPhonetic
        case "rPh": isPhonetic = true
        case _: break
        }
    }
    override func take(_ characters: String) { if isValue { value += characters } }
    override func end(_ element: String) {
        switch element {
        case "row": isRow = false
        case "v", "t": isValue = false
        case "rPh": isPhonetic = false
        case "c": endCell()
        case _: break
        }
    }

    private func beginRow(_ number: String?) {
        let next: Int? = if let number { Int(number) } else { line + 1 }
        guard let next, Self.lines.contains(next), next > line else {
            return refuse("its sheet \(sheet) has no row \(number ?? "") behind row \(line); \(Self.again)")
        }
        (line, column, isRow) = (next, -1, true)
    }

    private func beginCell(_ attributes: [String: String]) {
        guard isRow else { return refuse("its sheet \(sheet) has cells in no row; \(Self.again)") }
        let reference = attributes["r"]
        let next: Int? = if let reference { Self.column(reference) } else { column + 1 }
        guard let next else {
            return refuse("its sheet \(sheet) has no cell \(reference ?? "") in row \(line); \(Self.again)")
        }
        column = next
        (kind, style) = (attributes["t"] ?? "n", Int(attributes["s"] ?? "") ?? 0)
        (value, isFormula) = ("", false)
    }

    private func endCell() {
        // What comes of one may be a text of no letters, and then that is said.
        guard !isFormula || !value.isEmpty || kind == "str" else {
            return refuse("in \(place) stands a formula, and nobody wrote down what comes of it; \(Self.again)")
        }
        let text = text()
        guard !text.isEmpty else { return }
        guard Self.columns.contains(column) else {
            return refuse(
                "in \(place) stands something, and a table has at most \(Self.columns.count) columns; take out what is "
                    + "not part of it.")
        }
        if rows.last?.number != line { rows.append(SheetTable.Line(number: line, cells: [])) }
        rows[rows.count - 1].cells.append((column, text))
    }
    private static let again = "open it in a spreadsheet and save it again."

    /// "column 3 of row 7 of People".
    private var place: String { "column \(column + 1) of row \(line) of \(sheet)" }

    /// `AB12` → 27; nil where a spreadsheet has no such column.
    private static func column(_ reference: String) -> Int? {
        let letters = reference.uppercased().utf8.prefix { (65...90).contains($0) }
        guard (1...3).contains(letters.count) else { return nil }
        let number = letters.reduce(0) { $0 * 26 + Int($1) - 64 }
        return number <= 16_384 ? number - 1 : nil
    }

    private func text() -> String {
        switch kind {
        case "s":
            if value.isEmpty { return "" }
            if let number = Int(value), strings.indices.contains(number) { return strings[number] }
            refuse("\(place) names the text number \(value.prefix(20)), and there is none; \(Self.again)")
            return ""
        case "b": return value == "1" ? "true" : "false"
        // An error such as #N/A is no value.
        case "e": return ""
        case "str", "inlineStr", "d": return value
        case _: break
        }
        guard let number = Double(value) else { return value }
        switch styles.indices.contains(style) ? styles[style] : .number {
        case .day where Self.days.contains(number), .time where Self.days.contains(number): return moment(number)
        case .number, .day, .time: return Self.digits(number)
        }
    }
    /// From the first day of a spreadsheet to the last of the year 9999.
    private static let days = 1.0..<2_958_466

    /// Days since the end of 1899 (or the beginning of 1904), of which Lotus' 29 February 1900 is none. A time is in no
    /// zone: it is meant where the workbook was written.
    private func moment(_ serial: Double) -> String {
        let seconds = (serial * 86_400).rounded()
        let days = Int((seconds / 86_400).rounded(.down))
        let rest = Int(seconds) - days * 86_400
        let since1970 = is1904 ? days - 24_107 : (days < 60 ? days + 1 : days) - 25_569
        let date = Date(timeIntervalSince1970: Double(since1970) * 86_400 + Double(rest))
        let text = date.formatted(Date.ISO8601FormatStyle())
        return String(rest == 0 ? text.prefix(10) : text.dropLast())
    }

    private static func digits(_ number: Double) -> String {
        if number == number.rounded(), abs(number) < 1e15 { return String(Int64(number)) }
        // Fifteen digits are what a spreadsheet knows of a number.
        let known = Double(String(format: "%.15g", number)) ?? number
        let text = "\(known)"
        return text.contains("e") ? String(format: "%.15f", known) : text
    }
}
