import CRM
import Foundation
import Kernel

/// Which day a moment falls on, and when a day begins, in an organization's time zone (IANA rules of the system).
public enum Zones {
    /// The day of `moment` where the organization is; in UTC before it has a zone.
    static func day(of moment: Instant, in organization: Loaded) -> Day {
        let settings = organization.state as? Organization.State ?? nil
        return day(of: moment, zone: settings?.text("time_zone") ?? "UTC")
    }

    /// The day of `moment` in the zone of that name.
    public static func day(of moment: Instant, zone: String) -> Day {
        let date = Date(timeIntervalSince1970: Double(moment.microseconds) / 1_000_000)
        return moment.day(offset: TimeZone(identifier: zone)?.secondsFromGMT(for: date) ?? 0)
    }

    /// When clocks in the zone of that name show what they show in UTC at `clock`. Where they show it twice, one of
    /// both; where they jump over it, as much later.
    static func moment(showing clock: Instant, zone: String) -> Instant {
        guard let rules = TimeZone(identifier: zone) else { return clock }
        func moment(_ near: Instant) -> Instant {
            let date = Date(timeIntervalSince1970: Double(near.microseconds) / 1_000_000)
            return Instant(microseconds: clock.microseconds - Int64(rules.secondsFromGMT(for: date)) * 1_000_000)
        }
        return moment(moment(clock))
    }

    /// The first moment of `day` in the zone of that name. Where clocks jump over midnight, the first moment after it.
    public static func start(of day: Day, zone: String) -> Instant {
        guard let rules = TimeZone(identifier: zone) else { return Instant(day) }
        var calendar = Calendar(identifier: .gregorian)
        calendar.timeZone = rules
        let (year, month, number) = day.civil
        guard let date = calendar.date(from: DateComponents(year: year, month: month, day: number)) else {
            return Instant(day)
        }
        return Instant(microseconds: Int64((date.timeIntervalSince1970 * 1_000_000).rounded()))
    }
}
