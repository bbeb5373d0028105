// A spreadsheet takes a cell that begins with =, +, - or @ for a formula, whoever wrote it.

extension CSV {
    /// The text of a cell that a spreadsheet shows as it is: an apostrophe stands before what it would reckon with, and
    /// before one that stands there already, so that `unguarded` gives back every text.
    static func guarded(_ text: String) -> String { isFormula(text) ? "'" + text : text }
    /// The text that was meant.
    static func unguarded(_ text: String) -> String {
        text.utf8.first == apostrophe && isFormula(text) ? String(text.dropFirst()) : text
    }

    private static let apostrophe = UInt8(ascii: "'")
    /// Whether what stands behind apostrophes, or behind none, begins as a formula does.
    private static func isFormula(_ text: String) -> Bool {
        guard let first = text.utf8.first(where: { $0 != apostrophe }) else { return false }
        return "=+-@\t\r".utf8.contains(first)
    }
}
