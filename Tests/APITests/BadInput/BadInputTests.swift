import Application
import CRM
import Foundation
import Kernel
import Testing

@testable import API

/// Routes × fields: whatever is not understood is refused in one shape, and nothing is written.
@Suite(.serialized) struct BadInputTests {
    @Test func `bad input is refused with a whole problem and leaves the log as it was`() async throws {
        let house = try await House.shared.value
        let tenant = try await house.tenant()
        let records = try await Records(tenant)
        let other = try await Records(house.tenant())
        let cases = Cases(house: house, records: records, foreign: other.ids).all
        #expect(cases.count >= 300)
        let head = try await house.head(of: tenant.organization)
        // One connection as long as the server keeps it: what was refused on it does no harm to what comes next.
        var wire = try Wire(port: house.port)
        for one in cases {
            await wire.send((one.isKnown ? tenant.signed(one.call) : one.call).bytes)
            let answer = try await wire.receive()
            if answer["connection"] == "close" { wire = try Wire(port: house.port) }
            check(one, answer)
            let now = try await house.head(of: tenant.organization)
            #expect(now == head, "\(one.name) wrote something")
            if now != head { return }
        }
        #expect(try await house.head(of: other.tenant.organization).position > 0)
    }

    private func check(_ one: Case, _ answer: Wire.Answer) {
        let what: Comment = "\(one.name): \(answer.status) \(answer.text.prefix(600))"
        let json = answer.json
        #expect((400..<500).contains(answer.status), what)
        if let status = one.status { #expect(answer.status == status, what) }
        if let code = one.code { #expect(json["code"] == .string(code), what) }
        if let pointer = one.pointer {
            #expect(json["errors"]?.array?.contains { $0["pointer"] == .string(pointer) } == true, what)
        }
        #expect(answer["content-type"] == "application/problem+json", what)
        let code = json["code"]?.string ?? ""
        #expect(code.wholeMatch(of: /[a-z_]+(\.[a-z_]+)*/) != nil, what)
        #expect(json["type"] == .string("urn:daybook:problem:\(code)"), what)
        #expect(json["status"] == .integer(Int64(answer.status)), what)
        #expect(json["request_id"]?.string == answer["x-request-id"], what)
        for member in ["title", "detail"] { #expect(json[member]?.string?.isEmpty == false, what) }
        for flaw in json["errors"]?.array ?? [.null] {
            for member in ["pointer", "code", "detail"] { #expect(flaw[member]?.string != nil, what) }
        }
    }

    @Test func `a viewer reads and cannot write, and who is put away is out`() async throws {
        let tenant = try await House.shared.value.tenant()
        let email = "viewer-\(UUID().uuidString.lowercased())@example.com"
        let viewer = try await tenant.make("members", ["name": "Vi", "email": .string(email), "role": "viewer"])
        let path = "/api/v1/members/\(viewer)/password"
        #expect(try await tenant.send(Call("PUT", path, json: #"{"password":"long enough 2"}"#)).status == 200)
        let body: JSON = ["email": .string(email), "password": "long enough 2"]
        let session = try await tenant.anonymously(Call("POST", "/api/v1/auth/login", json: body.text))
        let token = try #require(session.json["token"]?.string)
        #expect(try await tenant.send(Call("GET", "/api/v1/accounts"), as: token).status == 200)
        let refused = try await tenant.send(Call("POST", "/api/v1/accounts", json: #"{"name":"X"}"#), as: token)
        #expect(refused.status == 403)
        #expect(refused.json["code"] == "auth.forbidden")
        #expect(try await tenant.send(Call("GET", "/api/v1/tables/deals"), as: token).status == 403)
        #expect(try await tenant.send(Call("DELETE", "/api/v1/members/\(viewer)")).status == 200)
        #expect(try await tenant.send(Call("GET", "/api/v1/accounts"), as: token).status == 401)
    }
}
