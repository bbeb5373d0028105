import Application
import HTTPTypes
import Hummingbird
import Kernel
import NIOCore

extension Responder {
    /// The answer on the wire.
    /// - Parameter breakingOff: is told why one that is sent in pieces ended before it was whole. Its status is on the
    ///   wire by then, and all that the client sees is that no last piece comes.
    static func render(
        _ outcome: Swift.Result<Outcome, Problem>, id: String,
        breakingOff: @escaping @Sendable (any Error) -> Void
    ) -> Response {
        switch outcome {
        case .success(let outcome): render(outcome, id: id, breakingOff)
        case .failure(let problem): render(problem, id: id)
        }
    }

    private static func render(
        _ outcome: Outcome, id: String, _ breakingOff: @escaping @Sendable (any Error) -> Void
    ) -> Response {
        var headers = common(id)
        for field in outcome.headers { headers[field.name] = field.value }
        if outcome.status != 204, outcome.status != 304 { headers[.contentType] = outcome.contentType }
        if let version = outcome.version { headers[.eTag] = "\"\(version)\"" }
        if let position = outcome.position { headers[.daybookPosition] = position.text }
        if let location = outcome.location { headers[.location] = location }
        if let location = outcome.contentLocation { headers[.contentLocation] = location }
        if let name = outcome.fileName { headers[.contentDisposition] = "attachment; filename=\"\(name)\"" }
        if let pieces = outcome.pieces {
            let body = ResponseBody(contentLength: outcome.length) { writer in
                do {
                    try await pieces { try await writer.write(ByteBuffer(bytes: $0)) }
                } catch {
                    breakingOff(error)
                    throw error
                }
                try await writer.finish(nil)
            }
            return Response(status: .init(code: outcome.status), headers: headers, body: body)
        }
        let body = outcome.body.isEmpty ? ResponseBody() : ResponseBody(byteBuffer: ByteBuffer(bytes: outcome.body))
        return Response(status: .init(code: outcome.status), headers: headers, body: body)
    }

    private static func render(_ problem: Problem, id: String) -> Response {
        var headers = common(id)
        headers[.contentType] = "application/problem+json"
        if let seconds = problem.retryAfter { headers[.retryAfter] = String(seconds) }
        if problem.status == 416, let size = problem.more["size"]?.integer {
            headers[.contentRange] = "bytes */\(size)"
        }
        if problem.status == 401 { headers[.wwwAuthenticate] = "Bearer realm=\"daybook\"" }
        // The rest of such a request is not waited for.
        if problem.status == 413 || problem.status == 408 || problem.code == "request.malformed" {
            headers[.connection] = "close"
        }
        let body = ByteBuffer(bytes: problem.json(request: id).bytes)
        return Response(status: .init(code: problem.status), headers: headers, body: .init(byteBuffer: body))
    }

    private static func common(_ id: String) -> HTTPFields {
        [.requestID: id, .cacheControl: "no-store", .xContentTypeOptions: "nosniff"]
    }
}
