import Application
import HTTPTypes

extension HTTPField.Name {
    static let requestID = Self("X-Request-Id")!
    static let idempotencyKey = Self("Idempotency-Key")!
    static let daybookPosition = Self("Daybook-Position")!
    static let daybookMinPosition = Self("Daybook-Min-Position")!
    static let traceparent = Self("traceparent")!
}

/// What a request's headers ask for.
struct Conditions: Sendable {
    /// `If-Match`.
    let match: Match
    /// `Idempotency-Key`.
    let key: String?
    /// `Daybook-Min-Position`.
    let minimum: PositionToken?

    /// Which version of the record the client has seen.
    enum Match: Sendable, Equatable {
        /// No header.
        case unsaid
        /// `*`: whichever there is.
        case any
        case version(Int32)

        /// The version to compare.
        var version: Int32? {
            switch self {
            case .unsaid, .any: nil
            case .version(let version): version
            }
        }
    }

    /// - Throws: 400 with the header's own code where one is malformed or stands twice.
    init(_ headers: HTTPFields) throws(Problem) {
        match = try Self.match(headers[values: .ifMatch])
        key = try Self.key(headers[values: .idempotencyKey])
        minimum = try Self.minimum(headers[values: .daybookMinPosition])
    }

    private static func match(_ values: [String]) throws(Problem) -> Match {
        guard let value = values.first else { return .unsaid }
        if values.count == 1 {
            if value == "*" { return .any }
            if value.count > 2, value.hasPrefix("\""), value.hasSuffix("\""),
                value.dropFirst().dropLast().utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let version = Int32(value.dropFirst().dropLast())
            {
                return .version(version)
            }
        }
        throw Problem("if_match.malformed", 400, "If-Match takes one version as ETag gave it, such as \"3\", or *.")
    }

    private static func key(_ values: [String]) throws(Problem) -> String? {
        guard let value = values.first else { return nil }
        guard values.count == 1, Self.isKey(value) else {
            throw Problem(
                "idempotency.key_malformed", 400, "Idempotency-Key takes 1 to 200 visible ASCII characters, once.")
        }
        return value
    }

    /// Whether a text can be an idempotency key.
    static func isKey(_ value: String) -> Bool {
        (1...200).contains(value.utf8.count) && value.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }

    private static func minimum(_ values: [String]) throws(Problem) -> PositionToken? {
        guard let value = values.first else { return nil }
        guard values.count == 1, let token = PositionToken(value) else {
            throw Problem(
                "min_position.malformed", 400,
                "Daybook-Min-Position takes a position, or what Daybook-Position said, once.")
        }
        return token
    }
}
