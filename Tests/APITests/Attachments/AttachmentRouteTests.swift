import Application
import CRM
import Files
import Foundation
import Kernel
import Synchronization
import Testing
import Vault

@testable import API

/// A file goes in and comes out again, whole or in part, for those who may have it.
@Suite(.serialized) struct AttachmentRouteTests {
    private struct Ground {
        let tenant: Tenant
        let account: String
        let contact: String
        var subject: String { "account:\(account)" }

        init() async throws {
            tenant = try await House.shared.value.tenant()
            account = try await tenant.make("accounts", ["name": "Pumps Ltd"])
            contact = try await tenant.make(
                "contacts", ["last_name": "Lee", "email": "lee@example.com", "account_id": .string(account)])
        }

        /// The files of this organization that are in the store.
        func stored() async throws -> [UUID] {
            let found = Mutex<[UUID]>([])
            try await tenant.house.files.list { files in
                let own = files.filter { $0.name.organization == tenant.organization }.map(\.name.id)
                found.withLock { $0 += own }
            }
            return found.withLock { $0 }
        }
        func form(_ parts: [(String, String)], boundary: String = "b0") -> Call {
            let body = parts.map { "--\(boundary)\r\nContent-Disposition: form-data; \($0.0)\r\n\r\n\($0.1)\r\n" }
            return Call(
                "POST", "/api/v1/attachments", [("Content-Type", "multipart/form-data; boundary=\(boundary)")],
                Array((body.joined() + "--\(boundary)--\r\n").utf8))
        }
    }
    /// Of several chunks, the last one not full.
    private static let large = (0..<200_000).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }

    @Test func `bytes that have not the hash that was stated are not kept`() async throws {
        let ground = try await Ground()
        let bytes = Array("abc".utf8)
        let right = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        let base64 = "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0="
        func send(_ more: String, _ headers: [(String, String)] = []) async throws -> Wire.Answer {
            let path = "/api/v1/attachments?filename=a.txt&subject=\(ground.subject)\(more)"
            return try await ground.tenant.send(Call("POST", path, [("Content-Type", "text/plain")] + headers, bytes))
        }
        #expect(try await send("&sha256=\(right.uppercased())").status == 201)
        #expect(try await send("", [("Content-Digest", "md5=:AAAA:, sha-256=:\(base64):")]).status == 201)
        let wrong = try await send("&sha256=\(right.dropLast())0")
        #expect(wrong.status == 422 && wrong.json["code"] == "attachment.checksum_wrong")
        #expect(wrong.json["received"] == .string(right))
        let other = try await send("", [("Content-Digest", "sha-256=:\(base64.replacing("ung", with: "umg")):")])
        #expect(other.json["code"] == "attachment.checksum_wrong")
        for (member, header) in [("&sha256=abc", ""), ("", "sha-256=:AAAA:"), ("", "sha-256=AAAA")] {
            let answer = try await send(member, header.isEmpty ? [] : [("Content-Digest", header)])
            #expect(answer.status == 422 && answer.json["code"] == "body.invalid", "\(member) \(header)")
        }
        let form = ground.form([
            ("name=subject", ground.subject), ("name=sha256", String(repeating: "0", count: 64)),
            ("name=file; filename=a.txt", "abc"),
        ])
        #expect(try await ground.tenant.send(form).json["code"] == "attachment.checksum_wrong")
        #expect(try await ground.stored().count == 2)
    }

    @Test func `a file that was sent by itself comes out as it was, under its name, and with what it is`() async throws
    {
        let ground = try await Ground()
        let sent = try await ground.tenant.attach(Self.large, as: "%C3%A9%20offer.bin", to: ground.subject)
        #expect(sent.status == 201, "\(sent.text)")
        let id = try #require(sent.json["id"]?.string)
        #expect(sent["location"] == "/api/v1/attachments/\(id)")
        let record = try await ground.tenant.get("/attachments/\(id)", min: sent["daybook-position"])
        #expect(record.json["filename"] == "é offer.bin")
        #expect(record.json["size"] == 200_000)
        #expect(record.json["media_type"] == "application/octet-stream")
        #expect(record.json["declared_type"] == "application/x-test")
        #expect(record.json["subject"] == ["entity": "account", "id": .string(ground.account)])
        #expect(record.json["subject_name"] == "Pumps Ltd")
        #expect(record.json["person"] == .null)
        #expect(record.json["author_id"] == .string(ground.tenant.founding.owner.text))
        let digest = SHA256.hash(Self.large).hex
        #expect(record.json["sha256"] == .string(digest))

        let got = try await ground.tenant.get("/attachments/\(id)/content")
        #expect(got.status == 200 && got.body == Self.large)
        #expect(got["content-length"] == "200000" && got["etag"] == "\"\(digest)\"")
        #expect(got["content-type"] == "application/octet-stream" && got["x-content-type-options"] == "nosniff")
        #expect(got["content-disposition"]?.hasSuffix("filename*=UTF-8''%C3%A9%20offer.bin") == true)
        #expect(got["content-security-policy"]?.contains("sandbox") == true)
    }

    @Test func `a form's file is attached, in whatever order the form tells things`() async throws {
        let ground = try await Ground()
        let file = ("name=\"f\"; filename=\"C:\\papers\\offer.txt\"\r\nContent-Type: text/x-offer", "Ten pumps.\n")
        let about = ("name=\"subject\"", "{\"entity\":\"contact\",\"id\":\"\(ground.contact)\"}")
        for parts in [[file, about], [about, file]] {
            let sent = try await ground.tenant.send(ground.form(parts + [("name=\"description\"", "The offer")]))
            #expect(sent.status == 201, "\(sent.text)")
            let id = sent.json["id"]?.string ?? ""
            let record = try await ground.tenant.get("/attachments/\(id)", min: sent["daybook-position"]).json
            #expect(record["filename"] == "offer.txt" && record["description"] == "The offer")
            #expect(record["media_type"] == "text/plain" && record["declared_type"] == "text/x-offer")
            #expect(record["person"] == ["entity": "contact", "id": .string(ground.contact)])
            let shown = try await ground.tenant.get("/attachments/\(id)/content")
            #expect(shown.text == "Ten pumps.\n" && shown["content-disposition"]?.hasPrefix("inline") == true)
            let kept = try await ground.tenant.get("/attachments/\(id)/download")
            #expect(kept.text == "Ten pumps.\n" && kept["content-disposition"]?.hasPrefix("attachment") == true)
        }
    }

    @Test func `parts of a file are sent without the rest`() async throws {
        let ground = try await Ground()
        let id = try await ground.tenant.attach(Self.large, as: "a", to: ground.subject).json["id"]?.string ?? ""
        func get(_ range: String, _ more: [(String, String)] = []) async throws -> Wire.Answer {
            let path = "/api/v1/attachments/\(id)/content"
            return try await ground.tenant.send(Call("GET", path, [("Range", range)] + more))
        }
        for (first, last) in [(0, 0), (65_530, 65_540), (65_536, 131_071), (131_072, 199_999), (10, 199_990)] {
            let part = try await get("bytes=\(first)-\(last)")
            #expect(part.status == 206 && part.body == Array(Self.large[first...last]), "\(first)")
            #expect(part["content-range"] == "bytes \(first)-\(last)/200000")
        }
        #expect(try await get("bytes=-5").body == Array(Self.large.suffix(5)))
        let beyond = try await get("bytes=200000-")
        #expect(beyond.status == 416 && beyond["content-range"] == "bytes */200000")
        #expect(beyond.json["code"] == "range.unsatisfiable")
        let tag = try #require(try await get("bytes=0-0")["etag"])
        #expect(try await get("bytes=0-0", [("If-Range", tag)]).status == 206)
        #expect(try await get("bytes=0-0", [("If-Range", "\"another\"")]).status == 200)
        let known = Call("GET", "/api/v1/attachments/\(id)/content", [("If-None-Match", tag)])
        #expect(try await ground.tenant.send(known).status == 304)
        let wire = try Wire(port: ground.tenant.house.port)
        let head = Call(
            "HEAD", "/api/v1/attachments/\(id)/content", [("Authorization", "Bearer \(ground.tenant.founding.token)")])
        await wire.send(head.bytes)
        let about = try await wire.receive(head: true)
        #expect(about.status == 200 && about["content-length"] == "200000" && about["accept-ranges"] == "bytes")
    }

    @Test func `what is too large is refused, however it is announced, and leaves nothing`() async throws {
        let ground = try await Ground()
        let limit = 1 << 20
        let fits = try await ground.tenant.attach([UInt8](repeating: 1, count: limit), as: "a", to: ground.subject)
        #expect(fits.status == 201, "\(fits.text)")
        let large = [UInt8](repeating: 1, count: limit + 1)
        let announced = try await ground.tenant.attach(large, as: "a", to: ground.subject)
        #expect(announced.status == 413 && announced.json["code"] == "attachment.too_large")
        let much = try await ground.tenant.attach(large + large, as: "a", to: ground.subject)
        #expect(much.status == 413 && much["connection"] == "close")
        let chunks = stride(from: 0, to: large.count, by: 65_536).flatMap { start -> [UInt8] in
            let part = large[start..<min(start + 65_536, large.count)]
            return Array("\(String(part.count, radix: 16))\r\n".utf8) + part + Array("\r\n".utf8)
        }
        let path = "/api/v1/attachments?filename=a&subject=\(ground.subject)"
        let unannounced = try await ground.tenant.send(
            Call("POST", path, [("Transfer-Encoding", "chunked")], chunks + Array("0\r\n\r\n".utf8)))
        #expect(unannounced.status == 413, "\(unannounced.text)")
        #expect(try await ground.stored().count == 1)
    }

    @Test func `what stands around the parts of a form counts, too`() async throws {
        let ground = try await Ground()
        let form = ground.form([("name=\"f\"; filename=\"a\"", "abc"), ("name=\"subject\"", ground.subject)])
        let filler = [UInt8](repeating: UInt8(ascii: "x"), count: UploadForm.limit)
        for (before, behind) in [(filler + [13, 10], []), ([], [13, 10] + filler)] {
            var padded = form
            padded.body = before + (form.body ?? []) + behind
            let answer = try await ground.tenant.send(padded)
            #expect(answer.status == 413 && answer.json["code"] == "body.too_large", "\(answer.text)")
        }
        #expect(try await ground.stored().isEmpty)
        #expect(try await ground.tenant.send(form).status == 201)
    }

    @Test func `a stranger's file is not taken in`() async throws {
        let ground = try await Ground()
        let wire = try Wire(port: ground.tenant.house.port)
        let path = "/api/v1/attachments?filename=a&subject=\(ground.subject)"
        await wire.send(Call("POST", path, [("Content-Length", "1000000")], [1, 2, 3]).bytes)
        let answer = try await wire.receive()
        #expect(answer.status == 401 && answer["connection"] == "close")
        #expect(try await ground.stored().isEmpty)
    }

    @Test func `a file that breaks off on its way never becomes a record`() async throws {
        let ground = try await Ground()
        let headers = [("Authorization", "Bearer \(ground.tenant.founding.token)")]
        let path = "/api/v1/attachments?filename=a&subject=\(ground.subject)"
        let head = try await ground.tenant.house.head(of: ground.tenant.organization)
        for call in [
            Call("POST", path, headers + [("Content-Length", "100")], [1, 2, 3]),
            Call("POST", path, headers + [("Transfer-Encoding", "chunked")], Array("3\r\nabc\r\n".utf8)),
        ] {
            let wire = try Wire(port: ground.tenant.house.port)
            await wire.send(call.bytes)
            wire.finish()
            #expect((try? await wire.receive().status) ?? 400 == 400)
        }
        var form = ground.form([("name=\"f\"; filename=\"a\"", "abc"), ("name=\"subject\"", ground.subject)])
        form.body?.removeLast(4)
        #expect(try await ground.tenant.send(form).json["code"] == "body.not_a_file")
        #expect(try await ground.stored().isEmpty)
        #expect(try await ground.tenant.house.head(of: ground.tenant.organization) == head)
    }

    @Test func `a repeat under the same key is answered with the first file, another file is refused`() async throws {
        let ground = try await Ground()
        let key = [("Idempotency-Key", "upload-1")]
        let first = try await ground.tenant.attach([1, 2, 3], as: "a", to: ground.subject, key)
        let again = try await ground.tenant.attach([1, 2, 3], as: "a", to: ground.subject, key)
        #expect(first.status == 201 && again.status == 201 && again.json == first.json)
        let other = try await ground.tenant.attach([1, 2, 4], as: "a", to: ground.subject, key)
        #expect(other.status == 422 && other.json["code"] == "idempotency.key_reused")
        #expect(try await ground.stored().map(\.text) == [first.json["id"]?.string])
    }

    @Test func `what says too little of a file, or something else, is refused and leaves nothing`() async throws {
        let ground = try await Ground()
        let file = ("name=\"file\"; filename=\"a.txt\"", "abc")
        let subject = ("name=\"subject\"", ground.subject)
        let cases: [([(String, String)], String)] = [
            ([file], "/subject"), ([file, ("name=\"subject\"", "deal:\(UUID().text)")], "/subject/id"),
            ([subject], "/file"), ([file, file, subject], "/file"),
            ([file, subject, ("name=\"colour\"", "red")], "/colour"),
            ([file, subject, ("name=\"size\"", "3")], "/size"), ([file, subject, subject], "/subject"),
            ([file, subject, ("name=\"person\"", "contact:\(UUID().text)")], "/person/id"),
        ]
        for (parts, pointer) in cases {
            let answer = try await ground.tenant.send(ground.form(parts))
            #expect(answer.status == 422, "\(pointer): \(answer.text)")
            #expect(answer.json["errors"]?.array?.first?["pointer"] == .string(pointer), "\(answer.text)")
        }
        let nameless = try await ground.tenant.send(
            Call("POST", "/api/v1/attachments?subject=\(ground.subject)", [], [1]))
        #expect(nameless.json["errors"]?.array?.first?["pointer"] == "/filename", "\(nameless.text)")
        let anonymous = try await ground.tenant.anonymously(ground.form([file, subject]))
        #expect(anonymous.status == 401)
        #expect(try await ground.stored().isEmpty)
    }

    @Test func `files are listed with their record, and told on its page`() async throws {
        let ground = try await Ground()
        let sent = try await ground.tenant.attach([1, 2, 3], as: "a.bin", to: ground.subject)
        let (id, min) = (sent.json["id"]?.string ?? "", sent["daybook-position"])
        let deal = try await ground.tenant.make("deals", ["title": "Ten pumps", "account_id": .string(ground.account)])
        _ = try await ground.tenant.attach([4], as: "b.bin", to: "deal:\(deal)")
        let own = try await ground.tenant.get("/accounts/\(ground.account)/attachments", min: min).json
        #expect(own["items"]?.array?.map { $0["id"] } == [.string(id)])
        let large = try await ground.tenant.get("/attachments?size.gte=2&media_type=application%2Foctet-stream").json
        #expect(large["items"]?.array?.map { $0["id"] } == [.string(id)])
        let page = try await ground.tenant.get("/accounts/\(ground.account)/detail", min: min).json
        #expect(page["attachments"]?["items"]?.array?.map { $0["filename"] } == ["a.bin"])
        let timeline = try await ground.tenant.get("/accounts/\(ground.account)/timeline", min: min).json
        let told = timeline["items"]?.array?.first { $0["record"]?["id"] == .string(id) }
        #expect(told?["record_name"] == "a.bin" && told?["details"]?["size"] == 3)
    }

    @Test func `who is put away is not handed out, and what was removed is gone for good`() async throws {
        let ground = try await Ground()
        let id = try await ground.tenant.attach([1, 2, 3], as: "a", to: ground.subject).json["id"]?.string ?? ""
        let path = "/attachments/\(id)"
        #expect(try await ground.tenant.send(Call("DELETE", "/api/v1" + path)).status == 200)
        #expect(try await ground.tenant.get(path + "/content").json["code"] == "attachment.archived")
        #expect(try await ground.tenant.post(path + "/restore").status == 200)
        #expect(try await ground.tenant.get(path + "/content").body == [1, 2, 3])
        #expect(try await ground.tenant.post(path + "/remove").status == 200)
        #expect(try await ground.tenant.get(path + "/content").json["code"] == "attachment.removed")
        #expect(try await ground.tenant.post(path + "/restore").json["code"] == "attachment.removed")
        for _ in 0..<1500 where try await !ground.stored().isEmpty { try await Task.sleep(for: .milliseconds(20)) }
        #expect(try await ground.stored().isEmpty)
        #expect(
            try await ground.tenant.get("/attachments/\(UUID().text)/content").json["code"] == "attachment.not_found")
    }

    @Test func `no other organization has it, and who only reads gets it and sends none`() async throws {
        let ground = try await Ground()
        let id = try await ground.tenant.attach([1, 2, 3], as: "a", to: ground.subject).json["id"]?.string ?? ""
        let other = try await ground.tenant.house.tenant()
        #expect(try await other.get("/attachments/\(id)/content").status == 404)
        let email = "viewer-\(UUID().text)@example.com"
        let viewer = try await ground.tenant.make(
            "members", ["name": "Vi", "email": .string(email), "role": "viewer"])
        let password = Call("PUT", "/api/v1/members/\(viewer)/password", json: #"{"password":"long enough 2"}"#)
        #expect(try await ground.tenant.send(password).status == 200)
        let login: JSON = ["email": .string(email), "password": "long enough 2"]
        let session = try await ground.tenant.anonymously(Call("POST", "/api/v1/auth/login", json: login.text))
        let token = try #require(session.json["token"]?.string)
        let got = try await ground.tenant.send(Call("GET", "/api/v1/attachments/\(id)/content"), as: token)
        #expect(got.body == [1, 2, 3])
        let sent = try await ground.tenant.send(
            ground.form([("name=\"f\"; filename=\"a\"", "abc"), ("name=\"subject\"", ground.subject)]), as: token)
        #expect(sent.status == 403)
    }

    @Test func `a source's own words upload, download and delete`() async throws {
        let ground = try await Ground()
        let deal = try await ground.tenant.make("deals", ["title": "Ten pumps", "account_id": .string(ground.account)])
        func form(_ parts: [(String, String)]) -> Call {
            var call = ground.form([("name=\"file\"; filename=\"offer.txt\"", "Ten pumps.")] + parts)
            call.path = "/api/v1/trailtrack/attachments/upload"
            return call
        }
        let linked = [("name=\"linked_type\"", "lead"), ("name=\"linked_id\"", deal)]
        let sent = try await ground.tenant.send(form(linked))
        #expect(sent.status == 201, "\(sent.text)")
        let path = "/api/v1/trailtrack/attachments/\(sent.json["id"]?.string ?? "")"
        #expect(try await ground.tenant.send(Call("GET", path + "/download")).text == "Ten pumps.")
        let own = try await ground.tenant.get("/deals/\(deal)/attachments", min: sent["daybook-position"]).json
        #expect(own["items"]?.array?.map { $0["filename"] } == ["offer.txt"])
        #expect(try await ground.tenant.send(Call("DELETE", path)).status == 200)
        #expect(try await ground.tenant.send(Call("GET", path + "/download")).status == 409)
        let unknown = try await ground.tenant.send(form(linked + [("name=\"subject\"", "deal:\(deal)")]))
        #expect(unknown.json["errors"]?.array?.first?["pointer"] == "/subject", "\(unknown.text)")
        let half = try await ground.tenant.send(form([linked[0]]))
        #expect(half.json["errors"]?.array?.first?["pointer"] == "/linked_id", "\(half.text)")
    }

    @Test func `with a person go the person's files`() async throws {
        let ground = try await Ground()
        let subject = "contact:\(ground.contact)"
        let sent = try await ground.tenant.attach([1, 2, 3], as: "passport.jpg", to: subject)
        let id = sent.json["id"]?.string ?? ""
        // What was said with somebody is of that person, and so is what was attached to it.
        let call = try await ground.tenant.make(
            "interactions",
            [
                "kind": "call", "contact_id": .string(ground.contact),
                "subject": ["entity": "account", "id": .string(ground.account)],
            ])
        let second = try await ground.tenant.attach([4], as: "recording", to: "interaction:\(call)")
        #expect(second.status == 201, "\(second.text)")
        let kept = try await ground.tenant.attach([5], as: "logo.png", to: ground.subject)
        let export = try await ground.tenant.get("/persons/\(ground.contact)/export").json
        #expect(export["files"]?.array?.compactMap { $0["filename"] } == ["passport.jpg", "recording"])
        #expect(try await ground.tenant.post("/persons/\(ground.contact)/erase").status == 200)
        for gone in [id, second.json["id"]?.string ?? ""] {
            #expect(try await ground.tenant.get("/attachments/\(gone)/content").json["code"] == "person.erased")
            let head = try await ground.tenant.house.head(of: ground.tenant.organization)
            let record = try await ground.tenant.get("/attachments/\(gone)", min: String(head.position))
            #expect(record.status == 200 && record.json["filename"] == .null, "\(record.text)")
        }
        #expect(try await ground.stored().map(\.text) == [kept.json["id"]?.string])
    }
}
