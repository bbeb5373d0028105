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
    /// RFC 7396 over the members of an object column.
    case merge(Int, slot: Int)
    /// The row goes.
    case remove
}

/// What one event type does to a row.
struct Program: Sendable {
    var ops: [Op]
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
            func slot(_ path: [String]) -> Int {
                if let i = paths.firstIndex(of: path) { return i }
                paths.append(path)
                return paths.count - 1
            }
            var programs: [(Int, Program)] = []
            for (i, definition) in definitions.enumerated() {
                for handler in definition.handlers where handler.event == name {
                    programs.append((i, Program(ops: handler.steps.map { definition.compile($0, slot: slot) })))
                }
            }
            let privacies = paths.map { catalogue?.privacy(of: $0, in: name) ?? .none }
            let sealing: Sealing =
                privacies.contains(.partly) ? .partly : privacies.contains(.whole) ? .whole : .nothing
            return EventType(name: Array(name.utf8), paths: PathTree(paths), sealing: sealing, programs: programs)
        }
        slots = types.map(\.paths.slots).max() ?? 0
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

extension Definition {
    fileprivate func compile(_ step: Step, slot: ([String]) -> Int) -> Op {
        switch step {
        case .remove: .remove
        case .assign(let i, let value):
            switch value {
            case .member(let path): .set(i, columns[i].type, slot: slot(path))
            case .given(let path): .given(i, columns[i].type, slot: slot(path))
            case .number(let n): .number(i, n)
            case .id(let cell): .id(i, cell)
            case .text(let text): .text(i, Array(text.utf8))
            case .occurredAt: .occurredAt(i)
            case .recordedAt: .recordedAt(i)
            case .position: .position(i)
            case .actor: .actor(i)
            case .stream: .stream(i)
            case .null: .clear(i)
            case .add(let n): .add(i, n)
            case .addMember(let path): .addMember(i, slot: slot(path))
            case .merge(let path): .merge(i, slot: slot(path))
            }
        }
    }
}
