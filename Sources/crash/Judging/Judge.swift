import EventLog
import Foundation
import Kernel
import Postgres

/// Looks at what is left when all is over: the logs against the journal, the follower and the rows.
struct Judge: Sendable {
    let database: Ground.Database
    let entries: [Journal.Entry]
    let seen: [UUID: Follower.Seen]
    /// Why a client may be refused: somebody else has the address.
    var refusals: Set<String> = ["contact.email_taken"]

    /// What does not hold, and how many events there are.
    func findings() async throws -> (findings: [Finding], events: Int) {
        let pool = BlockingPool(database.superuser, size: 1, name: "judge", log: quiet)
        let connection = PipelinedConnection(database.superuser, name: "judge", log: quiet)
        let reader = LogReader(connection)
        var findings: [Finding] = []
        var events = 0
        for household in database.households {
            let log = try await reader.page(household.organization, after: 0, limit: 1_000_000)
            events += log.count
            let account = LogAccount(household.organization, log, refusals: refusals)
            findings += account.findings + account.findings(of: entries) + account.findings(of: seen)
            let rows = try await pool.run { try Rows(household.organization, $0) }
            findings += rows.findings(log, entries)
        }
        await connection.close()
        await pool.close()
        return (findings, events)
    }

    /// Whether every projection has come to the end of every log.
    static func hasCaughtUp(_ database: Ground.Database, _ connection: BlockingConnection) throws -> Bool {
        try connection.query(Statement(SQL.behind))[0].bigint(0) == 0
    }
}
