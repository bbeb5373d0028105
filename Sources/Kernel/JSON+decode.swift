import FoundationEssentials

extension JSON {
    /// Reads a `Decodable` value of this JSON. Members that the type does not know are left unread: history is read
    /// leniently, so that a field can be retired.
    /// - Throws: `DecodingError`.
    public func decode<T: Decodable>(_: T.Type = T.self) throws -> T {
        try Reader(json: self, codingPath: []).read(T.self)
    }
}

private struct Reader: Decoder, SingleValueDecodingContainer {
    let json: JSON
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func mismatch(_ type: Any.Type) -> DecodingError {
        .typeMismatch(type, .init(codingPath: codingPath, debugDescription: "found \(json.kind)"))
    }
    func container<Key: CodingKey>(keyedBy: Key.Type) throws -> KeyedDecodingContainer<Key> {
        guard case .object(let members) = json else { throw mismatch([String: JSON].self) }
        return KeyedDecodingContainer(MemberReader<Key>(members: members, codingPath: codingPath))
    }
    func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
        guard case .array(let items) = json else { throw mismatch([JSON].self) }
        return ItemReader(items: items, codingPath: codingPath)
    }
    func singleValueContainer() -> any SingleValueDecodingContainer { self }

    func decodeNil() -> Bool { json == .null }
    func decode<T: Decodable>(_: T.Type) throws -> T { try read(T.self) }

    func read<T: Decodable>(_: T.Type) throws -> T {
        if T.self == JSON.self, let value = json as? T { return value }
        if T.self == UUID.self {
            guard let id = json.string.flatMap(UUID.init(text:)) as? T else { throw mismatch(T.self) }
            return id
        }
        if let integer = T.self as? any FixedWidthInteger.Type {
            guard case .integer(let value) = json, let exact = integer.init(exactly: value) as? T else {
                throw mismatch(T.self)
            }
            return exact
        }
        if T.self == String.self {
            guard let text = json.string as? T else { throw mismatch(T.self) }
            return text
        }
        if T.self == Bool.self {
            guard let flag = json.bool as? T else { throw mismatch(T.self) }
            return flag
        }
        if T.self == Double.self {
            let number: Double? =
                switch json {
                case .number(let value): value
                case .integer(let value): Double(value)
                case .null, .bool, .string, .array, .object: nil
                }
            guard let exact = number as? T else { throw mismatch(T.self) }
            return exact
        }
        return try T(from: self)
    }
}

private struct MemberReader<Key: CodingKey>: KeyedDecodingContainerProtocol {
    let members: [String: JSON]
    let codingPath: [any CodingKey]
    var allKeys: [Key] { members.keys.compactMap(Key.init(stringValue:)) }

    private func reader(_ key: Key) throws -> Reader {
        guard let json = members[key.stringValue] else {
            throw DecodingError.keyNotFound(key, .init(codingPath: codingPath, debugDescription: "absent"))
        }
        return Reader(json: json, codingPath: codingPath + [key])
    }
    func contains(_ key: Key) -> Bool { members[key.stringValue] != nil }
    func decodeNil(forKey key: Key) throws -> Bool { members[key.stringValue] == .null }
    func decode<T: Decodable>(_: T.Type, forKey key: Key) throws -> T { try reader(key).read(T.self) }
    func nestedContainer<Nested: CodingKey>(keyedBy: Nested.Type, forKey key: Key) throws -> KeyedDecodingContainer<
        Nested
    > {
        try reader(key).container(keyedBy: Nested.self)
    }
    func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
        try reader(key).unkeyedContainer()
    }
    func superDecoder() throws -> any Decoder { Reader(json: .object(members), codingPath: codingPath) }
    func superDecoder(forKey key: Key) throws -> any Decoder { try reader(key) }
}

private struct ItemReader: UnkeyedDecodingContainer {
    let items: [JSON]
    let codingPath: [any CodingKey]
    var currentIndex = 0
    var count: Int? { items.count }
    var isAtEnd: Bool { currentIndex == items.count }

    init(items: [JSON], codingPath: [any CodingKey]) { (self.items, self.codingPath) = (items, codingPath) }

    private mutating func next() throws -> Reader {
        guard !isAtEnd else {
            throw DecodingError.valueNotFound(
                JSON.self, .init(codingPath: codingPath, debugDescription: "no more items"))
        }
        defer { currentIndex += 1 }
        return Reader(json: items[currentIndex], codingPath: codingPath)
    }
    mutating func decodeNil() throws -> Bool {
        guard !isAtEnd, items[currentIndex] == .null else { return false }
        currentIndex += 1
        return true
    }
    mutating func decode<T: Decodable>(_: T.Type) throws -> T { try next().read(T.self) }
    mutating func nestedContainer<Nested: CodingKey>(keyedBy: Nested.Type) throws -> KeyedDecodingContainer<Nested> {
        try next().container(keyedBy: Nested.self)
    }
    mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer { try next().unkeyedContainer() }
    mutating func superDecoder() throws -> any Decoder { try next() }
}

extension JSON: Codable {
    /// Reads any JSON; meant for this module's own coder, which passes `JSON` through.
    public init(from decoder: any Decoder) throws {
        guard let reader = decoder as? Reader else {
            throw DecodingError.dataCorrupted(
                .init(codingPath: decoder.codingPath, debugDescription: "use JSON.decode"))
        }
        self = reader.json
    }
    /// Writes any JSON.
    public func encode(to encoder: any Encoder) throws {
        switch self {
        case .array(let items):
            var container = encoder.unkeyedContainer()
            for item in items { try container.encode(item) }
        case .object(let members): try members.encode(to: encoder)
        case .null, .bool, .integer, .number, .string:
            var container = encoder.singleValueContainer()
            switch self {
            case .bool(let value): try container.encode(value)
            case .integer(let value): try container.encode(value)
            case .number(let value): try container.encode(value)
            case .string(let value): try container.encode(value)
            case .null, .array, .object: try container.encodeNil()
            }
        }
    }
}
