import ArgumentParser

/// Measures Daybook beside simpler ways of doing the same, on one machine and in one run: the ratios are what counts.
@main
struct Bench: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measures Daybook beside what it is compared with (DESIGN §10).",
        subcommands: [Append.self, Catchup.self, Rebuild.self, Following.self, Proofs.self, HTTP.self, Companion.self])
}
