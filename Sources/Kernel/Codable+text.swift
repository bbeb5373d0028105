/// Days, instants and amounts inside events, in the one form that bodies and read tables use too.
extension Day: Codable {
    /// Reads `YYYY-MM-DD`.
    public init(from decoder: any Decoder) throws {
        guard let day = Day(try String(from: decoder)) else { throw DecodingError.none("a day", decoder) }
        self = day
    }
    /// Writes `YYYY-MM-DD`.
    public func encode(to encoder: any Encoder) throws { try text.encode(to: encoder) }
}

extension Instant: Codable {
    /// Reads RFC 3339.
    public init(from decoder: any Decoder) throws {
        guard let instant = Instant(try String(from: decoder)) else { throw DecodingError.none("an instant", decoder) }
        self = instant
    }
    /// Writes RFC 3339 with six digits.
    public func encode(to encoder: any Encoder) throws { try text.encode(to: encoder) }
}

extension Money: Codable {
    /// Reads `{"minor", "currency"}`.
    public init(from decoder: any Decoder) throws {
        guard let money = Money(try JSON(from: decoder)) else { throw DecodingError.none("an amount", decoder) }
        self = money
    }
    /// Writes `{"minor", "currency"}`.
    public func encode(to encoder: any Encoder) throws { try json.encode(to: encoder) }
}

extension DecodingError {
    fileprivate static func none(_ what: String, _ decoder: any Decoder) -> DecodingError {
        .dataCorrupted(.init(codingPath: decoder.codingPath, debugDescription: "this is not \(what)"))
    }
}
