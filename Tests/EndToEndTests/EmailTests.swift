import Foundation
import Testing

/// Real messages through the binary: archived once, found by who wrote them, forgotten with the writer.
@Suite(.serialized) struct EmailTests {
    private static let folder: String = {
        let shared = ProcessInfo.processInfo.environment["DAYBOOK_SHARED"].map { URL(fileURLWithPath: $0) }
        let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "../../..")
        return (shared ?? root.appending(path: "shared").standardizedFileURL).path + "/data/email"
    }()
    private static let isThere = FileManager.default.fileExists(atPath: folder + "/basic_email.eml")
    private static let path = "/api/v1/emails/archive"

    private static func body(_ name: String) throws -> [String: Any] {
        ["base64": try Data(contentsOf: URL(filePath: "\(folder)/\(name)")).base64EncodedString()]
    }

    @Test(
        .enabled(if: isThere, "the shared data are not here; DAYBOOK_SHARED names the folder that has them"),
        .timeLimit(.minutes(3)))
    func `thirty-four real messages are archived, each id once, and again they change nothing`() async throws {
        let house = try House()
        let (server, client) = try await house.serve(["--empty"])
        let names = try FileManager.default.contentsOfDirectory(atPath: Self.folder)
            .filter { $0.hasSuffix(".eml") }.sorted()
        #expect(names.count == 34)
        let contact = try await client.post(
            "/api/v1/contacts", ["last_name": "Lindsaar", "emails": ["test@lindsaar.net", "mikel@nowhere.com"]]
        ).id
        var made: [String: Int] = [:]
        for name in names {
            let answer = try await client.post(Self.path, try Self.body(name))
            #expect([200, 201].contains(answer.status), "\(name): \(String(decoding: answer.body, as: UTF8.self))")
            made[answer.id, default: 0] += answer.status == 201 ? 1 : 0
        }
        // Of those, some are one message in several spellings.
        #expect(made.count == 22 && made.values.allSatisfy { $0 == 1 }, "\(made.count)")

        let log = try await house.log().last
        for name in names { #expect(try await client.post(Self.path, try Self.body(name)).status == 200) }
        #expect(try await house.log().last == log)

        let found = try await client.get(
            "/api/v1/lookup?email=Test@Lindsaar.net", headers: ["Daybook-Min-Position": "\(log)"])
        let contacts = found.object["contacts"] as? [[String: any Sendable]] ?? []
        #expect(contacts.map { $0["id"] as? String } == [contact])
        let messages = found.object["interactions"] as? [[String: any Sendable]] ?? []
        #expect(Set(messages.map { $0["title"] as? String }) == ["Testing 123", "Testing outlook"])
        let korean = try await client.get("/api/v1/interactions?q=%EB%8C%80%EB%B6%80%EB%B6%84%EC%9D%98")
        #expect(((korean.object["items"] as? [any Sendable])?.count ?? 0) > 0)

        let refused = try await client.post(Self.path, ["text": "no message at all"])
        #expect(refused.status == 422 && refused.object["code"] as? String == "email.unreadable")

        let erased = try await house.run(["person", "erase", contact, "--format", "json"])
        #expect(erased.code == 0, "\(erased.talk)")
        let after = try await client.get("/api/v1/interactions?contact_id=\(contact)")
        let items = after.object["items"] as? [[String: any Sendable]] ?? []
        #expect(items.count == 2 && items.allSatisfy { $0["title"] is NSNull && $0["text"] is NSNull })
        let tables = try await house.run(["projections", "verify", "--all", "--format", "json"])
        #expect(tables.code == 0, "\(tables.output)")
        let audit = try await house.run(["audit", "verify", "--format", "json"])
        #expect(audit.code == 0, "\(audit.output)")
        await house.leave(server)
    }
}
