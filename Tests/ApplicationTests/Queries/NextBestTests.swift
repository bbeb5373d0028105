import Foundation
import Kernel
import Postgres
import PostgresTesting
import Testing

@testable import Application

extension QueriesTests {
    /// What might be done next, against the rules gone through one by one.
    @Suite struct NextBestTests {
        private struct Line: Equatable {
            let rule: String
            let record: String
        }

        @Test func `whoever has little to do and whoever has much is told what the rules give, each record once`()
            async throws
        {
            let home = try await QueriesHome()
            let organization = UUID()
            try await Crowd.fill(home.database, [organization], rows: 2_000)
            let pool = BlockingPool(home.database.superuser, size: 1, name: "rules", log: quiet)
            // The first has a few deals of his own, the last hundreds.
            let members = [1, 2, 3, 4, 5, 6].map(Crowd.id)
            let own = "organization_id = '\(organization.text)'"
            try await pool.run { (connection: BlockingConnection) -> Void in
                for table in ["deals", "accounts", "interactions"] {
                    for (number, member) in members.enumerated() {
                        let (deals, others) = ([400, 150, 60, 25, 9, 3], [700, 300, 1_900])
                        let share = table == "deals" ? deals[number] : others[number % 3]
                        try connection.execute(
                            "UPDATE read.\(table) SET owner_id = '\(member)' WHERE \(own) "
                                + "AND abs(hashtext(id::text || \(number))::bigint) % \(share) = 0")
                    }
                }
            }
            for (number, member) in members.enumerated() {
                let rows = try await pool.run { connection in
                    try connection.query(
                        Statement(
                            "SELECT rule, entity || record_id FROM read.next_best "
                                + "WHERE \(own) AND member_id = '\(member)' ORDER BY place, since, record_id"))
                }
                var expected: [Line] = []
                for row in rows {
                    let line = Line(rule: try row.text(0), record: try row.text(1))
                    if !expected.contains(where: { $0.record == line.record }) { expected.append(line) }
                }
                let caller = Caller.of(organization, actor: try #require(UUID(uuidString: member)))
                let day = try await home.queries.today(by: caller).json
                let found = (day["next_best"]?.array ?? []).map {
                    Line(
                        rule: $0["rule"]?.string ?? "",
                        record: ($0["record"]?["entity"]?.string ?? "") + ($0["record"]?["id"]?.string ?? ""))
                }
                #expect(!expected.isEmpty && found == Array(expected.prefix(20)), "member \(number)")
            }
            await pool.close()
        }
    }
}
