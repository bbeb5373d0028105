public import FoundationEssentials

/// The plain fields of a record, by name, in their normal form; what has no value is absent, also in a map.
public struct Record: Sendable, Hashable {
    /// The values.
    public private(set) var values: [String: JSON]

    /// A record of these values.
    public init(_ values: [String: JSON] = [:]) { self.values = values.compactMapValues(Record.present) }

    private static func present(_ value: JSON) -> JSON? {
        guard let members = value.object, members.values.contains(.null) else { return value == .null ? nil : value }
        let present = members.filter { $0.value != .null }
        return present.isEmpty ? nil : .object(present)
    }

    /// The value of a field.
    public subscript(name: String) -> JSON? { values[name] }

    /// Takes over what an event says changed: null removes; a map's members are set and removed one by one.
    public mutating func merge(_ change: Patch, _ fields: [Field]) {
        for (name, value) in change.values {
            if value == .null {
                values[name] = nil
            } else if let patch = value.object, fields.contains(where: { $0.name == name && $0.isMap }) {
                let old = values[name]?.object ?? [:]
                let merged = old.merging(patch) { $1 }.filter { $0.value != .null }
                values[name] = merged.isEmpty ? nil : .object(merged)
            } else {
                values[name] = value
            }
        }
    }
}

/// A change to plain fields: a JSON merge patch (RFC 7396) over them, in normal form.
public struct Patch: Sendable, Hashable {
    /// The new values; null clears.
    public private(set) var values: [String: JSON]
    /// Nothing changes.
    public var isEmpty: Bool { values.isEmpty }

    /// A change of these values.
    public init(_ values: [String: JSON] = [:]) { self.values = values }

    /// The new value of a field, null included; nil where the patch leaves it alone.
    public subscript(name: String) -> JSON? { values[name] }

    /// The text of a field's new value.
    public func text(_ name: String) -> String? { self[name]?.string }
    /// The id in a field's new value.
    public func id(_ name: String) -> UUID? { text(name).flatMap(UUID.init(text:)) }
    /// The moment in a field's new value.
    public func instant(_ name: String) -> Instant? { text(name).flatMap { Instant($0) } }
    /// The change without these fields.
    public func without(_ names: String...) -> Patch { Patch(values.filter { !names.contains($0.key) }) }

    /// What of this patch would change `record`: deciding the same again is then empty.
    public func effective(on record: Record, _ fields: [Field]) -> Patch {
        var change: [String: JSON] = [:]
        for (name, value) in values {
            let old = record[name]
            if let members = value.object, fields.contains(where: { $0.name == name && $0.isMap }) {
                let known = old?.object ?? [:]
                let new = members.filter { ($0.value == .null ? nil : $0.value) != known[$0.key] }
                if !new.isEmpty { change[name] = .object(new) }
            } else if (value == .null ? nil : value) != old {
                change[name] = value
            }
        }
        return Patch(change)
    }

    /// The patch that makes a record's editable fields exactly `record`: what is not given is cleared (PUT).
    public static func replacing(_ fields: [Field], of old: Record, by record: Record) -> Patch {
        var change: [String: JSON] = [:]
        for field in fields {
            switch (field.isMap, old[field.name]?.object, record[field.name]) {
            case (true, let known?, let new) where new == nil || new?.object != nil:
                let members = new?.object ?? [:]
                change[field.name] = .object(known.mapValues { _ in JSON.null }.merging(members) { $1 })
            case (_, _, let new): change[field.name] = new ?? .null
            }
        }
        return Patch(change)
    }
}

extension Record: Codable {
    /// Reads an object.
    public init(from decoder: any Decoder) throws { self.init(try JSON(from: decoder).object ?? [:]) }
    /// Writes an object.
    public func encode(to encoder: any Encoder) throws { try JSON.object(values).encode(to: encoder) }
}
extension Patch: Codable {
    /// Reads an object.
    public init(from decoder: any Decoder) throws { self.init(try JSON(from: decoder).object ?? [:]) }
    /// Writes an object.
    public func encode(to encoder: any Encoder) throws { try JSON.object(values).encode(to: encoder) }
}
