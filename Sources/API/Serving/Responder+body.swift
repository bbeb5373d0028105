import Application
import HTTPTypes
import Hummingbird
import Kernel
import NIOHTTP1

extension Responder {
    /// The bytes of a request, counted as they come: a length that was announced is believed only when it is too large.
    func read(_ request: Request, limit: Int) async throws(Problem) -> [UInt8] {
        let tooLarge = Problem("body.too_large", 413, "A body may have at most \(limit) bytes here.")
        let announced = request.headers[.contentLength].flatMap(Int.init)
        if let announced, announced > limit { throw tooLarge }
        guard (announced ?? 0) > 0 || request.headers.contains(.transferEncoding) else { return [] }
        var bytes: [UInt8] = []
        do {
            for try await buffer in request.body {
                guard bytes.count + buffer.readableBytes <= limit else { throw tooLarge }
                bytes.append(contentsOf: buffer.readableBytesView)
            }
        } catch let problem as Problem {
            throw problem
        } catch {
            throw .unreadable(error)
        }
        if let announced, bytes.count < announced { throw .unreadable(HTTPParserError.invalidEOFState) }
        return bytes
    }

    /// The JSON of a body, as its route takes it.
    static func body(_ bytes: [UInt8], _ shape: Route.Shape, _ headers: HTTPFields) throws(Problem) -> JSON {
        switch shape {
        case .none:
            guard bytes.isEmpty else { throw Problem("body.unexpected", 400, "This takes no body.") }
            return [:]
        case .members(_, let optional):
            if bytes.isEmpty, optional { return [:] }
            try check(headers, types: ["application/json"], isEmpty: bytes.isEmpty)
        case .patch:
            try check(headers, types: ["application/json", "application/merge-patch+json"], isEmpty: bytes.isEmpty)
        case .upload: return [:]
        case .document:
            try check(headers, types: ["application/json"], isEmpty: bytes.isEmpty)
        case .message:
            // Nothing at all is no message, whatever it is said to be.
            let types = ["message/rfc822", "application/json"]
            if try check(headers, types: types, isEmpty: false) == "message/rfc822" { return .null }
        }
        do { return try JSON(parsing: bytes) } catch { throw .malformed(error) }
    }

    /// - Returns: the type that the body is of, one of `types`; nil where there is no body.
    @discardableResult
    private static func check(
        _ headers: HTTPFields, types: [String], isEmpty: Bool
    ) throws(Problem) -> String? {
        if let coding = headers[.contentEncoding], coding.lowercased() != "identity" {
            throw Problem("body.encoded", 415, "Send the body without a Content-Encoding.")
        }
        guard !isEmpty else { return nil }
        let parts = (headers[.contentType] ?? "").lowercased().split(separator: ";").map { part in
            part.filter { $0 != " " && $0 != "\t" }
        }
        let isUTF8 = parts.dropFirst().allSatisfy {
            !$0.hasPrefix("charset=") || $0.hasSuffix("utf-8") || $0.hasSuffix("utf-8\"")
        }
        guard headers[values: .contentType].count == 1, let type = parts.first, types.contains(type), isUTF8 else {
            throw Problem("body.not_json", 415, "Send Content-Type: \(types.joined(separator: " or ")), in UTF-8.")
        }
        return type
    }
}
