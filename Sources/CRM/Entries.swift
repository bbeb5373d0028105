import FoundationEssentials
import Kernel

/// Things of a record keyed by id, of which exactly one is primary while there is any that has not ended:
/// a contact's addresses, its accounts. Kept in the form in which events tell them.
struct Entries: Equatable {
    private var all: [String: [String: JSON]]

    init(_ known: JSON?) { all = (known?.object ?? [:]).compactMapValues(\.object) }

    /// As a field of the record.
    var json: JSON { .object(all.mapValues { .object($0) }) }
    /// The key of the primary one.
    var primary: String? { all.keys.sorted().first { all[$0]?["primary"] == true && !hasEnded($0) } }
    /// One of them.
    subscript(key: String) -> [String: JSON]? { all[key] }
    /// The key of the one whose member has this value.
    func key(where name: String, is value: JSON?) -> String? { all.keys.sorted().first { all[$0]?[name] == value } }
    /// All values of a member.
    func values(_ name: String) -> [String] { all.values.compactMap { $0[name]?.string } }
    /// The keys that are ids, in their order.
    var ids: [UUID] { all.keys.sorted().compactMap(UUID.init(text:)) }
    /// Whether it lies in the past.
    func hasEnded(_ key: String) -> Bool { all[key]?["to"] != nil }

    /// Whether it is there and goes on.
    func isCurrent(_ key: String) -> Bool { all[key] != nil && !hasEnded(key) }

    /// Sets one of them. The first becomes primary; what is said to be primary takes that from another.
    mutating func put(_ key: String, _ entry: [String: JSON]) {
        var entry = entry
        let isPrimary = entry["primary"] ?? all[key]?["primary"] ?? false
        entry["primary"] = isPrimary
        all[key] = entry
        settle(isPrimary == true ? key : primary)
    }
    /// Takes one out; if it was primary, the oldest of the others becomes it.
    mutating func remove(_ key: String) {
        all[key] = nil
        settle(primary)
    }
    /// Makes one primary.
    mutating func prefer(_ key: String) { settle(key) }

    private mutating func settle(_ preferred: String?) {
        let current = all.keys.filter { !hasEnded($0) }.sorted()
        let chosen = preferred.flatMap { current.contains($0) ? $0 : nil } ?? primary ?? current.first
        for key in all.keys { all[key]?["primary"] = .bool(key == chosen) }
    }

    /// Takes over what a body gives (`Field.Kind.entries`): some by key, all of them, or only the primary one.
    /// - Parameter named: the key and the entry of an item of an array, or of a lone value.
    mutating func take(_ given: JSON?, named: (JSON, Entries) -> (key: String, entry: [String: JSON])?) {
        switch given {
        case nil: break
        case .null?: all = [:]
        case .object(let changes)?:
            for (key, entry) in changes.sorted(by: { $0.key < $1.key }) {
                if let entry = entry.object { put(key, entry) } else { remove(key) }
            }
        case .array(let items)?:
            let known = self
            all = [:]
            var hasPrimary = false
            for item in items {
                let lookedUp = known.merging(self)
                guard let (key, entry) = named(item, lookedUp) else { continue }
                hasPrimary = hasPrimary || entry["primary"] == true
                put(key, entry)
            }
            if !hasPrimary, let first = items.first, let (key, _) = named(first, self) { prefer(key) }
        case let lone?:
            guard let (key, entry) = named(lone, self) else { break }
            if all[key] == nil {
                if let primary { remove(primary) }
                put(key, entry)
            }
            all[key]?["to"] = nil
            prefer(key)
        }
    }
    private func merging(_ other: Entries) -> Entries {
        var result = self
        result.all.merge(other.all) { $1 }
        return result
    }

    /// What differs from `old`, as a patch of the map; nil where nothing does.
    func change(from old: Entries) -> Patch? {
        let change = Patch(of: all, from: old.all)
        return change.isEmpty ? nil : change
    }
}
