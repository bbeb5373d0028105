import API
import ArgumentParser
import Foundation
import Logging
import UnixSignals

/// `daybook start`: everything, from the database to the port.
struct Start: AsyncParsableCommand {
    /// What a process of several over one database does.
    enum Role: String, ExpressibleByArgument, CaseIterable { case all, api, projector }

    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Serve, with a Postgres of its own unless another is named.",
        discussion: "Prints `ready URL` when it serves. SIGINT or SIGTERM ends it.", aliases: ["serve"])

    @OptionGroup var place: Place
    @Option(help: "The port; 0 takes any that is free. [environment: DAYBOOK_PORT; default: 8080]")
    var port: Int?
    @Flag(help: "No demonstration at the first start.")
    var empty = false
    @Option(help: "A second file for what owner.json holds.")
    var credentials: String?
    @Option(help: "all, api or projector.")
    var role: Role?
    @Option(help: "A folder of projections to use instead of those in the binary.")
    var projections: String?
    @Option(help: "Organizations, by id and comma, whose owners may rebuild, exchange and drop read tables over HTTP.")
    var administrators: String?

    func run() async throws {
        signal(SIGPIPE, SIG_IGN)
        let signals = await UnixSignalsSequence(trapping: [.sigterm, .sigint])
        LoggingSystem.bootstrap { JSONLogHandler(label: $0) }
        let serving = try Serving(self)
        let work = Task { try await serving.run() }
        let ending = Task {
            for await _ in signals { return work.cancel() }
        }
        defer { ending.cancel() }
        do { try await work.value } catch is CancellationError { say("Stopped before it served.") }
    }
}
