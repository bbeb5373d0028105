import Application
import ArgumentParser
import Foundation
import Kernel
import Postgres

/// `daybook person scrub`.
struct PersonScrub: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "scrub", abstract: "Make what was erased unreadable on the disk, too.",
        discussion: """
            Rewrites the tables that held something of the person, and turns the write-ahead log over. Readers of a \
            table wait while it is rewritten. Exits with 2 where something is left, which is named.
            """)
    @OptionGroup var place: Place
    @OptionGroup var output: Output
    @Argument(help: "The person's id; erased already.") var person: String

    func run() async throws {
        guard let id = UUID(uuidString: person) else {
            throw Exit(.failed, "A person's id looks like 0190b6a0-7c1e-7a3f-8d2b-3c4d5e6f7a8b.")
        }
        let (report, erasedAt) = try await place.visit(log: Talk.log) { opened in
            let erasedAt = try await erasure(of: id, opened)
            let settings = ConnectionSettings(url: try place.administrator(opened))
            return (try await Scrub.run(settings, log: Talk.log) { say("rewriting \($0)") }, erasedAt)
        }
        let findings = report.findings
        output.result([
            "person": .string(id.text), "erased_at": .string(erasedAt.text),
            "tables": .array(report.tables.map { .string($0) }),
            "findings": .array(
                findings.map { ["kind": .string($0.kind.rawValue), "detail": .string($0.detail)] }),
        ]) {
            let rewritten = "\(report.tables.count) tables were rewritten."
            if findings.isEmpty { return "\(rewritten) Nothing is left that this server knows of." }
            return ([rewritten] + findings.map { "    \($0.kind.rawValue): \($0.detail)" }).joined(separator: "\n")
        }
        if !findings.isEmpty { throw Exit(.found) }
    }

    /// The last time the person's key was destroyed, over the organizations that have it.
    private func erasure(of person: UUID, _ opened: Opened) async throws -> Instant {
        let settings = ConnectionSettings(url: opened.url, role: "daybook_worker")
        let worker = PipelinedConnection(settings, name: "scrub", log: Talk.log)
        let found = try await leaving(by: worker.close) { try await Scrub.erasures(of: person, worker) }
        guard let last = found.compactMap(\.erasedAt).max() else {
            throw Exit(
                .failed,
                found.isEmpty
                    ? "There is no such person here."
                    : "This person is not erased. `daybook person erase \(person.text)` does that.")
        }
        return last
    }
}

extension Place {
    /// A superuser's login where the cluster is ours, else the one that is named.
    fileprivate func administrator(_ opened: Opened) throws -> String {
        if try foreignDatabase() != nil { return opened.url }
        return cluster(Talk.log).url(database: "daybook", user: "postgres")
    }
}
