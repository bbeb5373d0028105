import ArgumentParser
import Foundation
import Kernel
import Postgres
import Synchronization

/// What `tools/crash` does.
struct Runs: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "runs", abstract: "Carry out seeded runs and judge what is left.",
        discussion: """
            Each run is a seed; `--runs 1 --seed S` repeats what a seed decides. Exit codes: 0 all held, 2 an \
            invariant broke, 3 the environment lacks something. docs/crash.md says what is tried.
            """)

    @Option(help: "How many runs.")
    var runs = 20

    @Option(help: "The first run's seed; the others' follow it.")
    var seed: UInt64 = 1

    @Option(help: "Put a fault in on purpose: skip-lock, highest-position or outside-checkpoint.")
    var canary: Canary?

    @Option(help: "How many runs at the same time, each on a Postgres of its own.")
    var lanes = 2

    @Option(help: "A folder on the disk that Postgres is to use; its user must reach it.")
    var folder = "/var/tmp"

    @Option(help: "text, or json: one JSON object as the last line of standard output.")
    var format: Summary.Format = .text

    func validate() throws {
        guard runs > 0, lanes > 0 else { throw ValidationError("Runs and lanes are positive.") }
    }

    func run() async throws {
        signal(SIGPIPE, SIG_IGN)
        await Lane.sweep(folder)
        let all = (0..<min(lanes, runs)).map { Lane($0, in: folder) }
        Ending.destroyOnSignals(all)
        let summary = Mutex(Summary(seed: seed))
        do {
            try ServerProcess.check()
            try await carryOut(on: all, into: summary)
        } catch let lacking as Lacking {
            for lane in all { await lane.destroy() }
            talk("crash: \(lacking)")
            throw ExitCode(3)
        }
        for lane in all { await lane.destroy() }
        let end = summary.withLock { $0 }
        end.write(format)
        if !end.broken.isEmpty { throw ExitCode(2) }
    }

    private func carryOut(on lanes: [Lane], into summary: borrowing Mutex<Summary>) async throws {
        let next = Numbers(seed, count: runs)
        let counts = Counts()
        let outcomes = AsyncStream.makeStream(of: Told.self)
        let work = Task { [canary] in
            defer { outcomes.continuation.finish() }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for lane in lanes {
                    group.addTask {
                        try await lane.prepare()
                        while let seed = next.take() {
                            let scenario = Scenario(seed: seed)
                            let run = Run(scenario: scenario, lane: lane, canary: canary, counts: counts)
                            let began = ContinuousClock.now
                            let outcome = try await Self.verdict(of: run) { Ending.watch(seed, lanes) }
                            outcomes.continuation.yield(
                                Told(scenario: scenario, outcome: outcome, took: ContinuousClock.now - began))
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
        for await told in outcomes.stream {
            summary.withLock { $0.take(told) }
            if format == .text { print(told.line) } else { talk(told.line) }
            fflush(nil)
        }
        try await work.value
        summary.withLock { $0.faults = counts.sorted }
    }

    /// A run whose own administration met a server that was away says nothing of the product: it is repeated, aloud.
    /// One that never gets to its end is no success.
    private static func verdict(of run: Run, watch: () -> Task<Void, Never>) async throws -> Run.Outcome {
        var attempts = 1
        while true {
            let watch = watch()
            defer { watch.cancel() }
            do {
                return try await run.lane.supervised { try await run.carryOut() }
            } catch let error as Lacking { throw error } catch {
                let isPassing = (error as? PostgresError)?.isPassing ?? (error is ClusterError)
                guard isPassing, attempts < 3 else {
                    return Run.Outcome(findings: [Finding(.verdict, "attempt \(attempts) was broken off: \(error)")])
                }
                attempts += 1
                run.counts.add("run repeated without a verdict")
                talk("seed \(run.scenario.seed): no verdict, and so repeated: \(error)")
            }
        }
    }
}

/// Seeds, each handed out once.
final class Numbers: Sendable {
    private let rest: Mutex<Range<UInt64>>
    init(_ first: UInt64, count: Int) { rest = Mutex(first..<first + UInt64(count)) }
    func take() -> UInt64? { rest.withLock { $0.popFirst() } }
}
