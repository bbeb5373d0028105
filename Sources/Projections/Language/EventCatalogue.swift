public import Kernel

/// The events that exist, so that a projection of one that does not is refused when it is loaded.
public struct EventCatalogue: Sendable {
    /// The places in each event's data, by the event's name. Nil says that the event exists and its paths are not
    /// checked.
    public let events: [String: [EventShape.Path]?]
    /// The paths at which an event's `data` is personal, and sealed in the log.
    public let personal: [String: Set<[String]>]

    /// The events of these shapes: of each the newest, which is all that a fold sees.
    public init(_ shapes: some Sequence<EventShape>) {
        let newest = Dictionary(shapes.map { ($0.type, $0) }) { $0.schema > $1.schema ? $0 : $1 }
        events = newest.mapValues(\.paths)
        personal = newest.mapValues { Set($0.paths.filter(\.isPersonal).map(\.names)) }
    }
    /// A catalogue of names, and of what is personal.
    public init(names: some Sequence<String>, personal: [String: Set<[String]>] = [:]) {
        events = Dictionary(names.map { ($0, nil) }) { a, _ in a }
        self.personal = personal
    }

    /// How much of what stands at a path of an event is personal, and sealed in the log.
    func privacy(of path: [String], in event: String) -> Privacy {
        let personal = personal[event] ?? []
        if path.indices.contains(where: { personal.contains(Array(path[...$0])) }) { return .whole }
        return personal.contains { $0.count > path.count && $0.starts(with: path) } ? .partly : .none
    }
    enum Privacy { case none, partly, whole }

    /// What an event has at a path.
    enum Found {
        /// A place, or nothing is known about the event's places, or it lies where names are the organization's own.
        case place(EventShape.Path), unknown
        /// Nothing can be there.
        case nothing
    }

    func find(_ names: [String], in event: String) -> Found {
        guard let known = events[event] ?? nil else { return .unknown }
        if let place = known.first(where: { $0.names == names }) { return .place(place) }
        return known.contains { $0.isOpen && names.starts(with: $0.names) } ? .unknown : .nothing
    }
    /// The paths of an event as files write them.
    func paths(of event: String) -> [String] {
        ((events[event] ?? nil) ?? []).map { "." + $0.names.joined(separator: ".") }
    }
}

extension ColumnType {
    /// Whether a column of this type takes what a member holds.
    func takes(_ kind: Field.Kind) -> Bool {
        switch (kind, self) {
        case (_, .json): true
        case (.text, .text), (.paragraph, .text), (.choice, .text), (.email, .text), (.phone, .text), (.link, .text),
            (.slug, .text), (.currency, .text), (.zone, .text), (.day, .text), (.instant, .text), (.id, .text),
            (.reference, .text):
            true
        case (.id, .uuid), (.reference, .uuid), (.day, .date), (.instant, .timestamptz), (.flag, .boolean): true
        case (.integer, .bigint), (.integer, .numeric), (.decimal, .numeric): true
        // Decimal numbers may come as text.
        case (.text, .numeric), (.paragraph, .numeric): true
        case (_, .text), (_, .bigint), (_, .boolean), (_, .uuid), (_, .date), (_, .timestamptz), (_, .numeric): false
        }
    }
}

extension Field.Kind {
    /// Whether it is a list, or an object whose members are elements.
    var hasElements: Bool {
        switch self {
        case .list, .map, .entries, .custom, .object, .anything: true
        case .text, .paragraph, .choice, .email, .phone, .link, .slug, .currency, .zone, .integer, .decimal, .flag,
            .day, .instant, .id, .reference, .money, .record, .value:
            false
        }
    }

    /// What it is, in the words of messages.
    var said: String {
        switch self {
        case .text, .paragraph, .choice, .email, .phone, .link, .slug, .currency, .zone: "text"
        case .integer: "an integer"
        case .decimal: "a number"
        case .flag: "a boolean"
        case .day: "a day"
        case .instant: "a moment"
        case .id, .reference: "an id"
        case .money: "an amount, an object of minor and currency"
        case .object, .map, .entries, .custom, .record, .anything: "an object"
        case .list: "an array"
        case .value: "any value"
        }
    }
}
