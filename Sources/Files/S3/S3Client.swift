import Glibc
import Kernel
import Vault

/// Asks a service that speaks S3, in requests that are signed. Who calls waits on its own thread.
final class S3Client: Sendable {
    /// The most bytes of what a service says beside a file's own.
    static let talk = 4 << 20
    /// How often it is asked again, and after how long: it may be busy.
    private static let pauses: [UInt32] = [200_000, 1_000_000]

    let prefix: String
    private let settings: S3Store.Settings
    private let signature: Signature
    private let clock: @Sendable () -> Instant
    private let exchange = HTTPExchange()
    private let base: String
    private let host: String

    init(_ settings: S3Store.Settings, clock: @escaping @Sendable () -> Instant) {
        (self.settings, self.clock, prefix) = (settings, clock, settings.prefix)
        signature = Signature(keyID: settings.keyID, secret: settings.secret, region: settings.region)
        let base = settings.endpoint.hasSuffix("/") ? String(settings.endpoint.dropLast()) : settings.endpoint
        self.base = base
        host = base.firstRange(of: "://").map { String(base[$0.upperBound...]) } ?? base
    }

    /// Sends a request, again where the service is busy or gone.
    /// - Parameters:
    ///   - name: of the object, behind the prefix; nil: the bucket.
    ///   - fine: statuses that are answers.
    ///   - flaw: why an answer is none all the same.
    func ask(
        _ method: String, _ name: String?, query: [(String, String)] = [], headers: [(String, String)] = [],
        body: [UInt8]? = nil, limit: Int = talk, fine: Set<Int> = [200, 201, 204],
        flaw: (HTTPExchange.Answer) -> StoreError? = { _ in nil }
    ) throws(StoreError) -> HTTPExchange.Answer {
        var pauses = Self.pauses[...]
        while true {
            do throws(StoreError) {
                let answer = try send(method, name, query: query, headers: headers, body: body, limit: limit)
                guard fine.contains(answer.status) else { throw Self.error(answer) }
                if let flaw = flaw(answer) { throw flaw }
                return answer
            } catch {
                guard case .unavailable = error, let pause = pauses.popFirst() else { throw error }
                usleep(pause)
            }
        }
    }

    private func send(
        _ method: String, _ name: String?, query: [(String, String)], headers: [(String, String)], body: [UInt8]?,
        limit: Int
    ) throws(StoreError) -> HTTPExchange.Answer {
        let path = Signature.path("/" + settings.bucket + (name.map { "/" + prefix + $0 } ?? ""))
        let moment = clock().compact
        let payload = SHA256.hash(body ?? []).hex
        let query = query.map { (name: $0.0, value: $0.1) }
        let signed: [(name: String, value: String)] =
            [("host", host), ("x-amz-content-sha256", payload), ("x-amz-date", moment)]
            + headers.map { (name: $0.0, value: $0.1) }
        let request = Signature.Request(method: method, path: path, query: query, headers: signed, payload: payload)
        let lines =
            signed.map { "\($0.name): \($0.value)" }
            + ["authorization: \(signature.authorization(request, at: moment))"]
        let asked = Signature.query(query)
        return try exchange.send(
            method, base + path + (asked.isEmpty ? "" : "?" + asked), lines, body, limit: limit)
    }

    /// What a refusal is; its words say what to do, and never hold a secret.
    private static func error(_ answer: HTTPExchange.Answer) -> StoreError {
        let code = String(decoding: answer.body, as: UTF8.self).element("Code") ?? "status \(answer.status)"
        switch answer.status {
        case 404: return code == "NoSuchBucket" ? .refused(code) : .absent
        case 408, 429, 500...506, 508...599: return .unavailable(code)
        case 507: return .full
        default: return ["QuotaExceeded", "EntityTooLarge"].contains(code) ? .full : .refused(code)
        }
    }
}

// MARK: - What do answers say?

extension String {
    /// What stands in the first element of this name; these answers have no attributes and nothing nested alike.
    func element(_ name: String) -> String? { elements(name).first?.unescaped }

    /// What stands in each element of this name, as it is written.
    func elements(_ name: String) -> [String] {
        var found: [String] = []
        var rest = self[...]
        while let start = rest.firstRange(of: "<\(name)>") {
            rest = rest[start.upperBound...]
            guard let end = rest.firstRange(of: "</\(name)>") else { break }
            found.append(String(rest[..<end.lowerBound]))
            rest = rest[end.upperBound...]
        }
        return found
    }

    private var unescaped: String {
        guard contains("&") else { return self }
        return [
            ("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&#34;", "\""), ("&apos;", "'"), ("&#39;", "'"),
            ("&amp;", "&"),
        ].reduce(self) { $0.replacing($1.0, with: $1.1) }
    }
}
