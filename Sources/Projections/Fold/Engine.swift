import FoundationEssentials
import Glibc
import Kernel
import Vault

/// A stream that waits in one projection since an event of it could not be applied.
struct Hold: Sendable, Equatable {
    var stream: Cell
    /// Of the first event that waits.
    var position: Int64
    var version: Int32
    var code: String
    var column: String?
}

/// One projection at work, on the events of one organization.
final class Projection {
    let definition: Definition
    /// Whether each stream has a row of its own, with the stream's id.
    let hasStreamRows: Bool
    /// How many fields a row has in its table.
    let fields: Int
    var rows: Rows
    /// Whether it takes part in this pass.
    var active = true
    /// Streams whose events wait.
    var held: Set<Cell> = []
    /// What was held in this pass.
    var holds: [Hold] = []
    /// The events of this pass that wait.
    var waiting = LeafSum()

    init(_ definition: Definition) {
        self.definition = definition
        hasStreamRows = definition.key == .stream
        fields = Standard.before.count + definition.columns.count + definition.standardAfter.count
        rows = Rows(columns: definition.columns.count, history: VersionRule(definition))
    }

    func removeAll() {
        rows.removeAll()
        held = []
        holds = []
        waiting = LeafSum()
    }
}

/// Folds the events of one organization, in the order of their positions, into all projections of a plan.
///
/// Not Sendable: it belongs to one task or thread.
final class Engine {
    let plan: Plan
    let projections: [Projection]
    /// All events of this pass, whether a projection takes them or not.
    private(set) var seen = LeafSum()
    /// The last version of each stream: a gap is refused, never skipped.
    private var versions = Table(columns: 0)
    private var holding = false
    private var touched: UInt64 = 0
    let values: UnsafeMutablePointer<Value>
    private var byHash: [Int16]
    /// Whose log is read: sealed parts are bound to it.
    var organization = Cell(0)
    /// The keys of what is sealed; nil: nothing is opened.
    let book: KeyBook?
    private var plaintexts = Plaintexts()

    init(_ plan: Plan, _ book: KeyBook? = nil) {
        self.plan = plan
        self.book = book
        projections = plan.definitions.map(Projection.init)
        values = .allocate(capacity: plan.slots + 1)
        let nowhere = Value(
            kind: .absent, count: 0, start: UnsafePointer(values).withMemoryRebound(to: UInt8.self, capacity: 1) { $0 })
        values.initialize(repeating: nowhere, count: plan.slots + 1)
        var size = 256
        while size < plan.types.count * 2 { size *= 2 }
        byHash = [Int16](repeating: -1, count: size)
        for (i, type) in plan.types.enumerated() {
            var slot = type.name.withUnsafeBytes { Engine.hash($0) } & (size - 1)
            while byHash[slot] >= 0 { slot = (slot + 1) & (size - 1) }
            byHash[slot] = Int16(i)
        }
    }
    deinit { values.deallocate() }

    /// Starts a pass: everything is forgotten.
    func removeAll() {
        for projection in projections { projection.removeAll() }
        versions.removeAll()
        seen = LeafSum()
        holding = false
    }

    /// The streams of a projection that wait already.
    func hold(_ streams: Set<Cell>, in projection: Int) {
        projections[projection].held = streams
        if !streams.isEmpty { holding = true }
    }

    /// A stream that waits from a known event on, because the database refused what the fold made of it.
    func hold(_ hold: Hold, in projection: Int) {
        guard projections[projection].held.insert(hold.stream).inserted else { return }
        projections[projection].holds.append(hold)
        holding = true
    }

    /// What a stream's last version was before this pass; without a call it is 0.
    func start(_ stream: Cell, at version: Int32) { versions.row(stream).version = version }

    // MARK: - Which event type is it?

    private static func hash(_ name: UnsafeRawBufferPointer) -> Int {
        var h: UInt32 = 2_166_136_261  // FNV-1a
        for byte in name { h = (h ^ UInt32(byte)) &* 16_777_619 }
        return Int(h ^ h >> 15)
    }

    /// The type's place in `plan.types`; −1 where no projection takes it.
    @inline(__always) func type(_ name: UnsafeRawBufferPointer) -> Int {
        var slot = Engine.hash(name) & (byHash.count - 1)
        while byHash[slot] >= 0 {
            let i = Int(byHash[slot])
            let found = plan.types[i].name
            if found.count == name.count,
                found.withUnsafeBytes({ memcmp($0.baseAddress!, name.baseAddress!, name.count) }) == 0
            {
                return i
            }
            slot = (slot + 1) & (byHash.count - 1)
        }
        return -1
    }

    /// The same of an event, which may have an older shape and another name.
    func type(of event: Event) -> Int {
        guard plan.isOlder(event) else { return type(event.type) }
        return Array(newestType(of: event).utf8).withUnsafeBytes { type($0) }
    }
    private func newestType(of event: Event) -> Substring {
        plan.upcasts.newest("\(String(decoding: event.type, as: UTF8.self))@\(event.schema)").prefix { $0 != "@" }
    }

    // MARK: - What does an event do?

    /// Says which streams' events come next. A row that is not in the processor's cache takes longer to come than to be
    /// changed, so rows are asked for together, and come together.
    func expect(_ streams: some Sequence<Cell>) {
        for stream in streams {
            touched ^= versions.touch(stream)
            for projection in projections where projection.hasStreamRows {
                touched ^= projection.rows.table.touch(stream)
            }
        }
    }

    /// Applies one event to every active projection that takes it. Where it cannot be applied, its stream is held
    /// there.
    func apply(_ event: Event) { withNewest(event, applyNewest) }

    /// Tells `body` the event in its newest shape. The slow way, of shapes that have a successor only: open, upcast.
    /// Data that are no JSON are refused by the fold, under the name by which projections know the event.
    func withNewest<R>(_ event: Event, _ body: (Event) -> R) -> R {
        guard plan.isOlder(event) else { return body(event) }
        let type = newestType(of: event)
        let data = (try? older(event)) ?? Array(event.data)
        var newest = event
        return Array(type.utf8).withUnsafeBytes { type in
            data.withUnsafeBytes { data in
                (newest.type, newest.data) = (type, data)
                newest.private = UnsafeRawBufferPointer(start: nil, count: 0)
                return body(newest)
            }
        }
    }

    /// The data of an event of an older shape, opened and in the newest.
    private func older(_ event: Event) throws -> [UInt8] {
        var data = event.data
        if let book, event.private.count > 0 {
            let count = try plaintexts.open(event, of: organization, with: book)
            if count > 0 { data = try plaintexts.put(into: data, count) }
        }
        let stored = Stored(
            type: String(decoding: event.type, as: UTF8.self), schema: event.schema, data: try JSON(parsing: data))
        return plan.upcasts.newest(stored).data.bytes
    }

    private func applyNewest(_ event: Event) {
        seen.add(leaf: event.leaf)
        if holding { wait(event) }
        let last = versions.row(event.stream)
        let follows = last.version &+ 1 == event.version
        last.version = event.version
        if !follows { return refuse(event) }
        let t = type(event.type)
        let isErasure = Erasure.matches(event.type)
        if isErasure { book?.erase(organization, event.stream) }
        if t < 0 { return }
        do throws(Malformed) { try scan(event, plan.types[t]) } catch {
            for (i, _) in plan.types[t].programs { hold(event, in: projections[i], .malformed) }
            return
        }
        for (i, program) in plan.types[t].programs {
            let projection = projections[i]
            if !projection.active || holding && projection.held.contains(event.stream) { continue }
            // It may be of any entity: only a row that is there is concerned.
            if isErasure, projection.hasStreamRows,
                projection.rows.table.find(event.stream).map({ $0.position == 0 }) ?? true
            {
                continue
            }
            do throws(FoldError) {
                try projection.rows.apply(event, program, values, makingNone: isErasure)
            } catch {
                hold(event, in: projection, error)
            }
        }
    }

    // MARK: - What does an event say?

    /// The persons whose keys its parts want and nobody has asked for.
    func unknown(_ event: Event) -> [UUID] {
        guard let book, event.private.count > 0 else { return [] }
        var persons: [UUID] = []
        try? SealedParts.walk(event.private) { part in
            if part.kind == .data, !book.isKnown(organization, part.person) { persons.append(part.person) }
        }
        return persons
    }

    /// Finds the values that projections want, sealed ones included. What cannot be opened is absent.
    func scan(_ event: Event, _ type: Plan.EventType) throws(Malformed) {
        guard let book, type.sealing != .nothing, event.private.count > 0 else {
            return try Scanner.scan(event.data, type.paths, into: values)
        }
        let count = try plaintexts.open(event, of: organization, with: book)
        if count > 0, type.sealing == .partly {
            return try Scanner.scan(plaintexts.put(into: event.data, count), type.paths, into: values)
        }
        try Scanner.scan(event.data, type.paths, into: values)
        for n in 0..<count { try Scanner.scan(plaintexts[n], type.paths, into: values, adding: true) }
    }

    /// An event of a stream that is held somewhere waits there behind the first.
    private func wait(_ event: Event) {
        for projection in projections where projection.active && projection.held.contains(event.stream) {
            projection.waiting.add(leaf: event.leaf)
        }
    }

    /// An event that does not follow its stream's last one is refused by all that take events of its entity, also where
    /// they do not take this one: where the gap is found may not depend on how the log was cut into batches.
    private func refuse(_ event: Event) {
        for i in plan.projections(ofEntity: event.type).sorted() { hold(event, in: projections[i], .versionGap) }
    }

    func hold(_ event: Event, in projection: Projection, _ error: FoldError) {
        guard projection.active, !projection.held.contains(event.stream) else { return }
        projection.held.insert(event.stream)
        projection.waiting.add(leaf: event.leaf)
        projection.holds.append(
            Hold(
                stream: event.stream, position: event.position, version: event.version, code: error.code,
                column: error.column.map { projection.definition.columns[$0].name }))
        holding = true
    }
}
