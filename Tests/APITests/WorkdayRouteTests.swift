import Foundation
import Kernel
import Testing

/// A working day over a real socket.
@Suite(.serialized) struct WorkdayRouteTests {
    @Test func `a day's work is entered, found, and done`() async throws {
        let tenant = try await House.shared.value.tenant()
        let account = try await tenant.make("accounts", ["name": "Pumps Ltd"])
        let subject: JSON = ["entity": "account", "id": .string(account)]

        let planned = try await tenant.post(
            "/interactions/schedule",
            ["type": "meeting", "subject": subject, "starts_at": "2999-01-01T09:00:00Z", "title": "Kick-off"])
        #expect(planned.status == 201)
        let meeting = try #require(planned.json["id"]?.string)
        #expect(planned["location"] == "/api/v1/interactions/\(meeting)")
        let logged = try await tenant.post(
            "/interactions/quick_log",
            ["kind": "sms", "subject": subject, "text": "Call me", "follow_up": ["due_date": "2999-01-02"]])
        #expect(logged.status == 201 && logged["etag"] == "\"1\"", "\(logged.text)")
        let task = try #require(logged.json["follow_up"]?["id"]?.string)
        #expect(logged["location"] == "/api/v1/interactions/\(logged.json["id"]?.string ?? "")")

        let mine = try await tenant.get("/tasks/my-tasks", min: logged["daybook-position"])
        #expect(mine.status == 200 && mine.json["items"]?.array?.compactMap { $0["id"]?.string } == [task])
        let today = try await tenant.get("/today", min: logged["daybook-position"])
        #expect(today.status == 200 && today.json["counts"]?["open"] == 1, "\(today.text)")
        #expect(today["daybook-position"] != nil)
        #expect(today.json["interactions"]?.array?.count == 0, "nobody of us is named in it")
        #expect(try await tenant.get("/today?limit=3").json["code"] == "parameter.unknown")

        let done = try await tenant.post("/tasks/\(task)/complete", ["outcome": "Reached her"])
        #expect(done.status == 200)
        let after = try await tenant.get("/tasks/my-tasks", min: done["daybook-position"])
        #expect(after.json["items"] == [])
        #expect(try await tenant.post("/interactions/\(meeting)/cancel", ["reason": "Ill"]).status == 200)
        let refused = try await tenant.post("/interactions/\(meeting)/complete")
        #expect(refused.status == 409 && refused.json["code"] == "interaction.not_scheduled")
        let flawed = try await tenant.post(
            "/interactions/quick_log", ["kind": "call", "subject": subject, "follow_up": ["colour": "red"]])
        #expect(flawed.status == 422 && flawed.json["errors"]?.array?.first?["pointer"] == "/follow_up/colour")
    }
}
