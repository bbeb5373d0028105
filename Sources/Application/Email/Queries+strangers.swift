import CRM
import FoundationEssentials
import Kernel
import Postgres

extension Queries {
    /// Whom the read tables know of addresses that nobody holds alone.
    struct Strangers: Sendable {
        /// Leads of these addresses.
        var leads: [(address: String, person: Correspondent.Person)] = []
        /// Accounts by the hosts of the addresses.
        var accounts: [String: Correspondent.Suggestion] = [:]
    }

    /// The leads that have these addresses, and the accounts whose website is where they are, of each the oldest.
    func strangers(
        _ addresses: [String], by caller: Caller, min: PositionToken?
    ) async throws(Problem) -> Strangers {
        guard !addresses.isEmpty else { return Strangers() }
        let hosts = Set(addresses.compactMap { Lead.host(ofAddress: $0) }).sorted()
        return try await answering { catalog throws(Problem) in
            let projections = Relation.projections([try relation("leads", catalog), try relation("accounts", catalog)])
            let statements = [(SQL.leadsOfAddresses, addresses), (SQL.accountsOfHosts, hosts)].map { sql, values in
                Statement(sql) {
                    $0.uuid(caller.organization)
                    $0.texts(values)
                }
            }
            let question = Question(
                organization: caller.organization, projections: projections, min: min, statements: statements)
            let answer = try await ask(question, on: points)
            return try reading {
                var found = Strangers()
                for row in answer.results[0] {
                    let lead = Correspondent.Person(entity: Lead.name, id: try row.uuid(1))
                    found.leads.append((try row.text(0), lead))
                }
                for row in answer.results[1] {
                    let account = Correspondent.Suggestion(id: try row.uuid(1), name: try row.text(orNil: 2) ?? "")
                    found.accounts[try row.text(0)] = account
                }
                return found
            }
        }
    }
}
