import Audit
import CRM
import DomainTesting
import EventLog
import FoundationEssentials
import Kernel
import Testing

@testable import Application

/// What becomes of an address that two contacts have: refused, told, or let be, and whichever way the organization
/// turns, who holds what stays what the events say.
@Suite struct EmailPolicyTests {
    private static let address = "office@acme.example"

    private func set(_ policy: String, _ house: TestHouse) async throws {
        _ = try await house.ask("organization", .id(house.organization), "edit", ["email_policy": .string(policy)])
    }
    private func contact(_ name: String, _ house: TestHouse, key: String? = nil) async throws -> Answer.Result {
        let body: JSON = ["last_name": .string(name), "email": .string(Self.address)]
        return try await house.ask("contact", .new, "create", body, key: key).results[0]
    }
    private func refusal(_ house: TestHouse) async -> Problem? {
        await house.problem("contact", .new, "create", ["last_name": "X", "email": .string(Self.address)])
    }
    private func taken(by ids: UUID...) -> [Answer.Warning] {
        [Answer.Warning(code: "contact.email_taken", existing: ids)]
    }
    private func expectTrueClaims(_ house: TestHouse) async throws {
        #expect(try await house.daybook.audits.verify(house.organization).findings == [])
    }

    @Test func `a second holder is refused, taken with a warning, or taken`() async throws {
        let house = try await TestHouse()
        let ann = try await contact("Ann", house)
        #expect(ann.warnings == [])
        #expect(await refusal(house)?.more["existing_id"] == .string(ann.id.text))
        try await set("warn", house)
        let bob = try await contact("Bob", house)
        #expect(bob.warnings == taken(by: ann.id))
        #expect(try await contact("Cem", house).warnings == taken(by: ann.id, bob.id))
        try await set("allow", house)
        #expect(try await contact("Dot", house).warnings == [])
        try await expectTrueClaims(house)
    }

    @Test func `a repeat tells the same warning, whatever has changed since`() async throws {
        let house = try await TestHouse()
        let ann = try await contact("Ann", house)
        try await set("warn", house)
        let first = try await contact("Bob", house, key: "once")
        _ = try await house.ask("contact", .id(ann.id), "archive", [:])
        try await set("reject", house)
        #expect(try await contact("Bob", house, key: "once") == first)
        #expect(first.warnings == taken(by: ann.id))
    }

    @Test func `doubles stay when the organization turns strict, and no third comes`() async throws {
        let house = try await TestHouse()
        let ann = try await contact("Ann", house)
        try await set("allow", house)
        let bob = try await contact("Bob", house)
        try await set("reject", house)
        #expect(await refusal(house)?.code == "contact.email_taken")
        // They are changed as any other, as long as it is not that address which they take.
        for id in [ann.id, bob.id] { _ = try await house.ask("contact", .id(id), "edit", ["title": "Head"]) }

        // The first leaves: the other holds it still. Then nobody does.
        _ = try await house.ask("contact", .id(ann.id), "archive", [:])
        #expect(await refusal(house)?.more["existing_id"] == .string(bob.id.text))
        #expect(await house.problem("contact", .id(ann.id), "restore", [:])?.code == "contact.email_taken")
        _ = try await house.ask("contact", .id(bob.id), "remove_email", ["address": .string(Self.address)])
        _ = try await house.ask("contact", .id(ann.id), "restore", [:])
        try await set("warn", house)
        let back = try await house.ask("contact", .id(bob.id), "add_email", ["address": .string(Self.address)])
        #expect(back.results[0].warnings == taken(by: ann.id))
        try await expectTrueClaims(house)
    }

    @Test func `an erased holder holds nothing, alone or beside others`() async throws {
        let house = try await TestHouse()
        let ann = try await contact("Ann", house)
        try await set("warn", house)
        let bob = try await contact("Bob", house)
        for id in [bob.id, ann.id] { _ = try await house.daybook.people.erase(id, by: house.owner) }
        #expect(try await contact("Cem", house).warnings == [])
        try await set("reject", house)
        #expect(await refusal(house)?.code == "contact.email_taken")
        try await expectTrueClaims(house)
    }

    @Test func `members sign in with an address of their own under any policy, and slugs stay unique`() async throws {
        let house = try await TestHouse()
        try await set("allow", house)
        let second: JSON = ["name": "Again", "email": "owner@example.com"]
        #expect(await house.problem("member", .new, "add", second)?.code == "member.email_taken")
        _ = try await house.ask("account", .new, "create", ["name": "A", "slug": "a"])
        let slug = await house.problem("account", .new, "create", ["name": "B", "slug": "a"])
        #expect(slug?.code == "account.slug_taken")
    }

    @Test func `two of one request share an address as two of two requests do, and a unit obeys what it sets`()
        async throws
    {
        let house = try await TestHouse()
        let asks = ["Ann", "Bob"].map {
            Ask("contact", .new, "create", ["last_name": .string($0), "email": .string(Self.address)])
        }
        let lenient = Ask("organization", .id(house.organization), "edit", ["email_policy": "warn"])
        let answer = try await house.daybook.commands.execute(asks + [lenient], by: house.owner)
        #expect(answer.results.map(\.warnings) == [[], taken(by: answer.results[0].id), []])
        let strict = Ask("organization", .id(house.organization), "edit", ["email_policy": "reject"])
        let cem = Ask("contact", .new, "create", ["last_name": "Cem", "email": .string(Self.address)])
        await #expect(throws: Problem.self) {
            try await house.daybook.commands.execute([cem, strict], by: house.owner)
        }
        try await expectTrueClaims(house)
    }

    @Test func `a lead becomes a second holder where that is let be, and all who have the address are offered`()
        async throws
    {
        let house = try await TestHouse()
        let ann = try await contact("Ann", house)
        try await set("warn", house)
        let bob = try await contact("Bob", house)
        let body: JSON = ["last_name": "Cem", "company": "Acme", "email": .string(Self.address)]
        let lead = try await house.ask("lead", .new, "capture", body).results[0].id
        let offer = try await house.daybook.commands.offer(lead, by: house.owner)
        #expect(offer.contacts == [ann.id, bob.id])
        let converted = try await house.ask("lead", .id(lead), "convert", [:]).results[0]
        #expect(converted.made.map(\.entity) == ["account", "contact"])
        #expect(converted.warnings == taken(by: ann.id, bob.id))
    }

    @Test func `of many at once all get it, and all but the first are told`() async throws {
        let house = try await TestHouse()
        try await set("warn", house)
        let warned = try await withThrowingTaskGroup(of: Bool.self) { group in
            for number in 0..<16 {
                group.addTask { try await !contact("C\(number)", house).warnings.isEmpty }
            }
            return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(warned == 15)
        try await expectTrueClaims(house)
    }

    @Test func `no double comes after the switch to strict, however many are on their way`() async throws {
        let house = try await TestHouse()
        for round in 0..<6 {
            try await set("allow", house)
            let before = try await house.head().position
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<12 {
                    group.addTask {
                        if number == 5 { return try await set("reject", house) }
                        #expect([nil, "contact.email_taken"].contains(await refusal(house)?.code))
                    }
                }
                try await group.waitForAll()
            }
            let log = try await house.daybook.reader.page(house.organization, after: before, limit: 100)
            let turn = try #require(log.firstIndex { $0.type == "organization.edited" })
            let isHeld = round > 0 || turn > 0
            #expect(log[turn...].count { $0.type == "contact.created" } <= (isHeld ? 0 : 1))
        }
        try await expectTrueClaims(house)
    }

    @Test func `rows of a file are under the policy, too`() async throws {
        let house = try await ImportHouse()
        let mapping = """
            mapping: t
            source: test
            records:
              - entity: contact
                key: no
                fields: {last_name: name, email: mail}
            """
        let csv = "no,name,mail\n1,Ann,office@acme.example\n2,Bob,office@acme.example\n3,Cem,cem@acme.example\n"
        let strict = try await house.run(csv, mapping)
        #expect(strict.accepted == 2 && strict.rejected == 1)
        #expect(try house.rejected().last?.contains("contact.email_taken") == true)

        try await set("warn", house.house)
        let dry = try await house.run(csv, mapping, dryRun: true)
        let ann = try await house.id("contact", "1")
        let note = "Line 3 was taken although contact.email_taken by \(ann.text)"
        #expect(dry.notes == [note] && dry.accepted == 1 && dry.unchanged == 2)
        let warned = try await house.run(csv, mapping)
        #expect(warned.notes == [note] && warned.accepted == 1 && warned.rejected == 0)
        let again = try await house.run(csv, mapping)
        #expect(again.notes == [] && again.unchanged == 3)

        // Many of one file that share an address are no worse than others.
        try await set("allow", house.house)
        let many = "no,name,mail\n" + (10..<90).map { "\($0),N\($0),info@acme.example" }.joined(separator: "\n")
        let allowed = try await house.run(many, mapping)
        #expect(allowed.accepted == 80 && allowed.notes == [])
        try await expectTrueClaims(house.house)
    }
}

// MARK: Whatever is done, in any order?

extension EmailPolicyTests {
    /// Contacts, addresses and policies at random, against a list of who has what.
    @Test(arguments: UInt64(1)...3)
    func `whatever is done, an address is refused, told or taken as the policy and its holders say`(
        seed: UInt64
    ) async throws {
        let house = try await TestHouse()
        var random = DomainTesting.Seeded(seed)
        var policy = EmailPolicy.reject
        var contacts: [UUID] = []
        var archived: Set<UUID> = []
        var known: [UUID: Set<String>] = [:]
        func holders(of addresses: Set<String>, besides id: UUID?) -> Set<UUID> {
            let others = known.filter { $0.key != id && !archived.contains($0.key) }
            return Set(others.filter { !$0.value.isDisjoint(with: addresses) }.keys)
        }
        var met: Set<String> = []
        for step in 0..<120 {
            let address = "a\(random.below(3))@x.example"
            let id = contacts.isEmpty ? nil : random.pick(contacts)
            let asked: Ask
            let gained: Set<String>
            switch (random.below(8), id) {
            case (0, _):
                policy = random.pick(EmailPolicy.allCases)
                try await set(policy.rawValue, house)
                continue
            case (1, let id?):
                (asked, gained) = (Ask("contact", .id(id), "archive", [:]), [])
            case (2, let id?):
                let isBack = archived.contains(id)
                (asked, gained) = (Ask("contact", .id(id), "restore", [:]), isBack ? known[id] ?? [] : [])
            case (3, let id?) where known[id]?.contains(address) == true && !archived.contains(id):
                (asked, gained) = (Ask("contact", .id(id), "remove_email", ["address": .string(address)]), [])
            case (4...5, let id?) where !archived.contains(id):
                let has = known[id]?.contains(address) == true
                asked = Ask("contact", .id(id), "add_email", ["address": .string(address)])
                gained = has ? [] : [address]
            case _:
                asked = Ask("contact", .new, "create", ["last_name": "N", "email": .string(address)])
                gained = [address]
            }
            let target: UUID? = if case .id(let id) = asked.target { id } else { nil }
            let others = holders(of: gained, besides: target)
            let place = "step \(step) of \(seed): \(asked.act) under \(policy)"
            do {
                let result = try await house.daybook.commands.execute([asked], by: house.owner).results[0]
                #expect(policy != .reject || others.isEmpty, "\(place)")
                let told = Set(result.warnings.flatMap(\.existing))
                #expect(told == (policy == .warn ? others : []), "\(place)")
                if !told.isEmpty { met.insert("told") }
                if policy == .allow, !others.isEmpty { met.insert("let be") }
                switch asked.act {
                case "create":
                    contacts.append(result.id)
                    known[result.id] = gained
                case "archive": archived.insert(result.id)
                case "restore": archived.remove(result.id)
                case "remove_email": known[result.id]?.remove(address)
                case _: known[result.id]?.formUnion(gained)
                }
            } catch {
                #expect(error.code == "contact.email_taken" && policy == .reject, "\(place): \(error)")
                let named = error.more["existing_id"]?.string.flatMap(UUID.init(uuidString:))
                #expect(named.map(others.contains) == true, "\(place)")
                met.insert("refused")
            }
        }
        #expect(met == ["refused", "told", "let be"])
        try await expectTrueClaims(house)
    }
}
