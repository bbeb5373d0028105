import CRM
import EventLog
import Kernel
import Testing

@testable import Application

/// What another system knew of tasks, notes and interactions comes in by the same rules as everything else.
@Suite struct ActivityImportTests {
    private static let mapping = """
        mapping: t
        source: test
        records:
          - entity: account
            key: account
            fields:
              name: account
          - entity: task
            key: id
            when: {sort: task}
            fields:
              title: text
              status: state
              priority: urgency
              due_on: due
              subject: {reference: account, key: account}
          - entity: note
            key: id
            when: {sort: note}
            fields:
              text: text
              subject: {reference: account, key: account}
          - entity: interaction
            key: id
            when: {sort: call}
            occurred: due
            fields:
              kind: sort
              text: text
              subject: {reference: account, key: account}
        """
    private static let csv = """
        id,sort,text,state,urgency,due,account
        1,task,Call back,Open,Normal,2017-03-02,Acme
        2,task,Send offer,done,high,2017-03-01,Acme
        3,note,Orders in spring,,,,Acme
        4,call,Wants blue,,,2016-12-01,Acme

        """

    @Test func `tasks, notes and interactions are imported, again without effect, and corrected`() async throws {
        let house = try await ImportHouse()
        let first = try await house.run(Self.csv, Self.mapping)
        #expect(first.accepted == 4 && first.rejected == 0, "\(first)")
        let task = try #require(try await house.record(WorkTask.self, "1"))
        #expect(task["status"] == "pending" && task["priority"] == "medium" && task["due_on"] == "2017-03-02")
        #expect(task["subject"]?["id"] == .string(try await house.id("account", "Acme").text))
        #expect(try await house.record(WorkTask.self, "2")?["status"] == "completed")
        #expect(try await house.record(Note.self, "3")?["text"] == "Orders in spring")
        #expect(try await house.record(Interaction.self, "4")?["kind"] == "call")
        let id = try await house.id("interaction", "4")
        let event = try await house.house.daybook.reader.stream(house.house.organization, id, limit: 1).first
        #expect(event?.occurredAt.text == "2016-12-01T00:00:00.000000Z")

        let before = try await house.position()
        #expect(try await house.run(Self.csv, Self.mapping).unchanged == 4)
        #expect(try await house.position() == before)
        let changed = Self.csv.replacing("Open", with: "Done").replacing("blue", with: "red")
        #expect(try await house.run(changed, Self.mapping).accepted == 2)
        #expect(try await house.record(WorkTask.self, "1")?["status"] == "completed")
        let log = try await house.house.daybook.reader.page(house.house.organization, after: before, limit: 10)
        #expect(Set(log.map(\.type)) == ["task.completed", "interaction.corrected"])
    }
}
