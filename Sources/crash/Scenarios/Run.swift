import Foundation
import Kernel
import Postgres
import Synchronization

/// One seed, carried out and judged.
struct Run: Sendable {
    let scenario: Scenario
    let lane: Lane
    let canary: Canary?
    let counts: Counts

    struct Outcome: Sendable {
        var findings: [Finding] = []
        var events = 0
        var acknowledged = 0
        var refused = 0
        var repeated = 0
        /// Why it was left out.
        var omitted: String?
    }

    func carryOut() async throws -> Outcome {
        switch scenario.kind {
        case .postgresKilled, .postgresRestarted:
            try await lane.ground.tidy()
            return try await ordinary(lane.ground.database(), served: false)
        case .pauses, .cuts, .bystanders, .clock, .workerKilled:
            return try await ordinary(lane.ground.database(), served: false)
        case .served: return try await ordinary(lane.ground.database(served: true), served: true)
        case .diskFull:
            guard SmallDisk.isPossible else {
                return Outcome(omitted: "a small disk for the WAL needs the right to mount (root)")
            }
            let (ground, disk) = try await lane.tight()
            return try await ordinary(ground.database(), served: false, disk: disk)
        case .dump: return try await moved()
        case .forked: return try await forked()
        }
    }

    // MARK: - One database, from the first to the last

    private func ordinary(
        _ database: Ground.Database, served: Bool, disk: SmallDisk? = nil
    ) async throws -> Outcome {
        try await canary?.spoil(database)
        let (stage, follower, journal) = try await open(database, served: served)
        defer { journal.close() }
        try await trouble(stage, journal, disk: disk)
        return try await settle(stage, follower, journal)
    }

    func open(_ database: Ground.Database, served: Bool) async throws -> (Stage, Follower, Journal) {
        let stage = try await Stage(
            database, workers: scenario.workers, traps: scenario.traps, served: served, canary: canary,
            folder: lane.folder, counts)
        let follower = Follower(trustsHead: canary == .highestPosition)
        await follower.follow(stage.followed)
        return (stage, follower, try Journal("\(lane.folder)/journal-\(scenario.seed)"))
    }

    /// The clients work while all goes wrong that the seed says.
    func trouble(_ stage: Stage, _ journal: Journal, disk: SmallDisk? = nil, prefix: String = "c") async throws {
        var dice = scenario.dice
        let bystander = Bystander()
        bystander.take(up: scenario.habits, in: stage.database, dice.part())
        if !scenario.habits.isEmpty { counts.add("bystander", scenario.habits.count) }
        let weather = Weather(stage, scenario, disk, counts, dice.part())
        let storm = Task { await weather.rage() }
        let households = Array(stage.database.households.prefix(scenario.organizations))
        await withTaskGroup(of: Void.self) { group in
            for number in 0..<scenario.clients {
                let client = Client("\(prefix)\(scenario.seed).\(number)", households, dice.part())
                group.addTask {
                    var client = client
                    repeat {
                        await client.work(scenario.errands, with: stage.crew, journal)
                    } while weather.isRaging
                }
            }
        }
        await storm.value
        stage.calm()
        await bystander.leave()
        try await stage.database.ground.cluster.ensureRunning()
        await stage.crew.complete()
    }

    // MARK: - When nothing goes wrong any more

    /// All that was not answered is repeated, everybody catches up, and what is left is judged.
    func settle(_ stage: Stage, _ follower: Follower, _ journal: Journal) async throws -> Outcome {
        var outcome = Outcome()
        outcome.findings += try await repeated(stage.crew, journal, &outcome)
        outcome.findings += try await catchUp(stage, follower)
        await follower.leave()
        await stage.leave()
        let entries = try journal.entries()
        var judge = Judge(database: stage.database, entries: entries, seen: follower.seen)
        // What was made after the backup is gone.
        if scenario.kind == .forked { judge.refusals.insert("account.not_found") }
        let judged = try await judge.findings()
        outcome.findings += judged.findings
        outcome.events = judged.events
        for entry in entries {
            switch entry.replies.first {
            case .done: outcome.acknowledged += 1
            case .refused: outcome.refused += 1
            case .unknown, nil: break
            }
        }
        return outcome
    }

    /// Repeats what has no answer until it has one, and some of what has one.
    func repeated(_ crew: Crew, _ journal: Journal, _ outcome: inout Outcome) async throws -> [Finding] {
        let entries = try journal.entries()
        let open = entries.filter(\.replies.isEmpty)
        let some = entries.filter { !$0.replies.isEmpty }.enumerated().filter { $0.offset % 9 == 0 }.map(\.element)
        outcome.repeated = open.count
        return await withTaskGroup(of: Finding?.self) { group in
            for (number, entry) in (open + some).enumerated() {
                group.addTask {
                    var last = Reply.unknown("nothing")
                    let isAnswered = await within(.seconds(20)) {
                        last = await crew.ask(entry.errand, by: number)
                        return last.isFinal
                    }
                    guard isAnswered else { return Finding(.stuck, "\(entry.errand.key): \(last.json.text)") }
                    await journal.heard(last, to: entry.errand)
                    return nil
                }
            }
            return await group.reduce(into: []) { findings, finding in if let finding { findings.append(finding) } }
        }
    }

    private func catchUp(_ stage: Stage, _ follower: Follower) async throws -> [Finding] {
        var findings: [Finding] = []
        let pool = BlockingPool(stage.database.superuser, size: 1, name: "judge", log: quiet)
        let areRows = await within(.seconds(15)) {
            try await pool.run { try Judge.hasCaughtUp(stage.database, $0) }
        }
        if !areRows, canary != .outsideCheckpoint { findings.append(Finding(.stuck, "the rows do not catch up")) }
        let heads = try await pool.run { connection in
            var heads: [UUID: Int64] = [:]
            for row in try connection.query(Statement(SQL.heads)) { heads[try row.uuid(0)] = try row.bigint(1) }
            return heads
        }
        let isFollowed = await within(.seconds(15)) {
            let seen = follower.seen
            return heads.allSatisfy { seen[$0.key]?.position ?? 0 >= $0.value }
        }
        if !isFollowed { findings.append(Finding(.stuck, "the follower does not catch up")) }
        await pool.close()
        return findings
    }
}
