import CRM
import EventLog
import Kernel
import Testing

@testable import Application

/// What happened to a record elsewhere, as an export of Daybook's tells it.
@Suite struct ToldPastTests {
    static let mapping = """
        mapping: t
        source: test
        records:
          - entity: project
            key: "no"
            occurred: made
            fields: {name: name}
            history: past
        """

    private static func row(_ number: Int, _ past: String) -> String {
        "\(number),Roof,2020-01-01T10:00:00Z,\"\(past.replacing("\"", with: "\"\""))\"\n"
    }
    private static func change(_ day: String, _ act: String, _ body: String) -> String {
        "{\"at\":\"2020-01-\(day)T10:00:00Z\",\"act\":\"\(act)\",\"body\":{\(body)}}"
    }

    @Test func `what happened is told at its own time, once, and left out where it cannot have happened`()
        async throws
    {
        let house = try await ImportHouse()
        let hours = Self.change("03", "log_hours", "\"hours\":2,\"day\":\"2020-01-03\"")
        let status = Self.change("02", "change_status", "\"status\":\"in_progress\"")
        let toCome = Self.change("04", "log_hours", "\"hours\":2,\"day\":\"2020-02-03\"")
        let file =
            "no,name,made,past\n" + Self.row(1, "[\(hours),\(status)]") + Self.row(2, "[\(toCome)]")
            + Self.row(3, "oops") + Self.row(4, "[\(Self.change("02", "fly", ""))]") + Self.row(5, "")
        let told = try await house.run(file, Self.mapping)
        #expect(told.accepted == 3 && told.rejected == 2, "\(told.json)")
        #expect(
            try house.rejected().dropFirst().map { $0[2] } == [
                "import.past_refused", "import.not_a_history", "import.not_a_history",
            ])
        let events = try await house.house.events([house.id("project", "1")])
        #expect(
            events.map { "\($0.type) \($0.occurredAt.text.prefix(10))" } == [
                "project.planned 2020-01-01", "project.status_changed 2020-01-02", "project.hours_logged 2020-01-03",
            ])
        #expect(try await house.house.events([house.id("project", "2")]).count == 1)
        let again = try await house.run(file, Self.mapping)
        #expect(again.accepted == 0 && again.events == 0, "\(again.json)")
    }
}
