import Foundation
import Testing

/// What was written once must be read for ever: see `Tests/golden`.
@Suite(.serialized) struct GoldenTests {
    /// One of the folders, and what its log tells for ever.
    struct Golden: Sendable, CustomTestStringConvertible {
        let number: Int
        let organization: String
        let root: String
        let size: Int
        /// What answers say, by what is asked.
        let told: [(path: String, text: String)]
        /// What none says: it was erased.
        let gone: (path: String, text: String)

        var folder: String { FileManager.default.currentDirectoryPath + "/Tests/golden/\(number)" }
        var export: String { "\(folder)/backup/logs/\(organization)" }
        var testDescription: String { "golden/\(number)" }
    }
    private static let all = [
        Golden(
            number: 1, organization: "01a22171-4759-7d35-80c4-a052d2d3487c",
            root: "ewKTrnhS0C4z5rHgT+C9Ri9Lri8SSx2qt1Fy5kODYjo=", size: 457,
            told: [
                ("contacts?last_name=Goldfield", "Ada"), ("contacts?last_name=Goldfield", "ada@home.example"),
                ("deals?title=Forty%20golden%20pumps", "too golden"),
            ], gone: ("contacts?last_name=Forgotten", "Gone")),
        // What happened with customers.
        Golden(
            number: 2, organization: "01a227da-ffe4-7b7f-af70-1bce759b5458",
            root: "9Yid6SpCIfZpNSEyopJQPE6bRWYau1Zt9Vj+LM1dmQE=", size: 11,
            told: [
                ("interactions?kind=call", "not eight"), ("interactions?kind=call", "2026-01-15T09:30:00.000000Z"),
                ("interactions?name=Valve%20shipped", "Golden Freight"),
            ], gone: ("interactions?kind=note", "oblivion")),
        // A stage was retired, and its deal went on.
        Golden(
            number: 3, organization: "01a2283c-ce00-7245-8dda-4b407e5f7386",
            root: "wuxN2nG0YIhpx2dxAMx+VngGKbJodQYzVT4ULoDvafY=", size: 9,
            told: [
                ("deals?title=Golden%20move", "Needs analysis"),
                ("pipelines", "\"retired_to\":\"01a2283c-ce98-7604-86b3-9ff85e7bf9a2\""),
            ], gone: ("contacts", "Retired")),
        // A year of a sales team, with every act that there was by then.
        Golden(
            number: 4, organization: "01a2290f-e76d-7643-b9a4-9d98b00b6448",
            root: "uiW7mcEzockNha9tYmxzYC2P6m+v2mdXEqf0Pt5lKPg=", size: 235,
            told: [
                ("deals?status=won", "More of Alder"), ("leads?status=converted", "Larsen"),
                ("campaigns?status=completed", "Spring webinar"), ("projects", "hours"), ("tasks", "completed"),
            ], gone: ("leads", "gone@home.example")),
        // The same year, with records that are merged, files, and a message that was archived.
        Golden(
            number: 5, organization: "01a22aa4-6c5d-71ff-a09f-8632609bdf29",
            root: "IurSIJOxNJRAY9MgvP00r1dp8Z7IW7tNItd48dypBsA=", size: 298,
            told: [
                ("accounts?name=Cobalt%20Freight", "301234567"), ("contacts?last_name=Castro", "Purchasing"),
                ("leads?last_name=Dune", "Frances"), ("attachments", "As it was told"), ("interactions", "golden word"),
            ], gone: ("contacts?last_name=Oblivion", "gone5@home.example")),
        // Records that look the same: some are, some were told apart, some were reconsidered.
        Golden(
            number: 6, organization: "01a22b51-ae7e-76ee-b442-13564d0ae06b",
            root: "UVL6MVoT/gZefrVpjc62z5abJz9BUWQHaXK/Jci7w0o=", size: 24,
            told: [
                ("duplicates?entity=contact", "Anne Golden"), ("duplicates?entity=account", "golden.example/uk"),
                ("duplicates?entity=lead", "ann+fair@golden.example"),
                ("duplicates?entity=lead&dismissed=true", "79460018"),
            ], gone: ("duplicates?entity=contact&dismissed=true", "Oblivious")),
    ]

    @Test(.timeLimit(.minutes(4)), arguments: all)
    func `a golden log verifies, comes back, and makes every read table`(golden: Golden) async throws {
        let house = try House()
        let offline = try await Program.run(["audit", "verify", "--offline", golden.export, "--format", "json"])
        #expect(offline.code == 0, "\(offline.talk)")
        #expect(offline.object["root"] as? String == golden.root && offline.object["size"] as? Int == golden.size)

        for name in ["master.key", "erasures"] {
            try FileManager.default.copyItem(atPath: "\(golden.folder)/\(name)", toPath: "\(house.folder)/\(name)")
        }
        let restored = try await house.run(["restore", golden.folder + "/backup", "--format", "json"])
        #expect(restored.code == 0, "\(restored.talk)")
        #expect(restored.object["events"] as? Int == golden.size)
        #expect(restored.object["erased_again"] as? Int == 0)
        let verified = try await house.run(["audit", "verify", "--format", "json"])
        #expect(verified.code == 0 && verified.object["root"] as? String == golden.root, "\(verified.talk)")

        let recovered = try await house.run(["organization", "recover", "--organization", golden.organization])
        #expect(recovered.code == 0, "\(recovered.talk)")
        try recovered.output.write(toFile: house.folder + "/owner.json", atomically: true, encoding: .utf8)
        let (server, client) = try await house.serve()
        for (path, text) in golden.told {
            let answer = try await client.get("/api/v1/" + path)
            #expect(String(decoding: answer.body, as: UTF8.self).contains(text), "\(path)")
        }
        let gone = try await client.get("/api/v1/" + golden.gone.path)
        #expect(gone.status == 200 && !String(decoding: gone.body, as: UTF8.self).contains(golden.gone.text))
        let tables = try await house.run(["projections", "verify", "--all", "--format", "json"])
        #expect(tables.code == 0, "\(tables.talk)\(tables.output)")
        await house.leave(server)
    }

    @Test func `the golden logs hold each released event`() async throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: "schemas/events")
            .filter { $0.contains("@") && $0.hasSuffix(".json") }.map { String($0.prefix { $0 != "@" }) }
        let find = "find Tests/golden -name 'events-*.jsonl.lz4' -exec lz4 -dc {} \\;"
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
