public import Kernel
public import Vault

/// What a fold needs to see events as they are meant: what is sealed in them, and the shape of today.
public struct Unsealing: Sendable {
    /// Wrapped the keys in the database.
    let master: any KeyWrapping
    /// Says what of which event is personal.
    let catalogue: EventCatalogue
    /// What became of older shapes of events.
    let upcasts: Upcasts

    /// What a fold needs.
    public init(master: any KeyWrapping, catalogue: EventCatalogue, upcasts: Upcasts = .none) {
        (self.master, self.catalogue, self.upcasts) = (master, catalogue, upcasts)
    }
}

extension Definition {
    /// The columns that hold something personal of one event or another.
    func personalColumns(_ catalogue: EventCatalogue) -> Set<Int> {
        var columns: Set<Int> = []
        for handler in handlers {
            for one in handler.cases {
                for case .assign(let column, let value) in one.steps {
                    let paths = value.places.compactMap { $0.path(below: one.each) }
                    if paths.contains(where: { catalogue.privacy(of: $0, in: handler.event) != .none }) {
                        columns.insert(column)
                    }
                }
            }
        }
        // What follows from them is as personal as they are.
        for case .assign(let column, .match(let parts)) in handlers.flatMap(\.cases).flatMap(\.steps)
        where parts.contains(where: { !columns.isDisjoint(with: $0.columns) }) {
            columns.insert(column)
        }
        return columns
    }
}

extension Source {
    /// The path of `data` that decides how personal it is: an element is as its list.
    fileprivate func path(below each: [String]?) -> [String]? {
        switch self {
        case .data(let path): path
        case .item, .name, .index: each
        }
    }
}
