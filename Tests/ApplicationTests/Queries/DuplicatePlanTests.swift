import CRM
import Foundation
import Kernel
import Postgres
import PostgresTesting
import Testing

@testable import Application

extension QueriesTests {
    /// Whoever asks for duplicates reads the pairs that are shown, and what is shown of them, however many records the
    /// organization has.
    @Suite struct DuplicatePlans {
        private static let count = 20_000
        /// Every tenth contact has the number of the one before, every tenth account its name.
        private static let fill = [
            """
            INSERT INTO read.contacts (organization_id, id, version, position, created_at, updated_at, recorded_at, \
            last_name, status) SELECT $1, \(id), 1, n, now(), now(), now(), 'Name ' || n, 'active' \
            FROM generate_series(1, $2::bigint) n
            """,
            """
            INSERT INTO read.person_keys (organization_id, id, version, position, created_at, updated_at, entity, \
            arrived, keys) SELECT $1, \(id), 1, n, now(), now(), 'contact', n, \
            jsonb_build_object('phone', jsonb_build_array(lpad((n - (n % 10 = 0)::int)::text, 8, '0'))) \
            FROM generate_series(1, $2::bigint) n
            """,
            """
            INSERT INTO read.accounts (organization_id, id, version, position, created_at, updated_at, recorded_at, \
            name) \
            SELECT $1, \(accountID), 1, n, now(), now(), now(), 'Name ' || n FROM generate_series(1, $2::bigint) n
            """,
            """
            INSERT INTO read.account_keys (organization_id, id, version, position, created_at, updated_at, entity, \
            arrived, keys) SELECT $1, \(accountID), 1, n, now(), now(), 'account', n, \
            jsonb_build_object('name', jsonb_build_array('name ' || n - (n % 10 = 0)::int)) \
            FROM generate_series(1, $2::bigint) n
            """,
            """
            INSERT INTO read.duplicate_dismissals (organization_id, id, position, created_at, updated_at, record_id, \
            other_id, dismissed_at, dismissed_by) SELECT $1, gen_random_uuid(), n, now(), now(), \(id), \
            ('00000000-0000-7000-8000-' || lpad(to_hex(n + 1), 12, '0'))::uuid, now(), $1 \
            FROM generate_series(1, $2::bigint) n WHERE n % 3 = 1
            """,
        ]
        private static let id = "('00000000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid"
        private static let accountID = "('00000001-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid"

        @Test func `neither question reads an organization, and each new record only its likes`() async throws {
            let home = try await QueriesHome()
            let organization = UUID()
            for (organization, count) in [(organization, Self.count), (UUID(), Self.count / 10)] {
                for sql in Self.fill {
                    try await home.work(sql) {
                        $0.uuid(organization)
                        $0.bigint(Int64(count))
                    }
                }
            }
            try await home.database.vacuum()
            let plans = try await Plans(home.database)
            let queries = QueriesHome.queries(home.database)
            let caller = Caller.of(organization)
            for entity in ["contact", "account"] {
                let first = [Parameter("entity", entity), Parameter("limit", "50")]
                let next = try await queries.duplicates(first, by: caller).json["next"]?.string
                let cursor = try #require(next)
                let start = entity == "contact" ? "00000000" : "00000001"
                let id = try #require(UUID(uuidString: start + Crowd.id(100).dropFirst(8)))
                #expect(try await queries.duplicates(of: entity, id, [], by: caller).json.items.count == 1)
                let questions: [(String, () async throws -> Void)] = [
                    ("first page", { _ = try await queries.duplicates(first, by: caller) }),
                    (
                        "next page",
                        { _ = try await queries.duplicates(first + [Parameter("cursor", cursor)], by: caller) }
                    ),
                    ("of one", { _ = try await queries.duplicates(of: entity, id, [], by: caller) }),
                ]
                for (name, ask) in questions {
                    let scans = try await plans.scans(ask)
                    let rows = scans.reduce(0) { $0 + $1.rows }
                    let largest = scans.sorted { $0.rows > $1.rows }.prefix(3).map { "\($0.rows) rows: \($0.node)" }
                    #expect(!scans.isEmpty && rows <= 1_000, "\(entity), \(name): \(largest.joined(separator: "; "))")
                }
            }
            // Written by one whose number another has: what that reads is bounded as well.
            let scans = try await plans.scans {
                try await home.work(
                    """
                    INSERT INTO read.person_keys (organization_id, id, version, position, created_at, updated_at, \
                    entity, arrived, keys) VALUES ($1, gen_random_uuid(), 1, 9, now(), now(), 'lead', 99999, \
                    '{"phone": ["00000011"]}')
                    """
                ) { $0.uuid(organization) }
            }
            let largest = scans.sorted { $0.rows > $1.rows }.prefix(3).map { "\($0.rows) rows: \($0.node)" }
            #expect(scans.reduce(0) { $0 + $1.rows } <= 1_000, "\(largest.joined(separator: "; "))")
            #expect(try await queries.duplicates([Parameter("entity", "lead")], by: caller).json.items.isEmpty)
        }
    }
}

extension TestDatabase {
    fileprivate func vacuum() async throws {
        let pool = BlockingPool(superuser, size: 1, name: "vacuum", log: quiet)
        try await pool.run { connection in try connection.execute("VACUUM ANALYZE") }
        await pool.close()
    }
}
