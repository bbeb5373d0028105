import CRM
import Kernel
import Projections

extension EventCatalogue {
    /// The events that the entities have.
    static var shipped: EventCatalogue { EventCatalogue(names: CRM.entities.flatMap { names(of: $0) }) }

    /// "deal.moved" of "deal.moved@1".
    private static func names<E: Entity>(of entity: E.Type) -> [String] {
        E.Event.CodingKeys.allCases.map { String($0.stringValue.prefix { $0 != "@" }) }
    }
}
