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
    /// Whether `Accept` (RFC 9110 §12.5.1) asks for JSON rather than for text. Without it text is meant.
    let prefersJSON: Bool
    /// What of a file is wanted.
    let range: Wanted

    /// `Range`, `If-Range` and `If-None-Match`, for representations that have entity tags of their own.
    struct Wanted: Sendable {
        /// `Range`.
        let range: String?
        /// `If-Range`.
        let condition: String?
        /// `If-None-Match`.
        fileprivate let known: [String]

        /// Whether the client has the representation of that tag already.
        func isKnown(_ tag: String) -> Bool { known.contains(tag) || known.contains("*") }
    }

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
        range = Wanted(
            range: headers[.range], condition: headers[.ifRange],
            known: headers[values: .ifNoneMatch].joined(separator: ",").split(separator: ",").map { tag in
                let tag = tag.filter { !$0.isWhitespace }
                return tag.hasPrefix("W/") ? String(tag.dropFirst(2)) : tag
            })
        let accepted = headers[values: .accept].joined(separator: ",")
        prefersJSON = Self.quality(of: "application/json", in: accepted) > Self.quality(of: "text/plain", in: accepted)
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

    /// How gladly a media type is taken, 0 to 1: by the most specific range that fits it.
    private static func quality(of type: String, in accepted: String) -> Double {
        let ranges = [type, type.prefix { $0 != "/" } + "/*", "*/*"]
        var found: (rank: Int, quality: Double)?
        for item in accepted.lowercased().split(separator: ",") {
            let parts = item.split(separator: ";").map { $0.filter { !$0.isWhitespace } }
            guard let range = parts.first, let rank = ranges.firstIndex(of: range), rank < found?.rank ?? .max else {
                continue
            }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 }
            found = (rank, weight ?? 1)
        }
        return found?.quality ?? 0
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
