import EventLog
import FoundationEssentials
import Kernel
import Postgres
import Testing

@testable import Application

@Suite struct AccessTests {
    @Test func `an organization begins with its owner, a pipeline and one unit of events`() async throws {
        let house = try await TestHouse()
        let events = try await house.daybook.reader.page(house.organization, after: 0, limit: 100)
        #expect(
            events.map(\.type) == ["organization.created", "member.added", "pipeline.created", "organization.edited"])
        #expect(Set(events.map(\.command)).count == 1)
    }

    @Test func `a password opens a session, a wrong one does not, and logging out ends it`() async throws {
        let house = try await TestHouse()
        let session = try await house.daybook.access.login(
            email: "Owner@Example.com", password: house.founding.password)
        #expect(session.organization == house.organization)
        let caller = try await house.daybook.access.caller(token: session.token, request: "r", channel: .api)
        #expect(caller.actor == house.founding.owner)
        #expect(caller.role == .owner)
        try await house.daybook.access.logout(token: session.token)
        await #expect(throws: Problem.unauthorized) {
            try await house.daybook.access.caller(token: session.token, request: "r", channel: .api)
        }
        for (email, password) in [("owner@example.com", "wrong password"), ("nobody@example.com", "wrong password")] {
            do throws(Problem) {
                _ = try await house.daybook.access.login(email: email, password: password)
                Issue.record("let in")
            } catch { #expect(error.code == "auth.refused") }
        }
    }

    @Test func `an e-mail of two organizations must say which`() async throws {
        let house = try await TestHouse()
        let second = try await house.daybook.access.createOrganization(
            name: "Second", email: "owner@example.com", password: house.founding.password)
        do throws(Problem) {
            _ = try await house.daybook.access.login(email: "owner@example.com", password: house.founding.password)
            Issue.record("let in")
        } catch { #expect(error.code == "auth.organization_needed") }
        let session = try await house.daybook.access.login(
            email: "owner@example.com", password: house.founding.password, organization: second.organization)
        #expect(session.organization == second.organization)
    }

    @Test func `a new password ends the old tokens, and the log says only that it changed`() async throws {
        let house = try await TestHouse()
        let added: JSON = ["name": "Bo", "email": "bo@example.com", "role": "member"]
        let member = try await house.ask("member", .new, "add", added).results[0].id
        _ = try await house.daybook.access.setPassword("a good password", of: member, by: house.owner)
        let session = try await house.daybook.access.login(email: "bo@example.com", password: "a good password")
        let bo = try await house.daybook.access.caller(token: session.token, request: "r", channel: .api)
        #expect(bo.role == .member)
        _ = try await house.daybook.access.setPassword("another password", of: member, by: bo)
        await #expect(throws: Problem.unauthorized) {
            try await house.daybook.access.caller(token: session.token, request: "r", channel: .api)
        }
        let events = try await house.daybook.reader.stream(house.organization, member)
        #expect(events.map(\.type) == ["member.added", "member.password_changed", "member.password_changed"])
        #expect(events.allSatisfy { !String(decoding: $0.data, as: UTF8.self).contains("password\"") })
    }

    @Test func `a member whose role changes or who is archived feels it at once`() async throws {
        let house = try await TestHouse()
        let member = try await house.ask("member", .new, "add", ["name": "Bo", "email": "bo@example.com"]).results[0].id
        let token = try await house.daybook.access.issue(to: member, in: house.organization).token
        #expect(try await house.daybook.access.caller(token: token, request: "r", channel: .api).role == .member)
        _ = try await house.ask("member", .id(member), "edit", ["role": "viewer"])
        #expect(try await house.daybook.access.caller(token: token, request: "r", channel: .api).role == .viewer)
        _ = try await house.ask("member", .id(member), "archive", [:])
        await #expect(throws: Problem.unauthorized) {
            try await house.daybook.access.caller(token: token, request: "r", channel: .api)
        }
    }

    @Test func `a token that has ended opens nothing and is forgotten`() async throws {
        let house = try await TestHouse()
        let ended = try await house.daybook.access.issue(to: house.founding.owner, in: house.organization, lifetime: -1)
        await #expect(throws: Problem.unauthorized) {
            try await house.daybook.access.caller(token: ended.token, request: "r", channel: .api)
        }
        let count = Statement("SELECT count(*) FROM access.token WHERE expires_at < now()")
        #expect(try await house.daybook.worker.query(count)[0].bigint(0) == 1)
        await house.daybook.forget()
        #expect(try await house.daybook.worker.query(count)[0].bigint(0) == 0)
    }

    @Test func `whoever holds the data folder can make the owner a new password`() async throws {
        let house = try await TestHouse()
        let recovered = try #require(try await house.daybook.access.recoverOwner(of: house.organization))
        #expect(recovered.owner == house.founding.owner)
        _ = try await house.daybook.access.login(email: recovered.email, password: recovered.password)
    }
}

@Suite struct DemonstrationTests {
    @Test func `the demonstration is made once, the same each time`() async throws {
        let house = try await TestHouse()
        try await house.daybook.demonstrate(in: house.organization)
        let head = try await house.head()
        let events = try await house.daybook.reader.page(house.organization, after: 0, limit: 10_000)
        #expect(events.filter { $0.type == "deal.opened" }.count == 122)
        #expect(events.filter { $0.type == "lead.converted" }.count == 1)
        #expect(events.filter { $0.type == "rate.published" }.count == 2)
        #expect(events.filter { $0.type == "deal.won" }.count > 20)
        #expect(events.allSatisfy { $0.occurredAt <= $0.recordedAt })
        try await house.daybook.demonstrate(in: house.organization)
        let again = try await house.daybook.reader.page(house.organization, after: head.position, limit: 10)
        #expect(again.isEmpty)
    }
}
