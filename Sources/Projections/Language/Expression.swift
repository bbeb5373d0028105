/// Where a value is found while an event is folded.
enum Source: Hashable, Sendable {
    /// A path of the event's data.
    case data([String])
    /// A path of the element at hand of `each`; empty: the element itself.
    case item([String])
    /// The name under which that element stands in its object.
    case name
    /// Which of a list's elements it is, from 0.
    case index
}

/// What an event says, or what follows from that. `Place` is a `Source` in a definition and the number of a value in a
/// compiled program.
indirect enum Expression<Place: Hashable & Sendable>: Sendable {
    case place(Place)
    /// A constant of a column's type: an integer, a day, a moment, or 0 and 1 for a boolean.
    case number(Int64)
    case text(String), id(Cell), null
    /// A constant in a JSON document.
    case json(String)
    case occurredAt, recordedAt, position, actor, stream
    case lower(Expression)
    case host(Expression)
    case length(Expression)
    case first([Expression])
    case concat([Expression])
    case day(Expression)
    case month(Expression)
    case days(from: Expression, to: Expression)
    case object([(name: String, value: Expression)])
}

extension Expression {
    /// The same with other names of places.
    func map<Other>(_ place: (Place) -> Other) -> Expression<Other> {
        switch self {
        case .place(let found): .place(place(found))
        case .number(let number): .number(number)
        case .text(let text): .text(text)
        case .id(let id): .id(id)
        case .null: .null
        case .json(let text): .json(text)
        case .occurredAt: .occurredAt
        case .recordedAt: .recordedAt
        case .position: .position
        case .actor: .actor
        case .stream: .stream
        case .lower(let one): .lower(one.map(place))
        case .host(let one): .host(one.map(place))
        case .length(let one): .length(one.map(place))
        case .first(let list): .first(list.map { $0.map(place) })
        case .concat(let list): .concat(list.map { $0.map(place) })
        case .day(let one): .day(one.map(place))
        case .month(let one): .month(one.map(place))
        case .days(let from, let to): .days(from: from.map(place), to: to.map(place))
        case .object(let members): .object(members.map { ($0.name, $0.value.map(place)) })
        }
    }

    /// The places that it reads.
    var places: [Place] {
        switch self {
        case .place(let found): [found]
        case .number, .text, .id, .null, .json, .occurredAt, .recordedAt, .position, .actor, .stream: []
        case .lower(let one), .host(let one), .length(let one), .day(let one), .month(let one): one.places
        case .first(let list), .concat(let list): list.flatMap(\.places)
        case .days(let from, let to): from.places + to.places
        case .object(let members): members.flatMap(\.value.places)
        }
    }
}

// MARK: - What decides what it says?

extension Source {
    var canonical: String {
        switch self {
        case .data(let path): path.joined(separator: ".")
        case .item(let path): (["$item"] + path).joined(separator: ".")
        case .name: "$name"
        case .index: "$index"
        }
    }
}

extension Expression where Place == Source {
    var canonical: String {
        switch self {
        case .place(let place): "member \(place.canonical)"
        case .number(let number): "number \(number)"
        case .text(let text): "text \(text)"
        case .id(let cell): "id \(cell.uuid)"
        case .null: "null"
        case .json(let text): "json \(text)"
        case .occurredAt: "$occurred_at"
        case .recordedAt: "$recorded_at"
        case .position: "$position"
        case .actor: "$actor"
        case .stream: "$stream"
        case .lower(let one): "lower (\(one.canonical))"
        case .host(let one): "host (\(one.canonical))"
        case .length(let one): "length (\(one.canonical))"
        case .first(let list): "first (\(list.map(\.canonical).joined(separator: ", ")))"
        case .concat(let list): "concat (\(list.map(\.canonical).joined(separator: ", ")))"
        case .day(let one): "day (\(one.canonical))"
        case .month(let one): "month (\(one.canonical))"
        case .days(let from, let to): "days (\(from.canonical), \(to.canonical))"
        case .object(let members):
            "object (\(members.map { "\($0.name): \($0.value.canonical)" }.joined(separator: ", ")))"
        }
    }
}
