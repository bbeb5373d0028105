import Application
import ArgumentParser
import Foundation
import Kernel
import Projections

/// `daybook projections …`: the read tables, which are derived from the logs.
struct ProjectionsVerbs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "projections", abstract: "The read tables: what they are, how far, whether they are right.",
        subcommands: [
            List.self, Status.self, Check.self, Test.self, Deploy.self, Rebuild.self, Verify.self, Drop.self, Heal.self,
            Rows.self,
        ])

    /// Which projections a verb is about.
    struct Chosen: ParsableArguments {
        @Argument(help: "Projections, by name.") var names: [String] = []
        @Flag(help: "All projections.") var all = false

        /// Nil for all.
        func chosen() throws -> [String]? {
            guard all != names.isEmpty else { return all ? nil : names }
            throw Exit(.failed, "Name projections, or say --all.")
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "All projections.")
        @OptionGroup var place: Place
        @OptionGroup var output: Output

        func run() async throws {
            let (entries, personal) = try await place.readModels { models in
                (try await models.list(), try await models.personalColumns())
            }
            let columns = personal.mapValues { JSON.array($0.map { .string($0) }) }
            output.result(["projections": try JSON(encoding: entries), "personal": .object(columns)]) {
                entries.map { "\($0.projection)  \($0.state)  \($0.description ?? "")" }.joined(separator: "\n")
            }
        }
    }

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(abstract: "How far each projection is behind the log.")
        @OptionGroup var place: Place
        @OptionGroup var output: Output

        func run() async throws {
            let all = try await place.readModels { try await $0.status() }
            output.result(["projections": try JSON(encoding: all)]) {
                all.map { one in
                    let held = one.held == 0 ? "" : ", \(one.held) streams held"
                    return "\(one.projection)  \(one.state): \(one.events) events, \(one.eventsBehind) behind\(held)"
                }.joined(separator: "\n")
            }
        }
    }

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Find what is wrong in projections' files. Needs no database.")
        @OptionGroup var output: Output
        @Argument(help: "Files (.yaml, .sql), or folders of them.") var files: [String]

        func run() throws {
            let problems = try ProjectionFiles.read(files).flatMap {
                ReadModels.check($0, catalogue: Daybook.catalogue)
            }
            let json = problems.map { problem -> JSON in
                [
                    "file": .string(problem.file), "line": .integer(Int64(problem.line)),
                    "column": .integer(Int64(problem.column)), "message": .string(problem.message),
                ]
            }
            output.result(["ok": .bool(problems.isEmpty), "problems": .array(json)]) {
                problems.isEmpty ? "Nothing is wrong." : problems.map(\.description).joined(separator: "\n")
            }
            if !problems.isEmpty { throw Exit(.found) }
        }
    }

    struct Rebuild: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Build tables anew from the log; the old ones serve until then.")
        @OptionGroup var place: Place
        @OptionGroup var output: Output
        @OptionGroup var which: Chosen

        func run() async throws {
            let names = try which.chosen()
            let progress = Progress()
            try await place.readModels { try await $0.rebuild(names, progress: progress.show) }
            output.result(["rebuilt": .bool(true), "events": .integer(progress.events)]) { "Rebuilt." }
        }
    }

    struct Drop: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take tables away. The logs stay, and `rebuild` brings the tables back.")
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
