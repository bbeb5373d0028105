import Application
import CRM
import HTTPTypes
import Kernel

// MARK: What belongs to a record?

extension Routes {
    /// `/accounts/{id}/deals`, `/deals/{id}/notes`, `/campaigns/{id}/members`; and an account with all of it on a page.
    var sublists: [Route] {
        let queries = services.queries
        let lists = Sublist.all(services.entities).compactMap { list -> Route? in
            func entity(_ name: String) -> (any Entity.Type)? { services.entities.first { $0.name == name } }
            guard let owner = entity(list.entity) else { return nil }
            return Self.question(
                "/\(owner.plural)/{id}/\(list.path)", of: owner.name, list.summary, .grammar(Describing.listing),
                answer: list.records.flatMap(entity).map(Schema.page) ?? ["type": "object"]
            ) { id, parameters, caller, minimum throws(Problem) in
                try await queries.sublist(list, of: id, parameters, by: caller, min: minimum)
            }
        }
        let chain = Self.question(
            "/accounts/{id}/chain", of: Account.name, "The accounts above one, the nearest first.", .only([]),
            queries.chain)
        let detail = Self.question(
            "/accounts/{id}/detail", of: Account.name,
            "An account with its contacts, open deals, what was won, what comes next, what happened and what is noted.",
            .only([Route.Described(name: "limit", detail: "Rows of each part, 1 to 50; 10 where not given.")]),
            queries.customerDetail)
        return lists + [chain, detail]
    }
}
