import Kernel
import Vault

/// AWS Signature Version 4, as S3 and what is compatible with it want it: every request is signed with a key that is
/// derived from the secret, for a day, a region and a service.
struct Signature {
    /// The access key's id.
    let keyID: String
    /// Its secret.
    let secret: String
    let region: String
    var service = "s3"

    /// A request as far as it is signed.
    struct Request {
        let method: String
        /// Percent-encoded.
        let path: String
        /// Not encoded yet.
        let query: [(name: String, value: String)]
        /// With names in small letters.
        let headers: [(name: String, value: String)]
        /// SHA-256 of the body, in hex.
        let payload: String
    }

    /// The value of `Authorization`.
    /// - Parameter moment: as in `x-amz-date`: `20130524T000000Z`.
    func authorization(_ request: Request, at moment: String) -> String {
        let headers = request.headers.sorted { $0.name < $1.name }
        let names = headers.map(\.name).joined(separator: ";")
        let canonical =
            [request.method, request.path, Self.query(request.query)] + headers.map { "\($0.name):\($0.value)" }
            + ["", names, request.payload]
        let day = String(moment.prefix(8))
        let scope = "\(day)/\(region)/\(service)/aws4_request"
        let toSign = ["AWS4-HMAC-SHA256", moment, scope, Self.hash(canonical.joined(separator: "\n"))]
        var key = Array("AWS4\(secret)".utf8)
        for part in [day, region, service, "aws4_request"] { key = HMAC.code(Array(part.utf8), key: key) }
        let code = HMAC.code(Array(toSign.joined(separator: "\n").utf8), key: key).hex
        return "AWS4-HMAC-SHA256 Credential=\(keyID)/\(scope), SignedHeaders=\(names), Signature=\(code)"
    }

    /// A query as it is signed, and sent: encoded, sorted by name.
    static func query(_ items: [(name: String, value: String)]) -> String {
        items.map { (encode($0.name), encode($0.value)) }.sorted { $0 < $1 }.map { "\($0)=\($1)" }
            .joined(separator: "&")
    }

    /// A path with each of its parts encoded.
    static func path(_ path: String) -> String {
        path.split(separator: "/", omittingEmptySubsequences: false).map { encode(String($0)) }.joined(separator: "/")
    }

    private static let free = Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~".utf8)
    private static func encode(_ text: String) -> String {
        text.utf8.map { byte in
            if free.contains(byte) { return String(UnicodeScalar(byte)) }
            return "%" + CollectionOfOne(byte).hex.uppercased()
        }.joined()
    }

    private static func hash(_ text: String) -> String { SHA256.hash(Array(text.utf8)).hex }
}

extension Instant {
    /// `20130524T000000Z`.
    var compact: String { text.prefix(19).filter { $0 != "-" && $0 != ":" } + "Z" }
}
