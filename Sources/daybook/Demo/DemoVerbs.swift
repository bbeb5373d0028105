import API
import Application
import ArgumentParser
import Foundation
import Kernel

/// `daybook demo …`.
struct DemoVerbs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo", abstract: "Stories told through the API, to see all that can be done.",
        subcommands: [Year.self])

    /// `daybook demo year`.
    struct Year: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "year", abstract: "A year of a sales team, in which everything is done that can be done.",
            discussion: """
                Told through the API alone, backdated to 2025, into an organization of its own or any other. Telling \
                it again changes nothing. Where an act that the server offers was never used, the exit code is 2. The \
                server is DAYBOOK_URL with DAYBOOK_TOKEN, or the one of the data folder.
                """)
        @Option(help: "A folder of months to tell instead.") var script: String?
        @Option(help: "The organization, where the owner has several.") var organization: String?
        @Option(help: "The server. [environment: DAYBOOK_URL]") var url: String?
        @OptionGroup var place: Place
        @OptionGroup var output: Output

        func run() async throws {
            let script = try self.script.map { try Script(folder: $0) } ?? Script(named: "year")
            guard let client = try await Client.known(place, url: url, organization: organization) else {
                throw Exit(.lacking, "No server answers; start one: tools/start --empty")
            }
            var teller = try await Teller(client, source: "demo-year")
            for month in script.months {
                tell("\n\(Self.named(month.month)): \(month.title)")
                for line in month.lines {
                    switch line {
                    case .said(let text): tell("  \(text)")
                    case .done(let step): try await teller.tell(step)
                    }
                }
            }
            let figures = try await Figures(client, showing: teller.position)
            tell("\nWhat the year amounts to\n" + figures.lines.map { "  \($0)" }.joined(separator: "\n"))
            // A file begins with an upload, which is no command: the story tells of none.
            let told = Exposure.offered.filter { !$0.hasPrefix("attachment.") }
            let unused = Set(told).subtracting(teller.acts).sorted()
            output.result([
                "commands": .integer(Int64(teller.steps)), "acts": .integer(Int64(teller.acts.count)),
                "unused": .array(unused.map(JSON.string)), "position": .integer(teller.position),
                "figures": figures.json,
            ]) {
                let all = unused.isEmpty ? "all there are" : "all but \(unused.joined(separator: ", "))"
                return "\n\(teller.steps) commands, \(teller.acts.count) kinds of act: \(all)."
            }
            if !unused.isEmpty { throw Exit(.found) }
        }

        /// What a person reads; a program reads the last line.
        private func tell(_ text: String) {
            if output.format == .text { print(text) }
        }

        /// January 2025, of 2025-01.
        private static func named(_ month: String) -> String {
            let names = [
                "January", "February", "March", "April", "May", "June", "July", "August", "September", "October",
                "November", "December",
            ]
            let parts = month.split(separator: "-").compactMap { Int($0) }
            guard parts.count == 2, names.indices.contains(parts[1] - 1) else { return month }
            return "\(names[parts[1] - 1]) \(parts[0])"
        }
    }
}
