/// A moment in UTC, to the microsecond, as the log stores it. Years 0001 to 9999.
public struct Instant: Sendable, Hashable, Comparable {
    /// Microseconds since 1970-01-01T00:00:00Z; negative before.
    public let microseconds: Int64

    /// The moment `microseconds` after the Unix epoch.
    public init(microseconds: Int64) { self.microseconds = microseconds }

    /// Midnight UTC at the start of `day`, plus `microseconds`.
    public init(_ day: Day, microseconds: Int64 = 0) {
        self.microseconds = Int64(day.number) * Instant.day + microseconds
    }

    /// Reads an RFC 3339 date-time (§5.6) with any offset; digits of a second beyond the sixth are cut off.
    /// A leap second (`:60`) is not taken: PostgreSQL could not give it back.
    public init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes[10] == UInt8(ascii: "T") || bytes[10] == UInt8(ascii: "t"),
            let day = Day(String(decoding: bytes[0..<10], as: UTF8.self)),
            bytes[13] == UInt8(ascii: ":"), bytes[16] == UInt8(ascii: ":"),
            let hour = digits(bytes[11..<13]), let minute = digits(bytes[14..<16]), let second = digits(bytes[17..<19]),
            hour < 24, minute < 60, second < 60
        else { return nil }
        var rest = bytes[19...]
        var fraction: Int64 = 0
        if rest.first == UInt8(ascii: ".") {
            let part = rest.dropFirst().prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
            guard !part.isEmpty, part.count <= 18 else { return nil }
            let six = Array(part.prefix(6)) + Array(repeating: UInt8(ascii: "0"), count: max(0, 6 - part.count))
            fraction = Int64(digits(six[...]) ?? 0)
            rest = rest.dropFirst(part.count + 1)
        }
        guard let offset = Instant.offset(Array(rest)) else { return nil }
        let seconds = Int64(hour * 3600 + minute * 60 + second - offset * 60)
        self.init(day, microseconds: seconds * 1_000_000 + fraction)
    }

    /// RFC 3339 with six digits and `Z`, the one form the log's line uses.
    public var text: String {
        let number = Int32((microseconds - Instant.rest(microseconds)) / Instant.day)
        let rest = Int(Instant.rest(microseconds))
        let seconds = rest / 1_000_000
        let time = "\(padded(seconds / 3600, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))"
        return "\(Day(number: number).text)T\(time).\(padded(rest % 1_000_000, 6))Z"
    }

    /// The day this moment falls on, `offset` seconds east of UTC.
    public func day(offset: Int = 0) -> Day {
        let local = microseconds + Int64(offset) * 1_000_000
        return Day(number: Int32((local - Instant.rest(local)) / Instant.day))
    }

    /// Earlier before later.
    public static func < (a: Instant, b: Instant) -> Bool { a.microseconds < b.microseconds }

    private static let day: Int64 = 86_400_000_000
    private static func rest(_ microseconds: Int64) -> Int64 { ((microseconds % day) + day) % day }

    /// Minutes east of UTC of `Z` or `±HH:MM`.
    private static func offset(_ text: [UInt8]) -> Int? {
        if text == [UInt8(ascii: "Z")] || text == [UInt8(ascii: "z")] { return 0 }
        guard text.count == 6, text[3] == UInt8(ascii: ":"),
            text[0] == UInt8(ascii: "+") || text[0] == UInt8(ascii: "-"),
            let hours = digits(text[1..<3]), let minutes = digits(text[4..<6]), hours < 24, minutes < 60
        else { return nil }
        return (text[0] == UInt8(ascii: "-") ? -1 : 1) * (hours * 60 + minutes)
    }
}
