import CRM
import FoundationEssentials
import Kernel
import PostgresTesting
import Testing

@testable import Application

/// What is remembered of an organization is never what a decision stands on.
@Suite struct SettledStreamsTests {
    /// Two processes over one log, of which the first has carried out a command already.
    private struct Ground {
        let house: TestHouse
        private let other: Daybook

        init() async throws {
            house = try await TestHouse()
            other = Daybook(
                database: house.database.settings(), master: TestHouse.master, clock: TestHouse.clock, log: quiet)
            _ = try await house.ask("contact", .new, "create", ["last_name": "Lee", "email": "a@x.example"])
            #expect(recalled().isEmpty == false)
        }
        /// What the first remembers.
        func recalled() -> Set<UUID> {
            var known = WorkingSet(readAt: .max)
            let ids = [house.organization, FieldSet.id(of: "contact")]
            house.daybook.commands.settled.recall(ids, of: house.organization, into: &known)
            return known.recalled
        }
        /// The second process carries out a command.
        func elsewhere(_ entity: String, _ id: UUID, _ act: String, _ body: JSON) async throws {
            _ = try await other.commands.execute([Ask(entity, .id(id), act, body)], by: house.owner)
        }
        func policy(_ policy: String) async throws {
            try await elsewhere("organization", house.organization, "edit", ["email_policy": .string(policy)])
        }
        func create(_ body: JSON, key: String? = nil) async -> String? {
            await house.problem("contact", .new, "create", body, key: key)?.code
        }
    }

    @Test func `a policy that another process sets is obeyed by the next command, be it more lenient or more strict`()
        async throws
    {
        let ground = try await Ground()
        let taken: JSON = ["last_name": "Ray", "email": "a@x.example"]
        #expect(await ground.create(taken) == "contact.email_taken")
        for key in [nil, "k"] {
            try await ground.policy("allow")
            #expect(await ground.create(taken, key: key.map { $0 + "1" }) == nil)
            try await ground.policy("reject")
            #expect(await ground.create(taken, key: key.map { $0 + "2" }) == "contact.email_taken")
        }
    }

    @Test func `fields that another process defines are asked for by the next command`() async throws {
        let ground = try await Ground()
        let fields = FieldSet.id(of: "contact")
        let definition: JSON = [
            "entity": "contact", "key": "shoe", "label": "Shoe", "type": "number", "required": true,
        ]
        #expect(await ground.create(["last_name": "Ray"]) == nil)
        try await ground.elsewhere("field_set", fields, "define", definition)
        #expect(await ground.create(["last_name": "Ray"]) == "body.invalid")
        #expect(await ground.create(["last_name": "Ray", "custom": ["shoe": 42]]) == nil)
        try await ground.elsewhere("field_set", fields, "retire", ["entity": "contact", "key": "shoe"])
        #expect(await ground.create(["last_name": "Ray"]) == nil)
    }

    @Test func `what a process changes itself it reads anew, and what it relies on stays remembered`() async throws {
        let ground = try await Ground()
        let house = ground.house
        #expect(ground.recalled().count == 2)
        _ = try await house.ask("organization", .id(house.organization), "edit", ["name": "Other"])
        #expect(ground.recalled() == [FieldSet.id(of: "contact")])
        #expect(await ground.create(["last_name": "Ray"]) == nil)
        #expect(ground.recalled().count == 2)
        // A trial and what decides nothing are decided on what is read.
        try await ground.policy("allow")
        let taken = Ask("contact", .new, "create", ["last_name": "Ray", "email": "a@x.example"])
        let tried = try await house.daybook.commands.execute([taken], by: house.owner, dryRun: true)
        #expect(tried.results.map(\.status) == [201])
    }

    @Test func `what was read before is not remembered in the place of what was read later`() {
        let (organization, settled) = (UUID.v8([1]), SettledStreams(capacity: 1))
        func known(_ version: Int32, at position: Int64) -> WorkingSet {
            let loaded = Loaded(state: 0, version: version, last: nil)
            return WorkingSet(readAt: position, streams: [organization: loaded, UUID.v8([9]): loaded])
        }
        func recalled() -> (Int32?, Int64) {
            var known = WorkingSet(readAt: .max)
            settled.recall([organization, UUID.v8([9])], of: organization, into: &known)
            return (known.streams[organization]?.version, known.readAt)
        }
        #expect(recalled() == (nil, .max))
        settled.keep(known(2, at: 20), of: organization)
        settled.keep(known(1, at: 10), of: organization)
        #expect(recalled() == (2, 20))
        settled.confirm([organization: 1], except: [], of: organization, at: 30)
        #expect(recalled() == (2, 20))
        settled.confirm([organization: 2], except: [], of: organization, at: 30)
        #expect(recalled() == (2, 30))
        settled.confirm([organization: 2], except: [organization], of: organization, at: 40)
        #expect(recalled() == (nil, .max))
        settled.keep(known(3, at: 50), of: organization)
        settled.forget(organization)
        #expect(recalled() == (nil, .max))
        // No more organizations than it has room for.
        settled.keep(known(3, at: 50), of: organization)
        settled.keep(WorkingSet(readAt: 1, streams: [UUID.v8([2]): Loaded(state: 0, version: 1)]), of: UUID.v8([2]))
        #expect(recalled() == (nil, .max))
    }
}
