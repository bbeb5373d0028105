import ArgumentParser
import Kernel

/// `daybook version`.
struct Version: ParsableCommand {
    /// The version of this tree.
    static let current = "0.1.0"

    static let configuration = CommandConfiguration(abstract: "Print the version.")
    @OptionGroup var output: Output

    func run() { output.result(["version": .string(Self.current)]) { "daybook \(Self.current)" } }
}
