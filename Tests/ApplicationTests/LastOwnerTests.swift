import FoundationEssentials
import Kernel
import PostgresTesting
import Testing

@testable import Application

/// Somebody is left who may do everything.
@Suite struct LastOwnerTests {
    private let demote: JSON = ["role": "member"]

    private func owner(_ house: TestHouse, _ name: String, password: Bool = true) async throws -> UUID {
        let body: JSON = ["name": .string(name), "email": .string("\(name)@example.com"), "role": "owner"]
        let id = try await house.ask("member", .new, "add", body).results[0].id
        if password { _ = try await house.daybook.access.setPassword("long enough 1", of: id, by: house.owner) }
        return id
    }

    private func code(_ house: TestHouse, _ asks: [Ask], dryRun: Bool = false) async -> String? {
        do {
            _ = try await house.daybook.commands.execute(asks, by: house.owner, dryRun: dryRun)
            return nil
        } catch { return error.code }
    }

    @Test func `the only owner who can log in is neither demoted nor put away, however it is asked`() async throws {
        let house = try await TestHouse()
        let only = house.founding.owner
        // One who has no password does not count.
        _ = try await owner(house, "ghost", password: false)
        let team = Ask("team", .new, "create", ["name": "North"])
        let head = try await house.head()
        for ask in [Ask("member", .id(only), "edit", demote), Ask("member", .id(only), "archive", [:])] {
            #expect(await code(house, [ask]) == "member.last_owner")
            #expect(await code(house, [team, ask]) == "member.last_owner")
            #expect(await code(house, [ask], dryRun: true) == "member.last_owner")
            let each = await house.daybook.commands.executeEach([[ask]], by: house.owner)
            guard case .failure(let problem)? = each.first else {
                Issue.record("it was done")
                continue
            }
            #expect(problem.code == "member.last_owner" && problem.status == 409)
        }
        #expect(try await house.head() == head)
        #expect(await code(house, [Ask("member", .id(only), "edit", ["name": "Ann"])]) == nil)
    }

    @Test func `an owner goes where another is left, be it by the same unit`() async throws {
        let house = try await TestHouse()
        let first = house.founding.owner
        let member: JSON = ["name": "Bela", "email": "bela@example.com", "role": "member"]
        let second = try await house.ask("member", .new, "add", member).results[0].id
        let go = Ask("member", .id(first), "edit", demote)
        let come = Ask("member", .id(second), "edit", ["role": "owner"])
        #expect(await code(house, [come, go]) == "member.last_owner", "who is to come has no password")
        _ = try await house.daybook.access.setPassword("long enough 1", of: second, by: house.owner)
        #expect(await code(house, [go, come]) == nil)
        #expect(await code(house, [Ask("member", .id(second), "archive", [:])]) == "member.last_owner")
        // There and back again is nothing.
        let back = Ask("member", .id(second), "edit", ["role": "owner"])
        #expect(await code(house, [Ask("member", .id(second), "edit", demote), back]) == nil)
        #expect(try await house.daybook.access.role(of: second, in: house.organization) == .owner)
    }

    @Test(.timeLimit(.minutes(1)))
    func `of two owners who demote each other at the same time one stays, whoever serves them`() async throws {
        let house = try await TestHouse()
        let other = Daybook(
            database: house.database.settings(), master: TestHouse.master, clock: TestHouse.clock, log: quiet)
        let pair = [house.founding.owner, try await owner(house, "bela")]
        for round in 0..<6 {
            let codes = await withTaskGroup(of: String?.self) { group in
                for (number, id) in pair.enumerated() {
                    let commands = round % 2 == 1 && number == 1 ? other.commands : house.daybook.commands
                    let ask = Ask("member", .id(id), round % 3 == 2 ? "archive" : "edit", round % 3 == 2 ? [:] : demote)
                    group.addTask {
                        do throws(Problem) {
                            _ = try await commands.execute([ask], by: house.owner)
                            return nil
                        } catch { return error.code }
                    }
                }
                return await group.reduce(into: [String?]()) { $0.append($1) }
            }
            #expect(codes.compactMap { $0 } == ["member.last_owner"])
            // Both are owners again.
            for id in pair where try await house.daybook.access.role(of: id, in: house.organization) != .owner {
                if round % 3 == 2 { _ = try await house.ask("member", .id(id), "restore", [:]) }
                _ = try await house.ask("member", .id(id), "edit", ["role": "owner"])
            }
        }
        // In one batch of an import the second finds what the first did.
        let each = await house.daybook.commands.executeEach(
            pair.map { [Ask("member", .id($0), "edit", demote)] }, by: house.owner)
        let failures = each.compactMap { result -> String? in
            if case .failure(let problem) = result { problem.code } else { nil }
        }
        #expect(failures == ["member.last_owner"])
        await other.close()
        await house.daybook.close()
    }
}
