import CRM
import EventLog
import FoundationEssentials
import Kernel
import PostgresTesting
import Testing

@testable import Application

/// What a process remembers of the records that it has just written is never what a decision stands on.
@Suite struct WrittenStreamsTests {
    /// Two processes over one log, of which the first has just made a contact.
    private struct Ground {
        let house: TestHouse
        let contact: UUID
        private let other: Daybook

        init() async throws {
            house = try await TestHouse(registering: true)
            other = Daybook(
                database: house.database.settings(), master: TestHouse.master, register: house.register,
                clock: TestHouse.clock, log: quiet)
            contact = try await house.ask("contact", .new, "create", ["last_name": "Lee", "title": "Head"]).results[0]
                .id
            #expect(isRemembered())
        }
        func isRemembered() -> Bool {
            var known = WorkingSet(readAt: .max)
            house.daybook.commands.written.recall([contact], of: house.organization, into: &known)
            return known.recalled == [contact]
        }
        /// The first process carries out a command.
        func here(_ act: String, _ body: JSON, ifMatch: Int32? = nil) async throws -> Answer.Result {
            try await house.ask("contact", .id(contact), act, body, ifMatch: ifMatch).results[0]
        }
        func problem(_ act: String, _ body: JSON, ifMatch: Int32? = nil) async -> String? {
            await house.problem("contact", .id(contact), act, body, ifMatch: ifMatch)?.code
        }
        /// The second does.
        func elsewhere(_ act: String, _ body: JSON) async throws {
            _ = try await other.commands.execute([Ask("contact", .id(contact), act, body)], by: house.owner)
        }
        func erasedElsewhere() async throws { _ = try await other.people.erase(contact, by: house.owner) }
    }

    @Test func `a record is changed as the last change left it, whoever made that`() async throws {
        let ground = try await Ground()
        #expect(try await ground.here("edit", ["title": "Chief"]).version == 2)
        try await ground.elsewhere("edit", ["department": "Sales"])
        #expect(try await ground.here("edit", ["title": "Boss"]).version == 4)
        #expect(ground.isRemembered())
        // As it is remembered this would change nothing.
        try await ground.elsewhere("edit", ["title": "Clerk"])
        #expect(try await ground.here("edit", ["title": "Boss"]).version == 6)
        #expect(try await ground.here("edit", ["title": "Boss"]).events == 0)
    }

    @Test func `what is imported displaces nothing, and is changed as the log has it`() async throws {
        let ground = try await Ground()
        let commands = ground.house.daybook.commands
        let edit = Ask("contact", .id(ground.contact), "edit", ["title": "Clerk"])
        _ = try await commands.execute([edit], by: ground.house.owner, lane: .import)
        var known = WorkingSet(readAt: .max)
        commands.written.recall([ground.contact], of: ground.house.organization, into: &known)
        #expect(known.streams[ground.contact]?.version == 1)
        #expect(try await ground.here("edit", ["title": "Boss"]).version == 3)
    }

    @Test func `what another process has put away is put away for the next command`() async throws {
        let ground = try await Ground()
        try await ground.elsewhere("archive", [:])
        #expect(await ground.problem("edit", ["title": "Chief"]) == "contact.archived")
        try await ground.elsewhere("restore", [:])
        #expect(await ground.problem("edit", ["title": "Chief"]) == nil)
    }

    @Test func `a version that was seen is compared with the record's own`() async throws {
        let ground = try await Ground()
        try await ground.elsewhere("edit", ["department": "Sales"])
        #expect(await ground.problem("edit", ["title": "Chief"], ifMatch: 1) == "precondition.failed")
        #expect(try await ground.here("edit", ["title": "Chief"], ifMatch: 2).version == 3)
    }

    @Test func `of a person who is erased nothing is remembered and nothing added`() async throws {
        let ground = try await Ground()
        try await ground.erasedElsewhere()
        #expect(await ground.problem("edit", ["title": "Chief"]) == "person.erased")
        #expect(!ground.isRemembered())

        let own = try await Ground()
        _ = try await own.house.daybook.people.erase(own.contact, by: own.house.owner)
        #expect(!own.isRemembered())
        #expect(await own.problem("edit", ["title": "Chief"]) == "person.erased")
    }

    @Test func `an older version never takes the place of a newer one, and there is an end to what is remembered`() {
        let (organization, written) = (UUID.v8([1]), WrittenStreams(capacity: 2))
        func streams(_ numbers: UInt8..., version: Int32 = 1) -> [UUID: Loaded] {
            Dictionary(uniqueKeysWithValues: numbers.map { (UUID.v8([$0]), Loaded(state: 0, version: version)) })
        }
        func versions() -> [Int32] {
            var known = WorkingSet(readAt: .max)
            written.recall((1...3).map { UUID.v8([$0]) }, of: organization, into: &known)
            return known.streams.values.map(\.version).sorted()
        }
        written.keep(streams(1, version: 3), of: organization, at: 30)
        written.keep(streams(1, version: 2), of: organization, at: 20)
        #expect(versions() == [3])
        written.keep(streams(2), of: organization, at: 40)
        #expect(versions() == [1, 3])
        written.keep(streams(3), of: organization, at: 50)
        #expect(versions() == [1])
        written.keep(streams(3), of: UUID.v8([7]), at: 60)
        written.forget([UUID.v8([3])], of: organization)
        #expect(versions() == [])
    }
}
