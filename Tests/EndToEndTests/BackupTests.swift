import Foundation
import Testing

@Suite(.serialized) struct BackupTests {
    @Test(.timeLimit(.minutes(4)))
    func `a backup comes back whole on an empty machine, and who was erased since stays erased`() async throws {
        let house = try House()
        let (server, client) = try await house.serve(["--empty"])
        var ids: [String] = []
        for name in ["Frobnitz", "Gadolinium"] {
            ids.append(try await client.post("/api/v1/contacts", ["last_name": name]).id)
        }
        let folder = house.folder + "/backup"
        let backup = try await house.run(["backup", folder, "--format", "json"])
        #expect(backup.code == 0, "\(backup.talk)")
        let events = try #require(backup.object["events"] as? Int)
        let again = try await house.run(["backup", folder])
        #expect(again.code == 1, "a folder that holds something is not written over")
        #expect(try await house.run(["person", "erase", ids[0]]).code == 0)
        await house.leave(server)

        let other = try House()
        let lacking = try await other.run(["restore", folder])
        #expect(lacking.code == 3 && lacking.talk.contains("master key"), "\(lacking.talk)")
        func bring(_ name: String) throws {
            try FileManager.default.copyItem(atPath: "\(house.folder)/\(name)", toPath: "\(other.folder)/\(name)")
        }
        try bring("master.key")
        let aloud = try await other.run(["restore", folder])
        #expect(aloud.code == 3 && aloud.talk.contains("--without-register"), "\(aloud.talk)")
        try bring("erasures")
        let restored = try await other.run(["restore", folder, "--format", "json"])
        #expect(restored.code == 0, "\(restored.talk)")
        #expect(restored.object["events"] as? Int == events)
        #expect(restored.object["erased_again"] as? Int == 1)
        let twice = try await other.run(["restore", folder])
        #expect(twice.code == 1, "what holds something is not written over")

        try bring("owner.json")
        let (second, reader) = try await other.serve()
        let kept = try await reader.get("/api/v1/contacts/\(ids[1])")
        #expect(String(decoding: kept.body, as: UTF8.self).contains("Gadolinium"))
        let gone = try await reader.get("/api/v1/contacts/\(ids[0])")
        #expect(gone.status == 200 && !String(decoding: gone.body, as: UTF8.self).contains("Frobnitz"))
        let verified = try await other.run(["audit", "verify", "--format", "json"])
        #expect(verified.code == 0 && verified.object["ok"] as? Bool == true, "\(verified.talk)\(verified.output)")
        await other.leave(second)
    }

    @Test(.timeLimit(.minutes(3)))
    func `a backup does not come back under another master key`() async throws {
        let house = try House()
        let (server, _) = try await house.serve(["--empty"])
        await house.leave(server)
        let folder = house.folder + "/backup"
        #expect(try await house.run(["backup", folder]).code == 0)
        let other = try House()
        let key = ["DAYBOOK_MASTER_KEY": Data(repeating: 9, count: 32).base64EncodedString()]
        let refused = try await other.run(["restore", folder, "--without-register"], environment: key)
        #expect(refused.code == 3 && refused.talk.contains("another master key"), "\(refused.talk)")
    }
}
