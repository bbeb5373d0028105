import CRM
import FoundationEssentials
import Kernel
import Postgres

extension Queries {
    /// What a lead may become, before it does: accounts and contacts that are there and seem to be the same, each with
    /// the reason why, and what would be made otherwise.
    ///
    /// `{"lead":{"id","version","status",…},"accounts":[{"why":"domain|contact|name","account":{…}}],
    /// "contacts":[{"why":"email","contact":{…}}],"would_make":{"account","contact","deal"},"position"}`. What
    /// converting then makes is just that, with the ids of what was made in it.
    /// - Parameter offer: what the log tells.
    public func conversion(
        _ offer: ConversionOffer, by caller: Caller, min: PositionToken? = nil
    ) async throws(Problem) -> Reply {
        try await answering { catalog throws(Problem) in
            let names = ["accounts", "account_documents", "contacts", "contact_documents"]
            var projections: Set<String> = []
            for name in names { projections.formUnion(try relation(name, catalog).projections) }
            let accounts = Statement(SQL.conversionAccounts) {
                $0.uuid(caller.organization)
                $0.texts(Lead.hosts(of: offer.record))
                $0.uuids(offer.contacts)
                $0.text(offer.record["company"]?.string ?? "")
            }
            let contacts = Statement(SQL.conversionContacts) {
                $0.uuid(caller.organization)
                $0.uuids(offer.contacts)
            }
            let question = Question(
                organization: caller.organization, projections: projections.sorted(), min: min,
                statements: [accounts, contacts])
            let answer = try await ask(question, on: points)
            return try reading {
                var document = Document()
                document += "{\"lead\":"
                document += offer.told.bytes
                for (name, rows) in zip(["account", "contact"], answer.results) {
                    document += ",\"\(name)s\":["
                    for row in rows {
                        document += "\(row.index > 0 ? "," : ""){\"why\":\"\(try row.text(0))\",\"\(name)\":"
                        document.append(row, 1)
                        document += "}"
                    }
                    document += "]"
                }
                document += ",\"would_make\":"
                document += offer.made.bytes
                document.end(answer)
                return Reply(body: document.bytes, position: answer.position)
            }
        }
    }
}
