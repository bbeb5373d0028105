import FoundationEssentials
import Kernel

/// Moments as databases and other CRMs write them: RFC 3339 with a space for the `T`, with one digit for the hour,
/// without seconds or without an offset, with an offset without its colon; or milliseconds since 1970.
enum Moments {
    /// The moment that a text names; nil where it names none, a bare day included.
    /// - Parameter zone: where one is meant that has no offset.
    static func read(_ text: String, zone: String = "UTC") -> Instant? {
        if let instant = Instant(text) { return instant }
        if (12...13).contains(text.utf8.count), let milliseconds = Int64(text) {
            return Instant(microseconds: milliseconds * 1000)
        }
        let pattern =
            /(\d{4}-\d{2}-\d{2})[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(\.\d{1,18})?)?\s*(Z|UTC|[+-]\d{2}:?\d{2})?/
        guard let match = text.wholeMatch(of: pattern) else { return nil }
        let hour = match.2.count == 1 ? "0\(match.2)" : String(match.2)
        let moment = Instant("\(match.1)T\(hour):\(match.3):\(match.4 ?? "00")\(match.5 ?? "")\(offset(match.6))")
        return match.6 == nil ? moment.map { Zones.moment(showing: $0, zone: zone) } : moment
    }

    /// The day of a text that names a day and a time; nil where it names no time.
    static func day(_ text: String) -> Day? {
        guard let instant = read(text) else { return nil }
        return Day(String(instant.text.prefix(10)))
    }

    /// Whether a time stands for its whole day: midnight in UTC.
    static func isMidnight(_ instant: Instant) -> Bool { instant.microseconds % 86_400_000_000 == 0 }

    private static func offset(_ text: Substring?) -> String {
        guard let text, text.first == "+" || text.first == "-" else { return "Z" }
        return text.contains(":") ? String(text) : "\(text.prefix(3)):\(text.suffix(2))"
    }
}
