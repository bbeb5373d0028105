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
            for case .assign(let column, let value) in handler.steps {
                guard let path = value.path, catalogue.privacy(of: path, in: handler.event) != .none else { continue }
                columns.insert(column)
            }
        }
        return columns
    }
}

extension Assignment {
    /// The path of `data` that it reads.
    var path: [String]? {
        switch self {
        case .member(let path), .given(let path), .addMember(let path), .merge(let path): path
        case .number, .text, .id, .null, .occurredAt, .recordedAt, .position, .actor, .stream, .add: nil
        }
    }
}
