import FoundationEssentials
import Kernel
import Postgres

/// The question whether a record is there that an answer is about; asked in the same snapshot as the answer.
struct Presence: Sendable {
    let entity: String
    let projections: [String]
    let statement: Statement

    /// - Throws: `<entity>.not_found`.
    func require(_ found: Result) throws(Problem) {
        if found.isEmpty { throw .absent(entity) }
    }
}

extension Queries {
    /// - Parameter catalog: that of the present: what is not there any more has no lists, whatever is asked of then.
    func presence(of id: UUID, _ entity: String, _ catalog: Catalog, _ caller: Caller) throws(Problem) -> Presence {
        let records = try relation(try self.entity(entity).plural, catalog)
        var text = SQLText(caller.organization)
        let place = text.bind(.uuid(id))
        text += "SELECT t.id FROM \(records.sql) t WHERE t.organization_id = $1 AND t.id = \(place)"
        return Presence(entity: entity, projections: records.projections, statement: text.statement)
    }
}
