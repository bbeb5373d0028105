import Foundation
import Kernel
import Postgres
import PostgresTesting
import Testing

@testable import Application

extension QueriesTests {
    /// The pairs beside the rows follow them.
    @Suite struct PairsTests {
        /// Of few values, so that many rows share one; some more than twenty.
        private static let changes = [
            """
            INSERT INTO read.person_keys (organization_id, id, version, position, created_at, updated_at, entity, \
            arrived, keys, same_as) SELECT $1, gen_random_uuid(), 1, 1, now(), now(), \
            (ARRAY['contact', 'lead'])[1 + n % 2], $2 + n, \(keys), NULL FROM generate_series(1, 40) n
            """,
            "UPDATE read.person_keys SET keys = \(keys) WHERE organization_id = $1 AND (arrived + $2) % 7 = 0",
            "UPDATE read.person_keys SET keys = NULL WHERE organization_id = $1 AND (arrived + $2) % 11 = 0",
            """
            UPDATE read.person_keys r SET same_as = (SELECT s.id FROM read.person_keys s WHERE s.organization_id = $1 \
            AND s.same_as IS NULL AND s.entity = r.entity AND s.id <> r.id ORDER BY md5(s.id::text || $2) LIMIT 1) \
            WHERE organization_id = $1 AND (arrived + $2) % 13 = 0
            """,
            "UPDATE read.person_keys SET same_as = NULL WHERE organization_id = $1 AND (arrived + $2) % 3 = 0",
            """
            DELETE FROM read.person_keys k WHERE organization_id = $1 AND (arrived + $2) % 17 = 0 \
            AND NOT EXISTS (SELECT FROM read.person_keys r WHERE r.organization_id = $1 AND r.same_as = k.id)
            """,
            """
            INSERT INTO read.person_keys AS r (organization_id, id, version, position, created_at, updated_at, entity, \
            arrived, keys) SELECT organization_id, id, 1, 1, now(), now(), entity, arrived, \(keys) \
            FROM read.person_keys n WHERE organization_id = $1 AND arrived % 5 = 0 UNION ALL SELECT $1, \
            gen_random_uuid(), 1, 1, now(), now(), 'lead', $2 + 999, \(keys) FROM generate_series(1, 1) n \
            ON CONFLICT (organization_id, id) DO UPDATE SET keys = excluded.keys
            """,
        ]
        private static let keys = """
            jsonb_build_object('email', jsonb_build_array('e' || (random() * random() * 40)::int), \
            'phone', jsonb_build_array('p' || (random() * 20)::int, 'p' || (20 + random() * 20)::int), \
            'name', jsonb_build_array((ARRAY['ada lee', 'ada lea', 'ida lie', 'bob lee'])[1 + (random() * 3)::int]), \
            'sound', jsonb_build_array('a300 l000 ' || (random() * 9)::int))
            """

        @Test func `whatever changes the rows, pairs are what their values make`() async throws {
            let home = try await QueriesHome()
            let organization = UUID()
            let connection = PipelinedConnection(home.database.settings(role: "daybook_worker"), log: quiet)
            var most: Int64 = 0
            for round in 1...6 {
                for sql in Self.changes {
                    _ = try await connection.query(
                        Statement(sql.replacing("$2", with: "\(round * 100)")) { $0.uuid(organization) })
                    let found = try await connection.query(Statement(Self.differences))[0]
                    #expect(try found.bigint(0) == 0, "round \(round): \(sql)")
                    most = max(most, try found.bigint(1))
                }
            }
            #expect(most > 200)
            await connection.close()
        }
        @Test func `names are as alike as pg_trgm says`() async throws {
            let home = try await QueriesHome()
            let connection = PipelinedConnection(home.database.settings(role: "daybook_worker"), log: quiet)
            let found = try await connection.query(
                Statement(
                    """
                    SELECT count(*) FILTER (WHERE abs(read.likeness(a, b) - read.similarity(a, b)) > 1e-6), \
                    count(DISTINCT read.likeness(a, b)) \
                    FROM (SELECT left(md5(n::text), 1 + n % 9) || ' ' || n % 40 AS a, \
                    n % 50 || ' ' || left(md5((n + n % 2)::text), 1 + n % 7) AS b FROM generate_series(1, 500) n) x
                    """))[0]
            #expect(try found.bigint(0) == 0)
            #expect(try found.bigint(1) > 10)
            await connection.close()
        }

        private static let differences = """
            WITH made AS (SELECT * FROM read.all_pairs('read.person_keys', ARRAY['email', 'phone', 'name', 'sound'])) \
            SELECT (SELECT count(*) FROM (SELECT * FROM made EXCEPT ALL SELECT * FROM read.person_keys_pairs) m) \
            + (SELECT count(*) FROM (SELECT * FROM read.person_keys_pairs EXCEPT ALL SELECT * FROM made) k), \
            (SELECT count(*) FROM read.person_keys_pairs)
            """
    }
}
