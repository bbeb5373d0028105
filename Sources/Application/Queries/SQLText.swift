import FoundationEssentials
import Kernel
import Postgres

/// A value of a statement. Values are never part of the SQL.
enum Value: Sendable, Hashable {
    case uuid(UUID)
    case text(String)
    case integer(Int64)
    case flag(Bool)
    /// Days since 1970-01-01.
    case day(Int32)
    /// Microseconds since 1970-01-01T00:00Z.
    case instant(Int64)
    /// A decimal number, as text.
    case decimal(String)
    /// The start of a day where the organization is, as days since 1970-01-01.
    case startOfDay(Int32)
    /// The day that it is where the organization is, and so many days on; asked at a moment.
    case today(Int32, at: Instant)
    /// The start of that day.
    case startOfToday(Int32, at: Instant)

    /// Whether it stands for a whole day.
    var isStartOfDay: Bool {
        switch self {
        case .startOfDay, .startOfToday: true
        case .uuid, .text, .integer, .flag, .day, .instant, .decimal, .today: false
        }
    }
    /// Whether it depends on the day on which it is asked.
    var isToday: Bool {
        switch self {
        case .today, .startOfToday: true
        case .uuid, .text, .integer, .flag, .day, .instant, .decimal, .startOfDay: false
        }
    }
    /// The start of the next day, of the start of a day.
    var nextDay: Value {
        switch self {
        case .startOfDay(let day): .startOfDay(day + 1)
        case .startOfToday(let days, let now): .startOfToday(days + 1, at: now)
        case .uuid, .text, .integer, .flag, .day, .instant, .decimal, .today: self
        }
    }
}

/// SQL that is put together from short constant fragments and names from the catalogue, and its values. `$1` is always
/// the organization.
struct SQLText {
    private(set) var sql = ""
    private(set) var parameters = Parameters()

    init(_ organization: UUID) { parameters.uuid(organization) }

    static func += (text: inout SQLText, fragment: String) { text.sql += fragment }

    /// Adds a value and gives the expression that stands for it.
    mutating func bind(_ value: Value) -> String {
        switch value {
        case .uuid(let id): parameters.uuid(id)
        case .text(let text): parameters.text(text)
        case .integer(let number): parameters.bigint(number)
        case .flag(let flag): parameters.bool(flag)
        case .day(let number): parameters.date(number)
        case .instant(let microseconds): parameters.timestamptz(microseconds)
        case .decimal(let text):
            parameters.text(text)
            return "$\(parameters.count)::numeric"
        case .startOfDay(let number):
            parameters.date(number)
            return "($\(parameters.count)::timestamp AT TIME ZONE \(SQLText.zone))"
        case .today(let days, let now):
            parameters.timestamptz(now.microseconds)
            let moment = "$\(parameters.count)"
            parameters.bigint(Int64(days))
            return "((\(moment)::timestamptz AT TIME ZONE \(SQLText.zone))::date + $\(parameters.count)::int)"
        case .startOfToday(let days, let now):
            return "(\(bind(.today(days, at: now)))::timestamp AT TIME ZONE \(SQLText.zone))"
        }
        return "$\(parameters.count)"
    }
    /// Where the organization is.
    private static let zone =
        "coalesce((SELECT o.time_zone FROM read.organizations o WHERE o.organization_id = $1 AND o.id = $1), 'UTC')"

    /// Adds a text as a pattern of what contains it, or, from nothing, of what starts with it.
    mutating func bind(pattern value: Value, from start: String) -> String {
        guard case .text(let part) = value else { return "NULL" }
        let escaped = part.replacing("\\", with: "\\\\").replacing("%", with: "\\%").replacing("_", with: "\\_")
        return bind(.text("\(start)\(escaped)%"))
    }

    /// Adds values of one kind as an array, so that their number does not change the statement.
    mutating func bind(_ values: [Value]) -> String {
        switch values.first {
        case .uuid: parameters.uuids(values.compactMap { if case .uuid(let id) = $0 { id } else { nil } as UUID? })
        case .integer:
            parameters.bigints(
                values.compactMap { if case .integer(let number) = $0 { number } else { nil } as Int64? })
        case .flag: parameters.bools(values.compactMap { if case .flag(let flag) = $0 { flag } else { nil } as Bool? })
        case .day, .startOfDay, .today, .startOfToday:
            parameters.dates(values.compactMap { if case .day(let day) = $0 { day } else { nil } as Int32? })
        case .instant:
            parameters.timestamptzs(values.compactMap { if case .instant(let at) = $0 { at } else { nil } as Int64? })
        case .decimal:
            parameters.texts(values.compactMap { if case .decimal(let text) = $0 { text } else { nil } as String? })
            return "$\(parameters.count)::numeric[]"
        case .text, nil:
            parameters.texts(values.compactMap { if case .text(let text) = $0 { text } else { nil } as String? })
        }
        return "$\(parameters.count)"
    }

    /// The statement.
    var statement: Statement { Statement(sql, parameters: parameters) }

    /// A name from the catalogue, quoted.
    static func name(_ name: String) -> String {
        // Few names have one to double, and every question asks this of every column.
        let plain = name.utf8.contains(UInt8(ascii: "\"")) ? name.replacing("\"", with: "\"\"") : name
        return "\"\(plain)\""
    }
}
