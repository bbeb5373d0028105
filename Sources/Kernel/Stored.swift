/// An event as the log keeps it: a name, the version of its shape, and its data.
public struct Stored: Sendable, Hashable {
    /// "deal.moved".
    public let type: String
    /// The version of the shape of `data`.
    public let schema: Int16
    /// The payload.
    public let data: JSON

    /// An event read from the log.
    public init(type: String, schema: Int16, data: JSON) { (self.type, self.schema, self.data) = (type, schema, data) }

    /// An event to be written.
    /// - Throws: `EncodingError` for a case that has no stored name.
    public init(_ event: some Message) throws {
        guard case .object(let whole) = try JSON(encoding: event), let (name, payload) = whole.first,
            let (type, schema) = Stored.parts(of: name)
        else {
            throw EncodingError.invalidValue(
                event, .init(codingPath: [], debugDescription: "a stored name is name@schema"))
        }
        self.init(type: type, schema: schema, data: payload["_0"] ?? payload)
    }

    /// The event this stands for.
    /// - Throws: `DecodingError` where the type is unknown or the data does not fit it.
    public func decode<M: Message>(_: M.Type) throws -> M {
        do {
            return try JSON.object([name: data]).decode(M.self)
        } catch DecodingError.keyNotFound(let key, _) where key.stringValue == "_0" {
            return try JSON.object([name: ["_0": data]]).decode(M.self)
        }
    }
}

extension Message {
    /// The stored names of all events of this entity, `name@schema`.
    public static var storedNames: [String] { CodingKeys.allCases.map(\.stringValue) }
}
