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
            let subject = try subject(entity, present.at(moment))
            let shown = try Shown(parameters, of: subject)
            let look = RecordLook(caller.organization, shown, of: subject)
            let answer =
                if min == nil, moment == nil {
                    try await looks.ask(id, of: look) { [self] ids throws(Problem) in try await records(look, ids) }
                } else {
                    try await records(look, [id], min: min, moment: moment)
                }
            guard let record = answer.found[id] else { throw Problem.absent(entity.name) }
            let reply = Reply(body: record.document, position: answer.position, version: record.version)
            return (reply, record.winner)
        }
    }

    private func records(
        _ look: RecordLook, _ ids: [UUID], min: PositionToken? = nil, moment: Moment? = nil
    ) async throws(Problem) -> Records {
        let question = Question(
            organization: look.organization, projections: look.projections, min: min, moment: moment, looksUp: true,
            statements: [look.statement(ids)])
        let answer = try await ask(question, on: points)
        var found: [UUID: Records.Record] = [:]
        for row in answer.results[0] {
            try reading {
                found[try row.uuid(0)] = Records.Record(
                    version: try row.int(1), document: try row.bytea(2), winner: try row.uuid(orNil: 3))
            }
        }
        return Records(found: found, position: answer.position)
    }
}

/// How records of one kind are looked at: whose, and what is shown of them.
struct RecordLook: Hashable, Sendable {
    let organization: UUID
    let projections: [String]
    private let table: String
    private let sql: String

    init(_ organization: UUID, _ shown: Shown, of subject: Subject) {
        self.organization = organization
        let columns = shown.isWhole ? subject.whole : shown.columns(of: subject.document, row: "t")
        projections = shown.isWhole ? subject.projections : Set(subject.projections + shown.projections).sorted()
        table = subject.document.name
        let winner = subject.document.column("merged_into") == nil ? "NULL::uuid" : "t.merged_into"
        sql = """
            SELECT t.id, t.version, row_to_json(d), \(winner) \
            FROM \(subject.document.sql) t CROSS JOIN LATERAL (SELECT \(columns)) d \
            WHERE t.organization_id = $1 AND t.id
            """
    }

    /// By what tells most of them apart: the statement's text is long, and each request for a record comes here.
    func hash(into hasher: inout Hasher) {
        hasher.combine(organization)
        hasher.combine(table)
    }

    /// One is looked for by its key, which the past of a table finds only so.
    func statement(_ ids: [UUID]) -> Statement {
        Statement(sql + (ids.count == 1 ? " = $2" : " = ANY ($2)")) {
            $0.uuid(organization)
            if ids.count == 1 { $0.uuid(ids[0]) } else { $0.uuids(ids) }
        }
    }
}

/// Records that were found, and the state of the log they show.
struct Records: Sendable {
    struct Record: Sendable {
        let version: Int32
        let document: [UInt8]
        /// That into which it was merged.
        let winner: UUID?
    }
    let found: [UUID: Record]
    let position: PositionToken
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
