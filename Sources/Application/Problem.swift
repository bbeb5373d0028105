import CRM
import Kernel

/// Why a request was not carried out, in the shape of RFC 9457. The code is what programs compare; the detail tells a
/// person what to do. Nobody parses messages.
public struct Problem: Error, Sendable, Hashable {
    /// Stable: "deal.not_open", "json.malformed".
    public let code: String
    /// The HTTP status.
    public let status: Int
    /// What to do about it.
    public let detail: String
    /// Which members are wrong, and how.
    public let errors: [Flaw]
    /// Further members of the body: `existing_id`, `changed`, `known`.
    public let more: [String: JSON]
    /// Seconds after which the same request may be tried again.
    public let retryAfter: Int?

    /// A problem.
    public init(
        _ code: String, _ status: Int, _ detail: String, errors: [Flaw] = [], more: [String: JSON] = [:],
        retryAfter: Int? = nil
    ) {
        (self.code, self.status, self.detail) = (code, status, detail)
        (self.errors, self.more, self.retryAfter) = (errors, more, retryAfter)
    }

    /// How loudly it is logged: what a client did wrong is information, what we did wrong is an error.
    public enum Level: String, Sendable { case info, warning, error }
    /// By its status.
    public var level: Level {
        switch status {
        case ..<500: .info
        case 503: .warning
        default: .error
        }
    }

    /// The short name of the status, as RFC 9110 gives it.
    public var title: String {
        let titles = [
            400: "Bad Request", 401: "Unauthorized", 403: "Forbidden", 404: "Not Found", 405: "Method Not Allowed",
            408: "Request Timeout", 409: "Conflict", 410: "Gone", 412: "Precondition Failed", 413: "Content Too Large",
            415: "Unsupported Media Type", 416: "Range Not Satisfiable", 422: "Unprocessable Content",
            428: "Precondition Required", 429: "Too Many Requests", 431: "Request Header Fields Too Large",
            500: "Internal Server Error",
            503: "Service Unavailable",
        ]
        return titles[status] ?? "Error"
    }

    /// The same, with the names that there are: in `known` for programs, and for people at the end of what it says.
    /// They take the place of others that it told.
    public func knowing(_ names: [String]) -> Problem {
        var (detail, more) = (detail, more)
        if let old = more["known"]?.array?.compactMap(\.string) {
            let sentence = Self.sentence(of: old)
            if detail.hasSuffix(sentence) { detail.removeLast(sentence.count) }
        }
        more["known"] = .array(names.map { .string($0) })
        return Problem(
            code, status, detail + Self.sentence(of: names), errors: errors, more: more, retryAfter: retryAfter)
    }
    /// The same, with further members of the body.
    func telling(_ members: [String: JSON]) -> Problem {
        Problem(
            code, status, detail, errors: errors, more: more.merging(members) { $1 }, retryAfter: retryAfter)
    }
    private static func sentence(of names: [String]) -> String {
        names.isEmpty ? " None is known." : " Known are \(names.joined(separator: ", "))."
    }

    /// The body of the answer.
    public func json(request: String) -> JSON {
        var members: [String: JSON] = more
        members["type"] = .string("urn:daybook:problem:\(code)")
        members["title"] = .string(title)
        members["status"] = .integer(Int64(status))
        members["code"] = .string(code)
        members["detail"] = .string(detail)
        members["request_id"] = .string(request)
        members["errors"] = .array(
            errors.map { ["pointer": .string($0.pointer), "code": .string($0.code), "detail": .string($0.detail)] })
        return .object(members)
    }
}

// MARK: Which problems can any request meet?

extension Problem {
    /// The body is not JSON.
    public static func malformed(_ why: JSON.Malformed) -> Problem {
        Problem("json.malformed", 400, "The body cannot be read at byte \(why.offset): \(why.reason.rawValue).")
    }
    /// Members of the body are wrong.
    public static func invalid(_ flaws: [Flaw]) -> Problem {
        let sorted = flaws.sorted { ($0.pointer, $0.code) < ($1.pointer, $1.code) }
        return Problem(
            "body.invalid", 422, "Some members of the body are not as they must be; see errors.", errors: sorted)
    }
    /// The same, told of one member of a larger body.
    func at(_ member: String) -> Problem {
        Problem(
            code, status, detail,
            errors: errors.map { Flaw("/\(member)\($0.pointer)", $0.code, $0.detail) }, more: more,
            retryAfter: retryAfter)
    }
    /// No token, or one that is not valid.
    public static let unauthorized = Problem("auth.required", 401, "Send a valid token: Authorization: Bearer …")
    /// The role does not allow it.
    public static func forbidden(_ detail: String) -> Problem { Problem("auth.forbidden", 403, detail) }
    /// No such record, or not the caller's.
    public static func absent(_ entity: String) -> Problem {
        Problem("\(entity).not_found", 404, "There is no such \(entity.replacing("_", with: " ")) here.")
    }
    /// An entity's own refusal; where another record stands for the one that was asked, with that one's id.
    public static func refused(_ refusal: some Refusal, by state: (any Replaceable)? = nil) -> Problem {
        let status =
            switch refusal.reason {
            case .conflict: 409
            case .invalid: 422
            case .absent: 404
            }
        let winner = state?.mergedInto.map { ["merged_into": JSON.string($0.text)] }
        return Problem(refusal.rawValue, status, refusal.detail, more: winner ?? [:])
    }
    /// A bug or a broken store; the log has more.
    public static let fault = Problem(
        "internal.fault", 500, "Something failed on our side; nothing was written. The server's log has more.")
    /// The database cannot be reached just now.
    public static let unavailable = Problem(
        "database.unavailable", 503, "The database does not answer; nothing was written. Send it again.",
        retryAfter: 1)
    /// As often as it was decided others were faster.
    public static let conflict = Problem(
        "stream.conflict", 409, "Others changed the same records at the same time; try again.", retryAfter: 1)
}
