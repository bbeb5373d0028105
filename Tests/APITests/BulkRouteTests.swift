import Foundation
import Kernel
import Testing

@testable import API
@testable import Application

/// One act on many records, as a client asks it.
@Suite struct BulkRouteTests {
    @Test func `what a list finds is tagged, seen in the lists, and given back`() async throws {
        let tenant = try await House.shared.value.tenant()
        let tag = try await tenant.make("tags", ["name": "Spring"])
        for name in ["Ann", "Bob", "Cid"] {
            _ = try await tenant.make("contacts", ["last_name": .string(name), "title": name == "Cid" ? "CEO" : "CTO"])
        }
        let request: JSON = [
            "entity": "contact", "act": "tag", "body": ["tags": [.string(tag)]], "filter": "title=CTO&sort=last_name",
        ]
        let dry = try await tenant.post(
            "/bulk", .object((request.object ?? [:]).merging(["dry_run": true]) { $1 }), [("Idempotency-Key", "t-1")])
        #expect(dry.status == 200 && dry.json["asked"] == 2 && dry.json["done"] == 2, "\(dry.text)")
        let told = try await tenant.post("/bulk", request, [("Idempotency-Key", "t-1")])
        #expect(told.status == 200 && told.json["done"] == 2 && told.json["next"] == .null, "\(told.text)")
        #expect(told["daybook-position"]?.hasPrefix("\(told.json["position"]?.integer ?? 0)-") == true)
        let tagged = try await tenant.get("/contacts?tag=Spring", min: told["daybook-position"])
        #expect(tagged.json["items"]?.array?.count == 2)
        let again = try await tenant.post("/bulk", request, [("Idempotency-Key", "t-1")])
        #expect(again.json["results"] == told.json["results"])

        let id = try #require(told.json["id"]?.string)
        let contact = try #require(told.json["results"]?.array?.first?["id"]?.string)
        let history = try await tenant.get("/contacts/\(contact)/history").text
        #expect(history.contains(id), "\(history)")
        let progress = try await tenant.get("/bulk/\(id)")
        #expect(progress.json["done"] == 2 && progress.json["entity"] == "contact")
        let undone = try await tenant.post("/bulk/\(id)/undo")
        #expect(undone.status == 200 && undone.json["done"] == 2, "\(undone.text)")
        let left = try await tenant.get("/contacts?tag=Spring", min: undone["daybook-position"])
        #expect(left.json["items"]?.array?.isEmpty == true)
    }

    @Test func `of an act that others asked nothing is told elsewhere, and what is wrong is refused`() async throws {
        let (tenant, other) = (try await House.shared.value.tenant(), try await House.shared.value.tenant())
        let account = try await tenant.make("accounts", ["name": "Acme"])
        let request: JSON = ["entity": "account", "act": "archive", "ids": [.string(account)]]
        let told = try await tenant.post("/bulk", request)
        let id = try #require(told.json["id"]?.string)
        #expect(try await other.get("/bulk/\(id)").json["code"] == "bulk.not_found")
        #expect(try await other.post("/bulk/\(id)/undo").json["code"] == "bulk.not_found")
        #expect(try await other.post("/bulk", request).json["refused"] == 1)
        #expect(try await tenant.get("/bulk/42").status == 404)
        #expect(try await tenant.post("/bulk/\(id)/undo", ["wat": 1]).status == 422)
        let unknown = try await tenant.post("/bulk", ["entity": "account", "act": "archive", "filter": "wat=1"])
        #expect(unknown.status == 400 && unknown.json["code"] == "parameter.unknown")
        let internalAct: JSON = ["entity": "member", "act": "password_changed", "ids": [.string(account)]]
        #expect(try await tenant.post("/bulk", internalAct).json["code"] == "body.invalid")
        #expect(try await tenant.post("/bulk/\(id)/undo").json["done"] == 1)
        let paths = try await tenant.get("/openapi.json").json["paths"]?.object ?? [:]
        #expect(paths["/api/v1/bulk"]?["post"] != nil && paths["/api/v1/bulk/{id}/undo"]?["post"] != nil)
    }
}
