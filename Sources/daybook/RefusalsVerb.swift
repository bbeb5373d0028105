import Application
import ArgumentParser
import Kernel

/// `daybook refusals`.
struct RefusalsVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "refusals", abstract: "List every code that a request can be refused with, and what to do.",
        discussion: "As text this is the page docs/refusals.md.")
    @OptionGroup var output: Output

    func run() async throws {
        // The page ends with a line feed, and so does what is printed.
        output.result(["groups": Refusals.all.json]) { String(Refusals.all.page.dropLast()) }
    }
}
