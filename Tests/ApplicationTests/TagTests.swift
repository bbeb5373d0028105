import CRM
import FoundationEssentials
import Kernel
import Projections
import Testing

@testable import Application

/// Tags lie on the records; lists find records by them, now and as of a moment.
@Suite struct TagTests {
    private func names(_ house: TestHouse, _ entity: String, _ parameters: [Parameter]) async throws -> [String] {
        let reply = try await house.daybook.queries.list(
            entity, parameters + [Parameter("sort", "name")], by: house.owner, min: try await house.head())
        return try reply.json.items.compactMap { $0["name"]?.string }
    }

    @Test func `records are tagged by name or id, and found by their tags`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let vip = try await house.ask("tag", .new, "define", ["name": "VIP", "colour": "red"]).results[0].id
            let north = try await house.ask("tag", .new, "define", ["name": "North"]).results[0].id
            var accounts: [UUID] = []
            for name in ["Acme", "Bolt", "Crane"] {
                accounts.append(try await house.ask("account", .new, "create", ["name": .string(name)]).results[0].id)
            }
            _ = try await house.ask("account", .id(accounts[0]), "tag", ["tags": ["vip", .string(north.text)]])
            _ = try await house.ask("account", .id(accounts[1]), "tag", ["tags": "North"])
            let stranger = await house.problem("account", .id(accounts[2]), "tag", ["tags": ["VIP", "South"]])
            #expect(stranger?.errors.map(\.pointer) == ["/tags/1"])

            #expect(try await names(house, "account", [Parameter("tag", "VIP")]) == ["Acme"])
            #expect(try await names(house, "account", [Parameter("tag", north.text)]) == ["Acme", "Bolt"])
            #expect(try await names(house, "account", [Parameter("tags.in", "vip,\(north.text)")]) == ["Acme", "Bolt"])
            #expect(try await names(house, "account", [Parameter("tag.ne", "vip")]) == ["Bolt", "Crane"])
            #expect(try await names(house, "account", [Parameter("tag.null", "true")]) == ["Crane"])
            #expect(try await names(house, "account", [Parameter("tag", "South")]) == [])

            let before = TestHouse.clock()
            _ = try await house.ask("account", .id(accounts[0]), "untag", ["tags": ["VIP"]])
            #expect(try await names(house, "account", [Parameter("tag", "VIP")]) == [])
            let then = Parameter("as_of", before.text)
            #expect(try await names(house, "account", [Parameter("tag", "VIP"), then]) == ["Acme"])
            #expect(try await names(house, "account", [Parameter("tag.null", "true"), then]) == ["Crane"])

            let document = try await house.daybook.queries.record(
                "account", accounts[0], by: house.owner, min: try await house.head()
            ).json
            #expect(document["tags"] == [["id": .string(north.text), "name": "North", "colour": .null]])
            _ = vip
            for one in try await house.daybook.models.verify() { #expect(one.equal, "\(one.projection)") }
        }
    }

    @Test func `a retired tag stays where it is, its name is free, and it can be taken off`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let old = try await house.ask("tag", .new, "define", ["name": "VIP"]).results[0].id
            #expect(await house.problem("tag", .new, "define", ["name": "vip"])?.code == "tag.name_taken")
            let account = try await house.ask("account", .new, "create", ["name": "Acme"]).results[0].id
            let other = try await house.ask("account", .new, "create", ["name": "Bolt"]).results[0].id
            _ = try await house.ask("account", .id(account), "tag", ["tags": ["VIP"]])
            _ = try await house.ask("tag", .id(old), "retire", [:])

            let late = await house.problem("account", .id(other), "tag", ["tags": [.string(old.text)]])
            #expect(late?.errors.map(\.code) == ["not_in_use"])
            #expect(try await names(house, "account", [Parameter("tag", old.text)]) == ["Acme"])
            #expect(try await names(house, "tag", []) == [])

            let new = try await house.ask("tag", .new, "define", ["name": "VIP"]).results[0].id
            #expect(await house.problem("tag", .id(old), "restore", [:])?.code == "tag.name_taken")
            _ = try await house.ask("account", .id(other), "tag", ["tags": ["VIP"]])
            #expect(try await names(house, "account", [Parameter("tag", "VIP")]) == ["Bolt"])
            _ = new
            let off = try await house.ask("account", .id(account), "untag", ["tags": [.string(old.text)]])
            #expect(off.results[0].events == 1)
        }
    }
}
