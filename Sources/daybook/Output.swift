import ArgumentParser
import Kernel

/// How a verb prints what it found.
struct Output: ParsableArguments {
    enum Format: String, ExpressibleByArgument, CaseIterable { case text, json }

    @Option(help: "text, or json: one JSON object as the last line of standard output.")
    var format: Format = .text

    /// The result, for a program or for a person.
    func result(_ json: JSON, _ text: () -> String) {
        print(format == .json ? json.text : text())
    }
}
