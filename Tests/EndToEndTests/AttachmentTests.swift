import Foundation
import Testing

@Suite(.serialized) struct AttachmentTests {
    /// The most memory that a process has had, in bytes.
    private func memory(of server: Running) throws -> Int {
        let status = try String(contentsOfFile: "/proc/\(server.process.processIdentifier)/status", encoding: .utf8)
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        return try #require(line?.split(whereSeparator: \.isWhitespace)[1]).withKilobytes
    }

    @Test(.timeLimit(.minutes(4)))
    func `a file of any size goes in and out without being held whole`() async throws {
        let house = try House()
        try "attachment-limit: 200m\n".write(toFile: house.folder + "/daybook.yaml", atomically: true, encoding: .utf8)
        let (server, client) = try await house.serve(["--empty"])
        let account = try await client.post("/api/v1/accounts", ["name": "Pumps"]).id
        func path(_ name: String) -> String { "/api/v1/attachments?filename=\(name)&subject=account:\(account)" }
        let small = try await client.upload(path("small"), Data(repeating: 7, count: 2_000_000))
        _ = try await client.get("/api/v1/attachments/\(small.id)/content")
        let before = try memory(of: server)

        var bytes = Data(count: 160 << 20)
        for index in stride(from: 0, to: bytes.count, by: 4099) { bytes[index] = UInt8(truncatingIfNeeded: index) }
        let sent = try await client.upload(path("large"), bytes)
        #expect(sent.status == 201, "\(String(decoding: sent.body, as: UTF8.self))")
        let got = try await client.get("/api/v1/attachments/\(sent.id)/content")
        #expect(got.status == 200 && got.body == bytes)
        let part = try await client.get(
            "/api/v1/attachments/\(sent.id)/content", headers: ["Range": "bytes=100000000-100000009"])
        #expect(part.status == 206 && part.body == bytes[100_000_000..<100_000_010])
        let grown = try memory(of: server) - before
        #expect(grown < 64 << 20, "\(grown) bytes for a file of \(bytes.count)")

        let large = try await client.upload(path("too-large"), Data(count: (200 << 20) + 1))
        #expect(large.status == 413)
        await house.leave(server)
    }

    @Test(.timeLimit(.minutes(4)))
    func `files come back with a backup on an empty machine, and those of the erased stay gone`() async throws {
        let house = try House()
        let (server, client) = try await house.serve(["--empty"])
        var files: [(contact: String, id: String)] = []
        for name in ["Frobnitz", "Gadolinium"] {
            let contact = try await client.post("/api/v1/contacts", ["last_name": name]).id
            let path = "/api/v1/attachments?filename=\(name).txt&subject=contact:\(contact)"
            files.append((contact, try await client.upload(path, Data("The passport of \(name)".utf8)).id))
        }
        let told = try await house.run(["person", "export", files[0].contact])
        #expect(told.output.contains("Frobnitz.txt") && told.output.contains("/attachments/\(files[0].id)/content"))
        let folder = house.folder + "/backup"
        let backup = try await house.run(["backup", folder, "--format", "json"])
        #expect(backup.code == 0 && backup.object["files"] as? Int == 2, "\(backup.talk)\(backup.output)")
        #expect(try await house.run(["person", "erase", files[0].contact]).code == 0)
        let gone = try await client.get("/api/v1/attachments/\(files[0].id)/content")
        #expect(gone.status == 410)
        let left = FileManager.default.enumerator(atPath: house.folder + "/attachments")?.allObjects as? [String] ?? []
        #expect(left.contains { $0.hasSuffix(files[1].id) } && !left.contains { $0.hasSuffix(files[0].id) })
        let place = "\(house.folder)/attachments/\(try organization(house))/\(files[1].id.suffix(2))/\(files[1].id)"
        try FileManager.default.moveItem(atPath: place, toPath: place + ".away")
        let poorer = try await house.run(["backup", folder + "-2", "--format", "json"])
        #expect(poorer.code == 2 && poorer.talk.contains(files[1].id), "\(poorer.talk)\(poorer.output)")
        #expect(poorer.object["lacking"] as? [String] == [files[1].id] && poorer.object["files"] as? Int == 0)
        try FileManager.default.moveItem(atPath: place + ".away", toPath: place)
        await house.leave(server)

        let other = try House()
        for name in ["master.key", "erasures"] {
            try FileManager.default.copyItem(atPath: "\(house.folder)/\(name)", toPath: "\(other.folder)/\(name)")
        }
        let damaged = "\(folder)/files/\(try organization(house))/\(files[1].id.suffix(2))/\(files[1].id)"
        let sealed = try Data(contentsOf: URL(fileURLWithPath: damaged))
        try (sealed + Data([0])).write(to: URL(fileURLWithPath: damaged))
        let refused = try await other.run(["restore", folder])
        #expect(refused.code == 1 && refused.talk.contains(files[1].id), "\(refused.talk)")
        try sealed.write(to: URL(fileURLWithPath: damaged))
        let restored = try await other.run(["restore", folder, "--format", "json"])
        #expect(restored.code == 0 && restored.object["files"] as? Int == 2, "\(restored.talk)")
        #expect(restored.object["erased_again"] as? Int == 1)

        try FileManager.default.copyItem(atPath: house.folder + "/owner.json", toPath: other.folder + "/owner.json")
        let (second, reader) = try await other.serve()
        let kept = try await reader.get("/api/v1/attachments/\(files[1].id)/content")
        #expect(String(decoding: kept.body, as: UTF8.self) == "The passport of Gadolinium")
        #expect(try await reader.get("/api/v1/attachments/\(files[0].id)/content").status == 410)
        let again = try await other.run(["audit", "verify", "--format", "json"])
        #expect(again.code == 0 && again.object["ok"] as? Bool == true, "\(again.output)")
        await other.leave(second)
    }

    private func organization(_ house: House) throws -> String { try #require(try house.owner["organization"]) }
}

extension Substring {
    /// `123` as so many kilobytes, in bytes.
    fileprivate var withKilobytes: Int { (Int(self) ?? 0) << 10 }
}
