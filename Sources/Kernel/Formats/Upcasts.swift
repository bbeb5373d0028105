/// How data of an event in an older shape become data of a newer one.
public struct Upcast: Sendable {
    /// The stored name it has then, `name@schema`.
    public let to: String
    /// What changes of the members. Total: history cannot be refused, and personal members may be absent.
    public let change: @Sendable (inout [String: JSON]) -> Void

    /// To the next shape, by a change of the data's members.
    public static func to(_ name: String, _ change: @escaping @Sendable (inout [String: JSON]) -> Void = { _ in })
        -> Upcast
    {
        Upcast(to: name, change: change)
    }
}

/// What became of the shapes that events had before, by the stored name of each: an entity declares it beside the names
/// of its events, and what is read of the log is brought to the newest shape before anything else sees it.
///
///     static let upcasts: Upcasts = ["deal.opened@1": .to("deal.opened@2") { $0["currency"] = "EUR" }]
///
/// The log itself never changes: it is the reading that does. The order is: open sealed parts, upcast, decode.
public struct Upcasts: Sendable, ExpressibleByDictionaryLiteral {
    private var steps: [String: Upcast]

    /// No shape has a successor.
    public static let none = Upcasts(steps: [:])

    /// Each older stored name with its successor.
    public init(dictionaryLiteral elements: (String, Upcast)...) {
        steps = Dictionary(elements) { $1 }
    }
    private init(steps: [String: Upcast]) { self.steps = steps }

    /// All of several: an entity's events are its own, so no name stands in two.
    public init(_ all: some Sequence<Upcasts>) {
        steps = all.reduce(into: [:]) { $0.merge($1.steps) { $1 } }
    }

    /// Whether there is nothing to do.
    public var isEmpty: Bool { steps.isEmpty }
    /// The stored names that have a successor, sorted.
    public var names: [String] { steps.keys.sorted() }

    /// The same event in its newest shape.
    public func newest(_ stored: Stored) -> Stored {
        guard steps[stored.name] != nil, var members = stored.data.object else { return stored }
        var name = stored.name
        // No chain is longer than there are steps: a circle, which a law refuses, ends here too.
        for _ in 0..<steps.count {
            guard let step = steps[name] else { break }
            step.change(&members)
            name = step.to
        }
        guard let (type, schema) = Stored.parts(of: name) else { return stored }
        return Stored(type: type, schema: schema, data: .object(members))
    }

    /// The stored name in which an older one ends; itself where it is the newest.
    public func newest(_ name: String) -> String {
        var name = name
        for _ in 0..<steps.count { name = steps[name]?.to ?? name }
        return name
    }
}

extension Stored {
    /// `deal.moved@1`.
    public var name: String { "\(type)@\(schema)" }

    /// Type and version of a stored name.
    public static func parts(of name: String) -> (type: String, schema: Int16)? {
        guard let at = name.lastIndex(of: "@"), let schema = Int16(name[name.index(after: at)...]), schema > 0 else {
            return nil
        }
        return (String(name[..<at]), schema)
    }
}

extension Entity {
    /// Every event still has the shape it had first.
    public static var upcasts: Upcasts { .none }
}
