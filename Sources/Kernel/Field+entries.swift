import FoundationEssentials

extension Field.Kind {
    /// The normal form of `entries`: an object stays one, an array becomes one of objects, a lone value stays alone.
    func entries(
        _ value: JSON, of fields: [Field], keys: Field.Keys, by: String, at pointer: String, flaws: inout [Flaw]
    ) -> JSON? {
        let whole = Field.Kind.members(fields, keys: keys, by: by)
        guard let lone = whole.first(where: { $0.name == by }) else { return nil }
        switch value {
        case .object:
            return Field.Kind.map(of: .object(fields), keys: keys).normal(value, at: pointer, flaws: &flaws)
        case .array(let items):
            let objects = items.map { item in item.string == nil ? item : .object([by: item]) }
            return Field.Kind.list(of: .object(whole), 200).normal(.array(objects), at: pointer, flaws: &flaws)
        case .null, .bool, .integer, .number, .string:
            return lone.kind.normal(value, at: pointer, flaws: &flaws)
        }
    }

    /// The members of one of the entries where it stands outside its map.
    static func members(_ fields: [Field], keys: Field.Keys, by: String) -> [Field] {
        switch keys {
        case .id, .name, .record: fields
        case .reference(let entity): [Field(by, .reference(entity)).required()] + fields
        }
    }
}

/// A record that a body names, and where.
public struct Mention: Sendable, Hashable {
    /// The member, as a JSON pointer.
    public let pointer: String
    /// The entity's name.
    public let entity: String
    /// The record.
    public let id: UUID

    fileprivate init?(_ entity: JSON?, _ id: JSON?, at pointer: String) {
        guard let entity = entity?.string, let id = id?.string.flatMap(UUID.init(text:)) else { return nil }
        (self.pointer, self.entity, self.id) = (pointer, entity, id)
    }
}

extension [Field] {
    /// All records that values in normal form name, so that whether they exist is asked in one place.
    public func mentions(in values: [String: JSON], at pointer: String = "") -> [Mention] {
        flatMap { field in
            values[field.name].map { field.kind.mentions($0, at: "\(pointer)/\(Pointer.escape(field.name))") } ?? []
        }
    }
}

extension Field.Kind {
    fileprivate func mentions(_ value: JSON, at pointer: String) -> [Mention] {
        switch self {
        case .reference(let entity):
            return Mention(.string(entity), value, at: pointer).map { [$0] } ?? []
        case .record: return Mention(value["entity"], value["id"], at: "\(pointer)/id").map { [$0] } ?? []
        case .object(let fields): return value.object.map { fields.mentions(in: $0, at: pointer) } ?? []
        case .list(let kind, _):
            return (value.array ?? []).enumerated().flatMap { kind.mentions($1, at: "\(pointer)/\($0)") }
        case .map(let kind, let keys):
            return (value.object ?? [:]).filter { $0.value != .null }.flatMap { key, item in
                let place = "\(pointer)/\(Pointer.escape(key))"
                return keys.mentions(key, item, at: place) + kind.mentions(item, at: place)
            }
        case .entries(let fields, let keys, let by):
            let whole = Field.Kind.members(fields, keys: keys, by: by)
            switch value {
            case .object:
                return Field.Kind.map(of: .object(fields), keys: keys).mentions(value, at: pointer)
            case .array: return Field.Kind.list(of: .object(whole), 200).mentions(value, at: pointer)
            case .null, .bool, .integer, .number, .string:
                return whole.first { $0.name == by }?.kind.mentions(value, at: pointer) ?? []
            }
        case .text, .paragraph, .integer, .decimal, .flag, .money, .day, .instant, .choice, .email, .phone, .link,
            .slug, .currency, .zone, .id, .custom, .anything, .value:
            return []
        }
    }
}

extension Field.Keys {
    /// The record that an entry's key names.
    fileprivate func mentions(_ key: String, _ entry: JSON, at pointer: String) -> [Mention] {
        switch self {
        case .name, .id: []
        case .reference(let entity): Mention(.string(entity), .string(key), at: pointer).map { [$0] } ?? []
        case .record: Mention(entry["entity"], .string(key), at: pointer).map { [$0] } ?? []
        }
    }
}
