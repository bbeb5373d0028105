/// What must hold of an event for a case to be applied. It sees the event alone, and never fails: what is of another
/// kind is not equal, and neither above nor below.
indirect enum Condition<Place: Hashable & Sendable>: Sendable {
    /// A value stands there and is not null.
    case present(Expression<Place>)
    case compare(Expression<Place>, Comparison, Constant)
    case oneOf(Expression<Place>, [Constant])
    case all([Condition]), any([Condition]), not(Condition)
}

/// How a value is compared with a constant.
enum Comparison: String, Sendable, CaseIterable {
    case equals
    case above
    case below
    case atLeast = "at_least"
    case atMost = "at_most"

    /// Whether it holds where the value is so much more (1), less (−1) or the same (0).
    func holds(_ order: Int) -> Bool {
        switch self {
        case .equals: order == 0
        case .above: order > 0
        case .below: order < 0
        case .atLeast: order >= 0
        case .atMost: order <= 0
        }
    }
}

/// A constant in a condition; the way it is written decides its kind.
enum Constant: Hashable, Sendable {
    /// A plain decimal.
    case number(String)
    case text(String)
    case flag(Bool)
    /// Since 2000-01-01.
    case day(Int64)
    /// Microseconds since 2000-01-01T00:00Z.
    case instant(Int64)
}

extension Condition {
    /// The same with other names of places.
    func map<Other>(_ place: (Place) -> Other) -> Condition<Other> {
        switch self {
        case .present(let value): .present(value.map(place))
        case .compare(let value, let comparison, let constant): .compare(value.map(place), comparison, constant)
        case .oneOf(let value, let constants): .oneOf(value.map(place), constants)
        case .all(let list): .all(list.map { $0.map(place) })
        case .any(let list): .any(list.map { $0.map(place) })
        case .not(let one): .not(one.map(place))
        }
    }

    /// The places that it reads.
    var places: [Place] {
        switch self {
        case .present(let value), .compare(let value, _, _), .oneOf(let value, _): value.places
        case .all(let list), .any(let list): list.flatMap(\.places)
        case .not(let one): one.places
        }
    }
}

extension Condition where Place == Source {
    var canonical: String {
        switch self {
        case .present(let value): "present \(value.canonical)"
        case .compare(let value, let comparison, let constant):
            "\(comparison.rawValue) \(value.canonical) \(constant)"
        case .oneOf(let value, let constants): "in \(value.canonical) \(constants)"
        case .all(let list): "all (\(list.map(\.canonical).joined(separator: ", ")))"
        case .any(let list): "any (\(list.map(\.canonical).joined(separator: ", ")))"
        case .not(let one): "not (\(one.canonical))"
        }
    }
}
