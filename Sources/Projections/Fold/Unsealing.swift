public import Vault

/// What a fold needs to see what is sealed in events.
public struct Unsealing: Sendable {
    /// Wrapped the keys in the database.
    let master: any KeyWrapping
    /// Says what of which event is personal.
    let catalogue: EventCatalogue

    /// What a fold needs.
    public init(master: any KeyWrapping, catalogue: EventCatalogue) {
        (self.master, self.catalogue) = (master, catalogue)
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
