import FoundationEssentials
import Postgres

/// The rows of a projection before and after, as the statements that make the difference.
struct RowChange {
    let projection: Projection
    /// The cells of the rows as they were, one row behind the other; position 0: it was not there.
    let before: [Cell]
    /// Whether rows are written whose last event is the same as before: a healed one may be as it was.
    let all: Bool

    init(_ projection: Projection, before: [Cell], all: Bool = false) {
        self.projection = projection
        self.before = before
        self.all = all
    }

    private var stride: Int { projection.rows.table.stride }
    private func wasThere(_ n: Int) -> Bool { n * stride < before.count && before[n * stride + 3].low != 0 }
    private func isThere(_ n: Int) -> Bool { projection.rows.table[n].position != 0 }
    private func isChanged(_ n: Int) -> Bool {
        all && (wasThere(n) || isThere(n))
            || projection.rows.table[n].position != (wasThere(n) ? Int64(bitPattern: before[n * stride + 3].low) : 0)
    }

    /// Upserts, deletions, versions, totals: what is new minus what was. `anew`: streams that were folded again from
    /// their first event on.
    func statements(
        _ deployed: Deployed, _ organization: UUID, anew: [Cell] = [], scratch: inout Bytes
    ) -> [Statement] {
        let changed = (0..<projection.rows.table.count).filter(isChanged)
        var statements = versions(deployed, organization, anew: anew, scratch: &scratch)
        if changed.isEmpty { return statements }
        let gone = changed.filter { !isThere($0) }
        if !gone.isEmpty {
            statements.append(
                Statement(deployed.statements.delete) {
                    $0.uuid(organization)
                    $0.uuids(gone.map { projection.rows.table[$0].key.uuid })
                })
        }
        let there = changed.filter(isThere)
        if !there.isEmpty {
            let fields = deployed.statements.fields
            statements.append(
                Statement(deployed.statements.upsert) { parameters in
                    parameters.uuid(organization)
                    for number in 1..<fields.count {
                        parameters.array(fields[number].type, count: there.count, scratch: &scratch) { n, out in
                            projection.tableField(projection.rows.table[there[n]], number, into: &out)
                        }
                    }
                })
        }
        return statements + totals(changed, deployed, organization, scratch: &scratch)
    }

    private func totals(
        _ changed: [Int], _ deployed: Deployed, _ organization: UUID, scratch: inout Bytes
    ) -> [Statement] {
        guard let totals = projection.definition.totals else { return [] }
        var delta = TotalsDelta(totals)
        var old = before
        old.withUnsafeMutableBufferPointer { cells in
            for n in changed {
                if wasThere(n) {
                    delta.add(cells.baseAddress! + n * stride, sign: -1, of: projection, scratch: &scratch)
                }
                if isThere(n) { delta.add(projection.rows.table[n], sign: 1, of: projection, scratch: &scratch) }
            }
        }
        let changes = delta.changes()
        if changes.isEmpty { return [] }
        let fields = deployed.statements.totalsFields
        let groups = totals.by.count
        var statements = [
            Statement(deployed.statements.add) { parameters in
                parameters.uuid(organization)
                for number in 1..<fields.count {
                    parameters.array(fields[number].type, count: changes.count, scratch: &scratch) { n, out in
                        changes[n].field(number, groups: groups, into: &out)
                    }
                }
            }
        ]
        if changes.contains(where: { $0.count < 0 }) {
            statements.append(
                Statement(deployed.statements.sweep) { $0.uuid(organization) })
        }
        return statements
    }
}
