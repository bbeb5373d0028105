import Application
import ArgumentParser
import Audit
import Files
import Foundation
import Kernel
import Postgres
import Vault

/// `daybook backup`.
struct BackupVerb: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "Write everything that cannot be derived into a folder, of one snapshot.",
        discussion: """
            The logs as exports that `audit verify --offline` reads, keys, credentials, claims and outcomes, and the \
            files of records, sealed as they are. Exits with 2 where the bytes of attachments are not there. The \
            master key and the registers are not in it: keep copies of them elsewhere. It is noted in the register of \
            backups, by which `person scrub` tells which of them still hold somebody who was erased since.
            """)
    @OptionGroup var place: Place
    @OptionGroup var output: Output
    @Argument(help: "The folder to write; it must not be there, or be empty.") var folder: String
    @Option(help: "How long it is kept, every copy included: days, weeks or years, as 90d, 12w or 7y.")
    var keep = Keep(days: 90)
    @Flag(help: "Leave out the files of records: they lie where copies of them are kept in another way.")
    var withoutFiles = false
    @Flag(help: "Write nothing: note that the backup in this folder is destroyed, every copy included.")
    var gone = false

    func run() async throws {
        let folder = URL(fileURLWithPath: folder).standardizedFileURL.path
        if gone { return try await forget(folder) }
        let now = Clock.now()
        let expiry = keep.end(from: now)
        let done = try await place.visit(log: Talk.log) { opened in
            try await opened.backups(files: !withoutFiles)
                .write(to: folder, at: now, until: expiry, noting: opened.backupRegister)
        }
        let (summary, lacking) = (done.summary, done.lacking.map(\.id.text))
        let json = summary.json.adding("expires_at", .string(expiry.text))
            .adding("lacking", .array(lacking.map { .string($0) }))
        output.result(json) {
            "\(summary.organizations.count) logs with \(summary.events) events, \(summary.rows) rows of other tables, "
                + "and \(summary.files ?? 0) files. To be kept until \(expiry.text)."
        }
        if lacking.isEmpty { return }
        throw Exit(
            .found,
            "The backup is whole but for the bytes of \(lacking.count) attachments, which the store of files does not "
                + "have: bring them back from an earlier backup, or `remove` the attachments. "
                + lacking.prefix(10).joined(separator: ", "))
    }

    private func forget(_ folder: String) async throws {
        guard !FileManager.default.fileExists(atPath: folder) else {
            throw Exit(.failed, "\(folder) is still there. Remove it first, and every copy of it.")
        }
        let now = Clock.now()
        let noted = try await place.visit(log: Talk.log) { opened in
            let noted = try opened.backupRegister.entries().filter { $0.folder == folder && $0.expiresAt > now }
            for var backup in noted {
                backup.expiresAt = now
                try opened.backupRegister.note(backup)
            }
            return noted.count
        }
        guard noted > 0 else { throw Exit(.failed, "No backup in \(folder) is noted that should still be kept.") }
        output.result(["gone": .integer(Int64(noted))]) { "Noted: \(noted) gone." }
    }

    /// How long a backup is kept.
    struct Keep: ExpressibleByArgument {
        let days: Int64
        init(days: Int64) { self.days = days }
        init?(argument: String) {
            let units: [Character: Int64] = ["d": 1, "w": 7, "y": 366]
            guard let unit = argument.last.flatMap({ units[$0] }), let count = Int64(argument.dropLast()),
                (1...5000).contains(count)
            else { return nil }
            days = count * unit
        }
        var defaultValueDescription: String { "\(days)d" }

        func end(from now: Instant) -> Instant { Instant(microseconds: now.microseconds + days * 86_400_000_000) }
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
            "\(done.organizations.count) logs with \(done.events) events are back, \(done.rows) rows of other tables, "
                + "and \(done.files ?? 0) files. Erased again: \(erased). The read tables are built at the next start."
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
        let done = try await opened.backups(files: true).restore(from: folder)
        if withoutRegister {
            say("Restored without the register: whoever was erased since the backup is back.")
            return (done, 0)
        }
        return (done, try await opened.daybook { try await $0.people.replay(register) }.erased)
    }
}

extension Opened {
    func backups(files isWithFiles: Bool) -> Backups {
        let store = isWithFiles ? files.store : nil
        return Backups(ConnectionSettings(url: url), master: master, store: store, log: Talk.log)
    }
}

extension Backup.Summary {
    /// `{"organizations","events","rows","files","taken_at"}`.
    fileprivate var json: JSON {
        [
            "organizations": .integer(Int64(organizations.count)), "events": .integer(events), "rows": .integer(rows),
            "files": files.map { .integer($0) } ?? .null, "taken_at": .string(takenAt.text),
        ]
    }
}

extension JSON {
    fileprivate func adding(_ name: String, _ value: JSON) -> JSON {
        .object((object ?? [:]).merging([name: value]) { $1 })
    }
}
