import Application
import HTTPTypes
import Kernel
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// What a connection owes its client beside requests and answers: a problem in words where the bytes are no request,
/// an end for a request that never arrives whole, leave to send a large body, and time to read a refusal before the
/// connection closes.
final class Etiquette: ChannelDuplexHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPRequestPart
    typealias InboundOut = HTTPRequestPart
    typealias OutboundIn = HTTPResponsePart
    typealias OutboundOut = HTTPResponsePart

    /// A request did not arrive whole in time.
    struct TooSlow: Error {}

    private let observer: Observer
    private var isReading = false
    private var unanswered = 0
    private var isClosing = false
    private var isRefused = false
    private var arrival: Scheduled<Void>?

    private let patience: TimeAmount
    private let largest: Int
    /// Bytes of a body that came since the clock was set.
    private var arrived = 0
    /// So many of them set it again: a large file takes longer, and comes.
    private static let progress = 1 << 18

    /// - Parameters:
    ///   - patience: how long a request may take to arrive, or so much of it.
    ///   - largest: the bytes of the largest body that any route takes.
    init(observer: Observer, patience: TimeAmount = .seconds(Limits.seconds), largest: Int = Limits.rows) {
        (self.observer, self.patience, self.largest) = (observer, patience, largest)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isRefused else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            (isReading, unanswered, arrived) = (true, unanswered + 1, 0)
            if unanswered == 1, head.headerFields[.expect]?.lowercased() == "100-continue",
                head.headerFields[.contentLength].flatMap(Int.init).map({ $0 <= largest }) == true
            {
                context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
            }
        case .body(let buffer):
            arrived += buffer.readableBytes
            if arrived >= Self.progress {
                arrived = 0
                arrival?.cancel()
                arrival = nil
            }
        case .end:
            isReading = false
            arrival?.cancel()
            arrival = nil
            if isClosing, unanswered == 0 { context.close(promise: nil) }
        }
        context.fireChannelRead(data)
    }

    /// Most requests arrive whole in one piece: only for the others does a clock run.
    func channelReadComplete(context: ChannelHandlerContext) {
        if isReading, arrival == nil, !isRefused { expect(context) }
        context.fireChannelReadComplete()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !isReading, unanswered == 0, !isRefused else { return context.fireErrorCaught(error) }
        isRefused = true
        refuse(context, .unreadable(error))
    }

    func channelInactive(context: ChannelHandlerContext) {
        arrival?.cancel()
        context.fireChannelInactive()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(let head) where head.status.kind != .informational:
            if head.headerFields[.connection] == "close" { isClosing = true }
        case .head, .body: break
        case .end:
            unanswered -= 1
            if isClosing { linger(context) }
        }
        context.write(data, promise: promise)
    }

    /// Starts the clock for the rest of a request.
    private func expect(_ context: ChannelHandlerContext) {
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        arrival = context.eventLoop.assumeIsolated().scheduleTask(in: patience) {
            bound.value.fireErrorCaught(TooSlow())
        }
    }

    /// A client that still sends would lose an answer followed at once by a closed connection.
    private func linger(_ context: ChannelHandlerContext) {
        let bound = NIOLoopBound(context, eventLoop: context.eventLoop)
        let wait: TimeAmount = isReading ? .seconds(Limits.lingerSeconds) : .milliseconds(50)
        context.eventLoop.assumeIsolated().scheduleTask(in: wait) { bound.value.close(promise: nil) }
    }

    /// Answers bytes that are no request.
    private func refuse(_ context: ChannelHandlerContext, _ problem: Problem) {
        let id = RequestID.fresh()
        let body = problem.json(request: id).bytes
        let headers: HTTPFields = [
            .contentType: "application/problem+json", .contentLength: String(body.count), .connection: "close",
            .requestID: id,
        ]
        let head = HTTPResponse(status: .init(code: problem.status), headerFields: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(ByteBuffer(bytes: body))), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
        isReading = true
        linger(context)
        observer.observe(.unreadable(request: id, code: problem.code, status: problem.status))
    }
}

extension Problem {
    /// What a client sent is no HTTP request that this server reads.
    static func unreadable(_ error: any Error) -> Problem {
        switch error {
        case HTTPParserError.headerOverflow:
            Problem("request.headers_too_large", 431, "The headers are too large, or too many.")
        case is Etiquette.TooSlow:
            Problem("request.too_slow", 408, "The request did not arrive whole within \(Limits.seconds) seconds.")
        default: Problem("request.malformed", 400, "This is not a request that HTTP/1.1 allows.")
        }
    }
}
