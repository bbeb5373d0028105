import Foundation
import Kernel
import Testing

/// E-mails over a real socket, as they are and within JSON.
@Suite(.serialized) struct EmailRouteTests {
    private static func message(_ id: String) -> String {
        "From: Ann Lee <ann@lee.example>\r\nTo: bob@ray.example\r\nSubject: Gr\u{FC}\u{DF}e\r\n"
            + "Date: Mon, 2 Mar 2026 10:00:00 +0100\r\nMessage-ID: <\(id)>\r\nContent-Type: text/plain; charset=utf-8"
            + "\r\n\r\nTen pumps, please."
    }
    private static func raw(_ bytes: [UInt8], _ query: String = "", type: String = "message/rfc822") -> Call {
        var call = Call("POST", "/api/v1/emails/archive\(query)", [("Content-Type", type)])
        call.body = bytes
        return call
    }

    @Test func `a message is archived as it is, as text and in base64, and its writer is looked up`() async throws {
        let tenant = try await House.shared.value.tenant()
        let ann = try await tenant.make("contacts", ["last_name": "Lee", "email": "ann@lee.example"])
        let deal = try await tenant.post("/deals", ["title": "Ten pumps"])
        let about = "?about=deal:\(deal.json["id"]?.string ?? "")"

        let whole = try await tenant.send(Self.raw(Array(Self.message("one@x.example").utf8), about))
        #expect(whole.status == 201 && whole["etag"] == "\"1\"", "\(whole.text)")
        let id = try #require(whole.json["id"]?.string)
        #expect(whole["location"] == "/api/v1/interactions/\(id)")
        #expect(whole.json["warnings"] == [])
        #expect(whole.json["participants"]?.array?.first?["id"] == .string(ann))
        let text = try await tenant.post("/emails/archive", ["text": .string(Self.message("two@x.example"))])
        let packed = Data(Self.message("three@x.example").utf8).base64EncodedString(options: .lineLength76Characters)
        let base64 = try await tenant.post("/emails/archive?create=contacts", ["base64": .string(packed)])
        #expect(text.status == 201 && base64.status == 201, "\(text.text) \(base64.text)")
        #expect(base64.json["made"]?.array?.count == 1)
        let again = try await tenant.send(Self.raw(Array(Self.message("one@x.example").utf8), about))
        #expect(again.status == 200 && again.json["id"] == .string(id) && again["location"] == nil)

        let record = try await tenant.get("/interactions/\(id)", min: base64["daybook-position"])
        #expect(record.json["title"] == "Grüße" && record.json["subject_name"] == "Ten pumps")
        let known = try await tenant.get("/interactions?external_id=message-id:one@x.example")
        #expect(known.json["items"]?.array?.first?["id"] == .string(id))
        let found = try await tenant.get("/lookup?email=ANN@lee.example", min: base64["daybook-position"])
        #expect(found.status == 200 && found.json["contacts"]?.array?.first?["id"] == .string(ann))
        #expect(found.json["interactions"]?.array?.count == 3 && found["daybook-position"] != nil)
        let nobody = try await tenant.get("/lookup?email=x@nowhere.example")
        #expect(nobody.status == 200 && nobody.json["contacts"] == [] && nobody.json["account"] == .null)

        let other = try await House.shared.value.tenant()
        #expect(try await other.get("/lookup?email=ann@lee.example").json["contacts"] == [])
    }

    @Test func `what is no message, or too large, is refused`() async throws {
        let tenant = try await House.shared.value.tenant()
        let refused: [(Call, Int, String)] = [
            (Self.raw(Array("just words".utf8)), 422, "email.unreadable"),
            (Self.raw([]), 422, "email.unreadable"),
            (Self.raw(Array("From: a@b.example\n\nx".utf8), type: "text/plain"), 415, "body.not_json"),
            (Self.raw(Array("From: a@b.example\n\nx".utf8), "?about=deal:1"), 400, "parameter.invalid"),
            (Self.raw(Array("From: a@b.example\n\nx".utf8), "?about=1&about=2"), 400, "parameter.invalid"),
            (Self.raw(Array("{}".utf8), type: "application/json"), 422, "body.invalid"),
            (Self.raw(Array("{\"base64\":\"?\"}".utf8), type: "application/json"), 422, "body.invalid"),
            (Self.raw(Array("{\"text\":\"?\"}".utf8), type: "application/json"), 422, "email.unreadable"),
            (Call("GET", "/api/v1/lookup"), 400, "parameter.invalid"),
            (Call("GET", "/api/v1/lookup?email=ann"), 400, "parameter.invalid"),
        ]
        for (call, status, code) in refused {
            let answer = try await tenant.send(call)
            #expect(answer.status == status && answer.json["code"] == .string(code), "\(answer.text)")
        }
        let large = Array("From: a@b.example\n\n".utf8) + [UInt8](repeating: 0x61, count: 25 << 20)
        let answer = try await tenant.send(Self.raw(large))
        #expect(answer.status == 413 && answer.json["code"] == "body.too_large")
    }
}
