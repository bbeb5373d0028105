import Application
import Glibc
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import ServiceLifecycle

/// The API on a port of this machine. As a service it starts to listen when it runs, and on graceful shutdown takes no
/// further connection, finishes what it has begun, and returns.
public struct Server: Service {
    /// Why it cannot listen.
    public enum Failure: Error, Sendable, Equatable {
        /// Another process has the port.
        case portInUse(Int)
    }

    private let responder: Responder
    private let observer: Observer
    private let host: String
    private let largest: Int
    private let port: Int
    /// How long a connection may say nothing between two requests.
    var idle = TimeAmount.seconds(Limits.idleSeconds)
    private let logger: Logger
    private let ready: @Sendable (Int) async -> Void

    /// - Parameters:
    ///   - services: what it serves.
    ///   - port: 0 for any free one.
    ///   - host: the address to listen on; only this machine by default.
    ///   - metrics: what `/metrics` shows; also a backend for swift-metrics.
    ///   - logger: where each request leaves a line.
    ///   - ready: called with the port once it listens.
    public init(
        _ services: Services, port: Int, host: String = "127.0.0.1", metrics: Metrics = Metrics(), logger: Logger,
        ready: @escaping @Sendable (Int) async -> Void = { _ in }
    ) {
        let observer = Observer(logger: logger, metrics: metrics)
        let routes = Routes(services: services, metrics: metrics).all
        let access = services.access
        let responder = Responder(tree: RouteTree(routes), observer: observer) { token, request throws(Problem) in
            try await access.caller(token: token, request: request, channel: .api)
        }
        let largest = max(Limits.rows, Int(services.attachments.limit) + UploadForm.limit)
        self.init(responder, observer, port: port, host: host, largest: largest, logger: logger, ready: ready)
    }

    init(
        _ responder: Responder, _ observer: Observer, port: Int, host: String = "127.0.0.1",
        largest: Int = Limits.rows, logger: Logger, ready: @escaping @Sendable (Int) async -> Void
    ) {
        (self.responder, self.observer, self.logger) = (responder, observer, logger)
        (self.host, self.port, self.largest, self.ready) = (host, port, largest, ready)
    }

    /// Serves until graceful shutdown or cancellation.
    /// - Throws: `Failure` where it cannot listen.
    public func run() async throws {
        var quiet = logger
        quiet.logLevel = max(logger.logLevel, .warning)
        let limits = HTTP1Channel.Configuration.DecoderConfiguration(
            maxHeaderFieldSize: Limits.header, maxHeaderListSize: Limits.headers,
            maxHeaderFieldCount: Limits.headerCount)
        let application = Hummingbird.Application(
            responder: responder,
            server: .http1(
                configuration: HTTP1Channel.Configuration(
                    additionalChannelHandlers: [
                        Etiquette(
                            observer: observer, patience: TimeAmount(responder.patience), idle: idle, largest: largest)
                    ],
                    httpDecoderConfiguration: limits)),
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: port),
                availableConnectionsDelegate: .maximum(Limits.connections, logger: quiet)),
            onServerRunning: { [observer, ready, host, port] channel in
                let bound = channel.localAddress?.port ?? port
                observer.observe(.serving(url: "http://\(host):\(bound)"))
                await ready(bound)
            },
            logger: quiet)
        do {
            try await withGracefulShutdownHandler {
                try await application.run()
            } onGracefulShutdown: {
                observer.observe(.stopping)
            }
        } catch let error as IOError where error.errnoCode == EADDRINUSE {
            throw Failure.portInUse(port)
        }
    }
}
