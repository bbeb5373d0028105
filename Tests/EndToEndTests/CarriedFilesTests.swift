import Foundation
import Testing

/// Files that go from one Daybook to another with the records that they are on.
@Suite(.serialized) struct CarriedFilesTests {
    @Test(.timeLimit(.minutes(3)))
    func `files go along with the records that they are on, once, and those that nobody may have are named`()
        async throws
    {
        let house = try House()
        let (server, client) = try await house.serve(["--empty"])
        let out = house.folder + "-export"
        defer { for path in [out, out + "-2"] { try? FileManager.default.removeItem(atPath: path) } }
        let contact = try await client.post("/api/v1/contacts", ["last_name": "Frobnitz"]).id
        let account = try await client.post("/api/v1/accounts", ["name": "Pumps"]).id
        let bytes = Data((0..<3_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        let offer = "filename=offer%201.pdf&description=As%20sent&subject=account:\(account)&person=contact:\(contact)"
        _ = try await client.upload("/api/v1/attachments?\(offer)", bytes, type: "application/pdf")
        let passport = "/api/v1/attachments?filename=passport.txt&subject=contact:\(contact)"
        let id = try await client.upload(passport, Data("A passport".utf8)).id
        let long = String(repeating: "ö ", count: 900) + "."
        _ = try await client.patch("/api/v1/attachments/\(id)", ["description": long])
        let gone = "/api/v1/attachments?filename=gone.txt&subject=contact:\(contact)"
        _ = try await client.delete("/api/v1/attachments/\(try await client.upload(gone, Data("Gone".utf8)).id)")
        try await client.beCaughtUp(to: house.log().last)
        let told = try await house.run(["export", out, "--format", "json"])
        #expect(told.code == 0 && told.object["files"] as? Int == 2, "\(told.talk)\(told.output)")
        #expect(told.object["files_left"] as? [String] == ["gone.txt: put away"], "\(told.output)")
        let bare = try await house.run(["export", out + "-2", "--without-files", "--format", "json"])
        #expect(bare.code == 0 && !FileManager.default.fileExists(atPath: out + "-2/attachments.csv"))

        let other = try House()
        let (second, there) = try await other.serve(["--empty"])
        for accepted in [2, 0] {
            let taken = try await other.run(["import", out, "--from", "daybook", "--format", "json"])
            let files = (taken.object["files"] as? [[String: any Sendable]])?.first {
                $0["kind"] as? String == "attachments"
            }
            #expect(taken.code == 0 && files?["accepted"] as? Int == accepted, "\(taken.talk)\(taken.output)")
        }
        try await there.beCaughtUp(to: other.log().last)
        let list = try await there.get("/api/v1/attachments?sort=created_at")
        let items = list.object["items"] as? [[String: any Sendable]] ?? []
        #expect(items.count == 2, "\(list.object)")
        let item = try #require(items.first { $0["filename"] as? String == "offer 1.pdf" })
        #expect(item["description"] as? String == "As sent" && item["declared_type"] as? String == "application/pdf")
        #expect((item["person"] as? [String: any Sendable])?["entity"] as? String == "contact")
        #expect(item["subject_name"] as? String == "Pumps")
        #expect(items.contains { $0["description"] as? String == long })
        let got = try await there.get("/api/v1/attachments/\(item["id"] as? String ?? "")/content")
        #expect(got.body == bytes)
        // Where the files came from, they are there.
        let back = try await house.run(["import", out, "--from", "daybook", "--format", "json"])
        #expect(back.code == 0 && back.object["accepted"] as? Int == 0, "\(back.talk)\(back.output)")
        await other.leave(second)
        await house.leave(server)
    }
}
