public import FoundationEssentials
import Kernel
import Postgres

extension Queries {
    /// A record's document, with its version; of one that was merged, that of the record that stands for it. With
    /// `as_of` or `as_known` as it was at that moment. `fields` and `include` as in a list.
    /// - Throws: `<entity>.not_found` where it is not there, was not there then, or is not the caller's.
    public func record(
        _ entity: String, _ id: UUID, _ parameters: [Parameter] = [], by caller: Caller, min: PositionToken? = nil
    ) async throws(Problem) -> Reply {
        let entity = try self.entity(entity)
        let moment = try onlyMoment(parameters, besides: Shown.names)
        let own = try await record(entity, id, parameters, moment, caller, min)
        // Merges go one step far: whoever was merged into one that was merged itself is told the last.
        guard let winner = own.winner else { return own.reply }
        return try await record(entity, winner, parameters, moment, caller, min).reply.standing(for: winner)
    }

    private func record(
        _ entity: any Entity.Type, _ id: UUID, _ parameters: [Parameter], _ moment: Moment?, _ caller: Caller,
        _ min: PositionToken?
    ) async throws(Problem) -> (reply: Reply, winner: UUID?) {
        try await answering { present throws(Problem) in
            let catalog = present.at(moment)
            let subject = try subject(entity, catalog)
            let shown = try Shown(parameters, of: subject)
            var text = SQLText(caller.organization)
            let place = text.bind(.uuid(id))
            let winner = subject.document.column("merged_into") == nil ? "NULL::uuid" : "t.merged_into"
            text +=
                "SELECT t.version, row_to_json(d), \(winner) FROM \(subject.document.sql) t CROSS JOIN LATERAL (SELECT "
            text +=
                "\(shown.columns(of: subject.document, row: "t"))) d WHERE t.organization_id = $1 AND t.id = \(place)"
            let question = Question(
                organization: caller.organization,
                projections: Set(subject.projections + shown.projections).sorted(), min: min,
                moment: moment, looksUp: true, statements: [text.statement])
            let answer = try await ask(question, on: points)
            guard let row = answer.results[0].first else { throw Problem.absent(entity.name) }
            return try reading {
                let reply = Reply(body: try row.bytea(1), position: answer.position, version: try row.int(0))
                return (reply, try row.uuid(orNil: 2))
            }
        }
    }
}

extension Queries {
    /// The moment that a question names which takes no other parameters but those.
    func onlyMoment(_ parameters: [Parameter], besides names: [String] = []) throws(Problem) -> Moment? {
        try ListRequest.refuse(parameters, besides: Moment.names + names)
        return try moment(parameters)
    }
}

extension ListRequest {
    /// Refuses what a question does not take.
    static func refuse(_ parameters: [Parameter], besides known: [String]) throws(Problem) {
        try refuseDoubles(parameters)
        for parameter in parameters where !known.contains(parameter.name) {
            throw .unknownParameter(parameter.name, known: known)
        }
    }
}

extension Relation {
    /// These columns of a row, as a document shows them.
    func columns(_ names: [String], of row: String = "t") -> String {
        names.compactMap { column($0) }.map { column in
            column.type == .instant ? "read.instant(\(row).\(column.sql)) AS \(column.sql)" : "\(row).\(column.sql)"
        }.joined(separator: ", ")
    }
}
