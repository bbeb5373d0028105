/// The rows of one projection.
///
/// A struct that cannot be copied: its `apply` is one exclusive access, and inside nothing is checked or counted. No
/// closure may reach into it while a mutating method runs (exclusivity is checked at run time, and ends the process).
struct Rows: ~Copyable {
    var table: Table
    var arena = Arena()
    /// Versions that have ended, where they are kept.
    var versions: Versions
    let history: VersionRule?
    private let columns: Int
    let snapshot: Row
    /// The rows that the event at hand changes, and as they were: only where it may change several.
    var changing: [Row] = []
    var unchanged: [Cell] = []
    /// The number of the element at hand, in digits.
    let digits: UnsafeMutablePointer<UInt8>
    /// Makes the ids of rows.
    var keys = KeyHash()
    /// The rows to which a fold is confined; nil: none is left out.
    var only: Set<Cell>?

    init(columns: Int, history: VersionRule? = nil) {
        self.columns = columns
        self.history = history
        table = Table(columns: columns)
        versions = Versions(stride: table.stride)
        snapshot = .allocate(capacity: table.stride)
        digits = .allocate(capacity: 20)
    }
    deinit {
        snapshot.deallocate()
        digits.deallocate()
    }

    var bytes: Int { table.bytes + arena.bytes }

    mutating func removeAll() {
        table.removeAll()
        arena.removeAll()
        versions.removeAll()
        only = nil
    }

    /// Keeps the cells of a row as they are now.
    func copy(row number: Int, to cells: inout [Cell]) {
        cells.append(contentsOf: UnsafeBufferPointer(start: table[number], count: table.stride))
    }

    /// Makes a row as if there were none; its key stays.
    func forget(row number: Int) { forget(table[number]) }
    func forget(_ row: Row) {
        let key = row.key
        row.update(repeating: .zero, count: table.stride)
        row[1] = key
    }

    /// Applies an event whole, or leaves the rows as they were and throws. `makingNone`: only rows that are there are
    /// concerned.
    mutating func apply(
        _ event: borrowing Event, _ program: borrowing Program, _ values: UnsafeMutablePointer<Value>,
        makingNone: Bool = false
    ) throws(FoldError) {
        if !program.branches.isEmpty { return try apply(event, program.branches, values, makingNone: makingNone) }
        let row = table.row(event.stream)
        guard event.version > row.version else { throw .versionGap }
        snapshot.update(from: row, count: table.stride)
        do {
            Rows.note(event, in: row)
            for op in program.ops { try run(op, row, event, values) }
        } catch {
            row.update(from: snapshot, count: table.stride)
            throw error
        }
        if let history { keepVersion(history, snapshot, row, event) }
    }

    /// The row is now what it is after this event.
    @inline(__always) static func note(_ event: borrowing Event, in row: Row) {
        if row.position == 0 { row.createdAt = event.occurredAt }
        row.position = event.position
        row.version = event.version
        row.updatedAt = event.occurredAt
    }

    @inline(__always) mutating func run(
        _ op: Op, _ row: Row, _ event: borrowing Event, _ values: UnsafePointer<Value>
    ) throws(FoldError) {
        switch op {
        case .set(let column, let type, let slot): try set(row, column, type, values + slot)
        case .given(let column, let type, let slot):
            if values[slot].kind != .absent { try set(row, column, type, values + slot) }
        case .number(let column, let n): row.set(column, Cell(n))
        case .id(let column, let cell): row.set(column, cell)
        case .text(let column, let bytes): constant(row, column, bytes)
        case .occurredAt(let column): row.set(column, Cell(event.occurredAt))
        case .recordedAt(let column): row.set(column, Cell(event.recordedAt))
        case .position(let column): row.set(column, Cell(event.position))
        case .actor(let column): row.set(column, event.actor)
        case .stream(let column): row.set(column, event.stream)
        case .clear(let column): row.clear(column)
        case .add(let column, let n): try add(row, column, n)
        case .addMember(let column, let slot):
            if values[slot].isNothing { return }
            guard let n = values[slot].integer() else { throw .wrongType(column: column) }
            try add(row, column, n)
        case .merge(let column, let slot): try merge(row, column, values + slot)
        case .put(let column, let type, let expression):
            try put(row, column, Evaluation(event: copy event, values: values).value(expression, as: type))
        case .sum(let column, let expression, let isMinus):
            try sum(row, column, Evaluation(event: copy event, values: values).value(expression, as: .bigint), isMinus)
        case .list(let column, let change, let expression):
            let value = Evaluation(event: copy event, values: values).value(expression, as: .json)
            try list(row, column, change, value)
        case .match(let column, let texts): match(row, column, texts)
        case .remove:
            let key = row.key
            row.update(repeating: .zero, count: table.stride)
            row[1] = key
        }
    }

    @inline(__always) private mutating func set(
        _ row: Row, _ column: Int, _ type: ColumnType, _ value: UnsafePointer<Value>
    ) throws(FoldError) {
        if value.pointee.isNothing { return row.clear(column) }
        let cell: Cell? =
            switch type {
            case .text: text(value.pointee)
            case .bigint: value.pointee.integer().map { Cell($0) }
            case .boolean: value.pointee.boolean().map { Cell($0 ? 1 : 0) }
            case .uuid: value.pointee.uuid()
            case .date: value.pointee.day().map { Cell($0) }
            case .timestamptz: value.pointee.instant().map { Cell($0) }
            case .numeric: numeric(value.pointee)
            case .json: json(value.pointee)
            }
        guard let cell else { throw .wrongType(column: column) }
        row.set(column, cell)
    }

    @inline(__always) private mutating func text(_ value: Value) -> Cell? {
        if value.kind == .string { return arena.text(value.start, Int(value.count)) }
        guard value.kind == .escaped else { return nil }
        guard let length = value.unescape(to: arena.room(Int(value.count))) else { return nil }
        return arena.keep(length)
    }
    private mutating func numeric(_ value: Value) -> Cell? {
        guard value.kind == .number || value.kind == .string else { return nil }
        let out = arena.room(Numeric.room(Int(value.count)))
        guard let length = Numeric.plain(value.start, Int(value.count), to: out) else { return nil }
        return arena.keep(length)
    }
    private mutating func json(_ value: Value) -> Cell? {
        switch value.kind {
        // The quotes belong to the document.
        case .string, .escaped: arena.text(value.start - 1, Int(value.count) + 2)
        case .number, .bool, .object, .array: arena.text(value.start, Int(value.count))
        case .absent, .null, .misplaced: nil
        }
    }
    mutating func constant(_ row: Row, _ column: Int, _ bytes: [UInt8]) {
        row.set(column, bytes.withUnsafeBufferPointer { $0.baseAddress.map { arena.text($0, bytes.count) } ?? .zero })
    }

    func add(_ row: Row, _ column: Int, _ n: Int64) throws(FoldError) {
        let old = row.has(column) ? row.column(column).pointee.number : 0
        let (sum, over) = old.addingReportingOverflow(n)
        if over { throw .overflow(column: column) }
        row.set(column, Cell(sum))
    }

    /// RFC 7396 over one level: null takes a member away, an object's members are put in, anything else replaces.
    private mutating func merge(_ row: Row, _ column: Int, _ patch: UnsafePointer<Value>) throws(FoldError) {
        if patch.pointee.kind == .absent { return }
        guard patch.pointee.kind == .object else { return try set(row, column, .json, patch) }
        var object = MergedObject()
        if row.has(column) {
            // What is there and is no object is replaced, as the RFC has it.
            _ = object.take(arena.start(row.column(column)), row.column(column).pointee.length, patching: false)
        }
        guard object.take(patch.pointee.start, Int(patch.pointee.count), patching: true) else { throw .malformed }
        let out = arena.room(object.room)
        row.set(column, arena.keep(object.write(to: out)))
    }
}
