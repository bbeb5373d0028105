import FoundationEssentials
import Kernel
import Logging
import Postgres

/// What of a build is safe in the database: the organizations that are through, and of the one that was being read its
/// rows up to some position. All projections of a build are as far.
struct BuildLedger {
    /// Of which organization rows are put down, and up to where.
    struct Part: Hashable {
        let organization: UUID
        let position: Int64
    }
    /// How far a build is.
    struct Place: Hashable {
        /// The organizations that are through, and where their logs ended then.
        var done: [UUID: Int64] = [:]
        var part: Part?

        /// Events that need not be read again.
        var events: Int64 { done.values.reduce(part?.position ?? 0, +) }
    }

    let connection: BlockingConnection
    let deployment: Deployment
    let place: Place
    /// Whether tables of an earlier run are gone on with: they may hold more than is noted.
    let isFound: Bool
    let log: Logger
    var done: [UUID: Int64] { place.done }
    var part: Part? { place.part }

    init(_ connection: BlockingConnection, _ deployment: Deployment, _ place: Place, isFound: Bool, log: Logger) {
        self.connection = connection
        self.deployment = deployment
        self.place = place
        self.isFound = isFound
        self.log = log
    }

    /// How far a projection's new table is.
    static func place(_ connection: BlockingConnection, _ projection: String) throws -> Place {
        func rows(_ name: String) throws -> [(UUID, Int64)] {
            try connection.query(Statement(SQL.putDown) { $0.text(name) }).map { (try $0.uuid(0), try $0.bigint(1)) }
        }
        var place = Place()
        let done = try rows(Version.new.name(of: projection))
        place.done = Dictionary(uniqueKeysWithValues: done.map { ($0.0, $0.1) })
        if let (organization, position) = try rows(Version.part(of: projection)).first {
            place.part = Part(organization: organization, position: position)
        }
        return place
    }

    // MARK: - What is noted with the rows?

    /// Organizations are through.
    func finish(_ i: Int, _ outcomes: ArraySlice<LogPass.Outcome>) throws {
        let deployed = deployment.projections[i]
        let part = Version.part(of: deployed.definition.name)
        try connection.query(
            Statement("UPDATE read.held SET projection = $2 WHERE projection = $1") {
                $0.text(part)
                $0.text(deployed.name)
            })
        try connection.query(Statement(SQL.forgetProgress) { $0.text(part) })
        try put(deployed.name, deployed.generation, Array(outcomes))
        for outcome in outcomes where !outcome.holds.isEmpty {
            log.error(
                "streams cannot be applied and are held",
                metadata: [
                    "projection": "\(deployed.definition.name)", "organization": "\(outcome.organization.text)",
                    "streams": "\(outcome.holds.count)", "code": "\(outcome.holds[0].code)",
                    "column": "\(outcome.holds[0].column ?? "")",
                ])
        }
    }

    /// An organization's rows up to a position are in the part's table.
    func putPart(_ i: Int, _ outcome: LogPass.Outcome) throws {
        let deployed = deployment.projections[i]
        let part = Version.part(of: deployed.definition.name)
        try connection.query(Statement("DELETE FROM read.progress WHERE projection = $1") { $0.text(part) })
        try put(part, deployed.generation, [outcome])
    }

    /// - Returns: the table into which those rows are to be copied. ACCESS EXCLUSIVE on it, which nobody else knows.
    func emptyPart(_ i: Int) throws -> String {
        let table = "read.\(quoted(Version.part(of: deployment.projections[i].definition.name)))"
        try connection.execute("TRUNCATE \(table)")
        return table
    }

    private func put(_ name: String, _ generation: Int32, _ outcomes: [LogPass.Outcome]) throws {
        try connection.query(
            Statement(SQL.putProgress) {
                $0.text(name)
                $0.int(generation)
                $0.uuids(outcomes.map(\.organization))
                $0.bigints(outcomes.map(\.position))
                $0.bigints(outcomes.map(\.applied.count))
                $0.byteas(outcomes.map(\.applied.bytes))
            })
        for outcome in outcomes where !outcome.holds.isEmpty {
            try connection.query(Batch.hold(outcome.organization, outcome.holds.map { (name, $0) }))
        }
    }

    // MARK: - What is taken up again?

    /// Versions are written as they end, before it is noted how far the rows are: those that ended later come again.
    func forgetVersions(of organization: UUID, after position: Int64) throws {
        if !isFound { return }
        for deployed in deployment.projections where deployed.definition.history != nil {
            let sql = "DELETE FROM \(deployed.table.history) WHERE organization_id = $1 AND until_position > $2"
            try connection.query(
                Statement(sql) {
                    $0.uuid(organization)
                    $0.bigint(position)
                })
        }
    }

    /// Fills an engine with the rows that were put down, the streams that wait, and where each stream was.
    /// - Returns: what had been applied, by projection.
    func takePart(_ engine: Engine) throws -> [LeafSum] {
        guard let part else { return engine.projections.map { _ in LeafSum() } }
        var applied: [LeafSum] = []
        for (i, projection) in engine.projections.enumerated() {
            let name = Version.part(of: projection.definition.name)
            let progress = try connection.query(Statement(SQL.putDown) { $0.text(name) })
            applied.append(try Checkpoint(progress[0], from: 1).applied)
            let held = try connection.query(Statement(SQL.heldStreams) { $0.text(name) })
            engine.hold(Set(try held.map { Cell(try $0.uuid(1)) }), in: i)
            try takeRows(projection, part, deployment.projections[i].generation)
        }
        let versions = Statement(SQL.streamVersions) {
            $0.uuid(part.organization)
            $0.bigint(part.position)
        }
        for row in try connection.query(versions) { engine.start(Cell(try row.uuid(0)), at: try row.int(1)) }
        return applied
    }

    private func takeRows(_ projection: Projection, _ part: Part, _ generation: Int32) throws {
        let table = ReadTable(
            definition: projection.definition, name: Version.part(of: projection.definition.name))
        let statements = TableStatements(table, generation: generation)
        let all = filled(statements.everything, ["organization": part.organization.text])
        try connection.transaction {
            try connection.execute("DECLARE part NO SCROLL CURSOR FOR \(all)")
            while true {
                let rows = try connection.query(Statement("/* \(table.name) \(generation) */ FETCH 10000 FROM part"))
                for row in rows { projection.take(row) }
                if rows.count < 10_000 { break }
            }
        }
    }
}
