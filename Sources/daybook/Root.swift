import ArgumentParser
import Foundation

/// The command line. Verbs are read here and do their work in the layers below.
@main
struct Root: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "daybook", abstract: "A CRM that is an event log: the server and its tools.",
        discussion: "Exit codes: 0 well, 1 failed, 2 it found something, 3 the environment lacks something.",
        version: Version.current,
        subcommands: [
            Start.self, OrganizationVerbs.self, ProjectionsVerbs.self, Import.self, DatabaseVerbs.self,
            Version.self,
        ])

    /// Ours and not the parser's, since its exit code for a wrong use is 64.
    static func main() async {
        do {
            var command = try parseAsRoot()
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            Exit(error).leave()
        }
    }
}
