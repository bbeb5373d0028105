import Application
import ArgumentParser
import Foundation
import Kernel
import Postgres
import Projections
import Shipped

extension ProjectionsVerbs {
    struct Test: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Run the tests that stand beside projections (NAME.test.yaml).",
            discussion: """
                Given a test's events, the table must hold the rows that it expects: in batches of one, of all, \
                and rebuilt, and also where each batch is delivered twice. All of it happens in a Postgres of its \
                own, which goes afterwards; no server and no data are needed or touched.
                """)
        @OptionGroup var output: Output
        @Argument(help: "Files, or folders of them. [default: the projections that come with Daybook]")
        var files: [String] = []

        func run() async throws {
            let chosen = files.isEmpty ? ProjectionFiles.shipped : try ProjectionFiles.withTests(files)
            do {
                let report = try await Scratch.use { settings in
                    try await ProjectionTests(settings, catalogue: Daybook.catalogue, log: Talk.log).run(chosen)
                }
                show(report)
                if !report.differences.isEmpty { throw Exit(.found) }
            } catch let error as Problems {
                output.result(["ok": .bool(false), "problems": (try? JSON(encoding: error.problems)) ?? []]) {
                    error.description
                }
                throw Exit(.found)
            }
        }

        private func show(_ report: TestReport) {
            let json = (try? JSON(encoding: report.differences)) ?? []
            output.result([
                "ok": .bool(report.differences.isEmpty), "tests": .integer(Int64(report.tests)),
                "projections": .array(report.projections.map { .string($0) }), "differences": json,
            ]) {
                let verdict = counted(report.tests, "test") + " of " + counted(report.projections.count, "projection")
                if report.tests == 0 { return "There are no tests (NAME.test.yaml)." }
                if report.differences.isEmpty { return "\(verdict): all is as expected." }
                return
                    (report.differences.map(\.description)
                    + ["\(verdict): \(counted(report.differences.count, "difference"))."])
                    .joined(separator: "\n")
            }
        }
    }
}

private func counted(_ number: Int, _ what: String) -> String { "\(number) \(what)\(number == 1 ? "" : "s")" }

/// A Postgres for one verb, gone afterwards.
private enum Scratch {
    static func use<R: Sendable>(_ body: (ConnectionSettings) async throws -> R) async throws -> R {
        var options = PrivateCluster.Options()
        options.fsync = false
        options.rotatesLog = false
        options.maxConnections = 20
        options.sharedBuffers = 32
        let folder = "/tmp/daybook-scratch-\(ProcessInfo.processInfo.processIdentifier)"
        let cluster = PrivateCluster(folder: folder, options: options, log: Talk.log)
        do {
            try await cluster.start()
            let settings = ConnectionSettings(url: cluster.url)
            let migrations = Shipped.files(in: "schemas/log").compactMap { Migration(file: $0.name, sql: $0.text) }
            try await Migrator(settings, log: Talk.log).migrate(migrations)
            let result = try await body(settings)
            try cluster.destroy()
            return result
        } catch {
            try? cluster.destroy()
            throw error
        }
    }
}
