import Application
import HTTPTypes
import Kernel

/// One thing that can be asked over HTTP. The router, the checks of what a request may carry, the answers 404 and 405
/// and the OpenAPI description are all read from the one list of these.
struct Route: Sendable {
    let method: HTTPRequest.Method
    /// The pattern: `/api/v1/deals/{id}`. It labels log lines and metrics.
    let path: String
    /// One line for people.
    let summary: String
    /// What may stand behind the question mark.
    let parameters: Parameters
    /// What the body may be.
    let body: Shape
    /// What comes back, described.
    let answer: Answering
    let handler: Handler
    /// The canonical route that it stands for, where it says the same in other words.
    var origin: Origin?

    /// A canonical route, and whose words stand for it.
    struct Origin: Sendable {
        let dialect: String
        let method: HTTPRequest.Method
        let path: String
    }

    /// Who may ask, and what is done.
    enum Handler: Sendable {
        /// Anyone.
        case open(@Sendable (Exchange) async throws(Problem) -> Outcome)
        /// Whoever sends a valid token.
        case known(@Sendable (Exchange, Caller) async throws(Problem) -> Outcome)
        /// The same where a body is received as it comes, as long as it takes; what is done then is what it returns.
        case upload(Receiving)
    }
    typealias Receiving =
        @Sendable (Exchange, Caller, Inflow) async throws(Problem) -> @Sendable () async throws(Problem) -> Outcome

    /// Query parameters of a route.
    enum Parameters: Sendable {
        /// Exactly these, each at most once; any other is refused here.
        case only([Described])
        /// A grammar that the query itself checks: fields, operators, sorting.
        case grammar([Described])
    }

    /// One query parameter, described.
    struct Described: Sendable {
        let name: String
        let detail: String
    }

    /// What a request's body may be.
    enum Shape: Sendable {
        case none
        /// A JSON object with these members. Where it is `optional`, no body at all means the empty object.
        case members([Field], optional: Bool)
        /// A merge patch of these members.
        case patch([Field])
        /// JSON of a shape that only its handler knows, described by a schema.
        case document(JSON, limit: Int)
        /// An e-mail as it was sent, `message/rfc822`; or JSON that holds one, described by a schema. Its handler finds
        /// null in place of JSON where it is the message itself.
        case message(JSON, limit: Int)
        /// A file, by itself or in a form with these members.
        case upload([Field])

        /// The most bytes it may have.
        var limit: Int {
            switch self {
            case .none, .members, .patch, .upload: Limits.body
            case .document(_, let limit), .message(_, let limit): limit
            }
        }
    }

    /// What a route answers, for the description.
    enum Answering: Sendable {
        case command(Int)
        case json(JSON, position: Bool)
        /// It goes on behind the answer, which says where its end is seen.
        case accepted(JSON)
        case text
        /// Rows in one of these media types.
        case rows([String])
        /// A text, or, where the client would rather, an object.
        case textOrJSON(JSON)
        /// A file, or, as these headers say, a part of it.
        case bytes([Described])
        case nothing
    }

    init(
        _ method: HTTPRequest.Method, _ path: String, _ summary: String, parameters: Parameters = .only([]),
        body: Shape = .none, answer: Answering = .json(["type": "object"], position: true), handler: Handler
    ) {
        (self.method, self.path, self.summary, self.parameters) = (method, path, summary, parameters)
        (self.body, self.answer, self.handler) = (body, answer, handler)
    }
}

extension Route {
    /// The members of its body.
    var takes: [Field] {
        switch body {
        case .members(let fields, _), .patch(let fields), .upload(let fields): fields
        case .none, .document, .message: []
        }
    }
    /// Whether it takes a body.
    var hasBody: Bool {
        switch body {
        case .none: false
        case .members, .patch, .document, .message, .upload: true
        }
    }
    /// Whether what its body does not name stays.
    var isPatch: Bool {
        switch body {
        case .patch: true
        case .none, .members, .document, .message, .upload: false
        }
    }
}

/// What a request may cost. Beyond it, it is refused.
enum Limits {
    /// Bytes of a body: 1 MiB.
    static let body = 1 << 20
    /// Bytes of a batch of an import: 8 MiB.
    static let rows = 8 << 20
    /// Bytes of an e-mail that is sent in base64, with JSON around it: 36 MiB.
    static let message = 36 << 20
    /// Commands in one batch.
    static let commands = 1000
    /// Bytes of one header field, and of all.
    static let header = 16 << 10
    static let headers = 32 << 10
    static let headerCount = 100
    /// Seconds for a request to arrive whole, and for an answer to be made.
    static let seconds: Int64 = 30
    /// Seconds after which a silent connection is closed.
    static let idleSeconds: Int64 = 60
    /// Seconds for a refused client to read its answer before the connection closes.
    static let lingerSeconds: Int64 = 2
    /// Connections at once; further ones wait in the backlog.
    static let connections = 1024
}
