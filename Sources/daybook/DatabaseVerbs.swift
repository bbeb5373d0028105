import ArgumentParser
import Foundation
import Kernel
import Postgres

/// `daybook database …`.
struct DatabaseVerbs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "database", abstract: "The database beneath.", subcommands: [URLVerb.self])

    /// `daybook database url`.
    struct URLVerb: AsyncParsableCommand {
        enum Role: String, ExpressibleByArgument, CaseIterable { case owner, app, worker, auditor }

        static let configuration = CommandConfiguration(
            commandName: "url", abstract: "Print a libpq URL, for psql and other clients.",
            discussion: """
                Sessions as app or auditor see one organization: SET daybook.organization = '…'. Without --role the
                session is the login's own, which may take each of the roles.
                """)
        @OptionGroup var place: Place
        @OptionGroup var output: Output
        @Option(help: "The role that sessions take: owner, app, worker or auditor.") var role: Role?

        func run() async throws {
            let base = try place.foreignDatabase() ?? place.cluster(Talk.log).url
            let url = role.map { Self.url(base, as: "daybook_\($0.rawValue)") } ?? base
            output.result(["url": .string(url)]) { url }
        }

        /// Both of libpq's forms take a session's options.
        static func url(_ base: String, as role: String) -> String {
            guard base.contains("://") else { return base + " options='-c role=\(role)'" }
            return base + (base.contains("?") ? "&" : "?") + "options=-c%20role%3D\(role)"
        }
    }
}
