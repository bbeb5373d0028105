import Foundation
import Kernel
import Testing

/// Records that may be the same, over a real socket.
@Suite(.serialized) struct DuplicateRouteTests {
    @Test func `who arrives twice is found, explained, dismissed for good and merged at last`() async throws {
        let tenant = try await House.shared.value.tenant()
        let ann = try await tenant.make(
            "contacts", ["first_name": "Ann", "last_name": "Lee", "email": "ann.lee@twice.example"])
        let made = try await tenant.post(
            "/contacts", ["first_name": "Lee", "last_name": "Anne", "email": "Ann.Lee+fair@twice.example"])
        let twin = try #require(made.json["id"]?.string)

        let found = try await tenant.get("/duplicates?entity=contact", min: made["daybook-position"])
        #expect(found.status == 200 && found["daybook-position"] != nil, "\(found.text)")
        let pair = try #require(found.json["items"]?.array?.first)
        #expect(pair["records"]?.array?.compactMap { $0["id"]?.string } == [ann, twin])
        #expect(pair["reasons"]?.array?.compactMap { $0["by"]?.string } == ["email", "name"])
        #expect(pair["reasons"]?.array?.first?["values"] == ["ann.lee@twice.example"])
        #expect(try await tenant.get("/contacts/\(twin)/duplicates").json["items"] == found.json["items"])

        let other: JSON = ["other": ["entity": "contact", "id": .string(twin)]]
        let dismissed = try await tenant.post("/contacts/\(ann)/dismiss_duplicate", other)
        #expect(dismissed.status == 200, "\(dismissed.text)")
        let edited = try await tenant.patch("/contacts/\(twin)", ["first_name": "Lea"])
        let none = try await tenant.get("/duplicates?entity=contact", min: edited["daybook-position"])
        #expect(none.json["items"] == [])
        let told = try await tenant.get("/contacts/\(twin)/duplicates?dismissed=true").json["items"]?.array ?? []
        #expect(told.count == 1 && told.first?["dismissed"]?["by"]?.string != nil)
        for id in [ann, twin] {
            let timeline = try await tenant.get("/contacts/\(id)/timeline").json["items"]?.array ?? []
            #expect(timeline.contains { $0["event"] == "contact.duplicate_dismissed" })
        }

        let back: JSON = ["other": ["entity": "contact", "id": .string(ann)]]
        let again = try await tenant.post("/contacts/\(twin)/reconsider_duplicate", back)
        let shown = try await tenant.get("/duplicates?entity=contact", min: again["daybook-position"])
        #expect(shown.json["items"]?.array?.count == 1)
        let merged = try await tenant.post("/contacts/\(ann)/merge", ["loser": .string(twin)])
        #expect(merged.status == 200, "\(merged.text)")
        let after = try await tenant.get("/duplicates?entity=contact", min: merged["daybook-position"])
        #expect(after.json["items"] == [])
        let unmerged = try await tenant.post("/contacts/\(ann)/unmerge", ["loser": .string(twin)])
        let two = try await tenant.get("/duplicates?entity=contact", min: unmerged["daybook-position"])
        #expect(two.json["items"]?.array?.count == 1)

        #expect(try await tenant.get("/duplicates?entity=deal").json["code"] == "parameter.invalid")
        #expect(try await tenant.get("/contacts/\(UUID().text)/duplicates").status == 404)
        #expect(try await tenant.get("/deals/\(ann)/duplicates").status == 404)
        let itself = try await tenant.post("/contacts/\(twin)/dismiss_duplicate", other)
        #expect(itself.status == 422 && itself.json["code"] == "contact.duplicate_of_itself")
        #expect(try await tenant.post("/contacts/\(twin)/hear_of_duplicate", other).status == 404)
    }
}
