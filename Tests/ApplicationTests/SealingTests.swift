import CRM
import EventLog
import FoundationEssentials
import Kernel
import Postgres
import PostgresTesting
import Projections
import Testing
import Vault

@testable import Application

/// What is personal is sealed in the log, and commands, histories and read tables are as if it were not.
@Suite struct SealingTests {
    private static let secrets = [
        "Adamantia", "adamantia@example.org", "+30 210 1234567", "prefers tea", "Frobnitz", "203.0.113.7",
    ]
    private static let contact: JSON = [
        "first_name": "Adamantia", "last_name": "Frobnitz", "email": "adamantia@example.org",
        "phone": "+30 210 1234567", "description": "prefers tea",
    ]

    private func traced(_ house: TestHouse, _ role: Role = .owner) -> Caller {
        house.caller(role).coming(from: Caller.Origin(address: "203.0.113.7", agent: "Frobnitz/1.0"))
    }
    private func create(_ house: TestHouse) async throws -> UUID {
        try await house.daybook.commands.execute(
            [Ask("contact", .new, "create", Self.contact)], by: traced(house)
        ).results[0].id
    }

    @Test func `no line of the log says what is personal`() async throws {
        let house = try await TestHouse()
        let id = try await create(house)
        _ = try await house.ask("contact", .id(id), "edit", ["title": "Frobnitz in chief"])
        _ = try await house.ask("deal", .new, "open", ["title": "Tea for Adamantia", "lost_reason": .null])
        let log = try await house.daybook.reader.page(house.organization, after: 0, limit: 1000)
        for event in log {
            let line = String(decoding: event.line, as: UTF8.self)
            for secret in Self.secrets + ["owner@example.com"] {
                #expect(!line.contains(secret), "\(event.type)")
            }
            #expect(MerkleTree.leaf(event.line) == event.leaf)
        }
        let created = try #require(log.first { $0.type == "contact.created" })
        #expect(try SealedParts.persons(try #require(created.private)) == [id, house.founding.owner])
    }

    @Test func `commands decide on what is sealed`() async throws {
        let house = try await TestHouse()
        let id = try await create(house)
        let same = try await house.ask("contact", .id(id), "edit", ["first_name": "Adamantia"])
        #expect(same.results[0].events == 0)
        let other = await house.problem("contact", .new, "create", Self.contact)
        #expect(other?.code == "contact.email_taken")
        let cleared = try await house.ask("contact", .id(id), "edit", ["phone": .null])
        #expect(cleared.results[0].events == 1)
        let changed = await house.problem("contact", .id(id), "edit", ["title": "x"], ifMatch: 1)
        #expect(changed?.more["changed"]?.array?.first?["data"]?["set"]?["phone"] == .null)
    }

    @Test func `a history shows it, and from where it came to those who may know`() async throws {
        let house = try await TestHouse()
        let id = try await create(house)
        for (role, isShown) in [(Role.owner, true), (.auditor, true), (.member, false), (.viewer, false)] {
            let reply = try await house.daybook.queries.history("contact", id, [], by: house.caller(role))
            let item = try JSON(parsing: reply.body)["items"]?.array?.first
            #expect(item?["data"]?["first_name"] == "Adamantia")
            #expect((item?["origin"]?["address"] == "203.0.113.7") == isShown)
        }
    }

    @Test func `read tables show it, live and rebuilt`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let id = try await create(house)
            _ = try await house.ask("contact", .id(id), "edit", ["phone": .null, "title": "Chief"])
            let head = try await house.head()
            let reply = try await house.daybook.queries.record("contact", id, by: house.owner, min: head)
            let document = try JSON(parsing: reply.body)
            #expect(document["last_name"] == "Frobnitz")
            #expect(document["phone"] == nil || document["phone"] == .null)
            #expect(document["title"] == "Chief")
            for one in try await house.daybook.models.verify() { #expect(one.equal, "\(one.projection)") }
            try await house.daybook.models.rebuild()
            for one in try await house.daybook.models.verify() { #expect(one.equal, "\(one.projection)") }
        }
    }

    @Test func `statistics keep nothing personal`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            for n in 0..<50 {
                _ = try await house.ask("contact", .new, "create", ["last_name": .string("Frobnitz \(n)")])
            }
            _ = try await house.daybook.queries.list(
                "contact", [], by: house.owner, min: try await house.head())
        }
        let admin = PipelinedConnection(house.database.superuser, name: "test", log: quiet)
        _ = try await admin.query(Statement("ANALYZE read.contacts"))
        let kept = try await admin.query(
            Statement("SELECT attname::text FROM pg_stats WHERE schemaname = 'read' AND tablename = 'contacts'"))
        let names = try kept.map { try $0.text(0) }
        #expect(names.contains("lead_score") && names.contains("id"))
        #expect(Set(names).isDisjoint(with: personalNames(of: "contact")))
        await admin.close()
    }

    @Test func `another master key is refused`() async throws {
        let house = try await TestHouse()
        let worker = PipelinedConnection(house.database.settings(role: "daybook_worker"), name: "test", log: quiet)
        try await TestHouse.master.confirm(on: worker)
        let other = MasterKey(bytes: Array(repeating: 8, count: 32))
        await #expect(throws: KeyError.notOurs) { try await other.confirm(on: worker) }
        await worker.close()
    }

    @Test func `an import seals as well, and finds its keys again`() async throws {
        let house = try await TestHouse()
        let asks = (0..<20).map { n in
            [Ask("contact", .external(source: "s", id: "\(n)"), "create", ["last_name": .string("Frobnitz \(n)")])]
        }
        for answer in await house.daybook.commands.executeEach(asks, by: house.owner) { _ = try answer.get() }
        let edits = (0..<20).map { n in
            [Ask("contact", .external(source: "s", id: "\(n)"), "edit", ["title": "Frobnitz"])]
        }
        for answer in await house.daybook.commands.executeEach(edits, by: house.owner) { _ = try answer.get() }
        let log = try await house.daybook.reader.page(house.organization, after: 0, limit: 1000)
        #expect(log.count(where: { $0.type.hasPrefix("contact.") }) == 40)
        #expect(log.allSatisfy { !String(decoding: $0.line, as: UTF8.self).contains("Frobnitz") })
    }
}
