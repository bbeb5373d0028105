import Audit
import EventLog
import Foundation
import HTTPTypes
import Kernel
import Testing

@testable import API
@testable import Application

/// What a stranger is given to check the log by.
@Suite(.serialized, .timeLimit(.minutes(2))) struct AuditRouteTests {
    /// The last signed head, once it has the log's head.
    private func head(_ tenant: Tenant) async throws -> (json: JSON, checkpoint: Checkpoint, note: SignedNote) {
        while true {
            let answer = try await tenant.send(
                Call("GET", "/api/v1/audit/checkpoint", [("Accept", "application/json")]))
            let head = try await tenant.house.head(of: tenant.organization).position
            if answer.status == 200, answer.json["size"] == .integer(head) {
                let note = try #require(SignedNote(answer.json["checkpoint"]?.string ?? ""))
                return (answer.json, try #require(Checkpoint(note)), note)
            }
            #expect(answer.status == 200 || answer.json["code"] == "checkpoint.not_signed", "\(answer.text)")
            try await Task.sleep(for: .milliseconds(20))
        }
    }
    /// An organization whose head is signed, for what only asks.
    private static let still = Task {
        let tenant = try await House.shared.value.tenant()
        _ = try await AuditRouteTests().head(tenant)
        return tenant
    }
    private func key(_ json: JSON) throws -> VerifierKey { try #require(VerifierKey(json["key"]?.string ?? "")) }
    private func hashes(_ json: JSON) -> [[UInt8]] {
        (json["proof"]?.array ?? []).compactMap { $0.string.flatMap { Data(base64Encoded: $0) }.map { Array($0) } }
    }
    /// The token of a new member of that role.
    private func token(_ tenant: Tenant, _ role: String) async throws -> String {
        let email = "\(role)-\(UUID().uuidString.lowercased())@example.com"
        let id = try await tenant.make("members", ["name": "A", "email": .string(email), "role": .string(role)])
        let path = "/api/v1/members/\(id)/password"
        #expect(try await tenant.send(Call("PUT", path, json: #"{"password":"long enough 1"}"#)).status == 200)
        let body: JSON = ["email": .string(email), "password": "long enough 1"]
        let session = try await tenant.anonymously(Call("POST", "/api/v1/auth/login", json: body.text))
        return try #require(session.json["token"]?.string)
    }

    @Test func `the signed head is a note of the log's own key, as text or as an object`() async throws {
        let tenant = try await House.shared.value.tenant()
        let head = try await head(tenant)
        #expect(head.note.isSigned(by: try key(head.json)))
        #expect(head.checkpoint.origin == Checkpoint.origin(of: tenant.organization))
        #expect(head.json["root"] == .string(Data(head.checkpoint.root).base64EncodedString()))
        let text = try await tenant.get("/audit/checkpoint")
        #expect(text["content-type"] == "text/plain; charset=utf-8")
        #expect(text.text == head.note.text)
        #expect(text["daybook-position"]?.hasPrefix("\(head.checkpoint.size)-") == true)
        let first = try await tenant.get("/organization/history").json["items"]?.array?.first
        #expect(first?["data"]?["log"]?["key"] == head.json["key"])
    }

    @Test(arguments: [
        ("", false), ("*/*", false), ("text/*;q=0.5, application/json", true), ("application/json;q=0.2, */*", false),
        ("application/*", true), ("text/plain, application/json", false),
    ])
    func `what is accepted decides the form`(accept: String, isJSON: Bool) throws {
        #expect(try Conditions(accept.isEmpty ? [:] : [.accept: accept]).prefersJSON == isJSON)
    }

    @Test func `each event is proved to be in the log, by a head that was signed`() async throws {
        let tenant = try await House.shared.value.tenant()
        let early = try await head(tenant)
        for number in 1...9 { _ = try await tenant.make("accounts", ["name": .string("A\(number)")]) }
        let late = try await head(tenant)
        let key = try key(late.json).text
        for position in 1...late.checkpoint.size {
            for head in [early, late] where position <= head.checkpoint.size {
                let size = head.checkpoint.size == late.checkpoint.size ? "" : "&size=\(head.checkpoint.size)"
                let answer = try await tenant.get("/audit/proofs/inclusion?position=\(position)\(size)")
                #expect(answer.status == 200, "\(answer.text)")
                let evidence = try Evidence(parsing: answer.text)
                #expect(evidence.index == position - 1 && evidence.size == head.checkpoint.size)
                #expect(try evidence.check(key: key).findings.isEmpty)
                #expect(try EventLine.parse(evidence.line).position == position)
            }
        }
    }

    @Test func `an earlier log is proved to be the beginning of a later one`() async throws {
        let tenant = try await House.shared.value.tenant()
        let early = try await head(tenant)
        for number in 1...5 { _ = try await tenant.make("accounts", ["name": .string("A\(number)")]) }
        let late = try await head(tenant)
        let answer = try await tenant.get("/audit/proofs/consistency?from=\(early.checkpoint.size)")
        #expect(answer.status == 200, "\(answer.text)")
        #expect(answer.json["checkpoint"] == late.json["checkpoint"])
        let proof = ConsistencyProof(
            from: early.checkpoint.size, to: answer.json["to"]?.integer ?? 0, path: hashes(answer.json))
        #expect(proof.to == late.checkpoint.size && !proof.path.isEmpty)
        #expect(proof.verifies(old: early.checkpoint.root, new: late.checkpoint.root))
        // Any two sizes can be compared; only of signed ones there is a note.
        let between = try await tenant.get(
            "/audit/proofs/consistency?from=3&to=\(early.checkpoint.size + 1)")
        #expect(between.status == 200 && !hashes(between.json).isEmpty, "\(between.text)")
        #expect(try await tenant.get("/audit/proofs/consistency?from=0&to=2").json["proof"] == [])
    }

    @Test(arguments: [
        ("inclusion", 400, "parameter.invalid"), ("inclusion?position=0", 400, "parameter.invalid"),
        ("inclusion?position=x", 400, "parameter.invalid"), ("inclusion?position=01", 400, "parameter.invalid"),
        ("inclusion?position=2&position=2", 400, "parameter.invalid"),
        ("inclusion?position=3&size=2", 400, "parameter.invalid"),
        ("inclusion?position=2&verbose=1", 400, "parameter.unknown"),
        ("inclusion?position=9223372036854775807", 404, "event.not_found"),
        ("inclusion?position=1&size=9223372036854775807", 409, "log.forked"),
        ("consistency", 400, "parameter.invalid"), ("consistency?from=-1", 400, "parameter.invalid"),
        ("consistency?from=3&to=2", 400, "parameter.invalid"),
        ("consistency?from=9223372036854775807", 409, "log.forked"),
        ("consistency?from=1&to=9223372036854775807", 409, "log.forked"),
    ])
    func `what cannot be proved is refused`(query: String, status: Int, code: String) async throws {
        let answer = try await Self.still.value.get("/audit/proofs/\(query)")
        #expect(answer.status == status && answer.json["code"] == .string(code), "\(answer.text)")
    }

    @Test func `a head that nobody signed proves nothing`() async throws {
        let tenant = try await House.shared.value.tenant()
        let head = try await head(tenant).checkpoint.size
        // Two events of one unit are one growth: nobody can have signed between them.
        let stages = try await tenant.post(
            "/commands",
            [
                "atomic": true,
                "commands": [
                    ["entity": "account", "command": "create", "body": ["name": "A"]],
                    ["entity": "account", "command": "create", "body": ["name": "B"]],
                ],
            ])
        #expect(stages.status == 200, "\(stages.text)")
        _ = try await self.head(tenant)
        let answer = try await tenant.get("/audit/proofs/inclusion?position=1&size=\(head + 1)")
        #expect(answer.json["code"] == "checkpoint.not_found", "\(answer.text)")
    }

    @Test func `lines are for owners and auditors, heads for everybody in the organization`() async throws {
        let tenant = try await House.shared.value.tenant()
        for (role, status) in [("auditor", 200), ("viewer", 403), ("member", 403)] {
            let token = try await token(tenant, role)
            _ = try await head(tenant)
            func get(_ path: String) async throws -> Int {
                try await tenant.send(Call("GET", "/api/v1/audit/\(path)"), as: token).status
            }
            #expect(try await get("proofs/inclusion?position=1") == status)
            #expect(try await get("checkpoint") == 200)
            #expect(try await get("proofs/consistency?from=1") == 200)
            #expect(try await tenant.send(Call("POST", "/api/v1/audit/rotate_key"), as: token).status == 403)
        }
        // Another organization's log is another log.
        let other = try await House.shared.value.tenant()
        #expect(try await head(other).checkpoint.origin == Checkpoint.origin(of: other.organization))
    }

    @Test func `a new key signs from its event on, and a repeat makes no further one`() async throws {
        let tenant = try await House.shared.value.tenant()
        let before = try await head(tenant)
        let rotated = try await tenant.post("/audit/rotate_key", [:], [("Idempotency-Key", "once")])
        #expect(rotated.status == 200, "\(rotated.text)")
        #expect(try await tenant.post("/audit/rotate_key", [:], [("Idempotency-Key", "once")]).text == rotated.text)
        let after = try await head(tenant)
        #expect(after.checkpoint.size == before.checkpoint.size + 1)
        let (old, new) = (try key(before.json), try key(after.json))
        #expect(old != new && old.name == new.name)
        #expect(before.note.isSigned(by: old) && !after.note.isSigned(by: old) && after.note.isSigned(by: new))
        let answer = try await tenant.get("/audit/proofs/inclusion?position=1&size=\(before.checkpoint.size)")
        #expect(answer.json["key"] == .string(old.text))
        let events = try await tenant.get("/organization/history").json["items"]?.array
        #expect(events?.last?["data"] == ["key": .string(new.text), "from": .string(old.text)])
    }

    @Test func `no client says which key signs`() async throws {
        let tenant = try await House.shared.value.tenant()
        let log: JSON = ["origin": "x", "key": "y"]
        #expect(try await tenant.patch("/organization", ["log": log]).status == 422)
        for (command, body) in [
            ("change_log_key", ["key": "y"] as JSON), ("create", ["log": log]), ("edit", ["log": log]),
        ] {
            let answer = try await tenant.post(
                "/commands",
                [
                    "atomic": true,
                    "commands": [
                        ["entity": "organization", "command": .string(command), "body": body]
                    ],
                ])
            #expect(answer.status == 422, "\(answer.text)")
        }
    }
}
