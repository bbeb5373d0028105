import Application
import ArgumentParser
import CRM
import Foundation
import Kernel
import Postgres
import Projections
import Synchronization
import Vault

extension ProjectionsVerbs {
    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Fold the logs again and compare with the tables, column by column.")
        @OptionGroup var place: Place
        @OptionGroup var output: Output
        @OptionGroup var which: Chosen

        func run() async throws {
            let names = try which.chosen()
            let progress = Progress()
            let all = try await place.readModels { try await $0.verify(names, progress: progress.show) }
            output.result(["projections": try JSON(encoding: all)]) {
                all.map { one in
                    let verdict = one.equal ? "equal" : "\(one.differences.count) differences"
                    let places = one.differences.map {
                        "    \($0.kind.rawValue) \($0.table) \($0.key) \($0.column ?? "")"
                    }
                    return (["\(one.projection)  \(one.rows) rows, \(verdict)"] + places).joined(separator: "\n")
                }.joined(separator: "\n")
            }
            if !all.allSatisfy(\.equal) { throw Exit(.found) }
        }
    }

    struct Heal: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Apply the streams that are held; those that can be applied by now go on.")
        @OptionGroup var place: Place
        @OptionGroup var output: Output
        @OptionGroup var which: Chosen

        func run() async throws {
            let names = try which.chosen()
            let all = try await place.readModels { try await $0.heal(names) }
            output.result(["projections": try JSON(encoding: all)]) {
                all.map { "\($0.projection)  \($0.healed) healed, \($0.held) held" }.joined(separator: "\n")
            }
            if all.contains(where: { $0.held > 0 }) { throw Exit(.found) }
        }
    }

    struct Rows: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print a table's rows, each as a JSON object on a line of its own.")
        @OptionGroup var place: Place
        @Argument(help: "A projection, or a view beside them.") var name: String
        @Option(help: "One organization's rows only.") var organization: String?

        func run() async throws {
            let id = organization.flatMap(UUID.init(text:))
            if organization != nil && id == nil { throw Exit(.failed, "--organization takes an organization's id.") }
            try await place.readModels { [name] models in
                try await models.rows(name, organization: id) { row in
                    FileHandle.standardOutput.write(Data(row) + Data("\n".utf8))
                }
            }
        }
    }
}

extension Place {
    /// Runs `body` on the read tables of these data.
    func readModels<R: Sendable>(_ body: (ReadModels) async throws -> R) async throws -> R {
        try await visit(log: Talk.log) { opened in
            let models = ReadModels(
                ConnectionSettings(url: opened.url),
                unsealing: Unsealing(master: opened.master, catalogue: Daybook.catalogue, upcasts: upcasts),
                log: Talk.log)
            return try await leaving(by: models.close) { try await body(models) }
        }
    }
}

/// Tells how far long work is: a line on standard error each second at most.
final class Progress: Sendable {
    private let state = Mutex((last: ContinuousClock.now - .seconds(10), events: Int64(0)))

    /// Events read so far.
    var events: Int64 { state.withLock { $0.events } }

    @Sendable func show(_ progress: RebuildProgress) {
        if !progress.waitsFor.isEmpty { return Self.show(readers: progress.waitsFor) }
        let isTime = state.withLock { state in
            if state.events == 0, progress.continuedFrom > 0 {
                say("going on behind \(progress.continuedFrom) events that an earlier rebuild had read")
            }
            state.events = max(state.events, progress.events)
            guard ContinuousClock.now - state.last >= .seconds(1) || progress.phase == .done else { return false }
            state.last = .now
            return true
        }
        guard isTime else { return }
        let left = progress.secondsLeft.map { ", \(Int($0.rounded(.up))) s left" } ?? ""
        let far = "\(progress.events) of \(progress.total) events, \(Int(progress.perSecond))/s"
        say("\(progress.phase.rawValue): \(far)\(left)")
    }

    /// Whom a swap waits for.
    @Sendable static func show(readers: [Reader]) {
        if readers.isEmpty { return }
        say("swapping: waits for \(readers.map(\.sentence).joined(separator: ", "))")
    }
}
