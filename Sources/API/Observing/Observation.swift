import FoundationEssentials

/// Everything the server tells about itself: each log line and each metric is a case, and one observer renders them.
/// No case carries personal data, a query's values or a body.
public enum Observation: Sendable {
    /// A request was answered.
    case answered(Answered)
    /// An answer that was begun ended before it was whole.
    case brokenOff(BrokenOff)
    /// Bytes came that are no request.
    case unreadable(request: String, code: String, status: Int)
    /// The server takes requests at this address.
    case serving(url: String)
    /// The server was asked to stop and finishes what it has begun.
    case stopping

    /// One request and its answer.
    public struct Answered: Sendable {
        /// "GET".
        public let method: String
        /// The pattern of its path; "none" where no route has it.
        public let route: String
        /// The answer's status.
        public let status: Int
        /// From the head's arrival to the answer's rendering.
        public let duration: Duration
        /// The request's id.
        public let request: String
        /// The id of the trace it belongs to.
        public let trace: String?
        /// Whose data it was about.
        public let organization: UUID?
        /// The problem's code, where it was one.
        public let code: String?
    }

    /// One answer that was not sent whole, although its status said that it would be.
    public struct BrokenOff: Sendable {
        /// The pattern of the request's path.
        public let route: String
        /// The request's id.
        public let request: String
        /// Whose data it was about.
        public let organization: UUID?
        /// The code of what failed; nil where nobody took the rest.
        public let code: String?
    }
}
