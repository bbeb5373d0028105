import FoundationEssentials
import Postgres

/// The table of ended versions beside a projection's rows: each with the event since which it was and the one until
/// which. The version that still is, is the row itself: nothing is written twice, and nothing here is ever updated.
extension ReadTable {
    var historyName: String { name + "_history" }
    /// Where the ended versions lie.
    var history: String { "\(schema).\(quoted(historyName))" }

    /// The fields of a row that a version holds, by their numbers, the organization apart.
    var versionNumbers: [Int] {
        switch definition.history {
        case nil: []
        case .all?: Array(1..<fields.count)
        case .columns(let columns)?: [1] + (columns + definition.columns.indices.suffix(3)).map { $0 + 2 }
        }
    }
    /// Those fields in SQL, the organization first.
    var versionFields: [Field] { [fields[0]] + versionNumbers.map { fields[$0] } }
    var historyFields: [Field] { versionFields + ReadTable.until }
    /// The event that ended a version: when it occurred, when it was recorded, and its position.
    static let until = [
        Field(name: "until_at", type: .timestamptz), Field(name: "until_recorded_at", type: .timestamptz),
        Field(name: "until_position", type: .bigint),
    ]
    /// The same of the event that began it.
    var since: (at: String, recordedAt: String, position: String) {
        definition.history == .all
            ? ("updated_at", "recorded_at", "position") : ("since_at", "since_recorded_at", "since_position")
    }
    var historyKey: [String] { ["organization_id", "id", since.position] }

    // MARK: - How is it made?

    var createHistory: [String] {
        guard let kept = definition.history else { return [] }
        let required = definition.required + kept.marks.map(\.name) + ReadTable.until.map(\.name)
        let watched = versionNumbers.map { $0 - 2 }.filter(personal.contains)
        // Nothing is updated here: pages may be full.
        return [table(history, historyFields, required: required, fill: 100)]
            + watched.map { withoutStatistics($0, of: history) }
    }

    var indexHistory: [String] {
        if definition.history == nil { return [] }
        let name = quoted(historyName + "_pkey")
        let key = "ALTER TABLE \(history) ADD CONSTRAINT \(name) PRIMARY KEY (\(list(historyKey)))"
        if definition.history != .all { return [key] }
        return [key]
            + pastIndexes.enumerated().map { i, columns in
                "CREATE INDEX \(quoted("\(historyName)_\(i)")) ON \(history) (\(keys(of: columns)))"
            }
    }

    /// Lists as of a moment go through rows and versions side by side, in the order in which both have an index: by
    /// when the records were made, or as the rows are listed that have none of that. And what refers to a record is
    /// found by it then, too.
    private var pastIndexes: [[String]] {
        let made = ["created_at"]
        let order = definition.indexes.contains(made) ? made : definition.indexes.first ?? made
        let references = definition.indexes.compactMap(\.first).filter { name in
            fields.contains { $0.name == name && $0.type.name == "uuid" }
        }
        return [order] + Set(references).subtracting([order[0]]).sorted().map { [$0] }
    }
}

extension Projection {
    /// A field of `ReadTable.historyFields` behind the organization, of the n-th version that has ended.
    func versionField(_ n: Int, _ number: Int, of numbers: [Int], into out: inout Bytes) {
        switch number - numbers.count {
        case 0: out.field(rows.versions.untilAt(n))
        case 1: out.field(rows.versions.untilRecordedAt(n))
        case 2: out.field(rows.versions.untilPosition(n))
        case _: tableField(rows.versions[n], numbers[number], into: &out)
        }
    }

    /// The n-th version for COPY.
    func copyVersion(_ n: Int, _ numbers: [Int], _ organization: Cell, into out: inout Bytes) {
        let fields = numbers.count + ReadTable.until.count
        out.append(Int16(fields + 1))
        out.field(organization)
        for number in 0..<fields { versionField(n, number, of: numbers, into: &out) }
    }
}

// MARK: - What does a batch add?

extension RowChange {
    /// Puts down the versions that have ended. `anew`: streams whose versions are all made again, since the first.
    func versions(
        _ deployed: Deployed, _ organization: UUID, anew: [Cell], scratch: inout Bytes
    ) -> [Statement] {
        guard projection.definition.history != nil else { return [] }
        var statements: [Statement] = []
        if !anew.isEmpty {
            statements.append(
                Statement(deployed.statements.forgetVersions) {
                    $0.uuid(organization)
                    $0.uuids(anew.map(\.uuid))
                })
        }
        let count = projection.rows.versions.count
        if count == 0 { return statements }
        let (fields, numbers) = (deployed.statements.historyFields, deployed.table.versionNumbers)
        statements.append(
            Statement(deployed.statements.keepVersions) { parameters in
                parameters.uuid(organization)
                for number in 1..<fields.count {
                    parameters.array(fields[number].type, count: count, scratch: &scratch) { n, out in
                        projection.versionField(n, number - 1, of: numbers, into: &out)
                    }
                }
            })
        return statements
    }
}
