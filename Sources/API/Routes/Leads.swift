import Application
import CRM
import HTTPTypes
import Kernel

// MARK: What may a lead become?

extension Routes {
    /// Looked at before `POST /leads/{id}/convert`.
    var leads: [Route] {
        [
            Self.query(
                "/leads/{id}/conversion",
                "The accounts and contacts that may be a lead's, and what would be made of it otherwise.", .only([]),
                ["type": "object"]
            ) { [commands = services.commands, queries = services.queries] exchange, caller throws(Problem) in
                let offer = try await commands.offer(try exchange.id(of: Lead.name), by: caller)
                return try await queries.conversion(offer, by: caller, min: exchange.conditions.minimum)
            }
        ]
    }
}
