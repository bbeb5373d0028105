import FoundationEssentials
import Kernel
import Postgres

/// The moment as of which a question is answered: what was true then (`as_of`, by when events occurred), what was
/// recorded by then (`as_known`), or both.
struct Moment: Sendable {
    static let names = ["as_of", "as_known"]

    private enum Point {
        case instant(Instant)
        /// Its end, where the organization is.
        case day(Day)
    }
    private var occurred: Point?
    private var recorded: Point?

    /// Nil: the present is asked for. `now`: what lies behind it is refused.
    init?(_ parameters: [Parameter], now: Instant) throws(Problem) {
        for parameter in parameters where Moment.names.contains(parameter.name) {
            let point = try Moment.point(parameter, now)
            if parameter.name == "as_of" { occurred = point } else { recorded = point }
        }
        if occurred == nil, recorded == nil { return nil }
    }

    private static func point(_ parameter: Parameter, _ now: Instant) throws(Problem) -> Point {
        let point: Point
        let start: Int64
        if let day = Day(parameter.value) {
            // It begins where the sun rises first, 14 hours before it does in Greenwich.
            (point, start) = (.day(day), Instant(day).microseconds - 14 * 3_600_000_000)
        } else if let instant = Instant(parameter.value) {
            // Clocks differ a little.
            (point, start) = (.instant(instant), instant.microseconds - 60_000_000)
        } else {
            throw .parameter(
                parameter.name,
                "\(parameter.name) is an instant such as 2017-03-31T17:00:00Z, or a day, which counts to its end.")
        }
        if start > now.microseconds {
            throw .parameter(
                parameter.name, "\(parameter.name) lies in the future; leave it out for the present state.")
        }
        return point
    }

    /// Tells the database, for the transaction.
    func statement(_ organization: UUID) -> Statement {
        Statement(SQL.moment) {
            $0.uuid(organization)
            for point in [occurred, recorded] {
                switch point {
                case .instant(let instant)?:
                    $0.timestamptz(instant.microseconds)
                    $0.date(nil)
                case .day(let day)?:
                    $0.timestamptz(nil)
                    $0.date(day.number)
                case nil:
                    $0.timestamptz(nil)
                    $0.date(nil)
                }
            }
        }
    }
}

extension Problem {
    /// The read tables of an answer keep no history.
    static let historyUnavailable = Problem(
        "parameter.unavailable", 400,
        "as_of and as_known cannot be asked here: not all tables of this answer keep a history. Leave them out for the "
            + "present state.")
}
