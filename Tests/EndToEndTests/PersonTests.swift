import Foundation
import Testing

@Suite(.serialized) struct PersonTests {
    @Test(.timeLimit(.minutes(3)))
    func `a person is told what is known, and is erased, whether a server runs or not`() async throws {
        let house = try House()
        let (server, client) = try await house.serve(["--empty"])
        var ids: [String] = []
        for name in ["Frobnitz", "Gadolinium"] {
            ids.append(try await client.post("/api/v1/contacts", ["last_name": name]).id)
        }
        let told = try await house.run(["person", "export", ids[0]])
        #expect(told.code == 0, "\(told.talk)")
        #expect(told.output.contains("Frobnitz"))
        let erased = try await house.run(["person", "erase", ids[0], "--format", "json"])
        #expect(erased.code == 0, "\(erased.talk)")
        #expect(erased.object["new"] as? Bool == true)
        #expect(erased.object["tables"] as? String == "forgotten")
        let position = try #require(erased.object["position"] as? Int)
        let contact = try await client.get(
            "/api/v1/contacts/\(ids[0])", headers: ["Daybook-Min-Position": "\(position)"])
        #expect(!String(decoding: contact.body, as: UTF8.self).contains("Frobnitz"))
        await house.leave(server)

        let alone = try await house.run(["person", "erase", ids[1], "--format", "json"])
        #expect(alone.object["tables"] as? String == "forgotten", "\(alone.talk)")
        let after = try await house.run(["person", "export", ids[1]])
        #expect(after.code == 0 && !after.output.contains("Gadolinium"))
        let register = try String(contentsOfFile: house.folder + "/erasures", encoding: .utf8)
        #expect(register.split(separator: "\n").count == 2)
        #expect(ids.allSatisfy { register.contains($0) })
        let unknown = try await house.run(["person", "erase", "01890a5d-ac96-774b-bcce-b302099a8057"])
        #expect(unknown.code == 1)
        #expect(unknown.talk.contains("There is no such person"))
        await house.leave()
    }
}
