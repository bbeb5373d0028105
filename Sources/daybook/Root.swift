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
            Start.self, OrganizationVerbs.self, ProjectionsVerbs.self, Explain.self, AuditVerbs.self, PersonVerbs.self,
            BackupVerb.self, RestoreVerb.self,
            Import.self, ExportVerb.self, DatabaseVerbs.self, SchemasVerbs.self, RefusalsVerb.self, DemoVerbs.self,
            Version.self,
        ])

    /// Ours and not the parser's, since its exit code for a wrong use is 64.
    static func main() async {
        do {
            var command = try parseAsRoot(arranged(Array(CommandLine.arguments.dropFirst())))
            if var command = command as? any AsyncParsableCommand {
                try await command.run()
            } else {
                try command.run()
            }
        } catch {
            Exit(error).leave()
        }
    }

    /// Flags that may stand before the verb, `daybook --data DIR projections list`; the parser wants them behind it.
    private static let leading: Set<Substring> = ["--data", "--database-url", "--config", "--format"]

    static func arranged(_ arguments: [String]) -> [String] {
        var rest = arguments[...]
        var moved: [String] = []
        while let flag = rest.first, let name = flag.split(separator: "=", maxSplits: 1).first, leading.contains(name) {
            let width = flag.contains("=") ? 1 : 2
            moved += rest.prefix(width)
            rest = rest.dropFirst(width)
        }
        let end = rest.firstIndex(of: "--") ?? rest.endIndex
        return Array(rest[..<end]) + moved + Array(rest[end...])
    }
}
