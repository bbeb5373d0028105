import Kernel

/// What an event does to one column, compiled: columns and slots are dense numbers, no name is looked at any more.
enum Op: Sendable {
    /// The member; absent or null clears.
    case set(Int, ColumnType, slot: Int)
    /// The member of a merge patch; absent leaves the column alone, null clears it.
    case given(Int, ColumnType, slot: Int)
    case number(Int, Int64)
    /// A UUID.
    case id(Int, Cell)
    case text(Int, [UInt8])
    case occurredAt(Int), recordedAt(Int), position(Int), actor(Int), stream(Int)
    case clear(Int)
    case add(Int, Int64)
    case addMember(Int, slot: Int)
    /// What a function makes.
    case put(Int, ColumnType, Expression<Int>)
    case sum(Int, Expression<Int>, isMinus: Bool)
    case list(Int, ListChange, Expression<Int>)
    /// What follows from other columns of the row.
    case match(Int, [MatchTexts])
    /// RFC 7396 over the members of an object column.
    case merge(Int, slot: Int)
    /// The row goes.
    case remove
}

/// Columns that are compared alike, each with whether it holds entries that have an address.
struct MatchTexts: Sendable {
    let form: Match.Form
    let columns: [(column: Int, isEntries: Bool)]
}

/// What becomes of a list in a json column.
enum ListChange: Sendable { case append, collect, remove }

/// What one event type does to the rows of one projection.
struct Program: Sendable {
    /// All that happens to the stream's row, where there is one case that asks nothing: the usual.
    var ops: [Op] = []
    /// Else the cases.
    var branches: [Branch] = []
}

/// A case, compiled.
struct Branch: Sendable {
    let each: Each?
    let when: Condition<Int>?
    /// What makes the key; none: the stream's row.
    let key: [KeyPart]
    let ops: [Op]

    struct KeyPart: Sendable {
        let column: Int
        let type: ColumnType
        let value: Expression<Int>
    }
    /// Where the values of the element at hand are put: itself, its name, its number, then the paths in it.
    struct Each: Sendable {
        static let before = 3
        let slot: Int
        let base: Int
        let paths: PathTree
        var slots: Int { base + Each.before + paths.slots }
    }
}

/// Several projections made ready to run in one pass over the log.
struct Plan: Sendable {
    struct EventType: Sendable {
        let name: [UInt8]
        let paths: PathTree
        let sealing: Sealing
        let programs: [(projection: Int, program: Program)]
    }
    /// What of the wanted paths may be sealed.
    enum Sealing: Sendable {
        case nothing
        /// Wanted paths stand in a sealed part whole: a second scan finds them.
        case whole
        /// A wanted object has some of its members in a sealed part: they must be put together first.
        case partly
    }
    let definitions: [Definition]
    let types: [EventType]
    let slots: Int
    /// What became of older shapes of events: a fold sees the newest only.
    let upcasts: Upcasts
    /// Types and versions of the events that have one, apart from each other.
    private let older: [(type: [UInt8], schema: Int16)]
    /// Whether any event must be opened.
    var opens: Bool { types.contains { $0.sealing != .nothing } }

    init(_ definitions: [Definition], _ catalogue: EventCatalogue? = nil, upcasts: Upcasts = .none) {
        self.definitions = definitions
        self.upcasts = upcasts
        older = upcasts.names.compactMap { name in
            Stored.parts(of: name).map { (Array($0.type.utf8), $0.schema) }
        }
        var names: [String] = []
        for handler in definitions.flatMap(\.handlers) where !names.contains(handler.event) {
            names.append(handler.event)
        }
        types = names.map { name in
            var paths: [[String]] = []
            for handler in definitions.flatMap(\.handlers) where handler.event == name {
                for path in handler.paths where !paths.contains(path) { paths.append(path) }
            }
            var programs: [(Int, Program)] = []
            for (i, definition) in definitions.enumerated() {
                for handler in definition.handlers where handler.event == name {
                    programs.append((i, definition.compile(handler, paths)))
                }
            }
            let privacies = paths.map { catalogue?.privacy(of: $0, in: name) ?? .none }
            let sealing: Sealing =
                privacies.contains(.partly) ? .partly : privacies.contains(.whole) ? .whole : .nothing
            return EventType(name: Array(name.utf8), paths: PathTree(paths), sealing: sealing, programs: programs)
        }
        slots =
            types.flatMap { type in
                [type.paths.slots] + type.programs.flatMap(\.program.branches).compactMap(\.each?.slots)
            }.max() ?? 0
    }

    /// Whether an event has an older shape. Where no event ever had one, that costs a comparison with nothing.
    @inline(__always) func isOlder(_ event: Event) -> Bool {
        !older.isEmpty && isListed(event.type, event.schema)
    }
    private func isListed(_ type: UnsafeRawBufferPointer, _ schema: Int16) -> Bool {
        older.contains { $0.schema == schema && $0.type.elementsEqual(type) }
    }

    /// The projections that take any event of this entity (the type's part before the dot).
    func projections(ofEntity type: UnsafeRawBufferPointer) -> Set<Int> {
        let entity = Array(type.prefix { $0 != UInt8(ascii: ".") }) + [UInt8(ascii: ".")]
        return Set(types.filter { $0.name.starts(with: entity) }.flatMap { $0.programs.map(\.projection) })
    }
}

extension Handler {
    /// The paths of `data` that it reads.
    fileprivate var paths: [[String]] {
        cases.flatMap { one in
            (one.each.map { [$0] } ?? []) + one.sources.compactMap(\.dataPath)
        }
    }
}

extension Source {
    fileprivate var dataPath: [String]? {
        switch self {
        case .data(let path): path
        case .item, .name, .index: nil
        }
    }
}

extension Step {
    fileprivate var places: [Source] {
        switch self {
        case .assign(_, let value): value.places
        case .remove: []
        }
    }
}

extension Case {
    fileprivate var sources: [Source] {
        (when?.places ?? []) + key.flatMap(\.places)
            + steps.flatMap(\.places)
    }
}

extension Definition {
    /// `paths[i]` is found in slot i.
    fileprivate func compile(_ handler: Handler, _ paths: [[String]]) -> Program {
        let branches = handler.cases.map { compile($0, paths) }
        if branches.count == 1, branches[0].each == nil, branches[0].when == nil, branches[0].key.isEmpty {
            return Program(ops: branches[0].ops)
        }
        return Program(branches: branches)
    }

    private func compile(_ one: Case, _ paths: [[String]]) -> Branch {
        var items: [[String]] = []
        for case .item(let path) in one.sources where !path.isEmpty && !items.contains(path) { items.append(path) }
        let each = one.each.flatMap { each in
            paths.firstIndex(of: each).map { Branch.Each(slot: $0, base: paths.count, paths: PathTree(items)) }
        }
        func slot(_ source: Source) -> Int {
            switch source {
            case .data(let path): paths.firstIndex(of: path) ?? 0
            case .item(let path):
                path.isEmpty
                    ? paths.count : paths.count + Branch.Each.before + (items.firstIndex(of: path) ?? 0)
            case .name: paths.count + 1
            case .index: paths.count + 2
            }
        }
        var parts: [Branch.KeyPart] = []
        if case .columns(let columns) = key {
            parts = zip(columns, one.key).map { column, value in
                Branch.KeyPart(column: column, type: self.columns[column].type, value: value.map(slot))
            }
        }
        return Branch(
            each: each, when: one.when?.map(slot), key: parts, ops: one.steps.map { compile($0, slot) })
    }

    private func compile(_ step: Step, _ slot: (Source) -> Int) -> Op {
        switch step {
        case .remove: .remove
        case .assign(let i, let value):
            switch value {
            case .set(let expression): compile(expression, into: i, slot)
            case .given(let place): .given(i, columns[i].type, slot: slot(place))
            case .add(.number(let n)): .add(i, n)
            case .add(.place(let place)): .addMember(i, slot: slot(place))
            case .add(let expression): .sum(i, expression.map(slot), isMinus: false)
            case .subtract(let expression): .sum(i, expression.map(slot), isMinus: true)
            case .merge(let place): .merge(i, slot: slot(place))
            case .append(let expression): .list(i, .append, expression.map(slot))
            case .collect(let expression): .list(i, .collect, expression.map(slot))
            case .remove(let expression): .list(i, .remove, expression.map(slot))
            case .match(let parts):
                .match(
                    i,
                    parts.map { part in
                        MatchTexts(
                            form: part.form, columns: part.columns.map { ($0, columns[$0].type == .json) })
                    })
            }
        }
    }

    private func compile(_ expression: Expression<Source>, into i: Int, _ slot: (Source) -> Int) -> Op {
        switch expression {
        case .place(let place): .set(i, columns[i].type, slot: slot(place))
        case .number(let n): .number(i, n)
        case .id(let cell): .id(i, cell)
        case .text(let text), .json(let text): .text(i, Array(text.utf8))
        case .null: .clear(i)
        // In a json column these are written as JSON.
        case .occurredAt where columns[i].type != .json: .occurredAt(i)
        case .recordedAt where columns[i].type != .json: .recordedAt(i)
        case .position where columns[i].type != .json: .position(i)
        case .actor where columns[i].type != .json: .actor(i)
        case .stream where columns[i].type != .json: .stream(i)
        case .occurredAt, .recordedAt, .position, .actor, .stream, .lower, .host, .length, .first, .concat, .day,
            .month, .days, .object:
            .put(i, columns[i].type, expression.map(slot))
        }
    }
}
