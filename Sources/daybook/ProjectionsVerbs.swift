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
            List.self, Status.self, Check.self, Test.self, Diff.self, Deploy.self, Rebuild.self, Swap.self,
            Rollback.self, Verify.self, Drop.self, Heal.self, Rows.self,
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
        static let configuration = CommandConfiguration(abstract: "All projections, and what is kept beside them.")
        @OptionGroup var place: Place
        @OptionGroup var output: Output

        func run() async throws {
            let (entries, personal) = try await place.readModels { models in
                (try await models.list(), try await models.personalColumns())
            }
            let columns = personal.mapValues { JSON.array($0.map { .string($0) }) }
            output.result(["projections": try JSON(encoding: entries), "personal": .object(columns)]) {
                entries.map { entry in
                    let versions = entry.versions.map { version in
                        "    \(version.table)  \(version.state), build \(version.generation)"
                            + (version.rolledBack ? ", rolled back" : "")
                    }
                    let line = "\(entry.projection)  \(entry.state), build \(entry.generation)"
                    let titled = "\(line)  \(entry.description ?? "")"
                    return ([titled] + versions).joined(separator: "\n")
                }.joined(separator: "\n")
            }
        }
    }

    struct Status: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "How far each projection is behind the log, and how far its rebuild is.")
        @OptionGroup var place: Place
        @OptionGroup var output: Output

        func run() async throws {
            let all = try await place.readModels { try await $0.status() }
            output.result(["projections": try JSON(encoding: all)]) {
                all.flatMap { one in
                    [Self.line(one)] + one.versions.map { "    " + Self.line($0) }
                        + (one.rebuild.map { ["    " + Self.line($0)] } ?? [])
                }.joined(separator: "\n")
            }
        }

        private static func line(_ one: ProjectionStatus) -> String {
            let held = one.held == 0 ? "" : ", \(one.held) streams held"
            return "\(one.projection)  \(one.state): \(one.events) events, \(one.eventsBehind) behind\(held)"
        }

        private static func line(_ rebuild: RebuildReport) -> String {
            let far = "\(rebuild.events) of \(rebuild.total) events"
            if let failure = rebuild.failure { return "its rebuild ended at \(far): \(failure)" }
            if !rebuild.isAtWork { return "its rebuild was broken off at \(far); rebuild goes on with it" }
            let left = rebuild.secondsLeft.map { ", \(Int($0.rounded(.up))) s left" } ?? ""
            let waits = rebuild.waitsFor.map(\.sentence).joined(separator: ", ")
            return "being rebuilt, \(rebuild.phase): \(far), \(Int(rebuild.perSecond))/s\(left)"
                + (waits.isEmpty ? "" : "; waits for \(waits)")
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
}
