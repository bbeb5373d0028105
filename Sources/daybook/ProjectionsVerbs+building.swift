import Application
import ArgumentParser
import Foundation
import Kernel
import Projections

extension ProjectionsVerbs {
    /// How long an exchange waits for those who read the table.
    struct Waiting: ParsableArguments {
        @Option(help: "Seconds to wait for queries that read the table, before it gives up.")
        var patience = 600.0
    }

    struct Rebuild: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Build tables anew from the log; the old ones serve until then, and are kept.",
            discussion: "A rebuild that was ended in whatever way is gone on with by the next one.")
        @OptionGroup var place: Place
        @OptionGroup var output: Output
        @OptionGroup var which: Chosen
        @OptionGroup var waiting: Waiting
        @Option(name: .customLong("with"), help: "Build by this file instead of the deployed one.")
        var file: String?
        @Flag(name: .customLong("no-swap"), help: "Build, keep in step, and leave the old table in service.")
        var staysAside = false
        @Flag(help: "Begin anew, whatever an earlier rebuild left.") var fresh = false

        func run() async throws {
            var options = RebuildOptions()
            (options.swaps, options.isFresh, options.patience) = (!staysAside, fresh, waiting.patience)
            let progress = Progress()
            let built = try await place.readModels { [options] models in
                guard let file else {
                    return try await models.rebuild(try which.chosen(), options, progress: progress.show)
                }
                let read = try ProjectionFiles.read([file])
                guard read.count == 1, let candidate = read.first else {
                    throw Exit(.failed, "--with takes one file.")
                }
                return try await models.rebuild(
                    with: candidate, catalogue: Daybook.catalogue, options, progress: progress.show)
            }
            let json: JSON = [
                "rebuilt": .bool(true), "events": .integer(progress.events), "projections": try JSON(encoding: built),
            ]
            output.result(json) { built.map(Self.line).joined(separator: "\n") }
        }

        private static func line(_ one: Rebuilt) -> String {
            let began = one.continued ? ", gone on with where an earlier rebuild ended" : ""
            let changed = one.rowsChanged.map { $0 == 0 ? ", none differs" : ", \($0) differ from before" } ?? ""
            let end =
                one.swapped ? "in service" : "built and not swapped: `daybook projections swap \(one.projection)`"
            return "\(one.projection)  \(one.rows) rows\(changed), \(end)\(began)"
        }
    }

    struct Swap: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Bring a new table into service that `rebuild --no-swap` built, or that could not be swapped.")
        @OptionGroup var place: Place
        @OptionGroup var output: Output
        @OptionGroup var waiting: Waiting
        @Argument(help: "A projection.") var name: String

        func run() async throws {
            try await place.readModels {
                try await $0.swap(name, patience: waiting.patience, waiting: Progress.show(readers:))
            }
            output.result(["swapped": .string(name)]) { "\(name) is in service; \(name)__old is kept for `rollback`." }
        }
    }

    struct Rollback: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Bring the table back into service that served before; once more goes forward again.")
        @OptionGroup var place: Place
        @OptionGroup var output: Output
        @OptionGroup var waiting: Waiting
        @Argument(help: "A projection.") var name: String

        func run() async throws {
            try await place.readModels {
                try await $0.rollback(name, patience: waiting.patience, waiting: Progress.show(readers:))
            }
            output.result(["rolled_back": .string(name)]) {
                "\(name) is as it was before; what served until now is kept as \(name)__old."
            }
        }
    }

    struct Drop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take tables away. The logs stay, and `rebuild` brings the tables back.",
            discussion: "NAME goes with all that is kept beside it; NAME__old or NAME__new goes alone.")
        @OptionGroup var place: Place
        @OptionGroup var output: Output
        @OptionGroup var which: Chosen
        @Flag(help: "Also forget that there was such a projection.") var forget = false

        func run() async throws {
            let names = try which.chosen()
            try await place.readModels { [forget] in try await $0.drop(names, forget: forget) }
            output.result(["dropped": .bool(true)]) { "Dropped." }
        }
    }
}
