import ArgumentParser
import EventLog
import Foundation
import Kernel

/// The append path: P1 to P4, P14, P15 of DESIGN §10.
struct Append: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Appends, with everything on, beside baselines that do less.",
        discussion: """
            Starts a Postgres of its own with durable commits. Each pass runs every case once, in an order that turns \
            from pass to pass; a ratio is taken within a pass, and the medians over the passes are printed. \
            docs/benchmarks.md says what each case is.
            """)

    @Option(help: "Seconds that each case runs in each pass.")
    var seconds = 3.0

    @Option(help: "How many passes.")
    var passes = 5

    @Option(help: "Only the cases whose line of progress contains this; may be given several times.")
    var only: [String] = []

    @Option(help: "For how many seconds a snapshot is held open before P15 is measured.")
    var held = 20.0

    @Option(help: "A folder on the disk that is to be measured; Postgres' user must reach it.")
    var folder = "/var/tmp"

    @Option(help: "text, or json: one JSON object as the last line of standard output.")
    var format: Report.Format = .text

    func validate() throws {
        guard seconds > 0, passes > 0, held >= 0 else { throw ValidationError("Times and passes are positive.") }
    }

    func run() async throws {
        let ground = try await Ground.prepare(in: folder)
        var report = Report()
        do {
            try await measure(on: ground, into: &report)
        } catch {
            await ground.leave()
            throw error
        }
        await ground.leave()
        report.write(format)
    }

    private func measure(on ground: Ground, into report: inout Report) async throws {
        let (ours, tenants) = (Ours(ground.url), Tenants())
        talk("opening \(tenants.all.count) logs")
        try await ours.open(tenants.all)
        let cases = (ours.cases(tenants) + Baselines(ground.url).cases + [.companions(ours, tenants, ground.url)])
            .filter { $0.isNamed(by: only) }
        for pass in 0..<passes {
            try await ground.settle()
            report.passes.append([:])
            for number in cases.indices {
                let next = cases[(number + pass) % cases.count]
                talk("pass \(pass + 1) of \(passes): \(next.key)")
                report.passes[pass][next.key] = try await next.run(.seconds(seconds))
            }
        }
        let once: [Case] = [
            .hashing(ours, tenants), .overload(ours, tenants),
            .held(ours, tenants, by: Bystander(ground.url), for: .seconds(held)),
        ]
        for last in once where last.isNamed(by: only) {
            talk("once: \(last.key)")
            report.passes[passes - 1][last.key] = try await last.run(.seconds(seconds))
        }
    }
}
