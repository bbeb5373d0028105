import Foundation
import Kernel
import Projections
import Testing

@testable import Application

/// Who may see how the read tables are, and who may work on them.
@Suite(.timeLimit(.minutes(2))) struct ReadTablesTests {
    private func code(_ body: () async throws -> JSON) async -> String {
        do {
            _ = try await body()
            return "done"
        } catch {
            return (error as? Problem)?.code ?? "\(error)"
        }
    }

    @Test func `the owner of the only organization rebuilds, verifies, takes back and drops`() async throws {
        let house = try await TestHouse(projecting: .init())
        let tables = house.daybook.readTables
        try await house.projecting {
            try await house.daybook.demonstrate(in: house.organization)
            let begun = try await tables.rebuild("deals", swaps: true, isFresh: false, by: house.owner)
            #expect(begun["begun"] == true)
            func state() async throws -> JSON { try await tables.one("deals", by: house.owner) }
            for _ in 0..<400 where try await state()["generation"] != 2 { try await Task.sleep(for: .milliseconds(50)) }
            #expect(try await state()["versions"]?.array?.map { $0["projection"] } == ["deals__old"])
            #expect(await code { try await tables.swap("deals", by: house.owner) } == "projection.refused")
            let back = try await tables.rollback("deals", by: house.owner)
            #expect(back["generation"] == 1)
            _ = try await tables.verify("deals", by: house.owner)
            for _ in 0..<400 where try await state()["verification"] == .null {
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(try await state()["verification"]?["equal"] == true)
            #expect(try await tables.heal("deals", by: house.owner)["held"] == 0)
            _ = try await tables.drop("deals__old", by: house.owner)
            #expect(try await state()["versions"] == [])
            _ = try await tables.drop("deals", by: house.owner)
            #expect(try await state()["state"] == "dropped")
            #expect(await code { try await tables.heal("delas", by: house.owner) } == "projection.not_found")
        }
        await house.daybook.close()
    }

    @Test func `other roles may not, and with a second organization nobody may who is not named`() async throws {
        let house = try await TestHouse(projecting: .init())
        let tables = house.daybook.readTables
        for role in [Role.member, .viewer] {
            #expect(await code { try await tables.list(by: house.caller(role)) } == "auth.forbidden", "\(role)")
        }
        for role in [Role.member, .viewer, .auditor] {
            let caller = house.caller(role)
            #expect(await code { try await tables.drop("deals", by: caller) } == "auth.forbidden", "\(role)")
        }
        #expect(await code { try await tables.list(by: house.caller(.auditor)) } == "done")
        let second = try await house.daybook.access.createOrganization(name: "Second", email: "second@example.com")
        let other = Caller(
            organization: second.organization, actor: second.owner, kind: .member, role: .owner, channel: .api,
            request: "test")
        for caller in [house.owner, other] {
            let refused = await code { try await tables.rebuild("deals", swaps: true, isFresh: false, by: caller) }
            #expect(refused == "auth.forbidden")
            #expect(await code { try await tables.list(by: caller) } == "done")
        }
        let named = ReadTables(
            models: house.daybook.models,
            administrators: Administrators(named: [house.organization], database: house.daybook.worker),
            log: house.daybook.log)
        #expect(await code { try await named.heal("deals", by: house.owner) } == "done")
        #expect(await code { try await named.heal("deals", by: other) } == "auth.forbidden")
        await house.daybook.close()
    }

    @Test func `each organization sees how far the tables are in its own log`() async throws {
        let house = try await TestHouse(projecting: .init())
        let second = try await house.daybook.access.createOrganization(name: "Second", email: "second@example.com")
        try await house.projecting {
            try await house.daybook.demonstrate(in: house.organization)
            let other = Caller(
                organization: second.organization, actor: second.owner, kind: .member, role: .auditor, channel: .api,
                request: "test")
            let tables = house.daybook.readTables
            func behind() async throws -> JSON? { try await tables.one("deals", by: house.owner)["events_behind"] }
            for _ in 0..<400 where try await behind() != 0 { try await Task.sleep(for: .milliseconds(50)) }
            let (mine, others) = (
                try await tables.one("deals", by: house.owner), try await tables.one("deals", by: other)
            )
            #expect(mine["events"] == .integer(try await house.head().position))
            #expect(try await house.daybook.commands.head(of: second.organization).position < 20)
            let head = try await house.daybook.commands.head(of: second.organization).position
            for _ in 0..<400 where try await tables.one("deals", by: other)["events"] != .integer(head) {
                try await Task.sleep(for: .milliseconds(50))
            }
            #expect(try await tables.one("deals", by: other)["events"] == .integer(head))
            #expect(others["rebuild"] == nil || others["rebuild"] == .null)
        }
        await house.daybook.close()
    }
}
