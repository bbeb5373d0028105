import CRM
import EventLog
import Foundation
import Kernel
import Projections
import Testing
import Vault

@testable import Application

/// Once products were named and priced by an event of another name and shape. The log still says so; commands, read
/// tables and histories know the shape of today.
@Suite struct UpcastTests {
    private static let upcasts: Upcasts = [
        "product.listed@1": .to("product.listed@2") {
            $0["name"] = $0.removeValue(forKey: "title")
            $0["description"] = $0.removeValue(forKey: "note")
        },
        "product.listed@2": .to("product.created@1") {
            $0["price"] = $0.removeValue(forKey: "cents").map { ["minor": $0, "currency": "EUR"] }
        },
    ]

    @Test func `a product that the log tells in an old shape is one like any other`() async throws {
        let house = try await TestHouse(projecting: .init(), upcasts: Self.upcasts)
        let id = house.fresh()
        let (key, wrapped) = house.daybook.persons.mint(house.organization, id)
        let place = SealingPlace(
            organization: house.organization, stream: id, version: 1, type: "product.listed".utf8, schema: 1)
        let note = key.seal(
            Array(#"{"note":"Bright"}"#.utf8), .data, of: id, at: place, nonce: Random.bytes(SealedPart.nonceLength))
        let old = Draft(
            stream: id, version: 1, type: "product.listed", schema: 1,
            data: Array(#"{"cents":1250,"title":"Lamp"}"#.utf8), private: SealedParts.bytes([note]),
            actor: house.founding.owner, command: house.fresh(),
            index: 0)
        _ = try await house.daybook.appender.append(
            Unit(organization: house.organization, drafts: [old], expected: [id: 0], readAt: 0, keys: [wrapped]))

        // The domain: it exists, what is the same is no change, and another price is one.
        let same = try await house.ask("product", .id(id), "edit", ["name": "Lamp"])
        #expect(same.results.map(\.version) == [1])
        let answer = try await house.ask("product", .id(id), "edit", ["price": ["minor": 990, "currency": "EUR"]])
        #expect(answer.results.map(\.version) == [2])

        // The read table, live and rebuilt.
        try await house.projecting {
            let reply = try await house.daybook.queries.record("product", id, by: house.owner, min: answer.position)
            let record = try JSON(parsing: reply.body)
            #expect(record["name"] == "Lamp")
            #expect(record["description"] == "Bright")
            #expect(record["price"] == ["minor": 990, "currency": "EUR"])
        }
        #expect(try await house.daybook.models.verify(["products"]).map(\.equal) == [true])
        try await house.daybook.models.rebuild(["products"])
        #expect(try await house.daybook.models.verify(["products"]).map(\.equal) == [true])

        // The history: the newest shape, and what the log holds.
        let reply = try await house.daybook.queries.history("product", id, [], by: house.owner)
        let items = try #require(try JSON(parsing: reply.body)["items"]?.array)
        #expect(items.count == 2)
        #expect(items[0]["type"] == "product.created")
        #expect(items[0]["schema"] == 1)
        #expect(items[0]["stored"] == "product.listed@1")
        #expect(
            items[0]["data"] == [
                "name": "Lamp", "description": "Bright", "price": ["minor": 1250, "currency": "EUR"],
            ])
        #expect(items[1]["stored"] == nil)
        #expect(
            items[1]["changes"] == [
                [
                    "field": "price", "from": ["minor": 1250, "currency": "EUR"],
                    "to": ["minor": 990, "currency": "EUR"],
                ]
            ])
        // The log itself is as it was.
        let first = try await house.daybook.reader.stream(house.organization, id, after: 0, limit: 1)
        #expect(first.map(\.type) == ["product.listed"])
        await house.daybook.close()
    }
}
