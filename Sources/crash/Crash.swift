import ArgumentParser

/// Tries to break the order and the durability of the log, and tells whether it could.
@main
struct Crash: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "crash", abstract: "Tries to break the log's order and durability (DESIGN §2, §3).",
        subcommands: [Runs.self, Worker.self], defaultSubcommand: Runs.self)
}
