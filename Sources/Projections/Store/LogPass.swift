import FoundationEssentials
import Kernel
import Postgres

/// An organization and the last position of its log.
struct LogHead {
    let organization: UUID
    let position: Int64

    static func all(_ result: Result) throws(PostgresError) -> [LogHead] {
        var heads: [LogHead] = []
        for row in result { heads.append(LogHead(organization: try row.uuid(0), position: try row.bigint(1))) }
        return heads
    }
}

/// Reads the logs from their beginning, in the order of positions, folds them, and fills bare tables with the rows. One
/// thread is enough: the fold hides behind the server's reading (FACTS-projection §1).
///
/// Organizations are taken together until their events are worth a COPY; what is in memory is one organization's rows,
/// and the versions of them that some ten thousand events ended.
final class LogPass {
    /// What came out for one projection in one organization.
    struct Outcome {
        let organization: UUID
        let position: Int64
        let applied: LeafSum
        let holds: [Hold]
    }
    /// Where a projection stops in an organization, and what is held there, known from an earlier run.
    struct Bounds {
        var last: [Int64]
        var holds: [Int64: [(projection: Int, hold: Hold)]] = [:]
    }

    private static let worthACopy: Int64 = 100_000
    /// After so many events of one organization the versions that have ended are put down.
    private static let slice: Int64 = 50_000
    private let connection: BlockingConnection
    private let deployment: Deployment
    private let engine: Engine
    private var rows: [Sheet]
    private var totals: [Sheet]
    private var histories: [Sheet]
    private(set) var outcomes: [[Outcome]]
    /// Persons who were erased while the log was being read, after their keys had been.
    private(set) var erased: [(organization: UUID, person: UUID)] = []
    var stopwatch: Stopwatch
    /// Without bounds everything is taken.
    var bounds: [UUID: Bounds]?

    // The organization that is being read.
    private var organization: Cell?
    private var position: Int64 = 0
    private var current: Bounds?
    private var applied: [LeafSum?]

    init(_ connection: BlockingConnection, _ deployment: Deployment, _ stopwatch: Stopwatch) {
        self.connection = connection
        self.deployment = deployment
        self.stopwatch = stopwatch
        engine = deployment.engine()
        rows = deployment.projections.map { Sheet($0.table.rows) }
        totals = deployment.projections.map { Sheet($0.table.totals) }
        histories = deployment.projections.map { Sheet($0.table.history) }
        outcomes = deployment.projections.map { _ in [] }
        applied = deployment.projections.map { _ in nil }
    }

    func run(_ heads: [LogHead]) throws {
        var from = heads.startIndex
        while from < heads.endIndex {
            var to = from
            var events: Int64 = 0
            while to < heads.endIndex, events < LogPass.worthACopy {
                events += heads[to].position
                to += 1
            }
            try read(heads[from..<to])
            try write()
            from = to
        }
    }

    // MARK: - What is read?

    private func read(_ heads: ArraySlice<LogHead>) throws {
        guard let first = heads.first, let last = heads.last else { return }
        try engine.book?.load(connection, first.organization, last.organization)
        let keepsVersions = deployment.projections.contains { $0.definition.history != nil }
        guard keepsVersions, heads.count == 1, last.position > LogPass.slice else {
            return try read(first, last, "")
        }
        // Not beyond the known head: of what came later the keys are not loaded.
        for from in stride(from: Int64(0), to: last.position, by: Int(LogPass.slice)) {
            let to = min(from + LogPass.slice, last.position)
            try read(first, last, " AND position > \(from) AND position <= \(to)")
            try writeVersions()
        }
    }

    private func read(_ first: LogHead, _ last: LogHead, _ range: String) throws {
        let names = ["first": first.organization.text, "last": last.organization.text, "range": range]
        let sql = filled(SQL.copyLog, names)
        try connection.copyOut(sql, atOnce: 32) { rows in
            let events = try rows.map { bytes in
                var row = CopyRow(bytes)
                let organization = Cell(uuid: try Event.field(16, of: row.next()))
                return (organization, try Event(&row))
            }
            engine.expect(events.lazy.map(\.1.stream))
            for (organization, event) in events {
                if organization != self.organization {
                    finish()
                    begin(organization)
                }
                try take(event)
            }
        }
        // The last one stays in the engine: its rows are written from there, however many they are.
    }

    private func begin(_ organization: Cell) {
        self.organization = organization
        engine.organization = organization
        position = 0
        engine.removeAll()
        current = bounds?[organization.uuid]
        for i in deployment.projections.indices {
            applied[i] = nil
            engine.projections[i].active = bounds == nil || (current?.last[i] ?? 0) > 0
        }
    }

    private func take(_ event: Event) throws {
        guard event.position == position + 1 else {
            throw LogError(description: "log.event of \(organization?.uuid.text ?? "") has no position \(position + 1)")
        }
        position = event.position
        stopwatch.count()
        for (i, hold) in current?.holds[position] ?? [] { engine.hold(hold, in: i) }
        if Erasure.matches(event.type), engine.book?.has(engine.organization, event.stream) == true {
            erased.append((engine.organization.uuid, event.stream.uuid))
        }
        engine.apply(event)
        guard let last = current?.last else { return }
        for i in last.indices where last[i] == position { close(i) }
    }

    /// A projection has all the events that it takes.
    private func close(_ i: Int) {
        var sum = engine.seen
        sum.subtract(engine.projections[i].waiting)
        applied[i] = sum
        engine.projections[i].active = false
    }

    /// Puts down the rows of the organization that is through.
    private func finish() {
        guard let organization else { return }
        for (i, projection) in engine.projections.enumerated() {
            note(i, organization)
            for n in 0..<projection.rows.table.count where projection.rows.table[n].position != 0 {
                projection.copyRow(projection.rows.table[n], organization, into: &rows[i].bytes.value)
            }
            let numbers = deployment.projections[i].table.versionNumbers
            for n in 0..<projection.rows.versions.count {
                projection.copyVersion(n, numbers, organization, into: &histories[i].bytes.value)
            }
        }
        self.organization = nil
    }

    private func note(_ i: Int, _ organization: Cell) {
        if bounds == nil { close(i) }
        let projection = engine.projections[i]
        outcomes[i].append(
            Outcome(
                organization: organization.uuid, position: bounds == nil ? position : current?.last[i] ?? 0,
                applied: applied[i] ?? LeafSum(), holds: projection.holds))
        guard let wanted = projection.definition.totals else { return }
        var delta = TotalsDelta(wanted)
        var scratch = Bytes(capacity: 256)
        for n in 0..<projection.rows.table.count where projection.rows.table[n].position != 0 {
            delta.add(projection.rows.table[n], sign: 1, of: projection, scratch: &scratch)
        }
        let fields = deployment.projections[i].table.totalsFields.count
        for change in delta.changes() {
            totals[i].bytes.value.append(Int16(fields))
            totals[i].bytes.value.field(organization)
            for number in 1..<fields {
                change.field(number, groups: wanted.by.count, into: &totals[i].bytes.value)
            }
        }
    }

    // MARK: - What is written?

    /// A table and the rows that are to be copied to it.
    private struct Sheet {
        let table: String
        let bytes = Box()
        init(_ table: String) { self.table = table }
    }
    /// What cannot be copied cannot be an element of an array either.
    private final class Box { var value = Bytes() }

    private func write() throws {
        if let organization { for i in deployment.projections.indices { note(i, organization) } }
        for (i, projection) in engine.projections.enumerated() {
            try copy(rows[i], projection.rows.table.count) { n, organization, out in
                let row = projection.rows.table[n]
                if row.position != 0 { projection.copyRow(row, organization, into: &out) }
            }
            try copy(totals[i], 0) { _, _, _ in }
        }
        try writeVersions()
        organization = nil
        engine.removeAll()
        engine.book?.removeAll()
    }

    /// Puts down the versions that have ended so far, and forgets them.
    private func writeVersions() throws {
        for (i, projection) in engine.projections.enumerated() {
            let numbers = deployment.projections[i].table.versionNumbers
            try copy(histories[i], projection.rows.versions.count) { n, organization, out in
                projection.copyVersion(n, numbers, organization, into: &out)
            }
            projection.rows.versions.removeAll()
        }
    }

    /// Copies what was put down, and then so much of the organization at hand, a little at a time.
    private func copy(_ sheet: Sheet, _ count: Int, _ put: (Int, Cell, inout Bytes) -> Void) throws {
        let here = organization == nil ? 0 : count
        if here == 0, sheet.bytes.value.count == 0 { return }
        try connection.copyIn("COPY \(sheet.table) FROM STDIN (FORMAT binary)") { write in
            try CopyFrame.head.withUnsafeBytes { try write($0) }
            try LogPass.send(&sheet.bytes.value, write)
            if let organization {
                for n in 0..<here {
                    put(n, organization, &sheet.bytes.value)
                    if sheet.bytes.value.count > 1 << 16 { try LogPass.send(&sheet.bytes.value, write) }
                }
            }
            try LogPass.send(&sheet.bytes.value, write)
            try CopyFrame.trailer.withUnsafeBytes { try write($0) }
        }
    }
    private static func send(_ bytes: inout Bytes, _ write: (UnsafeRawBufferPointer) throws -> Void) throws {
        if bytes.count > 0 { try write(bytes.buffer) }
        bytes.removeAll()
    }
}
