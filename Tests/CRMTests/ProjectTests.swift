import CRM
import DomainTesting
import FoundationEssentials
import Kernel
import Testing

@Suite struct ProjectTests {
    static let planned = Project.Event.planned(Record(["name": "Rollout", "priority": "medium"]))
    static let ada = UUID.number(61)

    @Test func `a project is planned with a priority, and is not due before it starts`() throws {
        try given(Project.self).when("plan", ["name": "Rollout"]).then(Self.planned)
        try given(Project.self, Self.planned).when("edit", ["start_date": "2017-03-02", "due_date": "2017-03-01"])
            .thenRefused(.dueBeforeStart)
    }
    @Test func `it is completed on a day, and taken up again without one`() throws {
        let done = try given(Project.self, Self.planned).when("change_status", ["status": "completed"])
            .then(.statusChanged(from: "planning", status: "completed", completed_on: Scene.today))
        try done.when("change_status", ["status": "In_Progress"])
            .then(.statusChanged(from: "completed", status: "in_progress", completed_on: nil))
        try done.when("change_status", ["status": "on_hold", "completed_on": "2017-02-01"]).thenRefused(.notCompleted)
    }
    @Test func `hours are logged by whom and on which day, as whole minutes, and taken back`() throws {
        let logged = try given(Project.self, Self.planned)
            .when("log_hours", ["hours": .number(1.5), "member_id": .string(Self.ada.text), "note": "Kick-off"])
            .then(
                .hoursLogged(
                    entry_id: .number(1), minutes: 90, day: Scene.today, member_id: Self.ada, description: "Kick-off"),
                recurs: true)
        try given(Project.self, Self.planned).when("log_hours", ["hours": 2, "day": "2017-02-28"])
            .then(
                .hoursLogged(
                    entry_id: .number(1), minutes: 120, day: try #require(Day("2017-02-28")), member_id: Scene.actor,
                    description: nil),
                recurs: true)
        #expect(Project.record(logged.state)?["minutes"] == 90)
        try logged.when("remove_hours", ["entry_id": .string(UUID.number(1).text)])
            .then(.hoursRemoved(entry_id: .number(1), minutes: 90, member_id: Self.ada))
        try logged.when("remove_hours", ["entry_id": .string(UUID.number(2).text)]).thenRefused(.entryUnknown)
    }
    @Test(arguments: [["hours": 0], ["hours": 25], ["hours": "two"], [:]] as [[String: JSON]])
    func `no day has more than 24 hours, and none is logged for nothing`(body: [String: JSON]) {
        #expect(throws: Flaw.self) { try given(Project.self, Self.planned).when("log_hours", body) }
    }
    @Test func `hours are logged once they are worked`() throws {
        try given(Project.self, Self.planned).when("log_hours", ["hours": 2, "day": "2017-03-02"])
            .thenRefused(.inFuture)
    }
}
