import Application
import ArgumentParser
import Foundation
import Kernel
import Postgres
import Vault

/// `daybook person scrub`.
struct PersonScrub: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scrub", abstract: "Make what was erased unreadable on the disk, too.",
        discussion: """
            Rewrites the tables that held something of the person, and turns the write-ahead log over. Readers of a \
            table wait while it is rewritten. Exits with 2 where something is left, which is named, with the backups \
            that were made before and still hold the person.
            """)
    @OptionGroup var place: Place
    @OptionGroup var output: Output
    @Argument(help: "The person's id; erased already.") var person: String

    func run() async throws {
        guard let id = UUID(text: person) else {
            throw Exit(.failed, "A person's id looks like 0190b6a0-7c1e-7a3f-8d2b-3c4d5e6f7a8b.")
        }
        let (report, erasedAt, backups) = try await place.visit(log: Talk.log) { opened in
            let erasures = try await erasures(of: id, opened)
            let settings = ConnectionSettings(url: try place.administrator(opened))
            let report = try await Scrub.run(settings, log: Talk.log) { say("rewriting \($0)") }
            let backups = try HeldBackup.all(of: erasures, in: opened.backupRegister, at: Clock.now())
            return (report, erasures.map(\.erasedAt).max() ?? Clock.now(), backups)
        }
        let findings = report.findings + backups.map { Scrub.Finding(.backup, $0.sentence) }
        output.result([
            "person": .string(id.text), "erased_at": .string(erasedAt.text),
            "tables": .array(report.tables.map { .string($0) }), "backups": .array(backups.map(\.json)),
            "findings": .array(
                findings.map { ["kind": .string($0.kind.rawValue), "detail": .string($0.detail)] }),
            "not_known": .string(Self.notKnown),
        ]) {
            let rewritten = "\(report.tables.count) tables were rewritten."
            if findings.isEmpty { return "\(rewritten) Nothing is left that is known of. \(Self.notKnown)" }
            return ([rewritten] + findings.map { "    \($0.kind.rawValue): \($0.detail)" } + [Self.notKnown])
                .joined(separator: "\n")
        }
        if !findings.isEmpty { throw Exit(.found) }
    }

    private static let notKnown =
        "Not known here: backups that were made in another way, and copies of those that were made by `daybook backup`."

    /// When the person's key was destroyed, in each organization that had it.
    private func erasures(of person: UUID, _ opened: Opened) async throws -> [ErasureRegister.Entry] {
        let settings = ConnectionSettings(url: opened.url, role: "daybook_worker")
        let worker = PipelinedConnection(settings, name: "scrub", log: Talk.log)
        let found = try await leaving(by: worker.close) { try await Scrub.erasures(of: person, worker) }
        let erased = found.compactMap { organization, erasedAt in
            erasedAt.map { ErasureRegister.Entry(organization: organization, person: person, erasedAt: $0) }
        }
        if erased.isEmpty {
            throw Exit(
                .failed,
                found.isEmpty
                    ? "There is no such person here."
                    : "This person is not erased. `daybook person erase \(person.text)` does that.")
        }
        return erased
    }
}

extension HeldBackup {
    /// `{"folder","taken_at","expires_at","there","expired"}`.
    fileprivate var json: JSON {
        [
            "folder": .string(backup.folder), "taken_at": .string(backup.takenAt.text),
            "expires_at": .string(backup.expiresAt.text), "there": .bool(isThere), "expired": .bool(isExpired),
        ]
    }
}

extension Place {
    /// A superuser's login where the cluster is ours, else the one that is named.
    fileprivate func administrator(_ opened: Opened) throws -> String {
        if try foreignDatabase() != nil { return opened.url }
        return cluster(Talk.log).url(database: "daybook", user: "postgres")
    }
}
