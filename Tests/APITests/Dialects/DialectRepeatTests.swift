import CRM
import Foundation
import HTTPTypes
import Kernel
import Testing

@testable import API
@testable import Application

/// What comes again, at once or from whom may not: a source's request is that request, whatever it stands for by now.
@Suite(.serialized) struct DialectRepeatTests {
    @Test func `a repeat gets the first answer, although the same words mean another thing by now`() async throws {
        let (tenant, ids) = try await Tenant.ofDialects()
        let pipeline = JSON.string(ids["ascendore"] ?? "")
        let body: JSON = ["name": "Pumps", "amount": 5, "pipeline_id": pipeline, "stage": "proposal"]
        let entering = Call("POST", "/api/v1/a-crm/deals", [("Idempotency-Key", "enter")], json: body.text)
        let entered = try await tenant.send(entering)
        #expect(entered.status == 201, "\(entered.text)")
        let page = entered["location"] ?? ""
        let cheaper = Call("PATCH", "/admin/deals/\(entered.json["id"]?.string ?? "")", [("Idempotency-Key", "stage")])
        let staging = cheaper.saying(["stage": "Negotiation", "title": "Ten pumps"])
        let staged = try await tenant.send(staging)
        #expect(staged.json["version"] == 2 || staged.json["version"] == 3, "\(staged.text)")

        #expect(try await tenant.patch("/organization", ["currency": "EUR"]).status == 200)
        let stages = try await tenant.get("/pipelines/\(ids["ascendore"] ?? "")", min: staged["daybook-position"])
        let negotiation = stages.json["stages"]?.array?.first { $0["name"] == "Negotiation" }?["id"]?.string ?? ""
        let target = stages.json["stages"]?.array?.first { $0["name"] == "Proposal" }?["id"] ?? .null
        let retired = try await tenant.post(
            "/pipelines/\(ids["ascendore"] ?? "")/retire_stage",
            ["stage_id": .string(negotiation), "target_id": target])
        #expect(retired.status == 200, "\(retired.text)")

        let again = try await tenant.send(entering)
        #expect(again.status == 201 && again.json == entered.json && again["location"] == page, "\(again.text)")
        let restaged = try await tenant.send(staging)
        #expect(restaged.status == 200 && restaged.json == staged.json, "\(restaged.text)")
        let other = try await tenant.send(cheaper.saying(["stage": "Negotiation", "title": "Twelve pumps"]))
        #expect(other.status == 422 && other.json["code"] == "idempotency.key_reused", "\(other.text)")
    }

    @Test func `edits of parts of one address at the same time are all kept`() async throws {
        let tenant = try await House.shared.value.tenant()
        let address: JSON = ["street": "Old 1", "city": "Old", "state": "Old", "postal_code": "00000"]
        let account = try await tenant.make("accounts", ["name": "Pumps", "billing_address": address])
        let path = "/api/v1/trailtrack/accounts/\(account)"
        for round in 1...5 {
            let answers = try await withThrowingTaskGroup(of: Wire.Answer.self) { group in
                for name in ["street", "city", "state", "postal_code"] {
                    group.addTask {
                        try await tenant.send(Call("PATCH", path, json: JSON.object([name: .string("\(round)")]).text))
                    }
                }
                return try await group.reduce(into: [Wire.Answer]()) { $0.append($1) }
            }
            #expect(answers.allSatisfy { $0.status == 200 }, "\(answers.map(\.text))")
            let last = answers.compactMap { $0.json["position"]?.integer }.max() ?? 0
            let read = try await tenant.get("/accounts/\(account)", min: String(last))
            let all = Set((read.json["billing_address"]?.object ?? [:]).values.compactMap(\.string))
            #expect(all == ["\(round)"], "\(read.text)")
        }
        let stale = try await tenant.send(Call("PATCH", path, [("If-Match", "\"1\"")], json: #"{"city":"Oslo"}"#))
        #expect(stale.status == 412, "\(stale.text)")
    }

    @Test func `what became of several acts in one is told whole`() {
        let (id, other) = (UUID(), UUID())
        let warning = Answer.Warning(code: "contact.email_taken", existing: [other])
        let made = Answer.Made(entity: "task", id: other, version: 1)
        let results = [
            Answer.Result(status: 200, id: id, version: 2, events: 1, made: [made], warnings: [warning]),
            Answer.Result(status: 200, id: id, version: 3, events: 1, made: []),
        ]
        let joined = Answer(results: results, position: PositionToken(position: 9, hash: nil)).joined
        #expect(joined?.version == 3 && joined?.events == 2)
        #expect(joined?.made == [made] && joined?.warnings == [warning])
    }

    @Test func `a viewer is told what there is, and not what he might have asked`() async throws {
        let (tenant, ids) = try await Tenant.ofDialects()
        let token = try await tenant.token(of: "viewer")
        for dialect in Dialect.all {
            for row in dialect.rows where row.method != .get && !row.path.hasPrefix("/auth") {
                // A file is a form, and none that any other body could stand for.
                if row.path.hasSuffix("/upload") { continue }
                let segment = row.targets[0].path.split(separator: "/").first.map(String.init) ?? ""
                let known = entities.first { $0.plural == segment }.flatMap { ids[$0.name] }
                let path = dialect.prefix + row.path.replacing("{id}", with: known ?? UUID().uuidString.lowercased())
                let body = row.method == .delete || path.hasSuffix("complete") ? "{}" : #"{"stage":"limbo"}"#
                let call = Call(row.method.rawValue, path, [("If-Match", "*")], json: body)
                let answer = try await tenant.send(call, as: token)
                // A body that has no stage is refused before anybody is asked who sends it.
                let isUnknown = answer.json["errors"]?.array?.first?["code"] == "unknown_member"
                #expect(answer.status == 403 || isUnknown, "\(row.method) \(path): \(answer.text)")
                #expect(row.targets[0].vocabulary != "deal" || answer.status == 403, "\(answer.text)")
            }
            for row in dialect.rows where row.method == .get && !row.path.contains("{id}") {
                let answer = try await tenant.send(Call("GET", dialect.prefix + row.path), as: token)
                #expect(answer.status == 200, "\(row.path): \(answer.text)")
            }
        }
    }

    @Test func `an activity is found by its id, whichever of the two it is`() async throws {
        let (tenant, ids) = try await Tenant.ofDialects()
        for (entity, type) in [("task", "task"), ("interaction", "note")] {
            let (id, plural) = (ids[entity] ?? "", "\(entity)s")
            let page = "/admin/activities/\(id)"
            let read = try await tenant.send(Call("GET", page))
            #expect(read.json["id"] == .string(id) && read.json["type"] == .string(type), "\(read.text)")
            let few = try await tenant.send(Call("GET", "\(page)?fields=assigned_to,type"))
            #expect(few.json.object.map { Set($0.keys) } == ["assigned_to", "type"], "\(few.text)")
            let before = try await tenant.send(Call("GET", "\(page)?as_of=2020-01-01T00:00:00Z"))
            let canonical = try await tenant.get("/\(plural)/\(id)?as_of=2020-01-01T00:00:00Z")
            #expect(before.status == canonical.status && before.status == 404, "\(before.text)")
            let edited = try await tenant.send(Call("PATCH", page, json: #"{"notes":"At ten"}"#))
            #expect(edited.status == 200, "\(edited.text)")
            let gone = try await tenant.send(Call("DELETE", page))
            #expect(gone.status == 200 && gone.json["id"] == .string(id), "\(gone.text)")
            let history = try await tenant.get("/\(plural)/\(id)/history")
            let types = history.json["items"]?.array?.compactMap { $0["type"]?.string } ?? []
            #expect(types.count == 3 && types.last == "\(entity).archived", "\(types)")
        }
        let nobody = try await tenant.send(Call("DELETE", "/admin/activities/\(UUID().uuidString.lowercased())"))
        #expect(nobody.status == 404, "\(nobody.text)")
    }
}

extension Call {
    /// The same with another body.
    fileprivate func saying(_ body: JSON) -> Call { Call(method, path, headers, json: body.text) }
}
