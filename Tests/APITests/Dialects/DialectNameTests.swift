import Foundation
import Kernel
import Testing

@testable import API

/// Whatever is told of a name is told of the source's.
@Suite(.serialized) struct DialectNameTests {
    private let trail = "/api/v1/trailtrack"
    private let crm = "/api/v1/a-crm"

    @Test func `a wrong value is told of the parameter that was sent, and stays as it was sent`() async throws {
        let tenant = try await House.shared.value.tenant()
        func refusal(_ path: String) async throws -> (parameter: String, detail: String) {
            let answer = try await tenant.send(Call("GET", path))
            #expect(answer.status == 400, "\(path): \(answer.text)")
            return (answer.json["parameter"]?.string ?? "", answer.json["detail"]?.string ?? "")
        }
        // The first parameter says which list is meant, and is none of the list's.
        let assigned = try await refusal("/admin/activities?type=task&assigned_to=nobody")
        #expect(assigned.parameter == "assigned_to", "\(assigned)")
        #expect(assigned.detail.hasPrefix("assigned_to=nobody "), "\(assigned)")
        let size = try await refusal("\(crm)/companies?company_size=oversized")
        #expect(size.parameter == "company_size" && size.detail.hasPrefix("company_size=oversized "), "\(size)")
        let amount = try await refusal("\(crm)/deals?amount.gte=plenty")
        #expect(amount.parameter.hasPrefix("amount"), "\(amount)")
    }

    @Test func `what is known is told by the source's names`() async throws {
        let tenant = try await House.shared.value.tenant()
        func known(_ path: String) async throws -> Set<String> {
            let answer = try await tenant.send(Call("GET", path))
            #expect(answer.status == 400, "\(path): \(answer.text)")
            let names = (answer.json["known"]?.array ?? []).compactMap(\.string)
            #expect(!names.isEmpty && names == names.sorted() && Set(names).count == names.count, "\(answer.text)")
            let sentence = "Known are \(names.joined(separator: ", "))."
            #expect(answer.json["detail"]?.string?.hasSuffix(sentence) == true, "\(answer.text)")
            return Set(names)
        }
        for query in ["colour=red", "sort=colour", "fields=colour"] {
            let names = try await known("\(crm)/deals?\(query)")
            #expect(names.isSuperset(of: ["amount", "company_id", "deal_source", "expected_close_date"]), "\(query)")
            #expect(names.isDisjoint(with: ["account_id", "expected_close", "source", "title"]), "\(query)")
        }
        let parameters = try await known("\(crm)/deals?colour=red")
        #expect(parameters.isDisjoint(with: ["filter", "include"]) && parameters.contains("currency"))
        let members = try await known("\(crm)/deals/\(UUID().uuidString.lowercased())?fields=colour")
        #expect(members.contains("company_name") && !members.contains("account_name"))
        let related = try await known("\(trail)/tasks?colour=red")
        #expect(related.isSuperset(of: ["linked_type", "linked_id", "due_before", "due_at"]))
        #expect(!related.contains("subject_id"))
        let ours = try await known("/api/v1/deals?colour=red")
        #expect(ours.isSuperset(of: ["account_id", "filter", "include"]))
    }

    @Test func `records are found by kind and id, and shown by the names that were asked for`() async throws {
        let (tenant, ids) = try await Tenant.ofDialects()
        let (contact, deal) = (ids["contact"] ?? "", ids["deal"] ?? "")
        let message: JSON = [
            "type": "sms", "lead_id": .string(deal), "contact_id": .string(contact), "body": "On my way",
        ]
        let sent = try await tenant.send(Call("POST", "\(trail)/activities", json: message.text))
        #expect(sent.status == 201, "\(sent.text)")
        func items(_ path: String) async throws -> [[String: JSON]] {
            let answer = try await tenant.send(
                Call("GET", path, [("Daybook-Min-Position", sent["daybook-position"] ?? "")]))
            #expect(answer.status == 200, "\(path): \(answer.text)")
            return (answer.json["items"]?.array ?? []).compactMap(\.object)
        }
        let members = "\(crm)/campaigns/\(ids["campaign"] ?? "")/contacts"
        #expect(try await items("\(members)?person_id=\(contact)").count == 1)
        #expect(try await items("\(members)?person_id=\(deal)").isEmpty)
        #expect(try await items("\(members)?contact_id=\(contact)&person_type=contact").count == 1)
        #expect(try await items("\(trail)/activities?contact_id=\(contact)").count == 1)
        #expect(try await items("\(trail)/activities?linked_type=lead&linked_id=\(deal)").count == 1)
        let activities = "\(trail)/activities?lead_id=\(deal)&fields="
        #expect(try await items(activities + "contact_id") == [["contact_id": .string(contact)]])
        #expect(try await items(activities + "lead_id,type") == [["lead_id": .string(deal), "type": "sms"]])
        #expect(
            try await items("\(trail)/leads?fields=value_cents&sort=-value_cents")
                == [["value_cents": 105_400, "currency": "USD"]])
        let one = try await tenant.send(Call("GET", "\(crm)/deals/\(deal)?fields=name,amount"))
        #expect(one.json == ["name": "Ten pumps", "amount": 1054, "currency": "USD"], "\(one.text)")
        let included = try await tenant.send(Call("GET", "\(crm)/deals/\(deal)?include=account"))
        #expect(included.status == 400 && included.json["code"] == "parameter.unknown", "\(included.text)")
    }

    @Test func `a second page goes on where the first ended`() async throws {
        let tenant = try await House.shared.value.tenant()
        var position = ""
        for number in 1...5 {
            let made = try await tenant.post("/accounts", ["name": .string("Pumps \(number)")])
            position = made["daybook-position"] ?? ""
        }
        for path in ["\(crm)/companies", "\(trail)/accounts", "/admin/customers"] {
            var (names, next) = ([String](), "")
            repeat {
                let cursor = next.isEmpty ? "" : "&cursor=\(next)"
                let page = try await tenant.send(
                    Call("GET", "\(path)?sort=-name&limit=2\(cursor)", [("Daybook-Min-Position", position)]))
                #expect(page.status == 200, "\(page.text)")
                names += (page.json["items"]?.array ?? []).compactMap { $0["name"]?.string }
                next = page.json["next"]?.string ?? ""
            } while !next.isEmpty && names.count < 10
            #expect(names == (1...5).reversed().map { "Pumps \($0)" }, "\(path)")
        }
        let second = try await tenant.send(Call("GET", "/admin/customers?sort=name&size=2&page=2"))
        #expect(second.json["items"]?.array?.compactMap { $0["name"]?.string } == ["Pumps 3", "Pumps 4"])
    }

    @Test func `with whom an activity was changes alone, and what it is about stays`() async throws {
        let (tenant, ids) = try await Tenant.ofDialects()
        let other = try await tenant.make("contacts", ["last_name": "Lovelace"])
        let deal = JSON.string(ids["deal"] ?? "")
        let call: JSON = ["type": "call", "lead_id": deal, "contact_id": .string(ids["contact"] ?? "")]
        let made = try await tenant.send(Call("POST", "\(trail)/activities", json: call.text))
        let id = made.json["id"]?.string ?? ""
        func patch(_ prefix: String, _ body: JSON) async throws -> JSON {
            let answer = try await tenant.send(Call("PATCH", "\(prefix)/activities/\(id)", json: body.text))
            #expect(answer.status == 200, "\(body.text): \(answer.text)")
            return try await tenant.get("/interactions/\(id)", min: answer["daybook-position"]).json
        }
        let moved = try await patch(trail, ["contact_id": .string(other)])
        #expect(moved["subject"] == ["entity": "deal", "id": deal] && moved["contact_id"] == .string(other))
        let same = try await patch("/admin", ["deal_id": deal, "customer_id": .null])
        #expect(same["subject"] == ["entity": "deal", "id": deal] && same["contact_id"] == .string(other))
        let account = JSON.string(ids["account"] ?? "")
        let elsewhere = try await patch("/admin", ["customer_id": account])
        #expect(elsewhere["subject"] == ["entity": "account", "id": account])
        #expect(elsewhere["contact_id"] == .string(other))
        let alone = try await patch(trail, ["contact_id": .null])
        #expect(alone["subject"] == ["entity": "account", "id": account] && (alone["contact_id"] ?? .null) == .null)
    }

    @Test func `an amount is the one that was sent, to its last digit, or refused`() async throws {
        let tenant = try await House.shared.value.tenant()
        let numbers = ["1234567890123.45", "90071992547409", "0.07", "1054"]
        for number in numbers {
            let body = #"{"name":"Pumps","amount":\#(number),"currency":"USD"}"#
            let made = try await tenant.send(Call("POST", "\(crm)/deals", json: body))
            #expect(made.status == 201, "\(number): \(made.text)")
            let page = try await tenant.send(
                Call("GET", made["location"] ?? "", [("Daybook-Min-Position", made["daybook-position"] ?? "")]))
            #expect(page.json["amount"]?.text == number, "\(page.text)")
        }
        let lost = #"{"name":"Pumps","amount":45035996273704.97,"currency":"USD"}"#
        let refused = try await tenant.send(Call("POST", "\(crm)/deals", json: lost))
        #expect(refused.json["errors"]?.array?.first?["pointer"] == "/amount", "\(refused.text)")
    }
}
