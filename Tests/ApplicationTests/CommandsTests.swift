import EventLog
import FoundationEssentials
import Kernel
import Testing
import Vault

@testable import Application

@Suite struct CommandsTests {
    @Test func `a record is made, changed and changed again, and its version counts`() async throws {
        let house = try await TestHouse()
        let made = try await house.ask("account", .new, "create", ["name": "Acme"])
        #expect(made.results.map(\.status) == [201])
        #expect(made.results[0].version == 1)
        let id = made.results[0].id
        let edited = try await house.ask("account", .id(id), "edit", ["industry": "retail", "lifecycle": "customer"])
        #expect(edited.results[0].status == 200)
        #expect(edited.results[0].version == 3)
        #expect(edited.position.position == made.position.position + 2)
        let again = try await house.ask("account", .id(id), "edit", ["industry": "retail"])
        #expect(again.results[0].events == 0)
        #expect(again.position == edited.position)
    }

    @Test func `what is wrong with a body is told with its places, and nothing is written`() async throws {
        let house = try await TestHouse()
        let before = try await house.head()
        let problem = await house.problem("account", .new, "create", ["nam": "Acme", "website": "not a site"])
        #expect(problem?.status == 422)
        #expect(problem?.errors.map(\.pointer) == ["/nam", "/name", "/website"])
        #expect(await house.problem("account", .id(house.fresh()), "edit", ["name": "x"])?.code == "account.not_found")
        #expect(await house.problem("account", .new, "fly", [:])?.code == "act.unknown")
        let stray = await house.problem(
            "deal", .new, "open", ["title": "x", "account_id": .string(house.fresh().text)])
        #expect(stray?.errors.map(\.pointer) == ["/account_id"], "\(String(describing: stray))")
        #expect(try await house.head() == before)
    }

    @Test func `a key carries a command out once, and a repeat gets the first answer`() async throws {
        let house = try await TestHouse()
        let first = try await house.ask("account", .new, "create", ["name": "Acme"], key: "k1")
        let head = try await house.head()
        let second = try await house.ask("account", .new, "create", ["name": "Acme"], key: "k1")
        #expect(second == first)
        #expect(try await house.head() == head)
        #expect(
            await house.problem("account", .new, "create", ["name": "Other"], key: "k1")?.code
                == "idempotency.key_reused")
    }

    @Test func `a refusal under a key is repeated, also when the reason is gone`() async throws {
        let house = try await TestHouse()
        let account = try await house.ask("account", .new, "create", ["name": "A"]).results[0].id
        _ = try await house.ask("account", .id(account), "archive", [:])
        #expect(
            await house.problem("account", .id(account), "edit", ["name": "B"], key: "k2")?.code == "account.archived")
        _ = try await house.ask("account", .id(account), "restore", [:])
        let repeated = await house.problem("account", .id(account), "edit", ["name": "B"], key: "k2")
        #expect(repeated?.code == "account.archived")
        #expect(repeated?.status == 409)
    }

    /// A server is killed while its commit is under way, and another has the repeat: the key was free when that one
    /// looked, and what it decides on is there by then.
    @Test(arguments: ["a claim of its own", "a version of its own", "a change that was made"])
    func `a repeat that meets what it wrote itself gets the first answer`(what: String) async throws {
        let house = try await TestHouse()
        let commands = house.daybook.commands
        let account = try await house.ask("account", .new, "create", ["name": "A"])
        let ask =
            switch what {
            case "a claim of its own": Ask("contact", .new, "create", ["last_name": "Ann", "email": "ann@example.com"])
            case "a version of its own":
                Ask("account", .id(account.results[0].id), "edit", ["name": "B"], ifMatch: account.results[0].version)
            case _: Ask("account", .id(account.results[0].id), "archive", [:])
            }
        let first = try await commands.execute([ask], by: house.owner, key: "killed")
        let head = try await house.head()
        let keys = try await commands.organizationKeys(of: house.organization)
        let late = try await commands.settle(
            [ask], by: house.owner, command: keys.commandID(actor: house.owner.actor, idempotencyKey: "killed"), keys,
            repeatable: Repeatable(key: "killed", asks: [ask], caller: house.owner, keys: keys), lane: .interactive,
            dryRun: false)
        #expect(late == first)
        #expect(try await house.head() == head)
    }

    @Test func `an answer without events is repeated too`() async throws {
        let house = try await TestHouse()
        let account = try await house.ask("account", .new, "create", ["name": "A"]).results[0].id
        let first = try await house.ask("account", .id(account), "edit", ["name": "A"], key: "k3")
        _ = try await house.ask("account", .id(account), "edit", ["name": "B"])
        #expect(try await house.ask("account", .id(account), "edit", ["name": "A"], key: "k3") == first)
    }

    @Test func `an e-mail belongs to one contact until that one is archived`() async throws {
        let house = try await TestHouse()
        let ann = try await house.ask("contact", .new, "create", ["last_name": "Ann", "email": "Ann@Example.com"])
            .results[0].id
        let taken = await house.problem("contact", .new, "create", ["last_name": "Bob", "email": "ann@example.com"])
        #expect(taken?.code == "contact.email_taken")
        #expect(taken?.more["existing_id"] == .string(ann.text))
        _ = try await house.ask("contact", .id(ann), "archive", [:])
        let bob = try await house.ask("contact", .new, "create", ["last_name": "Bob", "email": "ann@example.com"])
            .results[0].id
        let back = await house.problem("contact", .id(ann), "restore", [:])
        #expect(back?.code == "contact.email_taken")
        #expect(back?.more["existing_id"] == .string(bob.text))
    }

    @Test func `of two who take the same e-mail at once one gets it`() async throws {
        let house = try await TestHouse()
        let outcomes = await withTaskGroup(of: String.self) { group in
            for number in 0..<16 {
                group.addTask {
                    let body: JSON = ["last_name": .string("C\(number)"), "email": "same@example.com"]
                    return await house.problem("contact", .new, "create", body)?.code ?? "made"
                }
            }
            return await group.reduce(into: [String]()) { $0.append($1) }
        }
        #expect(outcomes.filter { $0 == "made" }.count == 1)
        #expect(outcomes.filter { $0 == "contact.email_taken" }.count == 15)
    }

    @Test func `two records of one unit that want the same e-mail are refused, and nothing else waits for them`()
        async throws
    {
        let house = try await TestHouse()
        let before = try await house.head()
        let asks = ["Ann", "Bob"].map { name in
            Ask("contact", .new, "create", ["last_name": .string(name), "email": "same@example.com"])
        }
        for _ in 0..<2 {
            do {
                _ = try await house.daybook.commands.execute(asks, by: house.owner, key: "twice")
                Issue.record("it was carried out")
            } catch { #expect(error.code == "contact.email_taken") }
        }
        #expect(try await house.head() == before)
    }

    @Test func `If-Match lets only the version that was seen be changed`() async throws {
        let house = try await TestHouse()
        let id = try await house.ask("account", .new, "create", ["name": "A"]).results[0].id
        _ = try await house.ask("account", .id(id), "edit", ["name": "B"], ifMatch: 1)
        let late = await house.problem("account", .id(id), "edit", ["name": "C"], ifMatch: 1)
        #expect(late?.code == "precondition.failed")
        #expect(late?.status == 412)
        #expect(late?.more["version"] == 2)
        #expect(late?.more["changed"]?.array?.map { $0["type"] } == ["account.edited"])
        #expect(late?.more["changed"]?.array?.first?["data"] == ["set": ["name": "B"]])
    }

    @Test func `many who change one record at once all get their turn`() async throws {
        let house = try await TestHouse()
        let id = try await house.ask("account", .new, "create", ["name": "A"]).results[0].id
        let done = await withTaskGroup(of: Bool.self) { group in
            for number in 0..<8 {
                group.addTask {
                    await house.problem("account", .id(id), "edit", ["description": .string("by \(number)")]) == nil
                }
            }
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        let events = try await house.daybook.reader.stream(house.organization, id)
        #expect(events.count == 1 + done)
        #expect(events.map(\.version) == Array(1...Int32(1 + done)))
        #expect(done >= 5)
    }

    @Test func `all commands of a unit happen or none`() async throws {
        let house = try await TestHouse()
        let before = try await house.head()
        await #expect(throws: Problem.self) {
            _ = try await house.daybook.commands.execute(
                [
                    Ask("account", .new, "create", ["name": "A"]),
                    Ask("account", .new, "create", ["name": 1]),
                ], by: house.owner)
        }
        #expect(try await house.head() == before)
        let answer = try await house.daybook.commands.execute(
            [
                Ask("account", .external(source: "s", id: "1"), "create", ["name": "A"]),
                Ask("account", .external(source: "s", id: "1"), "edit", ["name": "B"]),
            ], by: house.owner)
        #expect(answer.results.map(\.version) == [1, 2])
        #expect(answer.results[0].id == answer.results[1].id)
    }

    @Test func `roles bound what may be asked`() async throws {
        let house = try await TestHouse()
        #expect(await house.problem("account", .new, "create", ["name": "A"], role: .viewer)?.code == "auth.forbidden")
        #expect(await house.problem("account", .new, "create", ["name": "A"], role: .auditor)?.code == "auth.forbidden")
        #expect(await house.problem("team", .new, "create", ["name": "T"], role: .member)?.code == "auth.forbidden")
        #expect(await house.problem("account", .new, "create", ["name": "A"], role: .member) == nil)
    }

    @Test func `nothing occurs in the future or before what the record knows`() async throws {
        let house = try await TestHouse()
        let id = try await house.ask("account", .new, "create", ["name": "A"], at: "2017-03-01T00:00:00Z").results[0].id
        _ = try await house.ask("account", .id(id), "edit", ["name": "B"], at: "2018-03-01T00:00:00Z")
        let early = await house.problem("account", .id(id), "edit", ["name": "C"], at: "2017-04-01T00:00:00Z")
        #expect(early?.code == "time.before_last_event")
        let late = await house.problem("account", .id(id), "edit", ["name": "C"], at: "2999-04-01T00:00:00Z")
        #expect(late?.code == "time.in_future")
    }

    @Test func `every event says who, how and by which request`() async throws {
        let house = try await TestHouse()
        let id = try await house.ask("account", .new, "create", ["name": "A"]).results[0].id
        let event = try #require(try await house.daybook.reader.stream(house.organization, id).first)
        #expect(event.actor == house.owner.actor)
        #expect(
            String(decoding: event.meta, as: UTF8.self)
                == #"{"act":"account.create","actor_kind":"member","channel":"api","request":"test"}"#)
        #expect(String(decoding: event.data, as: UTF8.self) == #"{"lifecycle":"lead","name":"A"}"#)
    }

    @Test func `fields that an organization defines are checked like any other`() async throws {
        let house = try await TestHouse()
        let define: JSON = ["entity": "account", "label": "Year established", "type": "number"]
        _ = try await house.daybook.commands.execute(
            [Ask("field_set", .id(FieldSetID.account), "define", define)], by: house.owner)
        let id = try await house.ask("account", .new, "create", ["name": "A", "custom": ["year_established": 1996]])
            .results[0].id
        let wrong = await house.problem("account", .id(id), "edit", ["custom": ["year_established": "old"]])
        #expect(wrong?.errors.map(\.pointer) == ["/custom/year_established"])
        let unknown = await house.problem("account", .id(id), "edit", ["custom": ["colour": "red"]])
        #expect(unknown?.errors.map(\.pointer) == ["/custom/colour"])
    }

    @Test func `PUT clears what it does not name`() async throws {
        let house = try await TestHouse()
        let id = try await house.ask("account", .new, "create", ["name": "A", "industry": "retail"]).results[0].id
        _ = try await house.daybook.commands.execute(
            [Ask("account", .id(id), "edit", ["name": "B"], replaces: true)], by: house.owner)
        let last = try #require(try await house.daybook.reader.stream(house.organization, id).last)
        #expect(String(decoding: last.data, as: UTF8.self) == #"{"set":{"industry":null,"name":"B"}}"#)
    }

    @Test func `units that name one record are carried out in their order`() async throws {
        let house = try await TestHouse()
        var units = (0..<40).map {
            [Ask("account", .external(source: "s", id: "a\($0)"), "create", ["name": .string("A\($0)")])]
        }
        units.append([Ask("account", .external(source: "s", id: "a7"), "edit", ["name": "last"])])
        units.append([Ask("account", .external(source: "s", id: "bad"), "create", ["name": 7])])
        let results = await house.daybook.commands.executeEach(units, by: house.owner)
        #expect(results.count == 42)
        #expect(results.prefix(41).allSatisfy { (try? $0.get()) != nil })
        #expect(try results[40].get().results[0].version == 2)
        #expect(throws: Problem.self) { try results[41].get() }
    }

    @Test func `another organization's record is not there`() async throws {
        let house = try await TestHouse()
        let id = try await house.ask("account", .new, "create", ["name": "A"]).results[0].id
        let other = try await house.daybook.access.createOrganization(name: "Other", email: "other@example.com")
        let stranger = Caller(
            organization: other.organization, actor: other.owner, kind: .member, role: .owner, channel: .api,
            request: "test")
        do throws(Problem) {
            _ = try await house.daybook.commands.execute([Ask("account", .id(id), "edit", ["name": "B"])], by: stranger)
            Issue.record("changed")
        } catch { #expect(error.code == "account.not_found") }
    }
}
