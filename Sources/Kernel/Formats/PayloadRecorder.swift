import FoundationEssentials

/// A member that a payload's own decoding asked for.
struct RecordedMember {
    /// What was asked for, as far as a schema cares.
    enum Value { case text, flag, integer, decimal, id, day, instant, money, record, patch, object, list }

    let name: String
    let value: Value
    let isRequired: Bool
}

extension Message {
    /// What the payload of each stored name holds. The compiler wrote how an event is decoded; here each event decodes
    /// itself from an observer that answers with zeros and notes what it was asked for, so that the list of members is
    /// kept nowhere else.
    /// - Throws: `DecodingError` for a payload with a type for which the observer has no zero.
    static func payloads() throws -> [(name: String, members: [RecordedMember])] {
        try CodingKeys.allCases.map { key in
            let notes = Notes()
            _ = try Self(from: PayloadRecorder(notes: notes, chosen: key.stringValue))
            return (key.stringValue, notes.members)
        }
    }
}

private final class Notes {
    var members: [RecordedMember] = []
    /// A member that was looked for before it was read: it may be absent.
    var sought: String?
    var isList = false
}

private struct PayloadRecorder: Decoder, SingleValueDecodingContainer {
    let notes: Notes
    /// The only key of the outermost object: the stored name.
    let chosen: String?
    var codingPath: [any CodingKey] { [] }
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy: Key.Type) -> KeyedDecodingContainer<Key> {
        KeyedDecodingContainer(RecordedObject(notes: notes, chosen: chosen))
    }
    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        notes.isList = true
        return NoItems()
    }
    func singleValueContainer() -> any SingleValueDecodingContainer { self }

    func decodeNil() -> Bool { false }
    func decode<T: Decodable>(_: T.Type) throws -> T { try PayloadRecorder.zero(T.self).value }

    /// A value that nobody will look at, and what kind it is of.
    static func zero<T: Decodable>(_: T.Type) throws -> (value: T, kind: RecordedMember.Value) {
        if let (value, kind) = zeros[ObjectIdentifier(T.self)], let value = value as? T { return (value, kind) }
        // A dictionary or an array comes out empty; what has members of its own gets zeros too.
        let notes = Notes()
        let value = try T(from: PayloadRecorder(notes: notes, chosen: nil))
        return (value, notes.isList ? .list : .object)
    }

    private static let zeros: [ObjectIdentifier: (any Sendable, RecordedMember.Value)] = {
        var zeros: [ObjectIdentifier: (any Sendable, RecordedMember.Value)] = [
            ObjectIdentifier(String.self): ("", .text), ObjectIdentifier(Bool.self): (false, .flag),
            ObjectIdentifier(Int64.self): (Int64(0), .integer), ObjectIdentifier(Int.self): (0, .integer),
            ObjectIdentifier(Double.self): (0.0, .decimal), ObjectIdentifier(UUID.self): (UUID.v8([]), .id),
            ObjectIdentifier(Day.self): (Day(number: 0), .day),
            ObjectIdentifier(Instant.self): (Instant(microseconds: 0), .instant),
            ObjectIdentifier(Record.self): (Record(), .record), ObjectIdentifier(Patch.self): (Patch(), .patch),
        ]
        zeros[ObjectIdentifier(Money.self)] = Currency("EUR").map { (Money(minor: 0, currency: $0), .money) }
        return zeros
    }()
}

private struct RecordedObject<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let notes: Notes
    let chosen: String?
    var codingPath: [any CodingKey] { [] }
    var allKeys: [Key] { chosen.flatMap { Key(stringValue: $0) }.map { [$0] } ?? [] }

    /// Only what may be absent is looked for (`decodeIfPresent`).
    func contains(_ key: Key) -> Bool {
        notes.sought = key.stringValue
        return true
    }
    func decodeNil(forKey key: Key) -> Bool { false }
    func decode<T: Decodable>(_: T.Type, forKey key: Key) throws -> T {
        let isRequired = notes.sought != key.stringValue
        notes.sought = nil
        let (value, kind) = try PayloadRecorder.zero(T.self)
        notes.members.append(RecordedMember(name: key.stringValue, value: kind, isRequired: isRequired))
        return value
    }
    func nestedContainer<Nested: CodingKey>(keyedBy: Nested.Type, forKey key: Key) -> KeyedDecodingContainer<Nested> {
        KeyedDecodingContainer(RecordedObject<Nested>(notes: notes, chosen: nil))
    }
    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedDecodingContainer { NoItems() }
    func superDecoder() -> any Decoder { PayloadRecorder(notes: notes, chosen: nil) }
    func superDecoder(forKey key: Key) -> any Decoder { superDecoder() }
}

private struct NoItems: UnkeyedDecodingContainer {
    var codingPath: [any CodingKey] { [] }
    var count: Int? { 0 }
    var isAtEnd: Bool { true }
    var currentIndex: Int { 0 }

    private var nothing: DecodingError {
        .dataCorrupted(.init(codingPath: [], debugDescription: "an observed list has no items"))
    }
    func decodeNil() -> Bool { false }
    func decode<T: Decodable>(_: T.Type) throws -> T { throw nothing }
    func nestedContainer<Nested: CodingKey>(keyedBy: Nested.Type) throws -> KeyedDecodingContainer<Nested> {
        throw nothing
    }
    func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { throw nothing }
    func superDecoder() throws -> any Decoder { throw nothing }
}
