import Foundation
import Testing

/// An auditor's way from a server to files, and from there with programs that are not ours.
@Suite struct AuditTests {
    /// The page, and what it says must be typed.
    private func page() throws -> (root: String, commands: [String]) {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appending(path: "../../docs/audit.md").standardizedFileURL
        let text = try String(contentsOf: file, encoding: .utf8)
        func blocks(_ language: String) -> [String] {
            text.components(separatedBy: "```\(language)\n").dropFirst()
                .compactMap { $0.components(separatedBy: "\n```").first }
        }
        return (try #require(blocks("python").first), blocks("sh"))
    }

    private func bash(_ script: String, in folder: String) throws -> (code: Int32, output: String) {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/bash")
        process.arguments = ["-euo", "pipefail", "-c", script]
        process.currentDirectoryURL = URL(fileURLWithPath: folder)
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let output = pipe.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: output, as: UTF8.self))
    }

    @Test(.timeLimit(.minutes(3)))
    func `what the audit page shows is so, for a log that a server wrote`() async throws {
        let house = try House()
        let (server, client) = try await house.serve()
        #expect(try await client.post("/api/v1/accounts", ["name": "Zażółć \"gęślą\" 漢字"]).status == 201)
        let kept = house.folder + "/kept"
        let checkpoint = try await client.get("/api/v1/audit/checkpoint")
        #expect(checkpoint.status == 200)
        try checkpoint.body.write(to: URL(fileURLWithPath: kept))
        #expect(try await house.run(["audit", "rotate-key"]).code == 0)
        #expect(try await client.post("/api/v1/accounts", ["name": "Fathom Marine"]).status == 201)

        let export = house.folder + "/export"
        let done = try await house.run([
            "audit", "export", "--out", export, "--events-per-file", "100", "--format", "json",
        ])
        #expect(done.code == 0, "\(done.talk)")
        let size = try #require(done.object["size"] as? Int)
        #expect(size > 200)
        #expect(done.object["files"] as? Int == (size + 99) / 100)

        let (root, commands) = try page()
        try root.write(toFile: house.folder + "/root.py", atomically: true, encoding: .utf8)
        #expect(commands.count == 3)
        let said = try commands.map { try bash($0, in: house.folder) }
        #expect(said.map(\.code) == [0, 0, 0], "\(said.map(\.output))")
        #expect(said[0].output.contains("the lines are those of the checkpoint"))
        #expect(said[1].output.contains("Signature Verified Successfully"))
        #expect(said[2].output == "1\n")

        let key = export + "/key.pub"
        let offline = try await Program.run(
            ["audit", "verify", "--offline", export, "--key", key, "--checkpoint", kept, "--format", "json"])
        #expect(offline.code == 0, "\(offline.output)")
        #expect(offline.object["ok"] as? Bool == true)
        #expect(offline.object["root"] as? String == done.object["root"] as? String)
        let online = try await house.run(["audit", "verify", "--key", key, "--checkpoint", kept, "--format", "json"])
        #expect(online.code == 0, "\(online.output)")

        let evidence = house.folder + "/evidence.json"
        let proved = try await house.run(["audit", "prove", "--position", "7", "--out", evidence])
        #expect(proved.code == 0, "\(proved.talk)")
        #expect(try await Program.run(["audit", "check", evidence, "--key", key]).code == 0)
        await house.leave(server)

        try await expectFound(export: export, evidence: evidence, key: key, in: house)
        try await expectRestored(export, root: done.object["root"] as? String)
    }

    /// What is changed is found by them all.
    private func expectFound(export: String, evidence: String, key: String, in house: House) async throws {
        let (_, commands) = try page()
        let file = export + "/events-000000000001-000000000100.jsonl.lz4"
        _ = try bash("cp -r \(export) \(export)-whole; lz4 -dc \(file) | sed '7s/:/: /' > l", in: house.folder)
        _ = try bash("rm \(file) && lz4 -q l \(file)", in: house.folder)
        #expect(try bash(commands[0], in: house.folder).code == 1)
        let offline = try await Program.run(["audit", "verify", "--offline", export, "--format", "json"])
        #expect(offline.code == 2)
        #expect(offline.object["ok"] as? Bool == false)
        _ = try bash("rm -r \(export) && mv \(export)-whole \(export)", in: house.folder)

        _ = try bash("sed -i 's/position/Position/' \(evidence)", in: house.folder)
        #expect(try await Program.run(["audit", "check", evidence, "--key", key]).code == 2)
    }

    /// A second database takes the log in, once, and its export is the same.
    private func expectRestored(_ export: String, root: String?) async throws {
        let house = try House()
        let (server, _) = try await house.serve(["--empty"])
        let restored = try await house.run(["audit", "restore", export, "--format", "json"])
        #expect(restored.code == 0, "\(restored.talk)")
        #expect(restored.object["root"] as? String == root)
        let again = try await house.run(["audit", "restore", export])
        #expect(again.code == 1)
        #expect(again.talk.contains("is here already"))
        let several = try await house.run(["audit", "verify"])
        #expect(several.code == 1)
        #expect(several.talk.contains("--organization"))
        let organization = try #require(restored.object["organization"] as? String)
        let verified = try await house.run(["audit", "verify", "--organization", organization])
        #expect(verified.code == 0, "\(verified.output)")
        let out = house.folder + "/again"
        let exported = try await house.run(
            ["audit", "export", "--organization", organization, "--out", out, "--events-per-file", "100"])
        #expect(exported.code == 0, "\(exported.talk)")
        #expect(try bash("diff -r \(export) \(out)", in: house.folder).output == "")
        await house.leave(server)
    }
}
