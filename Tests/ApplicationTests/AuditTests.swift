import Audit
import CRM
import EventLog
import Foundation
import Kernel
import Postgres
import PostgresTesting
import Projections
import Testing

@testable import Application

/// A log that was written by commands, with read tables and claims, and what a verification says when somebody with all
/// rights was at it.
@Suite struct AuditTests {
    private func house() async throws -> TestHouse {
        let house = try await TestHouse(projecting: .init())
        try await house.projecting {
            for number in 0..<12 {
                _ = try await house.ask(
                    "contact", .new, "create",
                    [
                        "last_name": .string("Ash \(number)"),
                        "emails": [.string("ash\(number)@example.com")],
                    ])
                _ = try await house.ask(
                    "account", .new, "create",
                    ["name": .string("Heron \(number)"), "slug": .string("heron-\(number)")])
            }
            let head = try await house.head()
            let parameters = [Parameter("limit", "1")]
            for entity in ["account", "contact"] {
                _ = try await house.daybook.queries.list(entity, parameters, by: house.owner, min: head)
            }
            for _ in 0..<1200 where try await house.daybook.models.status().contains(where: { $0.eventsBehind > 0 }) {
                try await Task.sleep(for: .milliseconds(50))
            }
        }
        return house
    }

    private func found(_ house: TestHouse) async throws -> [String] {
        try await house.daybook.audits.verify(house.organization).findings.map { "\($0.kind.rawValue) \($0.position)" }
    }

    private func tamper(_ house: TestHouse, _ sql: String) async throws {
        let pool = BlockingPool(house.database.superuser, size: 1, log: quiet)
        try await pool.run {
            try $0.execute(
                "ALTER TABLE log.event DISABLE TRIGGER ALL; \(sql); ALTER TABLE log.event ENABLE TRIGGER ALL")
        }
        await pool.close()
    }

    private func number(_ house: TestHouse, _ sql: String) async throws -> Int64 {
        let pool = BlockingPool(house.database.superuser, size: 1, log: quiet)
        let value = try await pool.run { try $0.query(Statement(sql))[0].bigint(0) }
        await pool.close()
        return value
    }

    @Test func `a log of commands is clean, with its claims and its read tables`() async throws {
        let house = try await house()
        let report = try await house.daybook.audits.verify(house.organization)
        #expect(report.findings == [])
        #expect(report.size == (try await house.head().position))
        #expect(try await number(house, "SELECT count(*) FROM log.claim") == 25)
        #expect(try await number(house, "SELECT count(*) FROM read.progress") > 3)
        await house.daybook.close()
    }

    @Test func `a claim that was taken away, given to another or made up is found at the stream's last event`()
        async throws
    {
        let house = try await house()
        let holder = "SELECT stream_id FROM log.claim WHERE scope = 'account.slug' ORDER BY digest LIMIT 1"
        let last = try await number(house, "SELECT max(position) FROM log.event WHERE stream_id = (\(holder))")
        let changed = "scope = 'account.slug' AND stream_id = (\(holder))"
        try await tamper(house, "CREATE TABLE public.kept AS SELECT * FROM log.claim")
        let again = "TRUNCATE log.claim; INSERT INTO log.claim SELECT * FROM public.kept"

        try await tamper(house, "DELETE FROM log.claim WHERE \(changed)")
        #expect(try await found(house) == ["claim \(last)"])
        try await tamper(house, again)
        try await tamper(house, "UPDATE log.claim SET stream_id = organization_id WHERE \(changed)")
        #expect(try await found(house) == ["claim \(last)"])
        try await tamper(house, again)
        try await tamper(
            house,
            """
            INSERT INTO log.claim SELECT organization_id, scope, sha256('x'), stream_id FROM log.claim WHERE \(changed)
            """)
        #expect(try await found(house) == ["claim \(last)"])
        try await tamper(house, again)
        #expect(try await found(house) == [])
        await house.daybook.close()
    }

    @Test func `who shares an address is clean, and who shares what is one record's alone is found`() async throws {
        let house = try await house()
        _ = try await house.ask("organization", .id(house.organization), "edit", ["email_policy": "allow"])
        let una = try await house.ask("contact", .new, "create", ["last_name": "Una", "email": "una@example.com"])
        let body: JSON = ["last_name": "Twin", "emails": ["ash1@example.com", "una@example.com"]]
        let twin = try await house.ask("contact", .new, "create", body)
        #expect(try await number(house, "SELECT count(*) FROM log.claim WHERE sharer = stream_id") == 2)
        func claims() async throws -> [Finding] {
            try await house.daybook.audits.verify(house.organization).findings.filter { $0.kind == .claim }
        }
        #expect(try await claims() == [])
        _ = try await house.ask("contact", .id(una.results[0].id), "archive", [:])
        #expect(try await claims() == [])
        try await tamper(house, "CREATE TABLE public.kept AS SELECT * FROM log.claim")
        let again = "TRUNCATE log.claim; INSERT INTO log.claim SELECT * FROM public.kept"

        // One that is missing is told of who lacks it, whether others hold the value or not.
        for others in ["", "NOT "] {
            let isHeld = "EXISTS (SELECT FROM public.kept k WHERE k.digest = c.digest AND k.stream_id <> c.stream_id)"
            try await tamper(house, "DELETE FROM log.claim c WHERE sharer = stream_id AND \(others)\(isHeld)")
            #expect(try await claims().map(\.position) == [twin.position.position], "\(others)")
            try await tamper(house, again)
        }
        let alone = "SELECT organization_id, scope, digest, stream_id FROM public.kept WHERE sharer = stream_id"
        try await tamper(house, "INSERT INTO log.claim \(alone) ON CONFLICT DO NOTHING")
        #expect(try await claims().map(\.detail) == ["\(twin.results[0].id.text) holds a contact.email twice"])
        try await tamper(house, again)
        let slug = "digest = (SELECT digest FROM public.kept WHERE scope = 'account.slug' ORDER BY digest LIMIT 1)"
        try await tamper(house, "UPDATE log.claim SET sharer = stream_id WHERE \(slug)")
        let shared = try await claims()
        #expect(shared.count == 1 && shared.first?.detail.contains("one record's alone") == true, "\(shared)")
        try await tamper(house, again)
        #expect(try await claims() == [])
        await house.daybook.close()
    }

    @Test func `a read table that skipped an event, or says so, is found`() async throws {
        let house = try await house()
        let position = try await number(house, "SELECT position FROM read.progress WHERE projection = 'contacts'")
        try await tamper(house, "UPDATE read.progress SET events = events - 1 WHERE projection = 'contacts'")
        #expect(try await found(house) == ["progress \(position)"])
        try await tamper(
            house,
            """
            UPDATE read.progress SET events = events + 1, leaf_sum = set_byte(leaf_sum, 31, get_byte(leaf_sum, 31) # 1)
            WHERE projection = 'contacts'
            """)
        #expect(try await found(house) == ["progress \(position)"])
        await house.daybook.close()
    }
}
