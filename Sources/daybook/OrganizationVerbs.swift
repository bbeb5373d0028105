import Application
import ArgumentParser
import Foundation
import Kernel
import Postgres

/// `daybook organization …`.
struct OrganizationVerbs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "organization", abstract: "Organizations, each with a log of its own.",
        subcommands: [Create.self, Recover.self])

    /// `daybook organization create`.
    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Create an organization with its owner and a default pipeline; print the owner's credentials.")
        @OptionGroup var place: Place
        @OptionGroup var output: Output
        @Option(help: "Its name.") var name: String
        @Option(help: "The owner's e-mail.") var email: String
        @Option(help: "The owner's password, of 10 characters or more. [default: one is made]") var password: String?
        @Option(help: "The currency it counts in, by ISO 4217.") var currency = "USD"
        @Option(help: "Its time zone, by IANA.") var timeZone = "UTC"
        @Option(help: "The month in which its fiscal year begins, 1 to 12.") var fiscalYearStart: Int64 = 1

        func run() async throws {
            var settings = Access.Settings()
            settings.currency = currency
            settings.timeZone = timeZone
            settings.fiscalYearStart = fiscalYearStart
            let founding = try await place.visit(log: Talk.log) { [settings] opened in
                try await opened.daybook { daybook in
                    try await daybook.access.createOrganization(
                        name: name, email: email, password: password, settings: settings)
                }
            }
            print(Credentials(founding, url: try place.serverURL()).json.text)
        }
    }

    /// `daybook organization recover`.
    struct Recover: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Give the owner of an organization a new password; print the credentials.",
            discussion: "For whoever holds the data folder but lost the password. The old one ends.")
        @OptionGroup var place: Place
        @OptionGroup var output: Output
        @Option(help: "The organization's id.") var organization: String

        func run() async throws {
            guard let id = UUID(text: organization) else {
                throw Exit(.failed, "An organization's id looks like 0190b6a0-7c1e-7a3f-8d2b-3c4d5e6f7a8b.")
            }
            let founding = try await place.visit(log: Talk.log) { opened in
                try await opened.daybook { try await $0.access.recoverOwner(of: id) }
            }
            guard let founding else { throw Exit(.failed, "There is no such organization here, or it has no owner.") }
            print(Credentials(founding, url: try place.serverURL()).json.text)
        }
    }
}

extension Opened {
    /// Everything that serves this database, for one verb.
    func daybook<R: Sendable>(_ body: (Daybook) async throws -> R) async throws -> R {
        let daybook = Daybook(
            database: ConnectionSettings(url: url), master: master, register: register, clock: Clock.now, files: files,
            log: Talk.log)
        return try await leaving(by: daybook.close) { try await body(daybook) }
    }
}

extension Place {
    /// Where the server of these data answers, as far as is known.
    func serverURL() throws -> String {
        let environment = ProcessInfo.processInfo.environment["DAYBOOK_URL"]
        return try environment ?? Credentials.read(ownerFile)?.url ?? "http://127.0.0.1:8080"
    }
}
