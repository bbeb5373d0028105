/// Names of months and quarters; a month is counted from January of year 0.
enum Period {
    /// `2017-03`.
    static func month(_ month: Int64) -> String { "\(padded(month / 12, 4))-\(padded(month % 12 + 1, 2))" }
    /// `2017-Q1`, of a fiscal year that begins with the month `start` (1 to 12) and bears the number of the calendar
    /// year in which it ends.
    static func quarter(_ month: Int64, _ start: Int64) -> String {
        let shifted = month - (start - 1)
        let year = shifted / 12 + (start > 1 ? 1 : 0)
        return "\(padded(year, 4))-Q\(shifted % 12 / 3 + 1)"
    }
    private static func padded(_ number: Int64, _ width: Int) -> String {
        let text = String(number)
        return String(repeating: "0", count: max(0, width - text.count)) + text
    }
}
