import Application
import FoundationEssentials
import HTTPTypes
import Logging
import NIOCore
import ServiceLifecycle
import Synchronization
import Testing

@testable import API

/// Lines that the server logged.
final class Lines: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func take(_ line: [UInt8]) { lines.withLock { $0.append(String(decoding: line, as: UTF8.self)) } }
}

/// Runs a server for as long as a test needs it, then shuts it down gracefully.
func serving(
    _ make: (_ logger: Logger, _ ready: @escaping @Sendable (Int) async -> Void) -> Server, lines: Lines = Lines(),
    _ body: (Int) async throws -> Void
) async throws {
    let logger = Logger(label: "test") { JSONLogHandler(label: $0, output: .function { lines.take($0) }) }
    let (ports, port) = AsyncStream.makeStream(of: Int.self)
    let server = make(logger) {
        port.yield($0)
        port.finish()
    }
    var quiet = logger
    quiet.logLevel = .critical
    let group = ServiceGroup(configuration: .init(services: [server], logger: quiet))
    try await withThrowingTaskGroup(of: Void.self) { tasks in
        tasks.addTask { try await group.run() }
        for await port in ports { try await body(port) }
        await group.triggerGracefulShutdown()
        try await tasks.waitForAll()
    }
}

/// A server of the given routes; every token of three letters or more is somebody's.
func serving(
    _ routes: [Route], patience: Duration = .seconds(5), lines: Lines = Lines(), metrics: Metrics = Metrics(),
    _ body: (Int) async throws -> Void
) async throws {
    try await serving(
        { logger, ready in
            let observer = Observer(logger: logger, metrics: metrics)
            var responder = Responder(tree: RouteTree(routes), observer: observer) { token, request throws(Problem) in
                guard token.count >= 3 else { throw .unauthorized }
                return Caller(
                    organization: UUID(), actor: UUID(), kind: .member, role: .owner, channel: .api, request: request)
            }
            responder.patience = patience
            return Server(responder, observer, port: 0, logger: logger, ready: ready)
        }, lines: lines, body)
}
