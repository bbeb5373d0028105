import Foundation
import Kernel
import Postgres

/// Databases that are dumped and restored.
extension Run {
    // MARK: - What if a dump is restored in another server?

    /// The clients go on there: positions go on, and nothing is there twice.
    func moved() async throws -> Outcome {
        let here = try await lane.ground.database()
        let (stage, follower, journal) = try await open(here, served: false)
        defer { journal.close() }
        try await trouble(stage, journal)
        var first = Outcome()
        let late = try await repeated(stage.crew, journal, &first)
        await follower.leave()
        await stage.leave()
        let there = try await lane.elsewhere().empty()
        try await restore(dump(here), into: there)
        counts.add("dump restored elsewhere")
        let copy = Ground.Database(name: there.name, ground: there.ground, households: here.households)
        let next = try await Stage(
            copy, workers: scenario.workers, traps: scenario.traps, served: false, canary: canary,
            folder: lane.folder, counts)
        await follower.follow(next.followed)
        try await trouble(next, journal, prefix: "d")
        var outcome = try await settle(next, follower, journal)
        outcome.findings += late
        return outcome
    }

    // MARK: - What if an older state is restored under a running client?

    /// The client's position is of another history: it is told, whether the log is shorter or as long by then.
    func forked() async throws -> Outcome {
        let database = try await lane.ground.database(served: true)
        let (stage, follower, journal) = try await open(database, served: true)
        defer { journal.close() }
        var outcome = Outcome()
        try await trouble(stage, journal)
        outcome.findings += try await repeated(stage.crew, journal, &outcome)
        let kept = try last(of: journal)
        let backup = try await dump(database)

        let lost = try Journal("\(lane.folder)/lost-\(scenario.seed)")
        defer { lost.close() }
        try await trouble(stage, lost, prefix: "l")
        outcome.findings += try await repeated(stage.crew, lost, &outcome)
        let past = try last(of: lost)
        await follower.leave()

        var dice = scenario.dice
        // Servers that stay have heads in memory that are not there any more.
        if dice.once(in: 2) { for place in 0..<scenario.workers { stage.crew.kill(place) } }
        try await database.ground.administer("DROP DATABASE \(database.name) WITH (FORCE)")
        _ = try await database.ground.empty(named: database.name)
        try await restore(backup, into: database)
        counts.add("older backup restored")
        await stage.crew.complete()

        outcome.findings += await look(past, kept, stage.crew, "in a log that is shorter")
        // The client goes on with what it believes was done, and the log grows past its position.
        for entry in try lost.entries() { await journal.asks(entry.errand) }
        var again = Outcome()
        outcome.findings += try await repeated(stage.crew, journal, &again)
        try await trouble(stage, journal, prefix: "m")
        let fresh = Follower(trustsHead: false)
        await fresh.follow(stage.followed)
        outcome.findings += try await repeated(stage.crew, journal, &again)
        outcome.findings += await look(past, kept, stage.crew, "in a log that has grown since")
        let settled = try await settle(stage, fresh, journal)
        outcome.findings += settled.findings
        (outcome.events, outcome.acknowledged) = (settled.events, settled.acknowledged)
        outcome.refused = settled.refused
        outcome.repeated += again.repeated
        return outcome
    }

    /// The last place of each log that the client was told.
    private func last(of journal: Journal) throws -> [(household: Household, done: Reply.Done)] {
        var last: [UUID: (household: Household, done: Reply.Done)] = [:]
        for entry in try journal.entries() {
            guard case .done(let done)? = entry.replies.first else { continue }
            let household = entry.errand.household
            if done.position > last[household.organization]?.done.position ?? 0 {
                last[household.organization] = (household, done)
            }
        }
        return Array(last.values)
    }

    private func look(
        _ past: [(household: Household, done: Reply.Done)], _ kept: [(household: Household, done: Reply.Done)],
        _ crew: Crew, _ when: String
    ) async -> [Finding] {
        var findings: [Finding] = []
        for (wanted, places) in [("log.forked", past), ("200", kept)] {
            for (household, done) in places {
                let text = "\(done.position)-\(done.hash)"
                let answer = await crew.look(household, atLeast: text)
                counts.add(wanted == "200" ? "position of this history" : "position of another history")
                if answer != wanted { findings.append(Finding(.forked, "\(text) \(when) is answered \(answer)")) }
            }
        }
        return findings
    }

    // MARK: - How is that done?

    private func dump(_ database: Ground.Database) async throws -> String {
        let file = "\(lane.folder)/\(database.name).dump"
        try await Tool.run(["pg_dump", "--format=custom", "--file=\(file)", database.superuser.url])
        return file
    }

    private func restore(_ file: String, into database: Ground.Database) async throws {
        try await Tool.run(["pg_restore", "--exit-on-error", "--dbname=\(database.superuser.url)", file])
        unlink(file)
    }
}
