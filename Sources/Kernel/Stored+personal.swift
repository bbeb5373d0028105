// What of an event tells something about a person is kept apart from the rest, so that it can be sealed.

extension Entity {
    /// The members of its events that are personal: the fields of a personal kind, what the organization defined for
    /// itself (it may hold anything), what is derived from them, and what is told aside.
    public static var personalNames: Set<String> {
        Set((fields + derived + aside).filter(\.isSealed).map(\.name))
    }
}

extension Field {
    /// Whether its values tell something about a person, or may: an organization's own fields hold anything.
    public var isSealed: Bool { dataClass != .public || kind == .custom || kind == .anything }
}

extension Stored {
    /// The member of an event's data that holds a change; what is personal is looked for in it, too.
    private static let change = "set"

    /// The event without members of these names, which are looked for at the top and in `set`, and those members at the
    /// paths where they stood; nil where there are none. A member goes whole, whatever it holds, a null included.
    public func parted(by names: Set<String>) -> (open: Stored, personal: JSON?) {
        guard let members = data.object else { return (self, nil) }
        var open = members.filter { !names.contains($0.key) }
        var personal = members.filter { names.contains($0.key) }
        if let inner = open[Self.change]?.object {
            let sealed = inner.filter { names.contains($0.key) }
            if !sealed.isEmpty {
                open[Self.change] = .object(inner.filter { !names.contains($0.key) })
                personal[Self.change] = .object(sealed)
            }
        }
        if personal.isEmpty { return (self, nil) }
        return (Stored(type: type, schema: schema, data: .object(open)), .object(personal))
    }

    /// The event with members put back where they stood.
    public func completed(by personal: JSON) -> Stored {
        guard var members = data.object, let added = personal.object else { return self }
        for (name, value) in added {
            if name == Self.change, let inner = members[name]?.object, let more = value.object {
                members[name] = .object(inner.merging(more) { $1 })
            } else {
                members[name] = value
            }
        }
        return Stored(type: type, schema: schema, data: .object(members))
    }

    /// The paths at which an event may have members of these names.
    public static func personalPaths(_ names: Set<String>) -> Set<[String]> {
        Set(names.flatMap { [[$0], [change, $0]] })
    }
}

/// What is recorded of a person, in the person's own stream, when its key is destroyed. Nothing can be decided on the
/// stream after it.
public enum Erasure {
    /// The event's stored name.
    public static let type = "person.erased"
    /// The event.
    public static let event = Stored(type: type, schema: 1, data: [:])
    /// Its data say nothing.
    public static let shape = EventShape(type: type, schema: 1, members: [])
}
