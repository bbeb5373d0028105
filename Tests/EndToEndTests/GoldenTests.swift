import Foundation
import Testing

/// What was written once must be read for ever: see `Tests/golden`.
@Suite(.serialized) struct GoldenTests {
    private static let folder = FileManager.default.currentDirectoryPath + "/Tests/golden/1"
    private static let organization = "01a22171-4759-7d35-80c4-a052d2d3487c"
    private static let root = "ewKTrnhS0C4z5rHgT+C9Ri9Lri8SSx2qt1Fy5kODYjo="
    private var export: String { "\(Self.folder)/backup/logs/\(Self.organization)" }

    @Test(.timeLimit(.minutes(4)))
    func `the golden log verifies, comes back, and makes every read table`() async throws {
        let house = try House()
        let offline = try await Program.run(["audit", "verify", "--offline", export, "--format", "json"])
        #expect(offline.code == 0, "\(offline.talk)")
        #expect(offline.object["root"] as? String == Self.root && offline.object["size"] as? Int == 457)

        for name in ["master.key", "erasures"] {
            try FileManager.default.copyItem(atPath: "\(Self.folder)/\(name)", toPath: "\(house.folder)/\(name)")
        }
        let restored = try await house.run(["restore", Self.folder + "/backup", "--format", "json"])
        #expect(restored.code == 0, "\(restored.talk)")
        #expect(restored.object["events"] as? Int == 457)
        #expect(restored.object["erased_again"] as? Int == 0)
        let verified = try await house.run(["audit", "verify", "--format", "json"])
        #expect(verified.code == 0 && verified.object["root"] as? String == Self.root, "\(verified.talk)")

        let recovered = try await house.run(["organization", "recover", "--organization", Self.organization])
        #expect(recovered.code == 0, "\(recovered.talk)")
        try recovered.output.write(toFile: house.folder + "/owner.json", atomically: true, encoding: .utf8)
        let (server, client) = try await house.serve()
        let contacts = try await client.get("/api/v1/contacts?last_name=Goldfield")
        let text = String(decoding: contacts.body, as: UTF8.self)
        #expect(text.contains("Ada") && text.contains("ada@home.example"))
        let deals = try await client.get("/api/v1/deals?title=Forty%20golden%20pumps")
        #expect(String(decoding: deals.body, as: UTF8.self).contains("too golden"))
        let gone = try await client.get("/api/v1/contacts?last_name=Forgotten")
        #expect(!String(decoding: gone.body, as: UTF8.self).contains("Gone"))
        let tables = try await house.run(["projections", "verify", "--all", "--format", "json"])
        #expect(tables.code == 0, "\(tables.talk)\(tables.output)")
        await house.leave(server)
    }

    @Test func `the golden logs hold each released event`() async throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: "schemas/events")
            .filter { $0.contains("@") && $0.hasSuffix(".json") }.map { String($0.prefix { $0 != "@" }) }
        let find = "find Tests/golden -name 'events-*.jsonl.lz4' -exec lz4 -dc {} +"
        let shell = Process()
        shell.executableURL = URL(fileURLWithPath: "/bin/sh")
        shell.arguments = ["-c", find]
        let pipe = Pipe()
        shell.standardOutput = pipe
        try shell.run()
        let lines = String(decoding: try pipe.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
        shell.waitUntilExit()
        #expect(names.count >= 50)
        for name in Set(names) { #expect(lines.contains("\"type\":\"\(name)\""), "\(name)") }
    }
}
