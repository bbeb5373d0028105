import FoundationEssentials

extension JSON {
    /// The JSON of a `Codable` value. UUIDs are lower case; `JSON` itself passes through.
    /// - Throws: `EncodingError` for a number that is not finite.
    public init(encoding value: some Encodable) throws {
        let box = Box()
        try Writer(box: box, codingPath: []).write(value)
        self = box.json
    }
}

/// Where a value is put together; containers of one encoder share it.
private final class Box {
    private enum Content {
        case value(JSON)
        case object([String: Box])
        case array([Box])
    }
    private var content = Content.object([:])

    var json: JSON {
        switch content {
        case .value(let value): value
        case .object(let members): .object(members.mapValues(\.json))
        case .array(let items): .array(items.map(\.json))
        }
    }
    var count: Int { if case .array(let items) = content { items.count } else { 0 } }

    func set(_ value: JSON) { content = .value(value) }
    func startObject() { if case .object = content {} else { content = .object([:]) } }
    func startArray() { if case .array = content {} else { content = .array([]) } }
    func member(_ name: String) -> Box {
        let box = Box()
        if case .object(var members) = content {
            members[name] = box
            content = .object(members)
        }
        return box
    }
    func item() -> Box {
        let box = Box()
        if case .array(var items) = content {
            items.append(box)
            content = .array(items)
        }
        return box
    }
}

private struct Writer: Encoder, SingleValueEncodingContainer {
    let box: Box
    let codingPath: [any CodingKey]
    var userInfo: [CodingUserInfoKey: Any] { [:] }

    func container<Key: CodingKey>(keyedBy: Key.Type) -> KeyedEncodingContainer<Key> {
        box.startObject()
        return KeyedEncodingContainer(Members<Key>(box: box, codingPath: codingPath))
    }
    func unkeyedContainer() -> any UnkeyedEncodingContainer {
        box.startArray()
        return Items(box: box, codingPath: codingPath)
    }
    func singleValueContainer() -> any SingleValueEncodingContainer { self }

    func write(_ value: some Encodable) throws {
        switch value {
        case let json as JSON: box.set(json)
        case let id as UUID: box.set(.string(id.text))
        default: try value.encode(to: self)
        }
    }
    func encodeNil() { box.set(.null) }
    func encode(_ value: Bool) { box.set(.bool(value)) }
    func encode(_ value: String) { box.set(.string(value)) }
    func encode(_ value: Double) throws {
        guard value.isFinite else {
            throw EncodingError.invalidValue(value, .init(codingPath: codingPath, debugDescription: "not finite"))
        }
        box.set(.number(value))
    }
    func encode(_ value: Float) throws { try encode(Double(value)) }
    func encode<T: Encodable>(_ value: T) throws {
        if let integer = value as? any BinaryInteger { return box.set(.integer(Int64(integer))) }
        try write(value)
    }
}

private struct Members<Key: CodingKey>: KeyedEncodingContainerProtocol {
    let box: Box
    let codingPath: [any CodingKey]

    private func writer(_ key: any CodingKey) -> Writer {
        Writer(box: box.member(key.stringValue), codingPath: codingPath + [key])
    }
    func encodeNil(forKey key: Key) { writer(key).encodeNil() }
    func encode<T: Encodable>(_ value: T, forKey key: Key) throws { try writer(key).encodeAny(value) }
    func nestedContainer<Nested: CodingKey>(keyedBy: Nested.Type, forKey key: Key) -> KeyedEncodingContainer<Nested> {
        writer(key).container(keyedBy: Nested.self)
    }
    func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer { writer(key).unkeyedContainer() }
    func superEncoder() -> any Encoder { Writer(box: box.member("super"), codingPath: codingPath) }
    func superEncoder(forKey key: Key) -> any Encoder { writer(key) }
}

private struct Items: UnkeyedEncodingContainer {
    let box: Box
    let codingPath: [any CodingKey]
    var count: Int { box.count }

    private func writer() -> Writer { Writer(box: box.item(), codingPath: codingPath) }
    func encodeNil() { writer().encodeNil() }
    func encode<T: Encodable>(_ value: T) throws { try writer().encodeAny(value) }
    func nestedContainer<Nested: CodingKey>(keyedBy: Nested.Type) -> KeyedEncodingContainer<Nested> {
        writer().container(keyedBy: Nested.self)
    }
    func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { writer().unkeyedContainer() }
    func superEncoder() -> any Encoder { writer() }
}

extension Writer {
    /// Generic entry of the containers: the scalars of the standard library arrive here as `Encodable`.
    fileprivate func encodeAny<T: Encodable>(_ value: T) throws {
        switch value {
        case let flag as Bool: encode(flag)
        case let text as String: encode(text)
        case let number as Double: try encode(number)
        case let number as Float: try encode(number)
        default: try encode(value)
        }
    }
}
