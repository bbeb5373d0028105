import Application
import ArgumentParser
import Kernel
import Projections

extension ProjectionsVerbs {
    struct Deploy: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put projections and views of your own beside those that there are.",
            discussion: """
                A new projection is built from the log, a changed one beside its old table; a running server feeds \
                them from then on. Views that its own files do not hold are taken down at the server's next start.
                """)
        @OptionGroup var place: Place
        @OptionGroup var output: Output
        @Argument(help: "Files (.yaml, .sql), or folders of them.") var files: [String]

        func run() async throws {
            let chosen = try ProjectionFiles.read(files)
            let progress = Progress()
            do {
                let built = try await place.readModels {
                    try await $0.add(chosen, catalogue: Daybook.catalogue, progress: progress.show)
                }
                output.result(["built": .array(built.map { .string($0) })]) {
                    built.isEmpty ? "Nothing had to be built." : built.map { "\($0) is built." }.joined(separator: "\n")
                }
            } catch let error as Problems {
                output.result(["ok": .bool(false), "problems": (try? JSON(encoding: error.problems)) ?? []]) {
                    error.description
                }
                throw Exit(.found)
            }
        }
    }
}
