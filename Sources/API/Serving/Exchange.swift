import Application
import FoundationEssentials
import HTTPTypes
import Kernel

/// One request as its handler sees it: read, bounded and checked as far as the route tells.
struct Exchange: Sendable {
    /// The request's id.
    let id: String
    /// What the path names.
    let captured: [String: String]
    /// What stands behind the question mark, decoded, in order.
    let query: [Parameter]
    /// What the headers ask for.
    let conditions: Conditions
    /// The token of `Authorization: Bearer`.
    let token: String?
    /// The body's bytes.
    let bytes: [UInt8]
    /// The body, where its route takes one; an empty object where it was optional and absent.
    let body: JSON
    /// The request as it came, where it was said in a source's words: by that, and not by what it stands for just now,
    /// it is the same as an earlier one.
    var said: Ask?

    /// The same with another body.
    func saying(_ body: JSON) -> Exchange {
        Exchange(
            id: id, captured: captured, query: query, conditions: conditions, token: token, bytes: bytes, body: body)
    }

    /// The captured id of a record of `entity`.
    /// - Throws: `<entity>.not_found`: what is no id names no record.
    func id(of entity: String) throws(Problem) -> UUID {
        guard let text = captured["id"], let id = UUID(text: text) else { throw .absent(entity) }
        return id
    }
}

/// What comes back.
struct Outcome: Sendable {
    var status: Int = 200
    var body: [UInt8]
    var contentType = "application/json"
    /// The version of the record, for `ETag`.
    var version: Int32?
    /// Where the log stood, for `Daybook-Position`.
    var position: PositionToken?
    var location: String?
    /// Of which resource it is, where that is not the one that was asked for.
    var contentLocation: String?
    /// The file as which it is kept.
    var fileName: String?
    /// What is sent piece by piece in place of `body`, until it ends; it breaks off where it throws.
    var pieces: (@Sendable (_ send: ([UInt8]) async throws -> Void) async throws -> Void)?
    /// How many bytes those are, where that is known.
    var length: Int?
    /// Further headers.
    var headers: HTTPFields = [:]

    /// An answer of bytes that are JSON already.
    init(status: Int = 200, body: [UInt8], position: PositionToken? = nil, version: Int32? = nil) {
        (self.status, self.body, self.position, self.version) = (status, body, position, version)
    }
    /// An answer of JSON.
    init(status: Int = 200, _ json: JSON, position: PositionToken? = nil) {
        self.init(status: status, body: json.bytes, position: position)
    }
    /// Done, and nothing to tell.
    static let nothing = Outcome(status: 204, body: [])
}
