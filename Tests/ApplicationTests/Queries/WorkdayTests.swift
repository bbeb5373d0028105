import CRM
import FoundationEssentials
import Kernel
import Projections
import Testing

@testable import Application

/// What a member has to do, has done, and might do next.
@Suite struct WorkdayTests {
    private static func subject(_ entity: String, _ id: UUID) -> JSON {
        ["entity": .string(entity), "id": .string(id.text)]
    }
    private static func later(_ seconds: Int64) -> JSON {
        .string(Instant(microseconds: TestHouse.clock().microseconds + seconds * 1_000_000).text)
    }
    private static func day(_ days: Int32) -> JSON {
        .string(Day(number: TestHouse.clock().day().number + days).text)
    }
    private func list(_ entity: String, _ parameters: [(String, String)], _ house: TestHouse) async throws -> [JSON] {
        let reply = try await house.daybook.queries.list(
            entity, parameters.map { Parameter($0.0, $0.1) }, by: house.owner, min: try await house.head())
        return try JSON(parsing: reply.body)["items"]?.array ?? []
    }
    private func titles(_ items: [JSON]) -> [String] { items.compactMap { $0["title"]?.string } }
    private func record(_ entity: String, _ id: UUID, _ house: TestHouse) async throws -> JSON {
        try JSON(
            parsing: try await house.daybook.queries.record(
                entity, id, by: house.owner, min: try await house.head()
            ).body)
    }
    private func make(_ entity: String, _ act: String, _ body: JSON, _ house: TestHouse) async throws -> UUID {
        try await house.ask(entity, .new, act, body).results[0].id
    }

    @Test func `what is overdue and what is to be remembered is told by the clock`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let deal = try await make("deal", "open", ["title": "Ten pumps"], house)
            let bodies: [JSON] = [
                ["title": "Yesterday", "due_on": Self.day(-1), "subject": Self.subject("deal", deal)],
                ["title": "This minute", "due_at": Self.later(-60), "remind_at": Self.later(-600)],
                ["title": "Today", "due_on": Self.day(0)], ["title": "Soon", "due_at": Self.later(86_400 * 3)],
                ["title": "Some day", "reminder_at": Self.later(86_400)],
                ["title": "Done", "due_on": Self.day(-1), "reminder_at": Self.later(-600), "status": "done"],
            ]
            var ids: [UUID] = []
            for body in bodies { ids.append(try await make("task", "create", body, house)) }
            #expect(
                Set(titles(try await list("task", [("overdue", "true")], house))) == ["Yesterday", "This minute"])
            #expect(titles(try await list("task", [("due_today", "true")], house)) == ["Today"])
            #expect(titles(try await list("task", [("reminder_due", "true")], house)) == ["This minute"])
            let others = try await list("task", [("overdue", "false"), ("status", "open"), ("sort", "title")], house)
            #expect(titles(others) == ["Some day", "Soon", "Today"])
            #expect(titles(try await list("task", [("subject_id", deal.text)], house)) == ["Yesterday"])

            let late = try await record("task", ids[0], house)
            #expect(late["overdue"] == true && late["subject_name"] == "Ten pumps" && late["due"] == Self.day(-1))
            #expect(late["assignee_name"] == late["creator_name"] && late["assignee_name"]?.string != nil)
            _ = try await house.ask("task", .id(ids[0]), "complete", [:])
            #expect(try await record("task", ids[0], house)["overdue"] == false)
            // It was overdue as long as it was not done.
            let reply = try await house.daybook.queries.list(
                "task", [Parameter("as_of", late["created_at"]?.string ?? ""), Parameter("overdue", "true")],
                by: house.owner, min: try await house.head())
            #expect(titles(try JSON(parsing: reply.body)["items"]?.array ?? []) == ["Yesterday"])
            for one in try await house.daybook.models.verify(["tasks"]) { #expect(one.equal, "\(one.differences)") }
        }
    }

    @Test func `a day ends where the organization is`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            // Between the two zones it is always another day in one of them than in UTC.
            let today = TestHouse.clock().day()
            for (zone, hours) in [("Pacific/Kiritimati", 14), ("Pacific/Pago_Pago", -11)] {
                _ = try await house.ask("organization", .id(house.organization), "edit", ["time_zone": .string(zone)])
                let local = TestHouse.clock().day(offset: hours * 3600)
                let id = try await make("task", "create", ["title": "A", "due_on": .string(today.text)], house)
                let task = try await record("task", id, house)
                #expect(task["overdue"] == .bool(local > today), "\(zone)")
                let due = Self.later(60)
                let day = due.string.flatMap { Instant($0) }?.day(offset: hours * 3600)
                let moment = try await make("task", "create", ["title": "B", "due_at": due], house)
                #expect(try await record("task", moment, house)["due"]?.string == day?.text, "\(zone)")
            }
        }
    }

    @Test func `my tasks are mine and still to be done, the next due first`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let bob = try await make("member", "add", ["name": "Bob"], house)
            for body: JSON in [
                ["title": "Later", "due_on": Self.day(2)], ["title": "No day"],
                ["title": "First", "due_on": Self.day(1)],
                ["title": "Bob's", "due_on": Self.day(1), "assignee_id": .string(bob.text)],
                ["title": "Over", "status": "cancelled"],
            ] { _ = try await make("task", "create", body, house) }
            func mine(_ parameters: [Parameter]) async throws -> [String] {
                let reply = try await house.daybook.queries.myTasks(
                    parameters, by: house.owner, min: try await house.head())
                return titles(try JSON(parsing: reply.body)["items"]?.array ?? [])
            }
            #expect(try await mine([]) == ["First", "Later", "No day"])
            #expect(try await mine([Parameter("status", "cancelled")]) == ["Over"])
            #expect(try await mine([Parameter("limit", "1"), Parameter("page", "2")]) == ["Later"])
            await #expect(throws: Problem.self) { try await mine([Parameter("colour", "red")]) }
        }
    }

    @Test func `a day shows what presses, what takes place, and what might be done next by which rule`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let me = JSON.string(house.founding.owner.text)
            func deal(_ title: String, _ more: [String: JSON], at: String? = nil) async throws -> UUID {
                let body = ["title": .string(title), "owner_id": me].merging(more) { $1 }
                return try await house.ask("deal", .new, "open", .object(body), at: at).results[0].id
            }
            let late = try await deal("Late", ["expected_close": Self.day(-3), "next_step": "Call"])
            let idle = try await deal("Idle", ["next_step": "Call"], at: "2020-01-01T10:00:00Z")
            let called = try await deal("Called", ["next_step": "Call"], at: "2020-01-01T10:00:00Z")
            let aimless = try await deal("Aimless", [:])
            let busy = try await deal("Busy", [:])
            _ = try await make("task", "create", ["title": "Offer", "subject": Self.subject("deal", busy)], house)
            _ = try await make(
                "account", "create",
                ["name": "Pumps", "owner_id": me, "next_follow_up_at": "2020-01-01T00:00:00Z"], house)
            func person(_ entity: String, _ name: String, _ followUp: String?) async throws -> UUID {
                let body: [String: JSON] = ["last_name": .string(name), "owner_id": me]
                let due = followUp.map { ["next_follow_up_at": JSON.string($0)] } ?? [:]
                let act = entity == "lead" ? "capture" : "create"
                return try await make(entity, act, .object(body.merging(due) { $1 }), house)
            }
            _ = try await person("contact", "Ann", "2020-01-02T00:00:00Z")
            let lead = try await person("lead", "Ben", "2020-01-03T00:00:00Z")
            let fresh = try await person("lead", "Cleo", nil)
            let gone = try await person("lead", "Dan", "2020-01-01T00:00:00Z")
            _ = try await house.ask("lead", .id(gone), "disqualify", ["reason": "No money"])
            let planned = try await person("lead", "Eve", nil)
            _ = try await house.ask("lead", .id(planned), "plan_follow_up", ["next_follow_up_at": Self.later(86_400)])
            let call: [String: JSON] = ["kind": "call", "subject": Self.subject("deal", called), "owner_id": me]
            _ = try await make("interaction", "log", .object(call.merging(["title": "Just now"]) { $1 }), house)
            let plan = call.merging(["title": "Unresolved", "scheduled_at": Self.later(-3600)]) { $1 }
            let meeting = try await make("interaction", "schedule", .object(plan), house)

            let reply = try await house.daybook.queries.today(by: house.owner, min: try await house.head())
            let day = try JSON(parsing: reply.body)
            #expect(day["day"] == .string(TestHouse.clock().day().text))
            #expect(day["counts"] == ["open": 1, "overdue": 0, "due_today": 0, "reminders": 0])
            #expect(titles(day["open"]?.array ?? []) == ["Offer"] && day["overdue"] == [])
            #expect(titles(day["interactions"]?.array ?? []) == ["Unresolved", "Just now"])
            let next = (day["next_best"]?.array ?? []).map { [$0["rule"]?.string, $0["name"]?.string] }
            #expect(
                next == [
                    ["interaction_unresolved", "Unresolved"], ["follow_up_due", "Pumps"], ["follow_up_due", "Ann"],
                    ["follow_up_due", "Ben"], ["lead_uncontacted", "Cleo"], ["deal_past_close", "Late"],
                    ["deal_untouched", "Idle"], ["deal_without_next_step", "Aimless"],
                ])
            #expect(day["next_best"]?.array?.last?["record"] == Self.subject("deal", aimless))
            #expect(day["position"]?.integer == reply.position?.position)

            // What is done about it is gone.
            _ = try await house.ask("interaction", .id(meeting), "complete", [:])
            _ = try await house.ask("deal", .id(idle), "lose", ["reason": "silence"])
            _ = try await house.ask("deal", .id(late), "edit", ["expected_close": Self.day(9)])
            _ = try await house.ask("lead", .id(lead), "convert", [:])
            _ = try await house.ask("lead", .id(fresh), "mark_contacted", [:])
            let after = try JSON(
                parsing: try await house.daybook.queries.today(by: house.owner, min: try await house.head()).body)
            #expect(
                (after["next_best"]?.array ?? []).compactMap { $0["name"]?.string } == ["Pumps", "Ann", "Aimless"])
        }
    }

    @Test func `what happened and what follows are logged in one breath, once, or neither is`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let deal = try await make("deal", "open", ["title": "Ten pumps"], house)
            let body = Body([
                "kind": "call", "subject": Self.subject("deal", deal), "text": "Wants an offer",
                "follow_up": ["due_on": Self.day(2), "priority": "high"],
            ])
            let first = try await house.daybook.commands.quickLog(body, by: house.owner, key: "one")
            #expect(first.results.count == 2)
            let again = try await house.daybook.commands.quickLog(body, by: house.owner, key: "one")
            #expect(again.results.map(\.id) == first.results.map(\.id) && again.position == first.position)
            let task = try await record("task", first.results[1].id, house)
            #expect(task["title"] == "Follow up" && task["type"] == "follow_up" && task["priority"] == "high")
            #expect(task["interaction_id"] == .string(first.results[0].id.text))
            #expect(task["subject_name"] == "Ten pumps")

            let before = try await house.head()
            let nobody = Body([
                "kind": "call", "subject": Self.subject("deal", deal),
                "follow_up": ["assignee_id": .string(UUID.v7(at: TestHouse.clock(), random: (1, 2)).text)],
            ])
            await #expect(throws: Problem.self) {
                try await house.daybook.commands.quickLog(nobody, by: house.owner)
            }
            #expect(try await house.head() == before)
        }
    }

    @Test func `a record says when there was something between us last`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let acme = try await make("account", "create", ["name": "Acme"], house)
            let ann = try await make("contact", "create", ["last_name": "Lee"], house)
            let deal = try await make(
                "deal", "open", ["title": "Ten pumps", "account_id": .string(acme.text)], house)
            #expect(try await record("deal", deal, house)["last_interaction_at"] == .null)
            for at in ["2012-03-02T10:00:00Z", "2012-03-01T10:00:00Z"] {
                let call: JSON = [
                    "kind": "call", "subject": Self.subject("deal", deal),
                    "participants": .object([ann.text: ["entity": "contact"]]),
                ]
                _ = try await house.ask("interaction", .new, "log", call, at: at)
            }
            let plan: JSON = [
                "kind": "call", "subject": Self.subject("deal", deal), "scheduled_at": Self.later(86_400),
            ]
            _ = try await make("interaction", "schedule", plan, house)
            for (entity, id) in [("deal", deal), ("contact", ann), ("account", acme)] {
                let at = try await record(entity, id, house)["last_interaction_at"]
                #expect(at == "2012-03-02T10:00:00.000000Z", "\(entity)")
            }
            // What was said with a lead was said with the account that it became.
            let lead = try await make("lead", "capture", ["last_name": "Lee"], house)
            let mail: JSON = ["kind": "email", "subject": Self.subject("lead", lead)]
            _ = try await house.ask("interaction", .new, "log", mail, at: "2012-03-03T10:00:00Z")
            _ = try await house.ask("lead", .id(lead), "convert", ["account_id": .string(acme.text)])
            for (entity, id) in [("lead", lead), ("account", acme)] {
                let at = try await record(entity, id, house)["last_interaction_at"]
                #expect(at == "2012-03-03T10:00:00.000000Z", "\(entity)")
            }
            #expect(try await list("interaction", [("upcoming", "true")], house).count == 1)
        }
    }

    @Test func `a deal's page tells what becomes of tasks and notes about it`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let acme = try await make("account", "create", ["name": "Acme"], house)
            let deal = try await make("deal", "open", ["title": "Pumps", "account_id": .string(acme.text)], house)
            let task = try await make(
                "task", "create", ["title": "Offer", "subject": Self.subject("deal", deal)], house)
            _ = try await house.ask("task", .id(task), "complete", ["outcome": "Sent"])
            let note = try await make("note", "write", ["text": "Blue", "subject": Self.subject("deal", deal)], house)
            _ = try await house.ask("note", .id(note), "pin", [:])
            for (entity, id) in [("deal", deal), ("account", acme)] {
                let reply = try await house.daybook.queries.timeline(
                    entity, id, [], by: house.owner, min: try await house.head())
                let items = try JSON(parsing: reply.body)["items"]?.array ?? []
                let events = items.compactMap { $0["event"]?.string }
                #expect(
                    events.prefix(5) == [
                        "note.pinned", "note.written", "task.completed", "task.created", "deal.opened",
                    ], "\(entity)")
                #expect(items[2]["record_name"] == "Offer" && items[0]["record_name"] == "Blue")
            }
            #expect(try await list("note", [("subject_id", deal.text), ("pinned", "true")], house).count == 1)
        }
    }
}
