import EventLog
import FoundationEssentials
import Kernel
import Postgres

/// What an organization's read tables and claims are.
struct Rows: Sendable {
    private struct Row: Hashable {
        let stream: UUID
        let events: Int64
        let position: Int64
    }
    private let organization: UUID
    private let rows: Set<Row>
    private let totals: [String: [Int64]]
    private let progress: (position: Int64, events: Int64, sum: [UInt8])?
    /// Why streams wait, if any do.
    private let held: Set<String>
    private let claims: Int64
    private let keys: Set<UUID>

    init(_ organization: UUID, _ connection: BlockingConnection) throws {
        self.organization = organization
        func ask(_ sql: String) throws -> Result { try connection.query(Statement(sql) { $0.uuid(organization) }) }
        var rows: Set<Row> = []
        for row in try ask("SELECT id, events, position FROM read.crash_tally WHERE organization_id = $1") {
            rows.insert(Row(stream: try row.uuid(0), events: try row.bigint(1), position: try row.bigint(2)))
        }
        self.rows = rows
        var totals: [String: [Int64]] = [:]
        for row in try ask(SQL.tallyTotals) {
            totals[try row.text(orNil: 0) ?? ""] = [try row.bigint(1), try row.bigint(2)]
        }
        self.totals = totals
        let found = try ask(SQL.tallyProgress)
        progress = try found.first.map { (try $0.bigint(0), try $0.bigint(1), try $0.bytea(2)) }
        held = Set(try ask(SQL.heldCodes).map { try $0.text(0) })
        claims = try ask(SQL.emailClaims)[0].bigint(0)
        var keys: Set<UUID> = []
        for row in try ask("SELECT person_id FROM vault.person_key WHERE organization_id = $1") {
            keys.insert(try row.uuid(0))
        }
        self.keys = keys
    }

    func findings(_ log: [RecordedEvent], _ entries: [Journal.Entry]) -> [Finding] {
        var findings: [Finding] = []
        let counted = Dictionary(grouping: log.filter { Tally.events.contains($0.type) }, by: \.stream)
        let expected = Set(
            counted.map { stream, events in
                Row(stream: stream, events: Int64(events.count), position: events.last?.position ?? 0)
            })
        if let wrong = rows.symmetricDifference(expected).first {
            let row = rows.first { $0.stream == wrong.stream }
            let tells = "says \(row?.events ?? 0) events up to \(row?.position ?? 0)"
            let had = expected.first { $0.stream == wrong.stream }
            findings.append(
                Finding(
                    .rows,
                    "\(organization.text): the row \(wrong.stream.text) \(tells), and it had \(had?.events ?? 0) up to "
                        + "\(had?.position ?? 0)"))
        } else if totals != expectedTotals(counted) {
            findings.append(Finding(.rows, "\(organization.text): the totals are \(totals)"))
        }
        let sum = log.reduce([UInt8](repeating: 0, count: 32)) { $0.adding($1.leaf) }
        if progress?.position != Int64(log.count) || progress?.events != Int64(log.count) || progress?.sum != sum {
            let said = "\(progress?.position ?? 0), with \(progress?.events ?? 0) events"
            let why = held.isEmpty ? "" : "; streams are held: \(held.sorted().joined(separator: ", "))"
            findings.append(
                Finding(.progress, "\(organization.text): the checkpoint is \(said) of \(log.count)\(why)"))
        }
        let addresses = log.count { $0.type == "contact.created" }
        if Int64(addresses) != claims {
            findings.append(
                Finding(.claims, "\(organization.text): \(claims) addresses are taken by \(addresses) contacts"))
        }
        let strays = keys.symmetricDifference(log.map(\.stream))
        if !strays.isEmpty {
            let ids = strays.map(\.text).sorted().joined(separator: " ")
            findings.append(Finding(.keys, "\(organization.text): a key or its record is missing: \(ids)"))
        }
        return findings
    }

    private func expectedTotals(_ counted: [UUID: [RecordedEvent]]) -> [String: [Int64]] {
        counted.values.reduce(into: [:]) { totals, events in
            let kind = String(events[0].type.prefix { $0 != "." })
            totals[kind, default: [0, 0]][0] += 1
            totals[kind, default: [0, 0]][1] += Int64(events.count)
        }
    }
}

extension [UInt8] {
    /// The sum of two big-endian numbers of the same length, without what does not fit.
    fileprivate func adding(_ other: [UInt8]) -> [UInt8] {
        var sum = self
        var carry = 0
        for index in indices.reversed() {
            let value = Int(self[index]) + Int(other[index]) + carry
            (sum[index], carry) = (UInt8(value & 0xFF), value >> 8)
        }
        return sum
    }
}
