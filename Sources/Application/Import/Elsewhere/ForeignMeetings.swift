import FoundationEssentials
import Kernel

/// What is worked out of each row of another CRM's calls and meetings, in columns of their own: what it was about and
/// with whom, whether it took place, when, and how long.
struct ForeignMeetings: Sendable {
    /// The names of these columns: none that a file has.
    static let columns = ForeignSubject.columns + ["~contact", "~state", "~starts_at", "~entered_at", "~minutes"]

    private let subject: ForeignSubject
    private let now: Instant
    private let starts, ends, entered: [Int]
    private let state, minutes, hours, milliseconds: Int?

    init(_ system: ForeignSystem, _ survey: Survey, now: Instant) {
        (subject, self.now) = (ForeignSubject(system, survey), now)
        starts = [
            survey.column("start_date_time", "activity_date_time"), survey.column("actualstart"),
            survey.column("scheduledstart"), survey.column("date_start"),
            survey.column("hs_meeting_start_time", "meeting_start_time"),
            survey.column("hs_timestamp", "activity_date", "timestamp"),
        ].compactMap(\.self)
        ends = [
            survey.column("end_date_time"), survey.column("actualend"), survey.column("scheduledend"),
            survey.column("date_end"), survey.column("hs_meeting_end_time", "meeting_end_time"),
        ].compactMap(\.self)
        entered = [
            survey.column("created_date", "createdon", "date_entered", "hs_createdate", "createdate", "create_date")
        ].compactMap(\.self)
        state =
            switch system {
            case .dynamics: survey.column("statecode")
            case .suitecrm: survey.column("status")
            case .hubspot: survey.column("hs_meeting_outcome", "meeting_outcome")
            case .salesforce, .daybook: nil
            }
        minutes = survey.column(
            "duration_in_minutes", "actualdurationminutes", "scheduleddurationminutes", "duration_minutes")
        hours = survey.column("duration_hours")
        milliseconds = survey.column("hs_call_duration", "call_duration")
    }

    /// The columns out of which they are worked out.
    var reads: [Int] {
        subject.reads + starts + ends + entered + [state, minutes, hours, milliseconds].compactMap(\.self)
    }

    /// The cells behind a row's own.
    func cells(_ fields: [String]) -> [String] {
        let created = first(entered, fields)
        let given = first(starts, fields)
        let start = given.isEmpty ? created : given
        let isToCome = Self.moment(start).map { $0 > now } ?? false
        let begun = Self.moment(created).map { $0 > now } ?? false ? "" : created
        return subject.cells(fields) + [
            subject.contact(fields)?.key ?? "", standing(fields, isToCome), start, begun,
            length(fields, from: start),
        ]
    }

    private func first(_ columns: [Int], _ fields: [String]) -> String {
        columns.lazy.map { Survey.cell(fields, $0) }.first { !$0.isEmpty } ?? ""
    }
    private static func moment(_ text: String) -> Instant? {
        Moments.read(text) ?? Day(String(text.prefix(10))).map { Instant($0) }
    }

    /// What a row says of itself; what says nothing took place when its time was. What is to come did not yet.
    private func standing(_ fields: [String], _ isToCome: Bool) -> String {
        switch Survey.cell(fields, state).lowercased().replacing("_", with: " ") {
        case "2", "canceled", "cancelled", "not held", "no show": "cancelled"
        case "0", "3", "open", "scheduled", "planned", "rescheduled": "planned"
        case _: isToCome ? "planned" : "held"
        }
    }

    /// In whole minutes; empty where nobody says.
    private func length(_ fields: [String], from start: String) -> String {
        let (whole, part) = (Int(Survey.cell(fields, hours)), Int(Survey.cell(fields, minutes)))
        if (whole ?? 0, part ?? 0) != (0, 0), let sum = Self.sum(whole ?? 0, part ?? 0) { return String(sum) }
        if let length = Double(Survey.cell(fields, milliseconds)), length >= 0, length < 1e12 {
            return String(Int((length / 60_000).rounded()))
        }
        guard let begin = Moments.read(start), let end = Moments.read(first(ends, fields)), end >= begin
        else { return "" }
        return String((end.microseconds - begin.microseconds) / 60_000_000)
    }
    private static func sum(_ hours: Int, _ minutes: Int) -> Int? {
        guard (0...10_000).contains(hours), (0...1_000_000).contains(minutes) else { return nil }
        return hours * 60 + minutes
    }
}
