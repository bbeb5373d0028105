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

    @Test(.timeLimit(.minutes(4)))
    func `a scrub names the backups that still hold the person, until they are gone`() async throws {
        let house = try House()
        let (server, client) = try await house.serve(["--empty"])
        func contact(_ name: String) async throws -> String {
            try await client.post("/api/v1/contacts", ["last_name": name]).id
        }
        func backup(_ name: String, _ arguments: [String] = []) async throws -> Program.Outcome {
            let done = try await house.run(["backup", house.folder + "/" + name, "--format", "json"] + arguments)
            #expect(done.code == 0, "\(done.talk)")
            return done
        }
        func scrub(_ id: String) async throws -> (code: Int32, backups: [[String: any Sendable]]) {
            let done = try await house.run(["person", "scrub", id, "--format", "json"])
            let kinds = (done.object["findings"] as? [[String: any Sendable]] ?? []).map { $0["kind"] as? String }
            let backups = done.object["backups"] as? [[String: any Sendable]] ?? []
            #expect(kinds == backups.map { _ in "backup" } && done.code == (backups.isEmpty ? 0 : 2), "\(done.talk)")
            #expect((done.object["not_known"] as? String)?.contains("another way") == true)
            return (done.code, backups)
        }
        let early = try await contact("Frobnitz")
        let first = try await backup("first")
        let late = try await contact("Gadolinium")
        let second = try await backup("second", ["--keep", "2w"])
        for id in [early, late] { #expect(try await house.run(["person", "erase", id]).code == 0) }
        _ = try await backup("third")

        let both = try await scrub(early).backups
        #expect(both.map { $0["folder"] as? String } == ["first", "second"].map { "\(house.folder)/\($0)" })
        #expect(both.map { $0["there"] as? Bool } == [true, true])
        for (named, made) in zip(both, [first, second]) {
            #expect(named["taken_at"] as? String == made.object["taken_at"] as? String)
            #expect(named["expires_at"] as? String == made.object["expires_at"] as? String)
        }
        // Who was recorded after the first backup is not in it.
        let of = try await scrub(late).backups
        #expect(of.map { $0["folder"] as? String } == ["\(house.folder)/second"])

        // Elsewhere, it still holds the person, until its time or until somebody says that it is gone.
        let there = house.folder + "/second"
        #expect(try await house.run(["backup", there, "--gone"]).code == 1, "it is there")
        try FileManager.default.moveItem(atPath: there, toPath: house.folder + "/moved")
        let away = try await scrub(late).backups
        #expect(away.map { $0["there"] as? Bool } == [false])
        #expect(try await house.run(["backup", there, "--gone"]).code == 0)
        #expect(try await house.run(["backup", there, "--gone"]).code == 1, "it is gone already")
        #expect(try await scrub(late).backups.isEmpty)
        await house.leave(server)
    }
}
