import ArgumentParser
import Postgres
import Projections

/// What the commands that read a log of deals have in common.
struct ReadingOptions: ParsableArguments {
    @Option(help: "How many events the log has at least.")
    var events = 2_000_000

    @Option(help: "How many deals they are about; a tenth of the events where it is not given.")
    var deals: Int?

    @Option(help: "How many passes.")
    var passes = 3

    @Option(help: "Only the cases whose line of progress contains this; may be given several times.")
    var only: [String] = []

    @Option(help: "A folder on the disk that is to be measured; Postgres' user must reach it.")
    var folder = "/var/tmp"

    @Option(help: "A folder of its own in which the log stays for the next run.")
    var kept: String?

    @Option(help: "text, or json: one JSON object as the last line of standard output.")
    var format: Report.Format = .text

    func validate() throws {
        guard events > 0, passes > 0, deals ?? 1 > 0 else { throw ValidationError("Events, deals, passes: positive.") }
    }

    var log: DealLog { DealLog(deals: deals ?? max(1, events / 10)) }

    /// Prepares a database with the log and the tables that a command wants, measures, and reports.
    func measure(
        _ tables: [DealTables], _ body: (Ground, inout Report) async throws -> Void
    ) async throws {
        let ground = try await Ground.prepare(in: folder, kept: kept)
        var report = Report()
        do {
            if !tables.isEmpty { try await DealTables.deploy(tables, on: ground.url) }
            talk("filling a log of \(events) events")
            try await ground.administer(as: "postgres") { [log, events] in try log.fill(to: events, $0) }
            try await body(ground, &report)
        } catch {
            await ground.leave()
            throw error
        }
        await ground.leave()
        report.write(format)
    }

    /// Runs the cases in turn, in an order that turns from pass to pass.
    func run(_ cases: [Case], on ground: Ground, into report: inout Report, before: () async throws -> Void = {})
        async throws
    {
        let cases = cases.filter { $0.isNamed(by: only) }
        for pass in 0..<passes {
            try await before()
            try await ground.settle()
            report.passes.append([:])
            for number in cases.indices {
                let next = cases[(number + pass) % cases.count]
                talk("pass \(pass + 1) of \(passes): \(next.key)")
                report.passes[pass][next.key] = try await next.run(.zero)
            }
        }
    }

    /// Runs what would take too long in each pass.
    func once(_ last: Case, into report: inout Report) async throws {
        guard last.isNamed(by: only) else { return }
        talk("once: \(last.key)")
        report.passes[passes - 1][last.key] = try await last.run(.zero)
    }
}

extension DealTables {
    /// A store of read tables that sees what the tables want to see.
    func models(_ url: String) -> ReadModels {
        let settings = ConnectionSettings(url: url)
        return ReadModels(settings, unsealing: self == .sealed ? Self.unsealing : nil, log: quiet)
    }

    /// Puts up those that are not there.
    static func deploy(_ tables: [DealTables], on url: String) async throws {
        for table in tables {
            let models = table.models(url)
            try await models.deploy([table.file])
            await models.close()
        }
    }
}
