import Application
import ArgumentParser
import Audit
import EventLog
import Foundation
import Kernel
import Synchronization

/// `daybook audit …`: what an auditor does with the logs.
struct AuditVerbs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "audit", abstract: "Verify logs, take them along, prove what is in them.",
        subcommands: [Verify.self, Export.self, Restore.self, Prove.self, Check.self, RotateKey.self])

    /// Which log a verb is about.
    struct Log: ParsableArguments {
        @Option(help: "The organization's id; needed where there are several.") var organization: String?

        func chosen(_ daybook: Daybook) async throws -> UUID {
            let all = try await daybook.reader.organizations()
            guard let organization else {
                guard let only = all.first else { throw Exit(.failed, "There is no organization here yet.") }
                guard all.count == 1 else {
                    let names = all.prefix(10).map(\.text).joined(separator: ", ")
                    throw Exit(.failed, "There are \(all.count) organizations: name one by --organization. \(names)")
                }
                return only
            }
            guard let id = UUID(text: organization) else {
                throw Exit(.failed, "An organization's id looks like 0190b6a0-7c1e-7a3f-8d2b-3c4d5e6f7a8b.")
            }
            guard all.contains(id) else { throw Exit(.failed, "There is no organization \(id.text) here.") }
            return id
        }
    }

    /// What the auditor brings along.
    struct Kept: ParsableArguments {
        @Option(help: "A vkey that must be one of the log's own, or a file that holds it.") var key: String?
        @Option(help: "A file with a checkpoint that was kept: the log must agree with it.") var checkpoint: String?

        func texts() throws -> (key: String?, checkpoint: String?) {
            (try key.map(AuditVerbs.text), try checkpoint.map(AuditVerbs.file))
        }
    }

    /// `daybook audit verify`.
    struct Verify: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Find what was changed in a log, and where.",
            discussion: "Exits with 2 where something is found. --offline needs no database.")
        @OptionGroup var place: Place
        @OptionGroup var output: Output
        @OptionGroup var log: Log
        @OptionGroup var kept: Kept
        @Option(help: "A folder that `audit export` wrote: verify its files alone.") var offline: String?

        func run() async throws {
            let (key, checkpoint) = try kept.texts()
            let meter = AuditMeter()
            let report: AuditReport
            if let offline {
                var verification = try OfflineVerification(
                    folder: offline, key: key, checkpoint: checkpoint, progress: { meter.show($0, 0) })
                report = try verification.run()
            } else {
                report = try await place.visit(log: Talk.log) { opened in
                    try await opened.daybook { daybook in
                        let organization = try await log.chosen(daybook)
                        return try await daybook.audits.verify(
                            organization, key: key, checkpoint: checkpoint, progress: meter.show)
                    }
                }
            }
            output.result(report.json) { report.text }
            if !report.isClean { throw Exit(.found) }
        }
    }

    /// `daybook audit export`.
    struct Export: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write a log to files that anybody can verify, up to a signed head.")
        @OptionGroup var place: Place
        @OptionGroup var output: Output
        @OptionGroup var log: Log
        @Option(help: "The folder, which is made.") var out: String
        @Option(help: "How many events a file has at most.") var eventsPerFile: Int64 = 100_000

        func run() async throws {
            let meter = AuditMeter()
            let done = try await place.visit(log: Talk.log) { opened in
                try await opened.daybook { daybook in
                    let organization = try await log.chosen(daybook)
                    try await daybook.signer.sign()
                    return try await daybook.audits.export(
                        organization, to: out, eventsPerFile: eventsPerFile, progress: meter.show)
                }
            }
            let json: JSON = [
                "organization": .string(done.organization.text), "size": .integer(done.size),
                "root": .string(Data(done.root).base64EncodedString()), "files": .integer(Int64(done.files)),
            ]
            output.result(json) { "\(done.size) events in \(done.files) files in \(out)" }
        }
    }

    /// `daybook audit restore`.
    struct Restore: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put an export into a database that does not have its organization.",
            discussion: """
                Every line, hash and signature is verified first, and the log that comes of it has the same root. Keys \
                are not in an export: what is sealed stays sealed, and nobody can log in or write. `daybook restore` \
                brings back a backup, which has them.
                """)
        @OptionGroup var place: Place
        @OptionGroup var output: Output
        @Argument(help: "The folder that `audit export` wrote.") var folder: String
        @Option(help: "A vkey that must be one of the log's own, or a file that holds it.") var key: String?

        func run() async throws {
            let key = try key.map(AuditVerbs.text)
            let meter = AuditMeter()
            let report = try await place.visit(log: Talk.log) { opened in
                try await opened.daybook { try await $0.audits.restore(folder, key: key) { meter.show($0, 0) } }
            }
            output.result(report.json) { "Restored \(report.size) events of \(report.organization?.text ?? "")." }
        }
    }

    /// `daybook audit prove`.
    struct Prove: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Write the evidence that an event is in a log, for somebody who has nothing else.")
        @OptionGroup var place: Place
        @OptionGroup var output: Output
        @OptionGroup var log: Log
        @Option(help: "The event's position.") var position: Int64
        @Option(help: "The file to write.") var out: String

        func run() async throws {
            let evidence = try await place.visit(log: Talk.log) { opened in
                try await opened.daybook { daybook in
                    let organization = try await log.chosen(daybook)
                    try await daybook.signer.sign()
                    return try await daybook.audits.evidence(organization, at: position)
                }
            }
            do {
                try Data((evidence.json.text + "\n").utf8).write(to: URL(fileURLWithPath: out), options: .atomic)
            } catch { throw Exit(.failed, "\(out) cannot be written: \(error.localizedDescription)") }
            output.result(["position": .integer(position), "size": .integer(evidence.size), "out": .string(out)]) {
                "\(out) proves event \(position) by a head of \(evidence.size) events."
            }
        }
    }

    /// `daybook audit check`.
    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Check evidence against a key. Needs no database.",
            discussion: "Exits with 2 where it proves nothing.")
        @OptionGroup var output: Output
        @Argument(help: "The file that `audit prove` wrote.") var file: String
        @Option(help: "The vkey that you trust, or a file that holds it.") var key: String

        func run() throws {
            let evidence = try Evidence(parsing: AuditVerbs.file(file))
            let report = try evidence.check(key: AuditVerbs.text(key))
            output.result(report.json) {
                report.isClean
                    ? "The line stands at \(evidence.index + 1) in the log of \(report.organization?.text ?? "")."
                    : report.text
            }
            if !report.isClean { throw Exit(.found) }
        }
    }

    /// `daybook audit rotate-key`.
    struct RotateKey: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Let a new key sign the log's heads from now on.",
            discussion: "An event of the log names it. Heads that the old key signed stay as they are.")
        @OptionGroup var place: Place
        @OptionGroup var output: Output
        @OptionGroup var log: Log

        func run() async throws {
            let (organization, answer) = try await place.visit(log: Talk.log) { opened in
                try await opened.daybook { daybook in
                    let organization = try await log.chosen(daybook)
                    let caller = Caller(
                        organization: organization, actor: organization, kind: .system, role: .owner, channel: .cli,
                        request: "rotate-key")
                    return (organization, try await daybook.logKeys.rotate(by: caller))
                }
            }
            let position = answer.position.position
            output.result(["organization": .string(organization.text), "position": .integer(position)]) {
                "From position \(position) on another key signs the log of \(organization.text)."
            }
        }
    }

    /// What a flag says, or what is in the file that it names.
    static func text(_ value: String) throws -> String {
        FileManager.default.fileExists(atPath: value) ? try file(value) : value
    }

    static func file(_ path: String) throws -> String {
        guard let text = try? String(contentsOfFile: path, encoding: .utf8) else {
            throw Exit(.failed, "There is no file \(path) that can be read.")
        }
        return text
    }
}

extension AuditReport {
    /// As CONTRACTS has it, with the key.
    var json: JSON {
        [
            "organization": organization.map { .string($0.text) } ?? .null, "size": .integer(size),
            "root": root.map { .string(Data($0).base64EncodedString()) } ?? .null,
            "key": key.map { .string($0) } ?? .null, "ok": .bool(isClean),
            "findings": .array(
                findings.map { finding in
                    [
                        "position": .integer(finding.position), "kind": .string(finding.kind.rawValue),
                        "detail": .string(finding.detail),
                    ]
                }),
        ]
    }

    /// For a person.
    var text: String {
        let log = "\(organization?.text ?? "An empty export"): \(size) events"
        if isClean { return "\(log), nothing was changed. Root \(Data(root ?? []).base64EncodedString())" }
        let places = findings.map { "    \($0.kind.rawValue) at \($0.position): \($0.detail)" }
        return (["\(log), \(findings.count) findings"] + places).joined(separator: "\n")
    }
}

/// Tells how far an audit is: a line on standard error each second at most, and none for short ones.
final class AuditMeter: Sendable {
    private let start = ContinuousClock.now
    private let last = Mutex(ContinuousClock.now)

    /// - Parameter all: how far it goes; 0 where nobody knows.
    @Sendable func show(_ done: Int64, _ all: Int64) {
        let isTime = last.withLock { last in
            guard ContinuousClock.now - last >= .seconds(1) else { return false }
            last = .now
            return true
        }
        guard isTime else { return }
        let rate = Double(done) / max((ContinuousClock.now - start) / .seconds(1), 0.001)
        let left = all > done ? ", \(Int((Double(all - done) / rate).rounded(.up))) s left" : ""
        say("\(done)\(all > 0 ? " of \(all)" : "") events, \(Int(rate))/s\(left)")
    }
}
