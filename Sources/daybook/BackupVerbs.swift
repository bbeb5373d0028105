import Application
import ArgumentParser
import Audit
import Foundation
import Kernel
import Postgres
import Vault

/// `daybook backup`.
struct BackupVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Write everything that cannot be derived into a folder, of one snapshot.",
        discussion: """
            The logs as exports that `audit verify --offline` reads, and keys, credentials, claims and outcomes. The \
            master key and the register of erasures are not in it: keep copies of both elsewhere.
            """)
    @OptionGroup var place: Place
    @OptionGroup var output: Output
    @Argument(help: "The folder to write; it must not be there, or be empty.") var folder: String

    func run() async throws {
        let done = try await place.visit(log: Talk.log) { opened in
            try await opened.backups.write(to: folder, at: Clock.now())
        }
        output.result(done.json) {
            "\(done.organizations) logs with \(done.events) events, and \(done.rows) rows of other tables."
        }
    }
}

/// `daybook restore`.
struct RestoreVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "restore", abstract: "Bring a backup back into a data folder or a database that is empty.",
        discussion: """
            Needs the master key of the backup, in DATA/master.key or where DAYBOOK_MASTER_KEY_FILE says, and the \
            register of erasures beside it: whoever was erased since the backup is erased again before anything serves.
            """)
    @OptionGroup var place: Place
    @OptionGroup var output: Output
    @Argument(help: "The folder that `backup` wrote.") var folder: String
    @Flag(help: "Go on without the register: persons erased since the backup come back.") var withoutRegister = false

    func run() async throws {
        guard try place.hasMasterKey else {
            throw Exit(
                .lacking,
                "The master key of the backup is not here. Put it into \(place.folder)/master.key, or name it by "
                    + "DAYBOOK_MASTER_KEY_FILE.")
        }
        try place.make()
        let opened = try await Opened.serving(place, log: Talk.log)
        let (done, erased) = try await leaving(by: opened.close) { try await restore(into: opened) }
        output.result(done.json.adding("erased_again", .integer(Int64(erased)))) {
            "\(done.organizations) logs with \(done.events) events are back, and \(done.rows) rows of other tables. "
                + "Erased again: \(erased). The read tables are built at the next start."
        }
    }

    private func restore(into opened: Opened) async throws -> (Backup.Summary, erased: Int) {
        let register = opened.register
        guard withoutRegister || register.isThere else {
            throw Exit(
                .lacking,
                "The register of erasures is not beside the master key. Put it there or, where nobody was ever erased, "
                    + "say --without-register.")
        }
        let done = try await opened.backups.restore(from: folder)
        if withoutRegister {
            say("Restored without the register: whoever was erased since the backup is back.")
            return (done, 0)
        }
        return (done, try await opened.daybook { try await $0.people.replay(register) }.erased)
    }
}

extension Opened {
    var backups: Backups { Backups(ConnectionSettings(url: url), master: master, log: Talk.log) }
}

extension Backup.Summary {
    /// `{"organizations","events","rows","taken_at"}`.
    fileprivate var json: JSON {
        [
            "organizations": .integer(Int64(organizations)), "events": .integer(events), "rows": .integer(rows),
            "taken_at": .string(takenAt.text),
        ]
    }
}

extension JSON {
    fileprivate func adding(_ name: String, _ value: JSON) -> JSON {
        .object((object ?? [:]).merging([name: value]) { $1 })
    }
}
