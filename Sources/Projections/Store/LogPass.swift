import FoundationEssentials
import Kernel
import Postgres

/// Reads the logs from their beginning, in the order of positions, folds them, and fills bare tables with the rows. One
/// thread is enough: the fold hides behind the server's reading (FACTS-projection §1).
///
/// Organizations are taken together until their events are worth a COPY; what is in memory is one organization's rows,
/// and the versions of them that some ten thousand events ended. With a ledger, each time that rows are written it is
/// noted in the same transaction how far they are: whoever comes after a crash goes on from there.
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

    /// Where versions are kept, one organization is read so many events at a time.
    private static let slice: Int64 = 50_000
    private let connection: BlockingConnection
    private let deployment: Deployment
    private let engine: Engine
    private let ledger: BuildLedger?
    private let pace: Pace
    private let chunk: Int64
    private var rows: [Sheet]
    private var totals: [Sheet]
    private var histories: [Sheet]
    private(set) var outcomes: [[Outcome]]
    var stopwatch: Stopwatch
    /// Without bounds everything is taken.
    var bounds: [UUID: Bounds]?

    /// Up to where each log is read. What came later may be sealed under keys that came later, too.
    private var heads: [Cell: Int64] = [:]

    // The organization that is being read.
    private var organization: Cell?
    private var head: Int64 = 0
    private var position: Int64 = 0
    private var current: Bounds?
    private var applied: [LeafSum?]
    /// What was applied before this process took it up.
    private var before: [LeafSum]
    /// Rows of it were folded with keys that may have been destroyed since.
    private var wasPutDown = false
    /// Persons who were erased while it was being read, after their keys had been.
    private var erased: [UUID] = []
    private var restUntil = ContinuousClock.now

    init(
        _ connection: BlockingConnection, _ deployment: Deployment, _ stopwatch: Stopwatch,
        ledger: BuildLedger? = nil, pace: Pace = Pace()
    ) {
        self.connection = connection
        self.deployment = deployment
        self.stopwatch = stopwatch
        self.ledger = ledger
        self.pace = pace
        let keepsVersions = deployment.projections.contains { $0.definition.history != nil }
        chunk = keepsVersions ? min(pace.chunk, LogPass.slice) : pace.chunk
        engine = deployment.engine()
        rows = deployment.projections.map { Sheet($0.table.rows) }
        totals = deployment.projections.map { Sheet($0.table.totals) }
        histories = deployment.projections.map { Sheet($0.table.history) }
        outcomes = deployment.projections.map { _ in [] }
        applied = deployment.projections.map { _ in nil }
        before = deployment.projections.map { _ in LeafSum() }
    }

    /// `heads`: by organization, in their order.
    func run(_ heads: [LogHead]) throws {
        restUntil = .now + pace.rest
        self.heads = Dictionary(uniqueKeysWithValues: heads.map { (Cell($0.organization), $0.position) })
        var from = heads.startIndex
        while from < heads.endIndex {
            if isDone(heads[from]) {
                from += 1
                continue
            }
            var to = from
            var events: Int64 = 0
            while to < heads.endIndex, events < pace.worthACopy, !isDone(heads[to]), !isLong(heads[to]) {
                events += heads[to].position
                to += 1
            }
            if to == from {
                try readAlone(heads[from])
                from += 1
            } else {
                try read(heads[from..<to])
                from = to
            }
        }
    }

    private func isDone(_ head: LogHead) -> Bool { ledger?.done[head.organization] != nil }
    private func isLong(_ head: LogHead) -> Bool {
        head.position > chunk || ledger?.part?.organization == head.organization
    }

    // MARK: - What is read?

    private func read(_ heads: ArraySlice<LogHead>) throws {
        guard let first = heads.first?.organization, let last = heads.last?.organization else { return }
        try engine.book?.load(connection, first, last)
        try copy("organization_id BETWEEN '\(first.text)' AND '\(last.text)'")
        if erased.isEmpty {
            // The last one stays in the engine: its rows are written from there, however many they are.
            try write()
        } else {
            // Rows that were put down already may say what nobody may know any more.
            forget()
            for head in heads { try readAlone(head) }
        }
    }

    /// One organization, a chunk at a time.
    private func readAlone(_ head: LogHead) throws {
        let id = head.organization
        begin(Cell(id))
        if let ledger, let part = ledger.part, part.organization == id {
            before = try ledger.takePart(engine)
            position = part.position
            wasPutDown = true
        }
        try ledger?.forgetVersions(of: id, after: position)
        while position < head.position {
            let from = position
            let to = min(from + chunk, head.position)
            try engine.book?.load(connection, id, id, keeping: true)
            try copy("organization_id = '\(id.text)' AND position > \(from) AND position <= \(to)")
            guard position == to else { throw LogError.hole(id, position + 1) }
            try writeVersions()
            if position < head.position, ledger != nil, ContinuousClock.now >= restUntil { try putDown() }
        }
        try write()
    }

    private func copy(_ scope: String) throws {
        try connection.copyOut(filled(SQL.copyLog, ["scope": scope]), atOnce: 32) { rows in
            let events = try rows.map { bytes in
                var row = CopyRow(bytes)
                let organization = Cell(uuid: try Event.field(16, of: row.next()))
                return (organization, try Event(&row))
            }
            engine.expect(events.lazy.map(\.1.stream))
            for (organization, event) in events {
                if organization != self.organization {
                    if heads[organization] == nil { continue }  // it came later
                    finish()
                    begin(organization)
                }
                try take(event)
            }
        }
    }

    private func begin(_ organization: Cell) {
        self.organization = organization
        engine.organization = organization
        position = 0
        head = heads[organization] ?? 0
        wasPutDown = false
        engine.removeAll()
        current = bounds?[organization.uuid]
        for i in deployment.projections.indices {
            applied[i] = nil
            before[i] = LeafSum()
            engine.projections[i].active = bounds == nil || (current?.last[i] ?? 0) > 0
        }
    }

    private func take(_ event: Event) throws {
        if event.position > head { return }
        guard event.position == position + 1 else { throw LogError.hole(engine.organization.uuid, position + 1) }
        position = event.position
        stopwatch.count()
        for (i, hold) in current?.holds[position] ?? [] { engine.hold(hold, in: i) }
        if bounds == nil, Erasure.matches(event.type),
            wasPutDown || engine.book?.has(engine.organization, event.stream) == true
        {
            erased.append(event.stream.uuid)
        }
        engine.apply(event)
        guard let last = current?.last else { return }
        for i in last.indices where last[i] == position { close(i) }
    }

    /// A projection has all the events that it takes.
    private func close(_ i: Int) {
        applied[i] = appliedNow(i)
        engine.projections[i].active = false
    }
    private func appliedNow(_ i: Int) -> LeafSum {
        var sum = before[i]
        sum.add(engine.seen)
        sum.subtract(engine.projections[i].waiting)
        return sum
    }

    /// What was opened for the rows in memory, and for versions that are written, just before a key was destroyed.
    private func refoldErased() throws {
        guard let organization, !erased.isEmpty else { return }
        for person in erased {
            try writeVersions()
            let holding = try Refold.streams(of: organization.uuid, holding: person, connection)
            let streams = Array(Set(holding + [person]))
            for (i, deployed) in deployment.projections.enumerated() where deployed.definition.history != nil {
                try connection.query(
                    Statement(deployed.statements.forgetVersions) {
                        $0.uuid(organization.uuid)
                        $0.uuids(streams)
                    })
                // Of a row that is gone there may be versions. Where events of it wait, healing makes them.
                let projection = engine.projections[i]
                for stream in streams where !projection.held.contains(Cell(stream)) {
                    _ = projection.rows.table.row(Cell(stream))
                }
            }
            for stream in streams {
                let events = try connection.query(
                    Statement(SQL.streamEvents) {
                        $0.uuid(organization.uuid)
                        $0.uuid(stream)
                        $0.bigint(position)
                    })
                try engine.readKeys(of: events, organization.uuid, connection)
                // Events lie in the result.
                let history = try events.map { try Event($0) }
                withExtendedLifetime(events) { engine.refold(Cell(stream), history) }
            }
        }
        erased = []
    }

    /// Sets down the rows of the organization that is through.
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
        /// How many of its projection's outcomes are written.
        var written = 0
        init(_ table: String) { self.table = table }
    }
    /// What cannot be copied cannot be an element of an array either.
    private final class Box { var value = Bytes() }

    private func write() throws {
        try within {
            try refoldErased()
            if let organization { for i in deployment.projections.indices { note(i, organization) } }
            for (i, projection) in engine.projections.enumerated() {
                try copyRows(projection, to: rows[i])
                try copy(totals[i], 0) { _, _, _ in }
            }
            try writeVersions()
            for i in rows.indices { try ledger?.finish(i, outcomes[i][rows[i].written...]) }
        }
        for i in rows.indices { rows[i].written = outcomes[i].count }
        organization = nil
        engine.removeAll()
        engine.book?.removeAll()
        if ledger != nil { try pace.afterPutDown?() }
    }

    /// Writes the rows of the organization that is being read as they are, to go on from.
    private func putDown() throws {
        guard let ledger, let organization else { return }
        let began = ContinuousClock.now
        try within {
            try refoldErased()
            try writeVersions()
            for (i, projection) in engine.projections.enumerated() {
                try copyRows(projection, to: Sheet(try ledger.emptyPart(i)))
                let outcome = Outcome(
                    organization: organization.uuid, position: position, applied: appliedNow(i),
                    holds: projection.holds)
                try ledger.putPart(i, outcome)
            }
        }
        restUntil = .now + max(pace.rest, (ContinuousClock.now - began) * pace.share)
        try pace.afterPutDown?()
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

    /// Nothing of what was read since the last writing is kept.
    private func forget() {
        for i in rows.indices {
            rows[i].bytes.value.removeAll()
            totals[i].bytes.value.removeAll()
            histories[i].bytes.value.removeAll()
            outcomes[i].removeSubrange(rows[i].written...)
        }
        organization = nil
        engine.removeAll()
        erased = []
    }

    private func within(_ body: () throws -> Void) throws {
        if ledger == nil { try body() } else { try connection.transaction { try body() } }
    }

    private func copyRows(_ projection: Projection, to sheet: Sheet) throws {
        try copy(sheet, projection.rows.table.count) { n, organization, out in
            let row = projection.rows.table[n]
            if row.position != 0 { projection.copyRow(row, organization, into: &out) }
        }
    }

    /// Copies what was set down, and then so much of the organization at hand, a little at a time.
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
