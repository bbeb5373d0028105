public import FoundationEssentials

/// An answer to a question: a JSON document, ready to be sent.
public struct Reply: Sendable {
    /// The document.
    public let body: [UInt8]
    /// What state of the log it reflects: the lowest checkpoint of the tables that were read, in the same snapshot.
    public let position: PositionToken?
    /// The version of the one record it is about, for `ETag`.
    public let version: Int32?
    /// The record that it is about, where that stands for the one that was asked for.
    public private(set) var winner: UUID?

    /// An answer.
    public init(body: [UInt8], position: PositionToken?, version: Int32? = nil) {
        (self.body, self.position, self.version) = (body, position, version)
    }

    /// The same of a record that stands for another.
    func standing(for winner: UUID) -> Reply {
        var reply = self
        reply.winner = winner
        return reply
    }
}

/// A parameter of a query, as it stood in the request, decoded: `amount.gte`, `5`.
public struct Parameter: Sendable, Hashable {
    /// Its name.
    public let name: String
    /// Its value.
    public let value: String

    /// A parameter.
    public init(_ name: String, _ value: String) { (self.name, self.value) = (name, value) }
}
