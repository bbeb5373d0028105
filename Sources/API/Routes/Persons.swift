import Application
import FoundationEssentials
import HTTPTypes
import Kernel

// MARK: What can a person ask to be told, and to be forgotten?

extension Routes {
    /// `/persons/{id}`: any record that is about a person, whatever its kind. For owners.
    var persons: [Route] {
        let path = "\(Self.base)/persons/{id}"
        return [
            Route(
                .get, "\(path)/export", "All that is known of a person, with who wrote it, when and what.",
                handler: .known { [people = services.people] exchange, caller throws(Problem) in
                    Self.pass(try await people.export(try exchange.id(of: "person"), by: caller))
                }),
            Route(
                .post, "\(path)/erase",
                "Erase a person, for ever. Answers which other records name the person. Once more harms nothing.",
                body: .members([], optional: true),
                handler: .known { [people = services.people] exchange, caller throws(Problem) in
                    _ = try Self.read(exchange.body, [])
                    let erased = try await people.erase(try exchange.id(of: "person"), by: caller)
                    return Outcome(erased.json, position: erased.position)
                }),
        ]
    }
}
