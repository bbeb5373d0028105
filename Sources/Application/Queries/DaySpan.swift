import Kernel

/// The days that a report counts, the first and the last included.
struct DaySpan: Sendable {
    static let names = ["from", "to"]
    private var from: Day?
    private var to: Day?

    init(_ parameters: [Parameter]) throws(Problem) {
        for parameter in parameters where DaySpan.names.contains(parameter.name) {
            guard let day = Day(parameter.value) else {
                throw .parameter(parameter.name, "\(parameter.name) is a day such as 2017-03-01.")
            }
            if parameter.name == "from" { from = day } else { to = day }
        }
        if let from, let to, to < from { throw .parameter("to", "to is a day before from.") }
    }

    /// Appends ` AND …`.
    func write(to text: inout SQLText, of day: String) {
        if let from { text += " AND \(day) >= \(text.bind(.day(from.number)))" }
        if let to { text += " AND \(day) <= \(text.bind(.day(to.number)))" }
    }
}
