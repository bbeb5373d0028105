import CRM
import EventLog
import Foundation
import Kernel
import Postgres
import PostgresTesting
import Projections
import Testing
import Vault

@testable import Application

/// A person is told what is known, and forgotten: for ever, everywhere, and without a trace in the proofs.
@Suite struct PeopleTests {
    private static let secrets = ["Adamantia", "adamantia@example.org", "Frobnitz", "prefers tea", "203.0.113.7"]
    private static let contact: JSON = [
        "first_name": "Adamantia", "last_name": "Frobnitz", "email": "adamantia@example.org",
        "description": "prefers tea",
    ]

    private func problem(_ body: () async throws -> Void) async -> Problem? {
        do {
            try await body()
            return nil
        } catch { return error as? Problem }
    }
    private func log(_ house: TestHouse) async throws -> [RecordedEvent] {
        try await house.daybook.reader.page(house.organization, after: 0, limit: 10_000)
    }
    /// A second one who may log in.
    private func secondOwner(_ house: TestHouse) async throws -> UUID {
        let body: JSON = ["name": "Bela", "email": "bela@example.com", "role": "owner"]
        let id = try await house.ask("member", .new, "add", body).results[0].id
        _ = try await house.daybook.access.setPassword("long enough 1", of: id, by: house.owner)
        return id
    }

    @Test func `of the erased nothing opens and nothing is decided, and the log proves as before`() async throws {
        let house = try await TestHouse()
        let id = try await house.ask("contact", .new, "create", Self.contact).results[0].id
        _ = try await house.ask("contact", .id(id), "edit", ["title": "Frobnitz in chief"])
        let before = try await log(house)
        let erased = try await house.daybook.people.erase(id, by: house.owner)
        #expect(erased.isNew && erased.entity == "contact")

        let after = try await log(house)
        #expect(Array(after.prefix(before.count)) == before)
        #expect(after.count == before.count + 1)
        #expect(after.last?.type == "person.erased" && after.last?.stream == id)
        for event in after { #expect(MerkleTree.leaf(event.line) == event.leaf) }
        let standings = try await house.daybook.persons.standings(house.organization, [id])
        guard case .erased? = standings[id] else {
            Issue.record("the key is still there")
            return
        }
        let history = try await house.daybook.queries.history("contact", id, [], by: house.owner)
        let told = String(decoding: history.body, as: UTF8.self)
        #expect(Self.secrets.allSatisfy { !told.contains($0) })
        #expect(told.contains("person.erased"))

        for act in Contact.acts {
            let body: JSON =
                switch act.name {
                case "create": Self.contact
                case "assign": ["owner_id": .string(house.founding.owner.text)]
                case "add_email", "remove_email", "make_email_primary": ["address": "a@example.org"]
                case "affiliate", "end_affiliation", "make_primary": ["account_id": .string(UUID().text)]
                case _: [:]
                }
            let refusal = await house.problem("contact", .id(id), act.name, body)
            #expect(refusal?.code == "person.erased", "\(act.name)")
        }
        let naming = await house.problem("deal", .new, "open", ["title": "x", "contact_id": .string(id.text)])
        #expect(naming?.code == "person.erased")
        #expect(try await log(house).count == after.count)
    }

    @Test func `what was the person's alone is free for another, who is not the same`() async throws {
        let house = try await TestHouse()
        let id = try await house.ask("contact", .new, "create", Self.contact).results[0].id
        #expect(await house.problem("contact", .new, "create", Self.contact)?.code == "contact.email_taken")
        _ = try await house.daybook.people.erase(id, by: house.owner)
        let other = try await house.ask("contact", .new, "create", Self.contact).results[0].id
        #expect(other != id)
        _ = try await house.daybook.people.erase(id, by: house.owner)
        #expect(await house.problem("contact", .new, "create", Self.contact)?.code == "contact.email_taken")
    }

    @Test func `erasing once more changes nothing`() async throws {
        let house = try await TestHouse(registering: true)
        let id = try await house.ask("contact", .new, "create", Self.contact).results[0].id
        let first = try await house.daybook.people.erase(id, by: house.owner)
        let length = try await log(house).count
        let register = try #require(house.register)
        let noted = try register.entries()
        #expect(noted.map(\.person) == [id])
        let second = try await house.daybook.people.erase(id, by: house.owner)
        #expect(!second.isNew && second.position == first.position)
        #expect(try await log(house).count == length)
        #expect(try register.entries() == noted)
    }

    @Test func `what was cut short is finished by erasing once more`() async throws {
        let house = try await TestHouse()
        let id = try await house.ask("contact", .new, "create", Self.contact).results[0].id
        let broken = ErasureRegister("/nonexistent/erasures", master: TestHouse.master)
        let first = house.people(broken)
        #expect(await problem { _ = try await first.erase(id, by: house.owner) }?.code == "person.register_failed")
        let file = FileManager.default.temporaryDirectory.appending(path: "erasures-\(UUID())").path
        defer { unlink(file) }
        let whole = ErasureRegister(file, master: TestHouse.master)
        #expect(try await !house.people(whole).erase(id, by: house.owner).isNew)
        #expect(try whole.entries().map(\.person) == [id])
    }

    @Test func `a register that a crash left behind is completed from the keys`() async throws {
        let house = try await TestHouse()
        let id = try await house.ask("contact", .new, "create", Self.contact).results[0].id
        _ = try await house.daybook.people.erase(id, by: house.owner)
        let file = FileManager.default.temporaryDirectory.appending(path: "erasures-\(UUID())").path
        defer { unlink(file) }
        let register = ErasureRegister(file, master: TestHouse.master)
        for _ in 0..<2 { try await house.people(register).completeRegister() }
        #expect(try register.entries().map(\.person) == [id])
    }

    @Test func `a restore erases again whom the register names`() async throws {
        let house = try await TestHouse(registering: true)
        let id = try await house.ask("contact", .new, "create", Self.contact).results[0].id
        let register = try #require(house.register)
        let now = TestHouse.clock()
        try register.note([
            ErasureRegister.Entry(organization: house.organization, person: id, erasedAt: now),
            ErasureRegister.Entry(organization: house.organization, person: UUID(), erasedAt: now),
            ErasureRegister.Entry(organization: UUID(), person: UUID(), erasedAt: now),
        ])
        let replayed = try await house.daybook.people.replay(register)
        #expect(replayed == (1, 2))
        #expect(try await house.daybook.people.replay(register) == (0, 2))
        #expect(await house.problem("contact", .id(id), "edit", ["title": "x"])?.code == "person.erased")
        #expect(try await house.ask("contact", .new, "create", Self.contact).results[0].id != id)
    }

    @Test func `a member who is erased is out at once, and the last owner stays`() async throws {
        let house = try await TestHouse()
        let access = house.daybook.access
        let people = house.daybook.people
        let alone = await problem { _ = try await people.erase(house.founding.owner, by: house.owner) }
        #expect(alone?.code == "person.last_owner")
        // One who cannot log in does not count.
        _ = try await house.ask("member", .new, "add", ["name": "Ghost", "email": "g@example.com", "role": "owner"])
        let still = await problem { _ = try await people.erase(house.founding.owner, by: house.owner) }
        #expect(still?.code == "person.last_owner")

        let id = try await secondOwner(house)
        let session = try await access.login(email: "owner@example.com", password: house.founding.password)
        _ = try await access.caller(token: session.token, request: "r", channel: .api)
        _ = try await people.erase(house.founding.owner, by: house.owner)
        let shut = await problem { _ = try await access.caller(token: session.token, request: "r", channel: .api) }
        #expect(shut?.code == "auth.required")
        let refused = await problem {
            _ = try await access.login(email: "owner@example.com", password: house.founding.password)
        }
        #expect(refused?.code == "auth.refused")
        #expect(
            await problem {
                _ = try await access.setPassword("long enough 2", of: house.founding.owner, by: house.owner)
            }?.code == "person.erased")
        #expect(try await access.recoverOwner(of: house.organization)?.owner == id)
        #expect(await problem { _ = try await people.erase(id, by: house.owner) }?.code == "person.last_owner")
    }

    @Test func `what a person may be told is all there is, and after the erasure nothing`() async throws {
        let house = try await TestHouse()
        let id = try await secondOwner(house)
        let caller = Caller(
            organization: house.organization, actor: id, kind: .member, role: .owner, channel: .api, request: "r"
        ).coming(from: Caller.Origin(address: "203.0.113.7", agent: "Frobnitz/1.0"))
        let commands = house.daybook.commands
        _ = try await commands.execute([Ask("contact", .new, "create", Self.contact)], by: caller)
        let account = try await commands.execute(
            [Ask("account", .new, "create", ["name": "Pumps", "owner_id": .string(id.text)])], by: caller
        ).results[0].id

        let document = try JSON(parsing: try await house.daybook.people.export(id, by: house.owner).body)
        #expect(document["person"]?["record"]?["name"] == "Bela")
        #expect(document["events"]?.array?.first?["type"] == "member.added")
        #expect(document["events"]?.array?.first?["data"]?["email"] == "bela@example.com")
        #expect(document["access"]?["email"] == "bela@example.com")
        #expect(document["access"]?["tokens"]?.array?.isEmpty == true)
        #expect(document["acted"]?["events"] == 2)
        let origin = document["acted"]?["origins"]?.array?.first
        #expect(origin?["address"] == "203.0.113.7" && origin?["agent"] == "Frobnitz/1.0" && origin?["events"] == 2)
        let mention = document["mentioned_by"]?.array?.first
        #expect(mention?["id"] == .string(account.text) && mention?["members"] == ["owner_id"])
        #expect(document["mentioned_by"]?.array?.count == 1)

        let erased = try await house.daybook.people.erase(id, by: house.owner)
        #expect(erased.json["mentioned_by"] == document["mentioned_by"])
        let after = try await house.daybook.people.export(id, by: house.owner)
        let text = String(decoding: after.body, as: UTF8.self)
        for secret in ["Bela", "bela@example.com", "203.0.113.7", "Frobnitz"] { #expect(!text.contains(secret)) }
        #expect(try JSON(parsing: after.body)["person"]?["erased"] == true)
    }

    @Test func `who names a record that was merged into the one that is erased is told as well`() async throws {
        let house = try await TestHouse()
        let loser = try await house.ask("contact", .new, "create", ["last_name": "Lee"]).results[0].id
        let winner = try await house.ask("contact", .new, "create", Self.contact).results[0].id
        let deal = try await house.ask(
            "deal", .new, "open", ["title": "Tea", "primary_contact_id": .string(loser.text)]
        ).results[0].id
        _ = try await house.ask("contact", .id(winner), "merge", ["loser": .string(loser.text)])
        let erased = try await house.daybook.people.erase(winner, by: house.owner)
        #expect(erased.also == [loser])
        #expect(erased.mentioning == ["deal \(deal.text) (primary_contact_id)"])
        #expect(erased.json["mentioned_by"]?.array?.map { $0["id"] } == [.string(deal.text)])
    }

    @Test func `texts of a record's own go with its key`() async throws {
        let house = try await TestHouse()
        let id = try await house.ask("deal", .new, "open", ["title": "Tea for Adamantia"]).results[0].id
        _ = try await house.daybook.people.erase(id, by: house.owner)
        let history = try await house.daybook.queries.history("deal", id, [], by: house.owner)
        #expect(!String(decoding: history.body, as: UTF8.self).contains("Adamantia"))
        #expect(await house.problem("deal", .id(id), "archive", [:])?.code == "person.erased")
    }

    @Test func `who is no owner may do neither, and what is about nobody cannot be erased`() async throws {
        let house = try await TestHouse()
        let people = house.daybook.people
        let id = try await house.ask("contact", .new, "create", Self.contact).results[0].id
        for role in [Role.member, .viewer, .auditor] {
            let caller = house.caller(role)
            #expect(await problem { _ = try await people.erase(id, by: caller) }?.code == "auth.forbidden")
            #expect(await problem { _ = try await people.export(id, by: caller) }?.code == "auth.forbidden")
        }
        let own = await problem { _ = try await people.erase(house.organization, by: house.owner) }
        #expect(own?.code == "person.nothing_personal")
        #expect(await problem { _ = try await people.erase(UUID(), by: house.owner) }?.code == "person.not_found")
        let stranger = try await TestHouse()
        #expect(await problem { _ = try await people.erase(id, by: stranger.owner) }?.code == "person.not_found")
        #expect(await house.problem("contact", .id(id), "edit", ["title": "x"]) == nil)
    }

    @Test func `another process forgets the key when it is told`() async throws {
        let house = try await TestHouse()
        let id = try await house.ask("contact", .new, "create", Self.contact).results[0].id
        let other = Daybook(
            database: house.database.settings(), master: TestHouse.master, clock: TestHouse.clock, log: quiet)
        let hearing = Task { await other.hearErasures() }
        // Only what is told after it listens is heard.
        var isGone = false
        for _ in 0..<400 where !isGone {
            let standing = try await other.persons.standings(house.organization, [id])[id]
            if case .erased? = standing { isGone = true }
            if !isGone {
                _ = try await house.daybook.people.erase(id, by: house.owner)
                try await Task.sleep(for: .milliseconds(50))
            }
        }
        #expect(isGone)
        hearing.cancel()
        await hearing.value
        await other.close()
    }

    @Test func `no history traps or fails without its keys`() async throws {
        let house = try await TestHouse()
        try await house.daybook.demonstrate(in: house.organization)
        let events = try await log(house)
        let admin = PipelinedConnection(house.database.superuser, name: "test", log: quiet)
        _ = try await admin.query(
            Statement("UPDATE vault.person_key SET wrapped = NULL, erased_at = now() WHERE wrapped IS NOT NULL"))
        await admin.close()
        house.daybook.persons.forgetAll()
        var begun: [UUID: String] = [:]
        for event in events where begun[event.stream] == nil {
            begun[event.stream] = String(event.type.prefix { $0 != "." })
        }
        #expect(Set(begun.values).isSuperset(of: ["contact", "deal", "account", "member", "pipeline", "organization"]))
        for (id, entity) in begun {
            var known = WorkingSet(readAt: .max)
            guard let type = CRM.entity(named: entity) else { continue }
            try await house.daybook.commands.load([Reference(type, id)], into: &known, house.organization)
            #expect(known.streams[id]?.exists == true)
            let history = try await house.daybook.queries.history(entity, id, [], by: house.owner)
            #expect(!history.body.isEmpty)
        }
    }

    @Test func `rows of the erased are empty, live as rebuilt`() async throws {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            let id = try await house.ask("contact", .new, "create", Self.contact).results[0].id
            let deal = try await house.ask(
                "deal", .new, "open", ["title": "Tea", "contact_id": .string(id.text)]
            ).results[0].id
            _ = try await house.daybook.queries.record("deal", deal, by: house.owner, min: try await house.head())
            let erased = try await house.daybook.people.erase(id, by: house.owner)
            #expect(erased.isForgottenByTables)
            let reply = try await house.daybook.queries.record("contact", id, by: house.owner, min: erased.position)
            let text = String(decoding: reply.body, as: UTF8.self)
            #expect(Self.secrets.allSatisfy { !text.contains($0) }, "\(text)")
            for one in try await house.daybook.models.verify() { #expect(one.equal, "\(one.projection)") }
            try await house.daybook.models.rebuild()
            for one in try await house.daybook.models.verify() { #expect(one.equal, "\(one.projection)") }
        }
    }
}

extension TestHouse {
    /// What is done for persons, with another register.
    fileprivate func people(_ register: ErasureRegister) -> People {
        let own = daybook.people
        return People(
            commands: own.commands, access: own.access, attachments: own.attachments, models: own.models,
            waits: own.waits, database: own.database, register: register, patience: TestHouse.patience, log: own.log)
    }
}
