import Application
import HTTPTypes
import Hummingbird
import Kernel
import NIOCore
import NIOHTTP1

/// A body that its handler reads as it comes, and what is said about it.
struct Inflow: Sendable {
    /// `Content-Type`.
    let contentType: String?
    /// `Content-Disposition`.
    let disposition: String?
    /// `Content-Digest` (RFC 9530).
    let digest: String?
    /// `Content-Length`.
    let announced: Int64?
    private let body: RequestBody
    /// Says members of a form in our words; those of a source come in its own.
    var translate: @Sendable (JSON) async throws(Problem) -> JSON = { $0 }

    init(_ request: Request) throws(Problem) {
        if let coding = request.headers[.contentEncoding], coding.lowercased() != "identity" {
            throw Problem("body.encoded", 415, "Send the body without a Content-Encoding.")
        }
        contentType = request.headers[.contentType]
        disposition = request.headers[.contentDisposition]
        digest = HTTPField.Name("Content-Digest").flatMap { request.headers[$0] }
        announced = request.headers[.contentLength].flatMap { Int64($0) }
        body = request.body
    }

    /// Hands the bytes over as they come, to the last one.
    func read(_ take: (ByteBufferView) async throws(Problem) -> Void) async throws(Problem) {
        var count: Int64 = 0
        do {
            for try await buffer in body {
                count += Int64(buffer.readableBytes)
                try await take(buffer.readableBytesView)
            }
        } catch let problem as Problem { throw problem } catch { throw .unreadable(error) }
        if let announced, count < announced { throw .unreadable(HTTPParserError.invalidEOFState) }
    }
}
