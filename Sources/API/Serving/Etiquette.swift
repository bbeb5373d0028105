import Application
import HTTPTypes
import Kernel
import NIOCore
import NIOHTTP1
import NIOHTTPTypes

/// What a connection owes its client beside requests and answers: a problem in words where the bytes are no request,
/// an end for a request that never arrives whole and for a connection on which none comes, leave to send a large body,
/// and time to read a refusal before the connection closes.
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
    /// Whether bytes are asked for. While what came is not taken, since a disk or a store is slow, none are.
    private var isAsking = false
    private var wait = Wait()
    private var alarm: (at: NIODeadline, task: Scheduled<Void>)?

    private let patience: TimeAmount
    private let idle: TimeAmount
    private let largest: Int
    /// Bytes of a body that came since the wait for it began.
    private var arrived = 0
    /// With so many of them it begins anew: a large file takes longer, and comes.
    private static let progress = 1 << 18

    /// - Parameters:
    ///   - patience: how long a request may take to arrive, or so much of it.
    ///   - idle: how long a connection may say nothing between two requests.
    ///   - largest: the bytes of the largest body that any route takes.
    init(
        observer: Observer, patience: TimeAmount = .seconds(Limits.seconds),
        idle: TimeAmount = .seconds(Limits.idleSeconds), largest: Int = Limits.rows
    ) {
        (self.observer, self.patience, self.idle, self.largest) = (observer, patience, idle, largest)
    }

    func read(context: ChannelHandlerContext) {
        isAsking = true
        settle(context)
        context.read()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard !isRefused else { return }
        switch unwrapInboundIn(data) {
        case .head(let head):
            (isReading, unanswered, arrived) = (true, unanswered + 1, 0)
            wait.renew()
            if unanswered == 1, head.headerFields[.expect]?.lowercased() == "100-continue",
                head.headerFields[.contentLength].flatMap(Int.init).map({ $0 <= largest }) == true
            {
                context.writeAndFlush(wrapOutboundOut(.head(HTTPResponse(status: .continue))), promise: nil)
            }
        case .body(let buffer):
            arrived += buffer.readableBytes
            if arrived >= Self.progress {
                arrived = 0
                wait.renew()
            }
        case .end:
            isReading = false
            wait.renew()
            if isClosing, unanswered == 0 { context.close(promise: nil) }
        }
        context.fireChannelRead(data)
    }

    /// What came is handed on; who takes it asks for more when there is room.
    func channelReadComplete(context: ChannelHandlerContext) {
        isAsking = false
        settle(context)
        context.fireChannelReadComplete()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        guard !isReading, unanswered == 0, !isRefused else { return context.fireErrorCaught(error) }
        isRefused = true
        refuse(context, .unreadable(error))
    }

    func channelInactive(context: ChannelHandlerContext) {
        alarm?.task.cancel()
        context.fireChannelInactive()
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        switch unwrapOutboundIn(data) {
        case .head(var head) where head.status.kind != .informational:
            // A refusal before the request is there whole: what of it is still on its way is not waited for.
            if isReading, unanswered == 1 { head.headerFields[.connection] = "close" }
            if head.headerFields[.connection] == "close" { isClosing = true }
            return context.write(wrapOutboundOut(.head(head)), promise: promise)
        case .head, .body: break
        case .end:
            unanswered -= 1
            wait.renew()
            settle(context)
            if isClosing { linger(context) }
        }
        context.write(data, promise: promise)
    }

    // MARK: Whom does the connection wait for?

    /// How long the client may take for what it owes just now; nil: it is not its turn.
    private var allowance: TimeAmount? {
        if isRefused || isClosing { return nil }
        if isReading { return isAsking ? patience : nil }
        return unanswered == 0 ? idle : nil
    }

    /// Begins to wait for the client, or ceases to.
    private func settle(_ context: ChannelHandlerContext) {
        let allowance = self.allowance
        wait.turn(isTheirs: allowance != nil, at: .now())
        if let allowance, let end = wait.end(after: allowance) { wake(context, at: end) }
    }

    /// Looks again at a moment; most requests are over long before, and leave the alarm to those after them.
    private func wake(_ context: ChannelHandlerContext, at moment: NIODeadline) {
        if let alarm, alarm.at <= moment { return }
        alarm?.task.cancel()
        let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
        let task = context.eventLoop.assumeIsolated().scheduleTask(deadline: moment) {
            let (etiquette, context) = bound.value
            etiquette.look(context)
        }
        alarm = (moment, task)
    }

    private func look(_ context: ChannelHandlerContext) {
        alarm = nil
        guard let allowance, let end = wait.end(after: allowance) else { return }
        if end > .now() { return wake(context, at: end) }
        wait = Wait()
        if isReading { context.fireErrorCaught(TooSlow()) } else { context.close(promise: nil) }
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
