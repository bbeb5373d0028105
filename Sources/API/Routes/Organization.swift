import Application
import CRM
import HTTPTypes
import Kernel

// MARK: What does an organization say of itself, and which fields has it defined?

extension Routes {
    /// `/organization`: the caller's own, so that no id is needed.
    var organization: [Route] {
        let path = "\(Self.base)/organization"
        let edits = Exposure.acts(of: Organization.self).filter { $0.form == .edits }
        return [
            Self.query(
                "/organization", "The organization.", .only(Describing.moment), Schema.reference(Organization.self)
            ) {
                [queries = services.queries] exchange, caller throws(Problem) in
                try await queries.record(
                    Organization.name, caller.organization, exchange.query, by: caller,
                    min: exchange.conditions.minimum)
            },
            Self.query(
                "/organization/history", "The organization's own events.", .only(Describing.paging), ["type": "object"]
            ) {
                [queries = services.queries] exchange, caller throws(Problem) in
                try await queries.history(Organization.name, caller.organization, exchange.query, by: caller)
            },
        ]
            + edits.map { act in
                Route(
                    .patch, path, act.summary, body: .patch(act.takes), answer: .command(200),
                    handler: .known { exchange, caller throws(Problem) in
                        let ask = Ask(
                            Organization.name, .id(caller.organization), act.name, exchange.body,
                            ifMatch: exchange.conditions.match.version)
                        return try await carryOut(ask, exchange, caller)
                    })
            }
    }

    /// `/fields`: what the organization added to its entities' fields. A definition belongs to the set of its entity,
    /// whose id follows from the entity's name.
    var fields: [Route] {
        let path = "\(Self.base)/fields"
        let list = Self.question(
            "/fields", "The fields that the organization defined, by entity.", .grammar(Describing.listing),
            services.queries.fields)
        return [list]
            + Exposure.acts(of: FieldSet.self).map { act in
                let defines = act.name == "define"
                return Route(
                    .post, defines ? path : "\(path)/\(act.name)", act.summary,
                    body: .members(act.takes, optional: false), answer: .command(defines ? 201 : 200),
                    handler: .known { exchange, caller throws(Problem) in
                        // Without a name the body is refused, whichever set is meant.
                        let entity = exchange.body["entity"]?.string ?? ""
                        let ask = Ask(
                            FieldSet.name, .id(FieldSet.id(of: entity.lowercased())), act.name, exchange.body,
                            ifMatch: exchange.conditions.match.version)
                        return try await carryOut(ask, exchange, caller, at: defines ? path : nil)
                    })
            }
    }
}
