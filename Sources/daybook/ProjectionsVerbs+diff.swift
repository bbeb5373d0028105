import Application
import ArgumentParser
import Kernel
import Projections

extension ProjectionsVerbs {
    struct Diff: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Replay a candidate and show row by row what it would change. Nothing is deployed.",
            discussion: "Exit code 2 where it would change something, so that a pipeline can ask.")
        @OptionGroup var place: Place
        @OptionGroup var output: Output
        @Argument(help: "The projection.") var name: String
        @Option(name: .customLong("with"), help: "The candidate: a projection's file.") var file: String
        @Option(help: "How many rows are listed; all are counted.") var limit: Int64 = 100
        @Flag(help: "Show values of personal columns.") var personal = false

        func run() async throws {
            let files = try ProjectionFiles.read([file])
            guard files.count == 1, let candidate = files.first else { throw Exit(.failed, "--with takes one file.") }
            guard limit >= 0 else { throw Exit(.failed, "--limit takes a number from 0.") }
            let progress = Progress()
            let found = try await place.readModels {
                try await $0.diff(
                    candidate, catalogue: Daybook.catalogue, most: limit, showsPersonal: personal,
                    progress: progress.show)
            }
            guard found.projection == name else {
                throw Exit(.failed, "\(file) is the projection \(found.projection), not \(name).")
            }
            output.result(found.json) { Self.text(found) }
            if !found.isEqual { throw Exit(.found) }
        }

        private static func text(_ found: Diffing) -> String {
            if found.isEqual { return "\(found.projection)  \(found.rows) rows, none would change." }
            var lines: [String] = found.changes.flatMap { change in
                ["\(mark(change.kind)) \(change.key)  (organization \(change.organization))"]
                    + change.columns.sorted { $0.key < $1.key }.map { column, values in
                        "    \(column): \(values.old.text) → \(values.new.text)"
                    }
            }
            func columns(_ word: String, _ names: [String]) {
                if !names.isEmpty { lines.append("columns that \(word): \(names.joined(separator: ", "))") }
            }
            columns("come", found.newColumns)
            columns("go", found.goneColumns)
            columns("change their type", found.retypedColumns)
            for held in found.held {
                lines.append("\(held.streams) streams could not be applied: \(held.code) \(held.column ?? "")")
            }
            for (column, count) in found.columns.sorted(by: { $0.key < $1.key }) {
                lines.append("\(count) rows change in \(column)")
            }
            func count(_ kind: String) -> Int64 { found.counts[kind] ?? 0 }
            lines.append(
                "\(found.projection)  \(found.rows) rows: \(count("added")) added, \(count("removed")) removed, "
                    + "\(count("changed")) changed.")
            return lines.joined(separator: "\n")
        }

        private static func mark(_ kind: String) -> String {
            switch kind {
            case "added": "+"
            case "removed": "-"
            case _: "~"
            }
        }
    }
}
