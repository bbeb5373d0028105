import CRM
import DomainTesting
import FoundationEssentials
import Kernel
import Testing

@Suite struct WorkTaskTests {
    static let deal = UUID.number(31), bob = UUID.number(32), eve = UUID.number(33)
    static let about = SubjectRef("deal", deal)
    static let fields: [String: JSON] = [
        "title": "Call back", "type": "todo", "status": "pending", "priority": "medium", "due_on": "2017-03-02",
        "assignee_id": .string(bob.text), "subject": ["entity": "deal", "id": .string(deal.text)],
    ]
    let created = WorkTask.Event.created(Record(fields))
    let done = WorkTask.Event.completed(outcome: nil, subject: about)

    // MARK: Entering

    @Test func `a task is its enterer's, of medium priority and to be done, where nothing else is said`() throws {
        try given(WorkTask.self).when("create", ["title": "Call back"])
            .then(
                .created(
                    Record([
                        "title": "Call back", "type": "todo", "status": "pending", "priority": "medium",
                        "assignee_id": .string(Scene.actor.text),
                    ])))
    }
    @Test func `words of other systems are understood`() throws {
        let body: [String: JSON] = [
            "title": "Call back", "task_type": "To_Do", "status": "Done", "priority": "normal",
            "due_date": "2017-03-02", "assigned_to": .string(Self.bob.text),
            "related_to": ["entity": "deal", "id": .string(Self.deal.text)],
        ]
        var fields = Self.fields
        fields["status"] = "completed"
        try given(WorkTask.self).when("create", body).then(.created(Record(fields)))
        #expect(throws: Flaw.self) { try given(WorkTask.self).when("create", ["title": "Call", "status": "soon"]) }
    }
    @Test func `a task is due on a day or at a moment`() throws {
        let both: [String: JSON] = ["title": "Call", "due_on": "2017-03-02", "due_at": "2017-03-02T10:00:00Z"]
        try given(WorkTask.self).when("create", both).thenRefused(.dueTwice)
        try given(WorkTask.self, created).when("reschedule", ["due_at": "2017-03-02T10:00:00Z"])
            .then(
                .rescheduled(
                    due_on: nil, due_at: Instant("2017-03-02T10:00:00Z"), reminder_at: nil, subject: Self.about))
        try given(WorkTask.self, created).when("reschedule", ["remind_at": "2017-03-01T10:00:00Z"])
            .then(
                .rescheduled(
                    due_on: Day("2017-03-02"), due_at: nil, reminder_at: Instant("2017-03-01T10:00:00Z"),
                    subject: Self.about))
        try given(WorkTask.self, created).when("edit", ["due_on": .null])
            .then(.rescheduled(due_on: nil, due_at: nil, reminder_at: nil, subject: Self.about))
    }

    // MARK: Doing

    @Test func `a task is begun, done, and to be done again`() throws {
        given(WorkTask.self, created).when(.start).then(.started(subject: Self.about))
        try given(WorkTask.self, created).when("complete", ["outcome": "Reached her"])
            .then(.completed(outcome: "Reached her", subject: Self.about))
        given(WorkTask.self, created, done).when(.reopen).then(.reopened(subject: Self.about))
        given(WorkTask.self, created, done).when(.complete(outcome: nil)).then()
        try given(WorkTask.self, created).when("cancel", ["reason": "Sold"])
            .then(.cancelled(outcome: "Sold", subject: Self.about))
    }
    @Test func `what is over is reopened first`() throws {
        given(WorkTask.self, created, done).when(.start).thenRefused(.closed)
        given(WorkTask.self, created, done).when(.cancel(outcome: nil)).thenRefused(.closed)
        given(WorkTask.self, created, done).when(.complete(outcome: "Else")).thenRefused(.closed)
        try given(WorkTask.self, created, done).when("reschedule", ["due_on": "2017-03-09"]).thenRefused(.closed)
    }
    @Test func `an edit that gives a status leads there, however far it is`() throws {
        try given(WorkTask.self, created).when("edit", ["status": "done", "outcome": "Sent"])
            .then(.completed(outcome: "Sent", subject: Self.about))
        try given(WorkTask.self, created, done).when("edit", ["status": "canceled"])
            .then(.reopened(subject: Self.about), .cancelled(outcome: nil, subject: Self.about))
        try given(WorkTask.self, created, done).when("edit", ["status": "open", "due_on": "2017-03-09"])
            .then(
                .reopened(subject: Self.about),
                .rescheduled(due_on: Day("2017-03-09"), due_at: nil, reminder_at: nil, subject: Self.about))
        // What is taken back with the status is said again.
        let sent = WorkTask.Event.completed(outcome: "Sent", subject: Self.about)
        try given(WorkTask.self, created, sent).when("edit", ["status": "open", "outcome": "Half"])
            .then(
                .reopened(subject: Self.about), .edited(set: Patch(["outcome": "Half"]), subject: Self.about))
    }
    @Test func `a task is given to another, and the rest is edited`() throws {
        try given(WorkTask.self, created).when("assign", ["owner_id": .string(Self.eve.text)])
            .then(.assigned(from: Self.bob, assignee_id: Self.eve, subject: Self.about))
        try given(WorkTask.self, created).when("edit", ["priority": "urgent", "title": "Call back"])
            .then(.edited(set: Patch(["priority": "urgent"]), subject: Self.about))
        given(WorkTask.self, created, .archived).when(.start).thenRefused(.archived)
        given(WorkTask.self).when(.start).thenRefused(.absent)
    }
    @Test func `what is said of a task about a person is sealed under that person's key`() {
        let ann = UUID.number(40)
        func person(_ entity: String) -> UUID? {
            WorkTask.person(.active(Record(["subject": ["entity": .string(entity), "id": .string(ann.text)]])))
        }
        #expect(person("contact") == ann && person("lead") == ann && person("deal") == nil)
    }
}
