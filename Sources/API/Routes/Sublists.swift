import Application
import HTTPTypes
import Kernel

// MARK: What belongs to a record?

extension Routes {
    /// `/accounts/{id}/deals`, `/deals/{id}/notes`, `/campaigns/{id}/members`; and an account with all of it on one page.
    var sublists: [Route] {
        let queries = services.queries
        let lists = Sublist.all(services.entities).compactMap { list -> Route? in
            func entity(_ name: String) -> (any Entity.Type)? { services.entities.first { $0.name == name } }
            guard let owner = entity(list.entity) else { return nil }
            return Self.query(
                "/\(owner.plural)/{id}/\(list.path)", list.summary, .grammar(Describing.listing),
                list.records.flatMap(entity).map(Schema.page) ?? ["type": "object"]
            ) { exchange, caller throws(Problem) in
                try await queries.sublist(
                    list, of: try exchange.id(of: list.entity), exchange.query, by: caller,
                    min: exchange.conditions.minimum)
            }
        }
        let chain = Self.query(
            "/accounts/{id}/chain", "The accounts above one, the nearest first.", .only([]), ["type": "object"]
        ) { exchange, caller throws(Problem) in
            try await queries.chain(
                try exchange.id(of: "account"), exchange.query, by: caller, min: exchange.conditions.minimum)
        }
        let detail = Self.query(
            "/accounts/{id}/detail",
            "An account with its contacts, open deals, what was won, what comes next, what happened and what is noted.",
            .only([Route.Described(name: "limit", detail: "Rows of each part, 1 to 50; 10 where not given.")]),
            ["type": "object"]
        ) { exchange, caller throws(Problem) in
            try await queries.customerDetail(
                try exchange.id(of: "account"), exchange.query, by: caller, min: exchange.conditions.minimum)
        }
        return lists + [chain, detail]
    }
}
