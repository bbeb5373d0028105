import FoundationEssentials
import Kernel

/// Ids of Daybook's that stand inside a value, as an export writes it: a deal's lines with their products, a contact's
/// accounts, who took part. Each becomes a link, which is set when the record that is meant is known, and left out
/// where it is not there; what decisions add to a value is left out.
struct EmbeddedIDs {
    let place: Wish.Place
    let source: String
    let column: String
    let identify: @Sendable (_ source: String, _ entity: String, _ key: String) -> UUID
    private(set) var links: [Wish.Link] = []

    init(
        place: Wish.Place, source: String, column: String,
        identify: @escaping @Sendable (_ source: String, _ entity: String, _ key: String) -> UUID
    ) {
        (self.place, self.source, self.column, self.identify) = (place, source, column, identify)
    }

    /// The value without what the links set; nil where nothing is left of it.
    mutating func meant(_ value: JSON, _ kind: Field.Kind, at path: [String]) -> JSON? {
        switch kind {
        case .reference(let entity):
            if let id = value.string { link(entity, id, path) }
            return nil
        case .record:
            if let entity = value["entity"]?.string, let id = value["id"]?.string {
                link(entity, id, path, namesEntity: true)
            }
            return nil
        case .object(let fields): return members(value, fields, at: path)
        case .list(of: let item, _):
            return value.array.map { items in
                .array(items.enumerated().compactMap { meant($1, item, at: path + [String($0)]) })
            }
        case .map(of: let item, keys: let keys):
            return entries(value, keys, at: path) { $0.meant($1, item, at: $2) }
        case .entries(of: let fields, keys: let keys, _):
            return entries(value, keys, at: path) { $0.members($1, fields, at: $2) }
        case .text, .paragraph, .integer, .decimal, .flag, .money, .day, .instant, .choice, .email, .phone, .link,
            .slug, .currency, .zone, .id, .custom, .anything, .value:
            return value
        }
    }

    /// The members that a body takes.
    private mutating func members(_ value: JSON, _ fields: [Field], at path: [String]) -> JSON? {
        guard let given = value.object else { return value }
        var taken: [String: JSON] = [:]
        for field in fields {
            guard let member = given[field.name], member != .null else { continue }
            taken[field.name] = meant(member, field.kind, at: path + [field.name])
        }
        return .object(taken)
    }

    /// Entries by key; those whose keys are ids of records are set with these.
    private mutating func entries(
        _ value: JSON, _ keys: Field.Keys, at path: [String],
        _ read: (inout EmbeddedIDs, JSON, [String]) -> JSON?
    ) -> JSON {
        var given = value.object ?? [:]
        for item in value.array ?? [] { if let id = item["id"]?.string { given[id] = item } }
        var taken: [String: JSON] = [:]
        for (key, item) in given.sorted(by: { $0.key < $1.key }) {
            let entry = read(&self, item, path + [key])
            switch keys {
            case .name, .id: taken[key] = entry
            case .reference(let entity): link(entity, key, path, entry: entry ?? [:])
            case .record: if let entity = item["entity"]?.string { link(entity, key, path, entry: entry ?? [:]) }
            }
        }
        return .object(taken)
    }

    private mutating func link(
        _ name: String, _ id: String, _ path: [String], namesEntity: Bool = false, entry: JSON? = nil
    ) {
        guard let entity = EntityFacts.all[name], let key = Normal.key(id) else { return }
        links.append(
            Wish.Link(
                place: place, path: path, entity: entity, id: identify(source, name, key),
                given: UUID(text: key), namesEntity: namesEntity, source: source, missing: .empty, creates: [:],
                name: id, column: column, entry: entry))
    }
}
